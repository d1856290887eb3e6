"""Runs as functions that return a configuration."""

from training.recipes.compact import compact as compact
