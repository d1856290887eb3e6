"""Stored grey values -> grey levels on the screen: modality, window, polarity, padding, in the order of PS3.3 C.11."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_modality_lut, apply_voi

from fetalclip_app.imaging.dicom.colour import Table
from fetalclip_app.imaging.dicom.element_numbers import number_of, numbers_of

_ROUNDING = 1e-9
"""Fractions of a grey level are dropped, as dcmtk does; the sum of floats may fall short of a whole one by this."""

_MUCH_WIDER = 8
"""A display table that claims so many times more than its largest entry has its bits wrong."""


@np.errstate(over="raise", invalid="raise", divide="raise")
def grey_table(dataset: Dataset, bits: int, *, signed: bool, photometric: str) -> Table:
    """Return the colour of each stored value of a MONOCHROME picture.

    The modality's and the display's transforms come first (PS3.3 C.11.1, C.11.2): a VOI LUT, else the first window;
    without either the full range of the stored bits is shown, which does not change from frame to frame. Then the
    polarity; and values that only pad the picture are black, whatever they would be (C.7.5.1.1.2).

    Args:
        bits: BitsStored.

    Raises:
        FloatingPointError: A transform of infinite or absurd numbers, which only a damaged file asks for.
    """
    stored = np.arange(1 << bits, dtype=np.int64)
    if signed:
        stored = np.where(stored >= 1 << (bits - 1), stored - (1 << bits), stored)
    values = np.asarray(apply_modality_lut(stored, dataset), dtype=np.float64)
    shown = _through_voi_lut(values, dataset) if dataset.get("VOILUTSequence") else _windowed(values, dataset)
    if _is_inverted(dataset, photometric):
        shown = 1.0 - shown
    grey = np.floor(np.clip(shown, 0.0, 1.0) * 255.0 + _ROUNDING).astype(np.uint8)
    grey[_is_padding(stored, dataset)] = 0
    return np.repeat(grey[:, None], 3, axis=1)


def _is_inverted(dataset: Dataset, photometric: str) -> bool:
    """Whether the lowest value is white: by the Presentation LUT Shape where there is one, as in dcmtk.

    It stands behind the photometric interpretation in the order of things (PS3.3 C.11.6), and says the same in every
    sound file: INVERSE with MONOCHROME1, IDENTITY with MONOCHROME2.
    """
    shape = str(dataset.get("PresentationLUTShape") or "").strip().upper()
    if shape in ("IDENTITY", "INVERSE"):
        return shape == "INVERSE"
    return photometric == "MONOCHROME1"


def _is_padding(stored: NDArray[np.int64], dataset: Dataset) -> NDArray[np.bool_]:
    """Return which stored values are Pixel Padding Value, up to Pixel Padding Range Limit."""
    first = number_of(dataset, "PixelPaddingValue")
    if first is None:
        return np.zeros(stored.shape, dtype=bool)
    last = number_of(dataset, "PixelPaddingRangeLimit")
    ends = sorted((first, first if last is None else last))
    return np.asarray((stored >= ends[0]) & (stored <= ends[1]))


def _through_voi_lut(values: NDArray[np.float64], dataset: Dataset) -> NDArray[np.float64]:
    """Apply the first VOI LUT (PS3.3 C.11.2.1.1): 0 to 1 of what its bits can say."""
    entries = np.asarray(apply_voi(values.astype(np.int64), dataset), dtype=np.float64)
    bits = int(dataset.VOILUTSequence[0].LUTDescriptor[2])
    top, largest = float((1 << bits) - 1), float(entries.max())
    if largest * _MUCH_WIDER < top:
        top = float((1 << int(largest).bit_length()) - 1) or 1.0
    return entries / top


def _windowed(values: NDArray[np.float64], dataset: Dataset) -> NDArray[np.float64]:
    """Apply the first window (PS3.3 C.11.2.1.2 and C.11.2.1.3): 0 to 1."""
    centres, widths = numbers_of(dataset, "WindowCenter"), numbers_of(dataset, "WindowWidth")
    function = str(dataset.get("VOILUTFunction") or "LINEAR")
    if not centres or not widths or widths[0] < (1 if function == "LINEAR" else 1e-6):
        return _stretched(values)
    centre, width = centres[0], widths[0]
    if function == "SIGMOID":
        return np.asarray(1.0 / (1.0 + np.exp(np.clip(-4.0 * (values - centre) / width, -700, 700))))
    if function == "LINEAR_EXACT":
        return (values - centre) / width + 0.5
    return (values - (centre - 0.5)) / max(width - 1.0, 1e-6) + 0.5


def _stretched(values: NDArray[np.float64]) -> NDArray[np.float64]:
    low, high = float(values.min()), float(values.max())
    return (values - low) / ((high - low) or 1.0)
