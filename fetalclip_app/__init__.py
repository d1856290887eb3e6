"""FetalCLIP Studio: reads fetal ultrasound with a CLIP model, for research use only."""

import os

__version__ = "0.1.0"

RESEARCH_USE_ONLY = "Research use only. Not for diagnosis."
"""Stands on every screen, page and machine-readable output."""

# Threads that share a product sleep where they wait for each other, or for the next product. By default they spin:
# torch's beside another program, or frames that are being prepared, made a sentence take up to thirty times as long;
# NumPy's for a tenth of a second after each larger product, on the cores that the network wants. Both settings are read
# when those libraries are loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "4")
