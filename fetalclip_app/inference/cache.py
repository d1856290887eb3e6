"""Text features, encoded once for each set of weights: in memory, and on disk for the next start."""

from __future__ import annotations

import hashlib
import json
import logging
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from fetalclip_app.domain.backbone import Embeddings
from fetalclip_app.inference.kept_arrays import are_unit_rows, map_array, write_array
from fetalclip_app.progress import CancelToken, Report, silent

FORMAT = 2
"""Raise it when the way from text to features changes by more than rounding: files of before are then not found."""

ROWS_IN_MEMORY = 50_000
"""About 150 MB of rows of a ViT-L/14, or the age prompts of 57 spacings."""

TEXTS_AT_ONCE = 128
"""How many texts are encoded between two looks at the cancel flag."""

TEXTS_IN_A_STEP = 32
"""The same, where somebody who speaks must not wait: a third of a second of a ViT-L/14's text tower."""

BYTES_ON_DISK = 512 * 1024 * 1024

_log = logging.getLogger(__name__)

Texts = tuple[str, ...]

Encode = Callable[[Sequence[str]], Embeddings]
InParts = Callable[[Iterable[Sequence[str]]], Iterator[Embeddings]]
"""From parts of many texts to the rows of one part after the other."""


class TextBank:
    """Text features by text, and by all texts of a question: what is asked again as a whole is one look-up.

    Args:
        encode: Returns one unit row for each text, such as `Backbone.encode_texts`.
        key: What the features depend on besides the text: differs whenever the weights or their configuration do.
        folder: Where features are kept between runs; None keeps them in memory only. Not used by others.
        in_parts: The way from many texts to their rows, where it is another, such as `Backbone.encode_texts_in_parts`.
    """

    def __init__(self, encode: Encode, key: str, folder: Path | None = None, in_parts: InParts | None = None) -> None:
        self._encode = encode
        self._in_parts = in_parts or partial(map, encode)
        self._key = key
        self._folder = folder
        self._rows: OrderedDict[str, Embeddings] = OrderedDict()
        self._whole: OrderedDict[Texts, Embeddings] = OrderedDict()

    def features(self, texts: Sequence[str], cancel: CancelToken | None = None, report: Report = silent) -> Embeddings:
        """Return one unit row for each text: float32, (N, D), in the order asked, read-only.

        Texts that were seen before, in this run or an earlier one with the same weights, are not encoded again.
        A file that cannot be read is written anew; one that cannot be written costs time at the next start only.

        Args:
            report: Gets (encoded, to encode); not called where everything is known.

        Raises:
            ValueError: No texts.
            Cancelled: ``cancel`` was raised; what was encoded until then is kept in memory.
        """
        asked = tuple(texts)
        found = self._found(asked)
        if found is None:
            found = self._made(asked, cancel or CancelToken(), report)
        self._whole[asked] = found
        self._whole.move_to_end(asked)
        while len(self._whole) > 1 and sum(map(len, self._whole)) > ROWS_IN_MEMORY:
            self._whole.popitem(last=False)
        return found

    def asked(self, texts: Sequence[str]) -> Embeddings:
        """Return one unit row for each text, as `features` does: what a person asked leaves no file.

        Raises:
            ValueError: No texts.
        """
        self._learn(self._missing(texts), CancelToken(), silent)
        return self._joined(texts)

    def prepare(self, questions: Sequence[Sequence[str]]) -> Iterator[None]:
        """Encode the texts of several questions together and keep each on the disk alone: between steps it yields.

        What lies on the disk is left as it is. Where nothing is kept on the disk, nothing is done.
        """
        places = {tuple(texts): self._path(tuple(texts)) for texts in questions}
        due = {texts: path for texts, path in places.items() if path is not None and not path.is_file()}
        made: dict[str, Embeddings] = {}
        new = {text for texts in due for text in texts if text not in self._rows}
        for encoded in self._encoded(new, TEXTS_IN_A_STEP):
            made.update(encoded)
            yield
        for texts, path in due.items():
            known = made.keys() | self._rows.keys()
            if known.issuperset(texts):  # else some were known at first and are forgotten by now
                rows = [made[text] if text in made else self._rows[text] for text in texts]
                write_array(path, np.stack(rows), BYTES_ON_DISK)
            yield

    def in_steps(self, texts: Sequence[str]) -> Iterator[None]:
        """Learn the texts of a question as `features` does, which then knows them: between steps it yields."""
        try:
            if self._found(tuple(texts)) is None:
                for encoded in self._encoded(self._missing(texts), TEXTS_IN_A_STEP):
                    self._rows.update(encoded)
                    yield
                self.features(texts)
        finally:
            self._make_room()

    def _missing(self, texts: Sequence[str]) -> list[str]:
        """Return the texts, each once, whose rows are not in memory."""
        if not texts:
            raise ValueError("no texts")
        return [text for text in dict.fromkeys(texts) if text not in self._rows]

    def _joined(self, texts: Sequence[str]) -> Embeddings:
        found = np.stack([self._rows[text] for text in texts])
        self._note(texts, found)
        return found

    def _note(self, texts: Sequence[str], rows: Embeddings) -> None:
        """Know these rows text by text, as those that were used last."""
        for text, row in zip(texts, rows, strict=True):
            self._rows[text] = row
            self._rows.move_to_end(text)
        self._make_room(len(texts))

    def _make_room(self, least: int = 0) -> None:
        """Forget the rows that were used longest ago, but for so many."""
        while len(self._rows) > max(ROWS_IN_MEMORY, least):
            self._rows.popitem(last=False)

    def _found(self, texts: Texts) -> Embeddings | None:
        """Return what is known of a whole question, in memory or on the disk."""
        if texts in self._whole:
            return self._whole[texts]
        path = self._path(texts) if self._missing(texts) else None
        stored = _read(path, len(texts)) if path is not None else None
        if stored is not None:
            self._note(texts, stored)
        return stored

    def _made(self, texts: Texts, cancel: CancelToken, report: Report) -> Embeddings:
        missing, path = self._missing(texts), self._path(texts)
        self._learn(missing, cancel, report)
        rows = self._joined(texts)
        rows.setflags(write=False)
        if path is not None and (missing or not path.is_file()):  # where some are missing, a file is damaged
            write_array(path, rows, BYTES_ON_DISK)
        return rows

    def _learn(self, missing: Collection[str], cancel: CancelToken, report: Report) -> None:
        done = 0
        for encoded in self._encoded(missing, TEXTS_AT_ONCE, cancel):
            self._rows.update(encoded)
            done += len(encoded)
            report(done, len(missing))

    def _encoded(
        self, texts: Collection[str], at_once: int, cancel: CancelToken | None = None
    ) -> Iterator[dict[str, Embeddings]]:
        """Yield the rows of one part of different texts after the other."""
        ordered = sorted(texts, key=_likeness)
        parts = [ordered[start : start + at_once] for start in range(0, len(ordered), at_once)]
        encode = self._in_parts if len(texts) > TEXTS_AT_ONCE else partial(map, self._encode)
        for part, rows in zip(parts, encode(_until(cancel or CancelToken(), parts)), strict=True):
            yield dict(zip(part, np.asarray(rows, np.float32), strict=True))

    def _path(self, texts: Texts) -> Path | None:
        """Return the file for these texts: its name is a hash, so that it says nothing about a patient's scan."""
        if self._folder is None:
            return None
        content = json.dumps([FORMAT, self._key, texts])
        return self._folder / f"{hashlib.sha256(content.encode()).hexdigest()}.npy"


def _likeness(text: str) -> tuple[int, str]:
    """Return by what texts are sorted: those of one length go together, then those that begin alike."""
    return len(text), text


def _until(cancel: CancelToken, parts: Iterable[Sequence[str]]) -> Iterator[Sequence[str]]:
    """Yield the parts, and stop where the work is to stop."""
    for part in parts:
        cancel.check()
        yield part


def _read(path: Path, count: int) -> Embeddings | None:
    """Return the features in ``path``, or None where there are none that can be believed."""
    features = map_array(path)
    if features is None:
        return None
    if len(features) != count or not are_unit_rows(features):
        _log.warning("text features have the wrong form and will be encoded again")
        return None
    return features
