"""FetalCLIP Studio: reads fetal ultrasound with a CLIP model, for research use only."""

__version__ = "0.1.0"

RESEARCH_USE_ONLY = "Research use only. Not for diagnosis."
"""Stands on every screen, page and machine-readable output."""
