"""How far a mask lies from the true one: Dice by picture and pooled, Hausdorff, circumference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class MaskError:
    """One structure of one picture.

    Attributes:
        both, sizes: Pixels in both masks, and in one plus in the other: Dice is 2 both / sizes.
        hausdorff_95, hausdorff: In pixels of the file; None where either mask is empty.
        pixel_mm: Of the file; None where nobody knows.
        hc_off_mm: Found minus true head circumference, where there is one.
    """

    structure: str
    group: str
    both: int
    sizes: int
    hausdorff_95: float | None
    hausdorff: float | None
    pixel_mm: float | None = None
    hc_off_mm: float | None = None

    @property
    def dice(self) -> float:
        """Twice what they share over what they are; 1 where both are empty."""
        return _dice(self.both, self.sizes)


def dice_of(found: Mask, true: Mask) -> float:
    """Return the Dice of a mask, both (H, W)."""
    return _dice(*_overlap(found, true))


def _overlap(found: Mask, true: Mask) -> tuple[int, int]:
    """Return the pixels in both masks, and in one plus in the other."""
    return int(np.count_nonzero(found & true)), int(np.count_nonzero(found) + np.count_nonzero(true))


def _dice(both: int, sizes: int) -> float:
    return 2 * both / sizes if sizes else 1.0


def compare(structure: str, group: str, found: Mask, true: Mask, pixel_mm: float | None = None) -> MaskError:
    """Return the errors of a mask, both (H, W)."""
    distances = edge_distances(found, true)
    return MaskError(
        structure,
        group,
        *_overlap(found, true),
        None if distances is None else float(np.percentile(distances, 95)),
        None if distances is None else float(distances.max()),
        pixel_mm,
    )


def edge_distances(one: Mask, other: Mask) -> NDArray[np.float64] | None:
    """Return the distance of every edge pixel of either mask from the other's edge, in pixels; None without an edge."""
    edges = _edge(one), _edge(other)
    if not all(edge.any() for edge in edges):
        return None
    return np.concatenate([_distance_to(edges[1])[edges[0]], _distance_to(edges[0])[edges[1]]])


def _edge(mask: Mask) -> Mask:
    inner = cv2.erode(np.pad(mask.astype(np.uint8), 1), np.ones((3, 3), np.uint8))[1:-1, 1:-1]
    edge: Mask = mask & (inner == 0)
    return edge


def _distance_to(edge: Mask) -> NDArray[np.float64]:
    far = cv2.distanceTransform((~edge).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(far, np.float64)


def summary(errors: Sequence[MaskError]) -> dict[str, dict[str, Any]]:
    """Return structure -> figures over its pictures."""
    names = dict.fromkeys(error.structure for error in errors)
    return {name: _figures([error for error in errors if error.structure == name]) for name in names}


def _figures(errors: Sequence[MaskError]) -> dict[str, Any]:
    sizes = sum(error.sizes for error in errors)
    scaled = [error for error in errors if error.pixel_mm is not None]
    circumferences = [abs(error.hc_off_mm) for error in errors if error.hc_off_mm is not None]
    return {
        "pictures": len(errors),
        "dice": _mean([error.dice for error in errors]),
        "dice_pooled": round(_dice(sum(error.both for error in errors), sizes), 4) if sizes else None,
        "missed": sum(error.hausdorff is None for error in errors),
        "hausdorff_95_px": _mean([error.hausdorff_95 for error in errors]),
        "hausdorff_px": _mean([error.hausdorff for error in errors]),
        "hausdorff_95_mm": _mean([_mm(error.hausdorff_95, error) for error in scaled]),
        "hausdorff_mm": _mean([_mm(error.hausdorff, error) for error in scaled]),
        "hc_error_mm": _mean(circumferences),
    }


def _mm(value: float | None, error: MaskError) -> float | None:
    return None if value is None or error.pixel_mm is None else value * error.pixel_mm


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(float(np.mean(known)), 4) if known else None
