"""Runs as functions that return a configuration; `training.commands.catalog` lists them."""
