"""Where torch lives: weights, towers and heatmaps, with NumPy in and out."""

import os

# Threads that share a product sleep where they wait for each other. By default they spin: beside another program, or
# frames that are being prepared, a sentence then took up to thirty times as long. It is read when torch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
