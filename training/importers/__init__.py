"""Data sets as they are published, read into the one form of `training.manifest`: one module each."""
