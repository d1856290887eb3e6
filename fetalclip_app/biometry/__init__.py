"""Formulas and growth charts, each constant with its source."""
