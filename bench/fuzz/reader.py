"""What a user does with a file, done to one that may be damaged: open it, look at it, measure in it."""

from __future__ import annotations

import math
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.fuzz.seeds import Seed, probes, rectangles
from fetalclip_app.domain.calibration import Box
from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.measuring import measure
from fetalclip_app.errors import UnreadableFile
from fetalclip_app.imaging.preprocess import crop_of, crop_spacing
from fetalclip_app.imaging.readers import find, read_clip
from fetalclip_app.imaging.thumbnails import small_picture
from fetalclip_app.wording import errors as wording

Reader = Callable[[Path], Iterator[Clip]]
"""A path -> its clips; raises `UnreadableFile` where there is none. What is on trial."""

_THUMBNAIL = 144, 192
_LONGEST_PARAMETER = 300
_MOST_CLIPS = 10
"""Of an archive with tens of thousands of members the first are opened, as the window does before any other."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What could be seen of one clip.

    Attributes:
        lengths: In mm, one for each probe, then row and column of a pixel for each rectangle; None where the program
            gives none.
        shown: Whether any picture of it decoded.
        code: Why a frame was refused; empty where all that were asked for decoded.
    """

    key: str
    lengths: tuple[float | None, ...]
    shown: bool
    code: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """All that came of one path.

    Attributes:
        code: Why the path was refused; empty where it was not.
        complaints: What went wrong, in words; nothing of it is the file's fault.
    """

    sights: tuple[Sight, ...] = ()
    code: str = ""
    complaints: tuple[str, ...] = ()


def opened(path: Path) -> Iterator[Clip]:
    """Open a path as the program does: what it names, one after the other; what is refused in it, last of all."""
    refused: list[UnreadableFile] = []
    for place in find([path]).files[:_MOST_CLIPS]:
        try:
            yield read_clip(place)
        except UnreadableFile as error:
            refused.append(error)
    if refused:
        raise refused[0]


def look(path: Path, reader: Reader, seed: Seed) -> Look:
    """Open what came of a seed, look at its clips and measure in them.

    Whatever escapes but `UnreadableFile` is a complaint.
    """
    sights: list[Sight] = []
    complaints: list[str] = []
    code = ""
    try:
        for clip in reader(path):
            sights.append(_seen(clip, seed, complaints))
    except UnreadableFile as error:
        code = _refused(error, complaints)
    except BaseException as error:
        complaints.append(_escaped("opening", error))
    return Look(tuple(sights), code, tuple(complaints))


def _seen(clip: Clip, seed: Seed, complaints: list[str]) -> Sight:
    count, shown, code = len(clip), False, ""
    for index in sorted({0, count // 2, count - 1}):
        try:
            pixels = clip.frame(index).pixels
            if pixels.shape != (clip.height, clip.width, 3):
                complaints.append(f"frame {index} is {pixels.shape} in a clip of {clip.height} x {clip.width}")
            shown = True
            for plane in clip.overlays:
                plane.on_frame(index, clip.height, clip.width)
        except UnreadableFile as error:
            code = _refused(error, complaints)
        except Exception as error:
            complaints.append(_escaped(f"frame {index}", error))
    complaints.extend(_header_faults(clip))
    key, lengths = "", lengths_of(clip, seed)
    try:
        key = str(clip.key)
        small_picture(clip, height=_THUMBNAIL[0], width=_THUMBNAIL[1])
        crop = crop_of(clip)
        crop_spacing(clip.calibration, crop)
    except UnreadableFile as error:
        code = code or _refused(error, complaints)
    except Exception as error:
        complaints.append(_escaped("key, thumbnail or crop", error))
    return Sight(key, lengths, shown, code)


def lengths_of(clip: Clip, seed: Seed) -> tuple[float | None, ...]:
    """Return every length that the program gives: between points, and the sides of a pixel of what a reading crops."""
    found = [measure(clip.calibration, probe[:2], probe[2:]).length_mm for probe in probes(seed)]
    for rectangle in rectangles(seed):
        spacing = crop_spacing(clip.calibration, Box(*rectangle))
        found += [None, None] if spacing is None else [spacing.row_mm, spacing.column_mm]
    return tuple(found)


def _header_faults(clip: Clip) -> Iterator[str]:
    if clip.rate is not None and not (math.isfinite(clip.rate.hz) and clip.rate.hz > 0):
        yield f"a rate of {clip.rate.hz}"
    if clip.missing_frames < 0:
        yield f"{clip.missing_frames} missing frames"
    times = clip.times_s
    if times is not None:
        steps = np.diff(np.asarray(times, dtype=np.float64))
        if len(times) != len(clip) or not np.isfinite(steps).all() or (steps < 0).any():
            yield "times that do not fit the frames"


def _refused(error: UnreadableFile, complaints: list[str]) -> str:
    """Return the error's code; complain where nobody could read its sentence, or memory was what ended it."""
    for name, value in error.parameters.items():
        text = str(value)
        if len(text) > _LONGEST_PARAMETER or not text.isprintable():
            complaints.append(f"the error's {name} is no text for a user: {text[:80]!r} ({len(text)} characters)")
    if not wording.sentence(error):
        complaints.append(f"no sentence for {error.code}")
    if isinstance(error.__cause__, MemoryError) and not hasattr(error.__cause__, "errno"):  # else FFmpeg's
        complaints.append("memory ran out before the file was refused")
    return str(error.code)


def _escaped(where: str, error: BaseException) -> str:
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} escaped from {where}: {str(error)[:120]} ({Path(last.filename).name}:{last.lineno})"
