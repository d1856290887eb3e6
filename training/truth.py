"""Which captions are true of which pictures: worked out from labels, so that ranks need not send each other tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fetalclip_app.domain.views import BRAIN_PLANES, PLANES

UNLABELLED = -1
"""A picture of which nobody said what it shows."""

NOTHING = -2
"""A picture without any class, and the caption that says so."""

FIRST_PAIR = 1000
"""Classes from here on have one picture: a figure and what its book says of it."""

NOBODY = -1
"""Owner of a caption that was written for no picture."""

_RULED_OUT = ("abdomen", "brain", "femur", "heart", "cervix")
"""Planes that pictures of no standard plane do not show: somebody looked. They may show one of the others."""


@dataclass(frozen=True, eq=False, slots=True)
class Labels:
    """What pictures show and what captions name, in numbers.

    Attributes:
        pictures: int64, (N,): class, `UNLABELLED` or `NOTHING`.
        captions: int64, (M,): class, or `NOTHING`.
        owners: int64, (M,): the picture that a caption was written for, or `NOBODY`.
        told: bool, (M,): the caption adds what is true of its own picture alone (spacing, machine).
        ruled_out: bool, (M,): what it names is known not to be shown by an unlabelled picture.
        own_alone: A picture's own caption is its only true one, as in CLIP; those of its class count as wrong.
    """

    pictures: NDArray[np.int64]
    captions: NDArray[np.int64]
    owners: NDArray[np.int64]
    told: NDArray[np.bool_]
    ruled_out: NDArray[np.bool_]
    own_alone: bool = False

    def truth(
        self, rows: slice = slice(None), columns: slice = slice(None)
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Return weight of what is true, float32, and whether the pair is known to be true or false; both (N, M).

        A told caption is right of another picture's class and wrong of the rest: neither a match nor a mismatch.
        What a plane's caption is to the figure of a pair nobody knows: the figure may show that plane.

        Args:
            rows: The pictures that are asked about.
            columns: The captions that are asked about.
        """
        shown, named = self.pictures[rows, None], self.captions[columns]
        labelled = shown != UNLABELLED
        same = (shown == named) & labelled
        foreign = np.arange(len(self.pictures))[rows, None] != self.owners[columns]
        known = labelled | self.ruled_out[columns]
        if self.own_alone:
            return (same & ~foreign).astype(np.float32), known
        known = known & ~(same & foreign & self.told[columns])
        known &= ~((shown >= FIRST_PAIR) & (named < FIRST_PAIR))
        return (same & known).astype(np.float32), known


@dataclass(frozen=True, eq=False, slots=True)
class CaptionSet:
    """Captions with their truth about the pictures of a batch.

    Attributes:
        target: float32, (pictures, captions): weight of what is true.
        known: bool, (pictures, captions): whether the pair is known to be true or false.
        labels: What both follow from.
    """

    texts: list[str]
    target: NDArray[np.float32]
    known: NDArray[np.bool_]
    labels: Labels

    @classmethod
    def of(cls, texts: list[str], labels: Labels) -> CaptionSet:
        """Return captions with the truth that follows from labels."""
        target, known = labels.truth()
        return cls(texts, target, known, labels)


def plane_labels(
    shown: Sequence[str | None],
    is_distractor: Sequence[bool],
    named: Sequence[str | None],
    own: Sequence[int],
    told: Sequence[bool],
) -> Labels:
    """Return the labels of plane captions.

    Args:
        shown: Plane of each picture; None where it has no standard plane or is a distractor.
        is_distractor: The picture shows no fetus at all.
        named: Plane that each caption names; None for a distractor's.
        own: The pictures that the first captions were written for, in order; the others were written for nobody.
        told: Whether each of those captions adds its picture's spacing or machine.
    """
    others = len(named) - len(own)
    pictures = [
        NOTHING if nothing else _class_of(plane, PLANES, UNLABELLED)
        for plane, nothing in zip(shown, is_distractor, strict=True)
    ]
    return Labels(
        np.array(pictures, np.int64),
        np.array([_class_of(plane, PLANES, NOTHING) for plane in named], np.int64),
        np.array([*own, *[NOBODY] * others], np.int64),
        np.array([*told, *[False] * others], np.bool_),
        np.array([plane is None or plane in _RULED_OUT for plane in named], np.bool_),
    )


def brain_labels(shown: Sequence[str | None], own: Sequence[int], told: Sequence[bool]) -> Labels:
    """Return the labels of sub-plane captions, one for each picture of ``own``."""
    pictures = np.array([_class_of(plane, BRAIN_PLANES, UNLABELLED) for plane in shown], np.int64)
    rows = np.array(own, np.int64)
    return Labels(pictures, pictures[rows], rows, np.array(told, np.bool_), np.zeros(len(rows), np.bool_))


def with_pairs(labels: Labels, rows: Sequence[int], numbers: Sequence[int]) -> Labels:
    """Return plane labels with the captions of figures behind the others.

    Args:
        labels: Of the batch, the figures unlabelled.
        rows: The figures' rows.
        numbers: Of each figure's pair, from 0: the same on all ranks.
    """
    if not rows:
        return labels
    classes = np.array(numbers, np.int64) + FIRST_PAIR
    pictures = labels.pictures.copy()
    pictures[np.array(rows)] = classes
    none = np.zeros(len(rows), np.bool_)
    return replace(
        labels,
        pictures=pictures,
        captions=np.concatenate([labels.captions, classes]),
        owners=np.concatenate([labels.owners, np.array(rows, np.int64)]),
        told=np.concatenate([labels.told, none]),
        ruled_out=np.concatenate([labels.ruled_out, none]),
    )


def _class_of(name: str | None, names: Sequence[str], otherwise: int) -> int:
    return otherwise if name is None else names.index(name)


def joined(parts: Sequence[Labels]) -> Labels:
    """Return the labels of several batches as of one: owners are counted on."""
    starts = np.cumsum([0, *(len(part.pictures) for part in parts)])
    owners = [
        np.where(part.owners == NOBODY, NOBODY, part.owners + start) for part, start in zip(parts, starts, strict=False)
    ]
    return Labels(
        np.concatenate([part.pictures for part in parts]),
        np.concatenate([part.captions for part in parts]),
        np.concatenate(owners),
        np.concatenate([part.told for part in parts]),
        np.concatenate([part.ruled_out for part in parts]),
        parts[0].own_alone,
    )
