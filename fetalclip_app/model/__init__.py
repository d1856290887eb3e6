"""Where torch lives: weights, towers and heatmaps, with NumPy in and out."""
