"""A sentence is asked, and the frames most like it are listed."""
