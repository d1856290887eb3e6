"""Which version a native library has, where somebody knows it: Python of its own, Debian of the system's.

The number behind a library's name tells what may be linked against it, and not its version: SQLite's is 0.
"""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path


def of_files(files: Iterable[Path]) -> dict[Path, str]:
    """Return the version of each file of which it is known."""
    files = list(files)
    python = {file: platform.python_version() for file in files if re.match(r"(lib)?python3", file.name)}
    return {**_of_debian([file for file in files if file not in python]), **python}


def _of_debian(files: list[Path]) -> dict[Path, str]:
    """Return the upstream versions of the Debian packages that files belong to; none where there is no Debian."""
    if not files or shutil.which("dpkg-query") is None:
        return {}
    package_of: dict[str, str] = {}
    for line in _told("--search", *{f"*/{file.name}" for file in files}).splitlines():
        package, _, path = line.partition(": ")
        package_of[str(Path(path).resolve())] = package
    named = {file: package_of[str(file.resolve())] for file in files if str(file.resolve()) in package_of}
    if not named:
        return {}
    shown = _told("--show", "--showformat", "${binary:Package} ${source:Upstream-Version}\n", *set(named.values()))
    versions = dict(line.split(" ", 1) for line in shown.splitlines())
    return {file: version for file, package in named.items() if (version := versions.get(package, ""))}


def _told(*arguments: str) -> str:
    return subprocess.run(["dpkg-query", *arguments], capture_output=True, text=True, check=False).stdout
