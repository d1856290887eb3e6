"""What a person did, kept on this computer: one SQLite file."""
