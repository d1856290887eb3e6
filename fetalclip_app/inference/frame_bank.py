"""What the network and the eye for quality found in each frame: kept, so that opening a clip again costs nothing."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fetalclip_app.domain.calibration import Box
from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.quality import GRID
from fetalclip_app.inference.kept_arrays import (
    PIECES,
    Arrays,
    append_arrays,
    are_unit_rows,
    read_arrays,
    read_pieces,
    write_arrays,
)

FORMAT = 3
"""Raise it when the way from pixels to features or quality changes, also that of one road of the image tower: files of
the old way are then not found."""

BYTES_ON_DISK = 512 * 2**20
"""About 100,000 frames of the compact model."""

BYTES_IN_MEMORY = 128 * 2**20

ROWS, TEXTURES, SHARPNESS, GRIDS, INPUTS = "rows", "textures", "sharpness", "grids", "inputs"
"""Names of the columns: unit rows, textures, `imaging.quality.Look`'s parts, digests of the network's input."""

_DONE = "done"

_AT = "at"
"""In a piece: which frames it is about."""

_SMALL_ONES = 256
"""Small arrays that are held in memory: some kilobytes each."""

_log = logging.getLogger(__name__)


# eq=False: holds arrays. Not frozen: it is filled while the clip is read.
@dataclass(eq=False, slots=True)
class FrameFeatures:
    """What is known of a clip's frames.

    Attributes:
        name: Under which it is kept.
        done: bool, (frames,): which frames are known.
        columns: Name -> array (frames, ...); rows of frames that are not known hold nothing.
    """

    name: str
    done: NDArray[np.bool_]
    columns: Arrays = field(default_factory=dict)
    is_kept: bool = True

    def put(self, frames: NDArray[np.intp], found: Mapping[str, NDArray[Any]]) -> None:
        """Note what was found in some frames, a row for each."""
        for name, rows in found.items():
            if name not in self.columns:
                self.columns[name] = np.zeros((len(self.done), *rows.shape[1:]), rows.dtype)
            self.columns[name][frames] = rows
        self.done[frames] = True
        self.is_kept = False

    @property
    def byte_count(self) -> int:
        """How much memory it takes."""
        return sum(column.nbytes for column in self.columns.values())


class FrameBank:
    """Features by content, crop, preprocessing and weights; in memory, and on disk for the next start.

    Args:
        key: What the features depend on that nobody names when asking, such as the weights' configuration.
        folder: Where features are kept between runs; None keeps them in memory only. Not used by others.
        bytes_in_memory: The clip that was asked for last is held whatever its size; 0 holds none.
    """

    def __init__(self, key: str = "", folder: Path | None = None, *, bytes_in_memory: int = BYTES_IN_MEMORY) -> None:
        self._key, self._folder, self._room = key, folder, bytes_in_memory
        self._held: OrderedDict[str, FrameFeatures] = OrderedDict()
        self._arrays: OrderedDict[str, Arrays] = OrderedDict()

    def of(self, clip: Clip, crop: Box, made_by: Sequence[str], columns: frozenset[str]) -> FrameFeatures:
        """Return what is known of the clip's frames; a file that is damaged counts as none.

        Args:
            made_by: Which weights and preprocessing, and where the network runs.
            columns: Names of what is to be known of each frame.
        """
        name = self._name(clip, crop, [*made_by, sorted(columns)])
        found = self._held.get(name) or self._stored(name, len(clip), columns)
        if found is None:
            found = FrameFeatures(name, np.zeros(len(clip), bool))
        self._held[name] = found
        self._held.move_to_end(name)
        self._make_room()
        return found

    def arrays(self, clip: Clip, crop: Box, made_by: Sequence[str], what: str) -> Arrays | None:
        """Return what was kept of a clip under a name, or None."""
        name = self._name(clip, crop, [*made_by, what])
        if name in self._arrays or self._folder is None:
            return self._arrays.get(name)
        found = read_arrays(self._path(name))
        if found is not None:
            self._hold(name, found)
        return found

    def keep_arrays(self, clip: Clip, crop: Box, made_by: Sequence[str], what: str, arrays: Arrays) -> None:
        """Keep small arrays of a clip under a name that says all that they depend on besides."""
        name = self._name(clip, crop, [*made_by, what])
        self._hold(name, arrays)
        if self._folder is not None:
            write_arrays(self._path(name), arrays, BYTES_ON_DISK)

    def _hold(self, name: str, arrays: Arrays) -> None:
        self._arrays[name] = arrays
        while len(self._arrays) > (_SMALL_ONES if self._room else 0):
            self._arrays.popitem(last=False)

    def _name(self, clip: Clip, crop: Box, made_by: Sequence[object]) -> str:
        size = [len(clip), clip.height, clip.width]
        where = [crop.left, crop.top, crop.right, crop.bottom]
        content = json.dumps([FORMAT, self._key, *made_by, clip.key, size, where])
        return hashlib.sha256(content.encode()).hexdigest()

    def keep(self, features: FrameFeatures) -> None:
        """Write what is new to the disk, all in one file."""
        self._make_room()
        if self._folder is not None and not features.is_kept:
            write_arrays(self._path(features.name), {_DONE: features.done, **features.columns}, BYTES_ON_DISK)
            features.is_kept = True
            self.drop_pieces(features)

    def keep_piece(self, features: FrameFeatures, frames: NDArray[np.intp]) -> None:
        """Write what was found in these frames at once: a process that is killed has lost no other frame."""
        if self._folder is not None:
            found = {name: column[frames] for name, column in features.columns.items()}
            append_arrays(self._path(features.name, PIECES), {_AT: frames, **found})

    def drop_pieces(self, features: FrameFeatures) -> None:
        """Remove what `keep_piece` wrote: it stands in the whole file, or must not be kept."""
        if self._folder is not None:
            with contextlib.suppress(OSError):
                self._path(features.name, PIECES).unlink(missing_ok=True)

    def _path(self, name: str, ending: str = ".npz") -> Path:
        """Return a file whose name is a hash: it says nothing about a patient's scan."""
        assert self._folder is not None
        return self._folder / f"{name}{ending}"

    def _stored(self, name: str, count: int, columns: frozenset[str]) -> FrameFeatures | None:
        """Return what an earlier run found, also one that was killed; then it is one file again."""
        if self._folder is None:
            return None
        found = self._stored_whole(name, count, columns)
        pieces = read_pieces(self._path(name, PIECES))
        if pieces:
            found = _with_pieces(found or FrameFeatures(name, np.zeros(count, bool)), pieces, columns)
            self.keep(found)
        return found

    def _stored_whole(self, name: str, count: int, columns: frozenset[str]) -> FrameFeatures | None:
        arrays = read_arrays(self._path(name))
        if arrays is None:
            return None
        done = arrays.pop(_DONE, None)
        if done is None or frozenset(arrays) != columns or not _is_whole(arrays, done, count):
            _log.warning("the features of a clip have the wrong form and will be encoded again")
            return None
        return FrameFeatures(name, done, arrays)

    def _make_room(self) -> None:
        spared = 1 if self._room else 0
        while len(self._held) > spared and sum(one.byte_count for one in self._held.values()) > self._room:
            self._held.popitem(last=False)


def _with_pieces(found: FrameFeatures, pieces: Sequence[Arrays], columns: frozenset[str]) -> FrameFeatures:
    """Return the features with what the pieces tell, as far as they have the right form."""
    count = len(found.done)
    for piece in pieces:
        at = piece.pop(_AT, None)
        if at is None or at.dtype.kind != "i" or at.ndim != 1 or not np.isin(at, np.arange(count)).all():
            break
        fits = frozenset(piece) == columns and _is_whole(piece, np.ones(len(at), bool), len(at))
        if not fits or any(_differs(found.columns.get(name), rows) for name, rows in piece.items()):
            break
        found.put(at, piece)
    return found


def _differs(column: NDArray[Any] | None, rows: NDArray[Any]) -> bool:
    """Whether rows have another form than the column that they belong to."""
    return column is not None and (column.shape[1:], column.dtype) != (rows.shape[1:], rows.dtype)


def _is_whole(arrays: Arrays, done: NDArray[Any], count: int) -> bool:
    """Whether these columns have the form that `FrameFeatures` promises."""
    if done.dtype != np.bool_ or done.shape != (count,) or any(len(column) != count for column in arrays.values()):
        return False
    fit = arrays[SHARPNESS].ndim == 1 and arrays[GRIDS].shape[1:] == (GRID, GRID) and arrays[INPUTS].ndim == 2
    numbers = [arrays[name] for name in (SHARPNESS, TEXTURES) if name in arrays]
    return fit and are_unit_rows(arrays[ROWS][done]) and all(np.isfinite(column).all() for column in numbers)
