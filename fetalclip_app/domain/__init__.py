"""Frozen values that every room shares; NumPy is all they need."""
