"""Recipes, loop and evaluation: what makes the weights that the app shows."""
