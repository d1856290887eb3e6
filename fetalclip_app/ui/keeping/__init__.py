"""What a person did goes to the archive: whether it is there, and what else is kept."""
