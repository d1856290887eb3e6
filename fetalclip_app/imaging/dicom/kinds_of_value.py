"""Elements of the calibration, read as the kind of value that the standard gives them.

An explicit file repeats for each element which kind of value (VR) it has (PS3.5 7.1.2), and readers believe it. One bit
turns FD into FL, and half a double into a size of pixels; a region's corner of the kind FL is another corner, and one
of the kind OB none at all. The standard leaves the kinds of these elements no choice (PS3.6), so it is asked and not
the file: what does not fit that kind is then unreadable, and is not trusted.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset

_UNDEFINED = 0xFFFFFFFF


def set_right(dataset: Dataset, keywords: Iterable[str]) -> None:
    """Give these elements their standard kind of value, where they are not read yet."""
    for keyword in keywords:
        tag: Any = tag_for_keyword(keyword)
        if tag not in dataset:
            continue
        raw: Any = dataset.get_item(tag)
        kind = dictionary_VR(tag)
        if isinstance(raw, RawDataElement) and raw.VR not in (None, kind):
            dataset[tag] = raw._replace(VR=kind)


def is_whole(dataset: Dataset, tag: Any) -> bool:
    """Whether an element that is not read yet has as many bytes as it says: what holds it may end before."""
    raw: Any = dataset.get_item(tag)
    if not isinstance(raw, RawDataElement) or raw.length == _UNDEFINED:
        return True
    return len(raw.value or b"") == raw.length
