"""A study as DICOM objects that others can open: reports, segmentations, overlays, pictures and a PDF."""
