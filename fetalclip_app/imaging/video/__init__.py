"""Video files and streams, frame by frame."""
