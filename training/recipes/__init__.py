"""Runs as functions that return a configuration."""

from training.recipes.compact import compact as compact
from training.recipes.compact import compact_sub_planes as compact_sub_planes
