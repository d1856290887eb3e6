"""Several clips side by side: the hanging grid, and an earlier exam beside the one that is looked at."""
