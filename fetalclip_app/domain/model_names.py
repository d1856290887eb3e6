"""The names of models: in requests, in the catalogue and in the manifests of exported folders."""

from __future__ import annotations

COMPACT = "compact"
"""The small research model that ships with the program."""

FETALCLIP = "fetalclip"
"""The released FetalCLIP weights."""

CUSTOM = "custom"
"""A researcher's own open_clip checkpoint."""

BUNDLE = "bundle"
"""An exported folder."""

MANIFEST = "manifest.json"
"""The file that makes a folder an exported model."""
