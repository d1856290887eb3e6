"""How the blanked pixels of a clip are stored: the JPEG's own blocks, RLE, or plain."""

from __future__ import annotations

from pathlib import Path

from pydicom import uid
from pydicom.dataset import Dataset

from fetalclip_app.domain.clip import Clip
from fetalclip_app.imaging.deidentify import blank, record, writing
from fetalclip_app.imaging.deidentify.check import Expected
from fetalclip_app.imaging.deidentify.jpeg_frames import DARK, blanked_streams
from fetalclip_app.imaging.deidentify.mask import Visible
from fetalclip_app.imaging.deidentify.rle import rle_streams
from fetalclip_app.progress import CancelToken

PLAIN = frozenset(
    {
        uid.ImplicitVRLittleEndian,
        uid.ExplicitVRLittleEndian,
        uid.ExplicitVRBigEndian,
        uid.DeflatedExplicitVRLittleEndian,
    }
)
"""Syntaxes whose pixels are not compressed (one is deflated as a whole)."""


def store(
    target: Path, dataset: Dataset, original: tuple[Clip, str], visible: Visible, cancel: CancelToken
) -> tuple[Expected, bool]:
    """Write the file; return what its pixels must be, and whether they had to be stored anew, without further loss.

    Args:
        original: The clip, and the transfer syntax of its file.

    Raises:
        NotDeidentified: FILE_TOO_LARGE, or IDENTITY_LEFT for a header that cannot be written.
        ExportFailed: The folder is closed or full.
    """
    clip, syntax = original
    if len(clip) > 1:
        dataset.NumberOfFrames = len(clip)  # the original may hold more than it says
    blanked = blanked_streams(clip, visible, cancel)
    if blanked is not None:
        writing.write_streams(target, dataset, blanked.streams, syntax)
        return Expected(blanked.visible, blanked.black, DARK), False
    try:
        _write_plain(target, dataset, original, (blank.plain_layout(clip), visible), cancel)
    except blank.MixedColours:
        _write_plain(target, dataset, original, (blank.AS_SHOWN, visible), cancel)
    return Expected(visible, ~visible), syntax not in PLAIN


def _write_plain(
    target: Path,
    dataset: Dataset,
    original: tuple[Clip, str],
    pixels: tuple[blank.PlainPixels, Visible],
    cancel: CancelToken,
) -> None:
    """Write frames without further loss: RLE where the original was compressed and that saves space."""
    (clip, syntax), (layout, visible) = original, pixels
    record.describe_plain(dataset, layout)
    if syntax not in PLAIN:
        frames = blank.blanked_frames(clip, layout, visible, cancel)
        streams = rle_streams(frames, layout, (clip.height, clip.width), len(clip))
        if streams is not None:
            writing.write_streams(target, dataset, streams, uid.RLELossless)
            return
    writing.check_plain_size(clip.path.name, len(clip) * clip.height * clip.width * layout.frame_bytes_per_pixel)
    with writing.spooled(blank.blanked_frames(clip, layout, visible, cancel)) as spool:
        writing.write_plain(target, dataset, spool)
