"""The map of a study: its frames as points of a plane."""
