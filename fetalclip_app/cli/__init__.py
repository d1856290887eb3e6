"""The program without a window: analyze, fetch-weights, and the words of --help."""

from __future__ import annotations

from fetalclip_app.cli.main import OpenWindow, main

__all__ = ["OpenWindow", "main"]
