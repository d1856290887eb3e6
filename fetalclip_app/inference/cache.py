"""Text features, encoded once for each set of weights: in memory, and on disk for the next start."""

from __future__ import annotations

import hashlib
import json
import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from fetalclip_app.domain.backbone import Embeddings
from fetalclip_app.inference.kept_arrays import are_unit_rows, read_arrays, write_arrays
from fetalclip_app.progress import CancelToken, Report, silent

FORMAT = 1
"""Raise it when the way from text to features changes: files of the old way are then not found."""

ROWS_IN_MEMORY = 50_000
"""About 150 MB of rows of a ViT-L/14, or the age prompts of 57 spacings."""

TEXTS_AT_ONCE = 64
"""How many texts are encoded between two looks at the cancel flag."""

BYTES_ON_DISK = 512 * 1024 * 1024

_log = logging.getLogger(__name__)


class TextBank:
    """Text features by text.

    Args:
        encode: Returns one unit row for each text, such as `Backbone.encode_texts`.
        key: What the features depend on besides the text: differs whenever the weights or their configuration do.
        folder: Where features are kept between runs; None keeps them in memory only. Not used by others.
    """

    def __init__(self, encode: Callable[[Sequence[str]], Embeddings], key: str, folder: Path | None = None) -> None:
        self._encode = encode
        self._key = key
        self._folder = folder
        self._rows: OrderedDict[str, Embeddings] = OrderedDict()

    def features(self, texts: Sequence[str], cancel: CancelToken | None = None, report: Report = silent) -> Embeddings:
        """Return one unit row for each text: float32, (N, D), in the order asked.

        Texts that were seen before, in this run or an earlier one with the same weights, are not encoded again.
        A file that cannot be read is written anew; one that cannot be written costs time at the next start only.

        Args:
            report: Gets (encoded, to encode); not called where everything is known.

        Raises:
            ValueError: No texts.
            Cancelled: ``cancel`` was raised; what was encoded until then is kept in memory.
        """
        wanted, missing = self._wanted(texts)
        if missing:
            self._fill(wanted, missing, cancel or CancelToken(), report)
        return self._found(texts, wanted)

    def asked(self, texts: Sequence[str]) -> Embeddings:
        """Return one unit row for each text, as `features` does: what a person asked leaves no file.

        Raises:
            ValueError: No texts.
        """
        wanted, missing = self._wanted(texts)
        if missing:
            self._encode_in_parts(missing, CancelToken(), silent)
        return self._found(texts, wanted)

    def _wanted(self, texts: Sequence[str]) -> tuple[list[str], list[str]]:
        """Return the texts, each once; and those whose rows are not in memory."""
        if not texts:
            raise ValueError("no texts")
        wanted = list(dict.fromkeys(texts))
        return wanted, [text for text in wanted if text not in self._rows]

    def _found(self, texts: Sequence[str], wanted: list[str]) -> Embeddings:
        for text in wanted:
            self._rows.move_to_end(text)
        found = np.stack([self._rows[text] for text in texts])
        while len(self._rows) > max(ROWS_IN_MEMORY, len(wanted)):
            self._rows.popitem(last=False)
        return found

    def _fill(self, wanted: list[str], missing: list[str], cancel: CancelToken, report: Report) -> None:
        path = self._path(wanted)
        stored = _read(path, len(wanted)) if path is not None else None
        if stored is not None:
            self._rows.update(zip(wanted, stored, strict=True))
            return
        self._encode_in_parts(missing, cancel, report)
        if path is not None:
            rows = np.stack([self._rows[text] for text in wanted])
            write_arrays(path, {"features": rows}, BYTES_ON_DISK)

    def _encode_in_parts(self, missing: list[str], cancel: CancelToken, report: Report) -> None:
        # Texts of like length go together: an encoder need not fill up the short ones.
        missing = sorted(missing, key=len)
        for start in range(0, len(missing), TEXTS_AT_ONCE):
            cancel.check()
            part = missing[start : start + TEXTS_AT_ONCE]
            self._rows.update(zip(part, np.asarray(self._encode(part), np.float32), strict=True))
            report(start + len(part), len(missing))

    def _path(self, texts: list[str]) -> Path | None:
        """Return the file for these texts: its name is a hash, so that it says nothing about a patient's scan."""
        if self._folder is None:
            return None
        content = json.dumps([FORMAT, self._key, texts])
        return self._folder / f"{hashlib.sha256(content.encode()).hexdigest()}.npz"


def _read(path: Path, count: int) -> Embeddings | None:
    """Return the features in ``path``, or None where there are none that can be believed."""
    arrays = read_arrays(path)
    if arrays is None:
        return None
    features = arrays.get("features")
    if features is None or len(features) != count or not are_unit_rows(features):
        _log.warning("text features have the wrong form and will be encoded again")
        return None
    return features
