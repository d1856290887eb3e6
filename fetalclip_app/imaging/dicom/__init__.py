"""DICOM files: header, scale, time, pixels."""
