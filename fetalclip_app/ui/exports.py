"""Writes reports, tables and pictures: plain functions for a job, each late with its imports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.overlay import Heatmap
from fetalclip_app.domain.reading import ClipReading, HeadMeasurement
from fetalclip_app.progress import CancelToken, Report
from fetalclip_app.ui.open_clip import OpenClip


@dataclass(frozen=True, eq=False, slots=True)
class Ready:
    """One clip as it is written: taken on the window's thread, used off it."""

    clip: Clip
    reading: ClipReading
    heatmaps: tuple[tuple[int, Heatmap], ...]


def ready(entries: Sequence[OpenClip]) -> tuple[Ready, ...]:
    """Return what is read so far."""
    return tuple(
        Ready(entry.clip, entry.reading, tuple((where.frame_index, heat.heatmap) for where, heat in entry.heat.items()))
        for entry in entries
        if entry.reading is not None
    )


def write_pdf(path: Path, clips: Sequence[Ready], cancel: CancelToken, report: Report) -> Path:
    """Write one PDF report about all clips.

    Raises:
        ExportFailed: The file could not be written.
    """
    from fetalclip_app.report import ClipEntry, build  # noqa: PLC0415 - takes a while to import
    from fetalclip_app.report.pdf import write_pdf as write  # noqa: PLC0415

    cancel.check()
    write(path, build([ClipEntry(one.clip, one.reading, one.clip.path.name, one.heatmaps) for one in clips]))
    return path


def write_json(path: Path, clips: Sequence[Ready], cancel: CancelToken, report: Report) -> Path:
    """Write all readings as the command line's JSON.

    Raises:
        ExportFailed: The file could not be written.
    """
    from fetalclip_app.report import ClipEntry  # noqa: PLC0415 - takes a while to import
    from fetalclip_app.report import write_json as write  # noqa: PLC0415

    cancel.check()
    write(path, [ClipEntry(one.clip, one.reading, str(one.clip.path)) for one in clips])
    return path


@dataclass(frozen=True, eq=False, slots=True)
class Drawn:
    """What lies over the frame that is written."""

    head: HeadMeasurement | None
    heatmap: Heatmap | None
    opacity: float


def write_png(path: Path, clip: Clip, index: int, drawn: Drawn) -> Path:
    """Write one frame with what is drawn over it, and the research-use line.

    Raises:
        ExportFailed: The file could not be written.
        UnreadableFile: The frame cannot be decoded.
    """
    from fetalclip_app.imaging.blend import blend  # noqa: PLC0415 - takes a while to import
    from fetalclip_app.report.atomic import write_bytes  # noqa: PLC0415
    from fetalclip_app.ui.picture_file import png_of  # noqa: PLC0415

    pixels = blend(
        clip.frame(index).pixels,
        heatmap=drawn.heatmap,
        opacity=drawn.opacity,
        outline=drawn.head.outline if drawn.head is not None else None,
        ellipse=drawn.head.ellipse if drawn.head is not None else None,
    )
    write_bytes(path, png_of(pixels))
    return path
