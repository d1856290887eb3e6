"""The machine that numbers belong to, in words."""

from __future__ import annotations

import os
import platform
from pathlib import Path

_CPUINFO = Path("/proc/cpuinfo")

INSTRUCTIONS = {
    "avx2": "AVX2",
    "avx512f": "AVX-512",
    "avx512_vnni": "VNNI",
    "avx512_bf16": "AVX-512 BF16",
    "amx_bf16": "AMX BF16",
}
"""Flags by which Linux names what decides how fast products are -> their usual names."""


def processor() -> str:
    """Return the processor's name, and what it multiplies by, where the system tells them."""
    if not _CPUINFO.is_file():
        return platform.processor() or platform.machine()
    facts: dict[str, str] = {}
    for line in _CPUINFO.read_text(encoding="utf-8").splitlines():
        name, colon, value = line.partition(":")
        if colon:
            facts.setdefault(name.strip(), value.strip())
    known = [title for flag, title in INSTRUCTIONS.items() if flag in facts.get("flags", "").split()]
    name = facts.get("model name") or platform.processor() or platform.machine()
    return f"{name} ({', '.join(known)})" if known else name


def cores() -> str:
    """Return how many cores this process may use, and of how many where those are not all."""
    there = os.cpu_count() or 1
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else there
    return f"{usable} cores" if usable == there else f"{usable} of {there} cores"
