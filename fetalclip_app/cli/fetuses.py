"""Whose scan each file of a multiple pregnancy is, as the user states it. Light imports: --help reads it too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from fetalclip_app.errors import ErrorCode, InvalidInput

if TYPE_CHECKING:
    from fetalclip_app.cli.manifest import Wanted

Stated = tuple[Path, str]
"""A file, or a folder or archive of files, and one of `FETUSES`."""


def stated(text: str) -> Stated:
    """Return what ``FILE=A`` states.

    Raises:
        ValueError: It is not of this form.
    """
    from fetalclip_app.domain.notes import FETUSES  # noqa: PLC0415 - takes NumPy along

    file, sign, fetus = text.rpartition("=")
    if not (sign and file) or fetus.upper() not in FETUSES:
        raise ValueError(f"{text!r} is not FILE={' or FILE='.join(FETUSES)}")
    return Path(file), fetus.upper()


def with_fetuses(wanted: Sequence[Wanted], said: Sequence[Stated]) -> list[Wanted]:
    """Return the files, each with the fetus that was stated for it.

    Raises:
        InvalidInput: Something is stated of a file that is not read, or of one file twice and differently.
    """
    found = list(wanted)
    for file, fetus in said:
        places = [place for place, one in enumerate(found) if _is_of(one.path, file)]
        if not places:
            raise InvalidInput(ErrorCode.FETUS_OF_NO_FILE, name=str(file))
        for place in places:
            one = found[place]
            if one.fetus not in ("", fetus):
                raise InvalidInput(ErrorCode.FETUS_UNCLEAR, name=one.file, first=one.fetus, second=fetus)
            found[place] = replace(one, fetus=fetus)
    return found


def _is_of(path: Path, stated_of: Path) -> bool:
    one, other = path.absolute(), stated_of.absolute()
    return one == other or other in one.parents
