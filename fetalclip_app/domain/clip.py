"""Pictures: frames that decode on demand, and whom they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from fetalclip_app.domain.calibration import Calibration, Ruler
from fetalclip_app.domain.content_key import ContentKey
from fetalclip_app.domain.manual_scale import ruled_calibration, stated_calibration
from fetalclip_app.domain.measuring import Refusal
from fetalclip_app.domain.overlay_plane import OverlayPlane
from fetalclip_app.domain.timing import FrameRate, Playback

Pixels = NDArray[np.uint8]
"""uint8, (H, W, 3), RGB."""


# eq=False: two arrays do not compare to one bool.
@dataclass(frozen=True, eq=False, slots=True)
class Frame:
    """One picture of a clip.

    Attributes:
        pixels: uint8, (H, W, 3), RGB, read-only.
        index: Position in its clip, from 0.
    """

    pixels: Pixels
    index: int = 0

    def __post_init__(self) -> None:
        if self.pixels.dtype != np.uint8 or self.pixels.ndim != 3 or self.pixels.shape[2] != 3:
            raise ValueError(f"pixels must be uint8 (H, W, 3), got {self.pixels.dtype} {self.pixels.shape}")
        self.pixels.setflags(write=False)

    @property
    def height(self) -> int:
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])


class FrameSource(Protocol):
    """Where a clip's pixels come from: a file, memory, or another process.

    One whose frames may be decoded by several threads at once has an attribute ``decodes_at_once`` that is true.
    """

    def __len__(self) -> int: ...

    def pixels(self, index: int) -> Pixels:
        """Decode one frame: uint8, (H, W, 3), RGB.

        Raises:
            UnreadableFile: This frame cannot be decoded.
            IndexError: No such frame.
        """
        ...


@dataclass(frozen=True, eq=False, slots=True)
class FramesInMemory:
    """Frames that are decoded already: (N, H, W, 3) uint8, or a sequence of (H, W, 3)."""

    frames: Sequence[Pixels] | Pixels
    decodes_at_once: ClassVar[bool] = True

    def __len__(self) -> int:
        return len(self.frames)

    def pixels(self, index: int) -> Pixels:
        """Return frame ``index`` as it lies in memory."""
        return np.asarray(self.frames[index])


@dataclass(frozen=True, slots=True)
class Origin:
    """Whom and what a clip belongs to. Empty strings where the file is silent.

    Attributes:
        study_date: As DICOM writes it, YYYYMMDD.
        study_time, taken_at: As DICOM writes times, HHMMSS with or without a fraction; ``taken_at`` is of this object.
        series_number, instance_number: Order within the study and within the series; None where the file is silent.
        is_simulated: The picture was made by a program.
        is_lossy: The pixels were compressed with loss.
        is_redated: Its dates were changed when it was de-identified: they are no day of a calendar.
    """

    patient_id: str = ""
    patient_name: str = ""
    study_uid: str = ""
    study_date: str = ""
    study_time: str = ""
    study_description: str = ""
    series_uid: str = ""
    series_description: str = ""
    instance_uid: str = ""
    manufacturer: str = ""
    device_model: str = ""
    taken_at: str = ""
    series_number: int | None = None
    instance_number: int | None = None
    transfer_syntax: str = ""
    is_simulated: bool = False
    is_lossy: bool = False
    is_redated: bool = False

    @property
    def exam_day(self) -> date | None:
        """The study's day; None where the file states none, one that is none (PS3.5, 6.2, DA), or a changed one."""
        text = "" if self.is_redated else self.study_date
        if len(text) != 8 or not (text.isascii() and text.isdigit()):
            return None
        try:
            return date(int(text[:4]), int(text[4:6]), int(text[6:]))
        except ValueError:
            return None


@dataclass(frozen=True, eq=False, slots=True)
class Clip:
    """A still picture or a cine loop; its frames decode when they are asked for.

    Attributes:
        path: The file it was read from.
        content_key: Takes `key`, when it is asked for.
        height, width: Pixels of every frame.
        rate: None for a single picture.
        missing_frames: Frames that the file promises and does not hold whole; say so wherever the clip is shown.
        times_s: When each frame is shown, in seconds from the first; None where the frames follow at an even ``rate``.
        playback: How the file wants to be played.
        overlays: Graphics of the file, drawn over the picture in the window and seen by no model.
        archive: The ZIP that the file lies in, where it lies in one: part of ``path``.
    """

    path: Path
    content_key: ContentKey
    source: FrameSource
    height: int
    width: int
    calibration: Calibration | None = None
    rate: FrameRate | None = None
    origin: Origin = field(default_factory=Origin)
    missing_frames: int = 0
    times_s: tuple[float, ...] | None = None
    playback: Playback = field(default_factory=Playback)
    overlays: tuple[OverlayPlane, ...] = ()
    archive: Path | None = None

    def __len__(self) -> int:
        return len(self.source)

    @property
    def key(self) -> str:
        """16 hex digits of the SHA-256 of the file's content: the name of this clip in records, caches and logs.

        The whole file is read when this is asked for the first time: not on the window's thread.

        Raises:
            UnreadableFile: The file has gone, or is not the one that was opened.
        """
        return self.content_key.digits()

    def has_content_of(self, other: Clip) -> bool:
        """Whether both clips hold the same bytes; files are read only where sizes and identifiers do not tell.

        Raises:
            UnreadableFile: As `key`.
        """
        same_instance = self.origin.instance_uid == other.origin.instance_uid
        return same_instance and self.content_key.is_same_as(other.content_key)

    @property
    def decodes_at_once(self) -> bool:
        """Whether several threads may decode frames at once; else one after another, best in their order."""
        return bool(getattr(self.source, "decodes_at_once", False))

    def frame(self, index: int) -> Frame:
        """Decode one frame.

        Raises:
            UnreadableFile: This frame cannot be decoded.
            IndexError: No such frame.
        """
        if not 0 <= index < len(self):
            raise IndexError(index)
        return Frame(self.source.pixels(index), index)

    @property
    def name(self) -> str:
        """The file's name as people read it; inside an archive ``study.zip / IMG0007``."""
        if self.archive is None:
            return self.path.name
        return " / ".join([self.archive.name, *self.path.relative_to(self.archive).parts])

    @property
    def is_calibrated(self) -> bool:
        """Whether any part of the picture has a trusted scale."""
        return self.calibration is not None and self.calibration.is_usable

    def with_pixel_mm(self, pixel_mm: float, *, override: bool = False) -> Clip:
        """Return this clip with the scale that a person states.

        The file's own scale wins unless ``override`` is given, which the calibration then records.
        """
        if self.is_calibrated and not override:
            return self
        return replace(self, calibration=stated_calibration(pixel_mm, self.height, self.width, now=self.calibration))

    def with_ruler(self, ruler: Ruler) -> Clip | Refusal:
        """Return this clip with the scale that a line of known length gives, or why it gives none.

        A person's second scale replaces the first; what the file says stays on record.
        """
        made = ruled_calibration(ruler, self.height, self.width, now=self.calibration)
        return made if isinstance(made, Refusal) else replace(self, calibration=made)

    def with_rulers(self, rulers: Sequence[Ruler]) -> Clip:
        """Return this clip with the file's own scale, and over it what a person stated by lines, in the order stated.

        A line that gives no scale is passed over: the same content took it before.
        """
        own = self.calibration.as_the_file_says if self.calibration is not None else None
        made = replace(self, calibration=own)
        for ruler in rulers:
            ruled = made.with_ruler(ruler)
            made = made if isinstance(ruled, Refusal) else ruled
        return made
