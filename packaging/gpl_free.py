"""FFmpeg without x264 and x265, which are free under the GPL alone.

PyAV's wheels bring FFmpeg under the LGPL, linked against both encoders. This program decodes with FFmpeg and never
encodes with them, so in their place it packs libraries of the same names and without any code: whoever asks FFmpeg
for one of the two encoders is refused.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from contents import Collected

GPL_ENCODERS = re.compile(r"(^|[/\\])(lib)?x26[45][\w.-]*\.(so|dylib|dll)", re.IGNORECASE)
"""Their files, as PyAV's wheels name them."""


class NoStandIn(Exception):
    """What takes an encoder's place could not be made."""


def without_encoders(collected: list[Collected], folder: Path) -> list[Collected]:
    """Return the packager's (place, source, kind) with stand-ins in place of the encoders.

    Raises:
        NoStandIn: There is no C compiler, or this system's libraries are of another kind.
    """
    return [
        (place, str(stand_in(Path(source), folder)), kind)
        if kind == "BINARY" and GPL_ENCODERS.search(place)
        else (place, source, kind)
        for place, source, kind in collected
    ]


def stand_in(library: Path, folder: Path) -> Path:
    """Write a library that has a library's names, and does nothing.

    Raises:
        NoStandIn: As `without_encoders`.
    """
    if sys.platform != "linux":
        raise NoStandIn(f"{library.name} is free under the GPL alone: build PyAV against an FFmpeg without it.")
    folder.mkdir(parents=True, exist_ok=True)
    source, made = folder / f"{library.name}.c", folder / library.name
    source.write_text(_written(_names(library)), encoding="utf-8")
    _run("cc", "-shared", "-fPIC", "-Os", "-s", f"-Wl,-soname,{library.name}", "-o", str(made), str(source))
    return made


def _names(library: Path) -> list[tuple[str, bool]]:
    """Return what a library offers: (name, whether it is code)."""
    told = [line.split() for line in _run("nm", "-D", "--defined-only", str(library)).splitlines()]
    rows = [(row[-1], row[-2]) for row in told if len(row) >= 2]
    return [(name, kind in "TWi") for name, kind in rows if re.fullmatch(r"x26[45]_\w+", name)]


def _written(names: list[tuple[str, bool]]) -> str:
    """Return C: functions that return nothing, not even an encoder, and tables full of zeros."""
    lines = [
        f"void *{name}(void) {{ return 0; }}" if is_code else f"const char {name}[8192] = {{0}};"
        for name, is_code in names
    ]
    return "\n".join(lines) + "\n"


def _run(*command: str) -> str:
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout
    except FileNotFoundError as error:
        raise NoStandIn(f"{command[0]} is needed to leave x264 and x265 out (Debian: build-essential).") from error
    except subprocess.CalledProcessError as error:
        raise NoStandIn(f"{command[0]}: {error.stderr.strip()}") from error
