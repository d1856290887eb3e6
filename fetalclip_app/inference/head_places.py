"""Where a model's heads lie: with the program, in a bundle's folder, or beside weights of the user's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from fetalclip_app import resources
from fetalclip_app.domain.model_names import BUNDLE
from fetalclip_app.errors import ModelUnavailable

if TYPE_CHECKING:
    from fetalclip_app.model.catalog import ModelEntry

FOLDER = "heads"

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class HeadPlaces:
    """Where to look; whether a head there is one of these very weights, its SHA-256 tells.

    Attributes:
        folders: The first that holds a head of a kind wins.
        loose: JSON files of probes that lie beside the weight file itself, where ``finetune_full`` leaves its own:
            the folder may be of any kind, and nothing else in it is looked at.
    """

    folders: tuple[Path, ...]
    loose: tuple[Path, ...] = ()

    def first(self, look: Callable[[Path], Found | None]) -> Found | None:
        """Return what the first folder has of what is looked for."""
        for folder in self.folders:
            found = look(folder)
            if found is not None:
                return found
        return None

    def first_usable(self, look: Callable[[Path], Found | None]) -> tuple[Found | None, tuple[ModelUnavailable, ...]]:
        """Return what `first` does; where that cannot be used, nothing, and why."""
        try:
            return self.first(look), ()
        except ModelUnavailable as error:
            return None, (error,)

    def below(self) -> tuple[Path, ...]:
        """Return the JSON files of all folders and of the folders in them, in the order of the places."""
        listed = [path for folder in self.folders for path in sorted(folder.rglob("*.json"))]
        return tuple(dict.fromkeys((*listed, *self.loose)))


def places_of(entry: ModelEntry, weights: Path | None = None) -> HeadPlaces:
    """Return where the heads of a model lie.

    Args:
        weights: The file that the user named; None for the program's own or a bundle.
    """
    if entry.key == BUNDLE:
        return HeadPlaces((entry.config.parent / FOLDER,))
    shipped = resources.path(FOLDER)
    if weights is None:
        return HeadPlaces((shipped,))
    beside = weights.parent
    return HeadPlaces((beside / FOLDER, shipped), tuple(sorted(beside.glob(f"{entry.key}_probe_*.json"))))
