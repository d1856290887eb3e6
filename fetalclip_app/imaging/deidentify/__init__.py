"""De-identification of ultrasound files: DICOM PS3.15 Annex E, with pixels cleaned and dates shifted."""
