"""How the command line speaks: answers on stdout, progress and trouble on stderr."""

from __future__ import annotations

import sys
from typing import TextIO

from fetalclip_app import wording
from fetalclip_app.errors import FetalClipError


def tell(text: str) -> None:
    """Write a line of answer to stdout."""
    _write(sys.stdout, text)


def say(text: str) -> None:
    """Write a line of progress or trouble to stderr."""
    _write(sys.stderr, text)


def complain(prog: str, error: FetalClipError) -> None:
    """Say in one line what happened and what to do."""
    say(f"{prog}: {wording.sentence(error)} {wording.hint(error)}")


def _write(stream: TextIO | None, text: str) -> None:
    """Write a line, also where the terminal's encoding lacks a letter; a program without a console stays silent."""
    if stream is None:
        return
    encoding = stream.encoding or "utf-8"
    narrow = text if encoding.lower().startswith("utf") else text.replace(wording.THIN_SPACE, " ")
    stream.write(narrow.encode(encoding, errors="replace").decode(encoding) + "\n")
    stream.flush()
