"""Names of the copies: the tree of folders stays, no name in it does, since those are often patients'."""

from __future__ import annotations

from pathlib import Path

from fetalclip_app.imaging.deidentify.engine import Opened
from fetalclip_app.imaging.deidentify.identifiers import Identifiers

SUFFIX = ".dcm"


class Names:
    """Gives each file of a run a name of its own, by the key: the same file gets the same one in the next run."""

    def __init__(self, identifiers: Identifiers) -> None:
        self._identifiers = identifiers
        self._taken: set[Path] = set()

    def of(self, path: Path, root: Path, opened: Opened) -> Path:
        """Return the copy's path below the folder of the copies.

        Args:
            root: What the user named: the file itself, a folder above it, or a DICOMDIR beside or above it.
        """
        base = next((each for each in (root, root.parent) if path.is_relative_to(each)), path.parent)
        inner = path.relative_to(base).parts[:-1] if path != root else ()
        folders = [self._identifiers.name("/".join(inner[: depth + 1])) for depth in range(len(inner))]
        name = self._identifiers.name(opened.cleaned.dataset.SOPInstanceUID)
        made = Path(*folders, name + SUFFIX)
        number = 2
        while made in self._taken:
            made = Path(*folders, f"{name}-{number}{SUFFIX}")
            number += 1
        self._taken.add(made)
        return made

    def shown(self, path: Path, folder: Path) -> str:
        """Return a copy's path as tables state it, with slashes."""
        return path.relative_to(folder).as_posix()
