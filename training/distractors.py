"""Pictures that show no anatomy: what the model must learn to call neither plane."""

from __future__ import annotations

import cv2
import numpy as np

from training.augment import Grey

CAPTIONS = (
    "This is not an ultrasound picture.",
    "No ultrasound: noise, text or a drawing.",
    "A picture without any fetal anatomy.",
    "Not a fetal ultrasound scan.",
)
"""Captions that are true of them and of nothing else."""


def draw(size: int, rng: np.random.Generator) -> Grey:
    """Return noise, text, shapes or gradients: uint8, (size, size)."""
    kind = rng.integers(5)
    if kind == 0:
        return rng.integers(0, 256, (size, size), dtype=np.uint8)
    if kind == 1:
        return _text(size, rng)
    if kind == 2:
        return _shapes(size, rng)
    if kind == 3:
        grid = rng.normal(0, 1, (rng.integers(2, 12),) * 2).astype(np.float32)
        smooth = cv2.resize(grid, (size, size), interpolation=cv2.INTER_CUBIC)
        return cv2.normalize(smooth, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)  # type: ignore[call-overload, no-any-return]
    return np.full((size, size), rng.integers(0, 256), np.uint8)


def jigsaw(scan: Grey, size: int, rng: np.random.Generator) -> Grey:
    """Return a scan cut into square pieces that are turned and laid elsewhere: uint8, (size, size)."""
    pieces = int(rng.integers(3, 8))
    side = size // pieces
    whole = cv2.resize(scan, (side * pieces, side * pieces), interpolation=cv2.INTER_AREA)
    grid = whole.reshape(pieces, side, pieces, side).swapaxes(1, 2).reshape(-1, side, side)
    laid = np.stack([np.rot90(grid[piece], int(rng.integers(4))) for piece in rng.permutation(len(grid))])
    joined = laid.reshape(pieces, pieces, side, side).swapaxes(1, 2).reshape(side * pieces, -1)
    return np.asarray(cv2.resize(joined, (size, size), interpolation=cv2.INTER_LINEAR), np.uint8)


def _text(size: int, rng: np.random.Generator) -> Grey:
    back = int(rng.integers(0, 256))
    page = np.full((size, size), back, np.uint8)
    ink = 255 - back if abs(back - 128) > 40 else 255
    for row in range(10, size, int(rng.integers(10, 24))):
        letters = "".join(chr(int(code)) for code in rng.integers(48, 122, 40))
        start = (int(rng.integers(0, 30)), row)
        cv2.putText(page, letters, start, cv2.FONT_HERSHEY_SIMPLEX, rng.uniform(0.25, 0.5), ink, 1, cv2.LINE_AA)
    return page


def _shapes(size: int, rng: np.random.Generator) -> Grey:
    page = np.full((size, size), int(rng.integers(0, 256)), np.uint8)
    for _ in range(int(rng.integers(2, 12))):
        corners = rng.integers(0, size, (2, 2))
        first, second = tuple(map(int, corners[0])), tuple(map(int, corners[1]))
        tone, width = int(rng.integers(0, 256)), int(rng.choice([-1, 1, 3]))
        if rng.random() < 0.5:
            cv2.rectangle(page, first, second, tone, width)
        else:
            cv2.line(page, first, second, tone, abs(width))
    return page
