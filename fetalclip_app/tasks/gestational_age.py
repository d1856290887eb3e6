"""How old the fetus is, by the similarity of a head to sentences that name an age."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from fetalclip_app import resources
from fetalclip_app.domain.abstention import Abstention, Reason
from fetalclip_app.domain.age import (
    DAYS_PER_WEEK,
    LAST_DAYS,
    PUBLISHED_SPREAD_LIMIT_DAYS,
    AgeEstimate,
    AgeInterval,
    GestationalAge,
    LimitGround,
)
from fetalclip_app.domain.backbone import ModelCalibration
from fetalclip_app.domain.calibration import PixelSpacing
from fetalclip_app.domain.reading import Finding, HeadMeasurement, HeadSize
from fetalclip_app.domain.views import BRAIN
from fetalclip_app.imaging.preprocess import model_spacing_mm
from fetalclip_app.tasks.base import Instruments, Scan
from fetalclip_app.tasks.keys import AGE, HEAD
from fetalclip_app.tasks.scale import spacing_of_crop

PROMPTS_FILE = "prompts/gestational_age.json"

CANDIDATES = tuple(GestationalAge(days) for days in range(14 * DAYS_PER_WEEK, 39 * DAYS_PER_WEEK))
"""14w0d to 38w6d: what FetalCLIP asks about (zero_shot_hc18/test_ga_dot_prods_map.py)."""

SUPPORT = 15
"""How many of the best candidates vote (FetalCLIP, zero_shot_hc18)."""

HC_RANGE_MM = (100.0, 342.0)
"""Heads for which the rule was evaluated (FetalCLIP, zero_shot_hc18)."""


@dataclass(frozen=True, slots=True)
class AgeTask:
    """How old is the fetus, judged by its head?"""

    templates: tuple[str, ...]
    key: str = AGE

    @classmethod
    def bundled(cls) -> AgeTask:
        """Return the task with the bundled templates."""
        return cls(tuple(resources.read_json(PROMPTS_FILE)[BRAIN]))

    def answer(self, scan: Scan, instruments: Instruments) -> Finding:
        """Return the age of the frame that the head was measured on, or of the best brain frame."""
        frames = scan.frames_seen_as(BRAIN)
        if not len(frames):
            return Finding(self.key, scan.why_no_brain())
        head = scan.finding(HEAD)
        frame_index = int(frames[0]) if head is None or head.frame_index is None else head.frame_index
        spacing = _square_spacing(scan)
        if isinstance(spacing, Abstention):
            return Finding(self.key, spacing, frame_index)
        unfit = _unfit_head(head)
        if unfit is not None:
            return Finding(self.key, unfit, frame_index)
        spacing_mm = model_spacing_mm(scan.crop, spacing, scan.spec)
        scores = self.scores(scan.embeddings[frame_index], spacing_mm, instruments)
        estimate = estimate_of(scores, spacing_mm, instruments.calibration, head_checked=_head_size(head) is not None)
        return Finding(self.key, _doubtful(estimate, instruments.calibration) or estimate, frame_index)

    def texts(self, spacing_mm: float) -> list[str]:
        """Return every template's sentence for every candidate, template by template."""
        return [text for template in self.templates for text in sentences(template, spacing_mm)]

    def scores(
        self, embedding: NDArray[np.float32], spacing_mm: float, instruments: Instruments
    ) -> NDArray[np.float32]:
        """Return float32, (len(CANDIDATES),): logit scale times similarity, mean over the templates.

        Args:
            embedding: float32, (D,), unit length.
            spacing_mm: mm per network pixel; the prompts name it with two decimals, as published.
        """
        similarity = instruments.encode_texts(self.texts(spacing_mm)) @ embedding
        table = similarity.reshape(len(self.templates), len(CANDIDATES))
        mean: NDArray[np.float32] = instruments.logit_scale * table.mean(axis=0)
        return mean


def age_prompts() -> tuple[str, str]:
    """Return name and SHA-256 of the bundled templates."""
    path = resources.path(PROMPTS_FILE)
    return path.stem, hashlib.sha256(path.read_bytes()).hexdigest()


def sentences(template: str, spacing_mm: float) -> tuple[str, ...]:
    """Return the template's sentence for every candidate, in the order of `CANDIDATES`."""
    return _sentences(template, f"{spacing_mm:.2f}")


@lru_cache(maxsize=256)
def _sentences(template: str, spacing: str) -> tuple[str, ...]:
    return tuple(
        template.format(weeks=age.days // DAYS_PER_WEEK, days=age.days % DAYS_PER_WEEK, spacing=spacing)
        for age in CANDIDATES
    )


def best_candidates(scores: NDArray[np.float32], support: int = SUPPORT) -> NDArray[np.intp]:
    """Return the positions of the ``support`` highest scores, in the order of days.

    Of equal scores the earlier day wins, as in the published stable sort.
    """
    return np.sort(np.argsort(-scores, kind="stable")[:support])


def estimate_of(
    scores: NDArray[np.float32], spacing_mm: float, calibration: ModelCalibration, *, head_checked: bool
) -> AgeEstimate:
    """Return the median of the best candidates with their spread (the published rule)."""
    best = best_candidates(scores)
    age = CANDIDATES[best[len(best) // 2]]
    return AgeEstimate(
        age=age,
        low=CANDIDATES[best[0]],
        high=CANDIDATES[best[-1]],
        first_day=CANDIDATES[0].days,
        scores=scores,
        spacing_mm=spacing_mm,
        interval=_interval(age, calibration),
        learned_from_head_size=calibration.learned_from_head_size,
        head_checked=head_checked,
        limit_ground=spread_limit(calibration)[1],
    )


def spread_limit(calibration: ModelCalibration) -> tuple[int, LimitGround]:
    """Return the limit in days, and what it rests on; weights without one borrow the released weights'."""
    if calibration.spread_limit_days is None:
        return PUBLISHED_SPREAD_LIMIT_DAYS, LimitGround.NOT_FITTED
    return calibration.spread_limit_days, calibration.spread_limit_ground


def _interval(age: GestationalAge, calibration: ModelCalibration) -> AgeInterval | None:
    if calibration.age_error_days is None:
        return None
    margin = int(np.ceil(calibration.age_error_days))
    low, high = max(age.days - margin, 0), min(age.days + margin, LAST_DAYS)
    return AgeInterval(
        GestationalAge(low), GestationalAge(high), calibration.age_error_level, calibration.age_reference
    )


def _doubtful(estimate: AgeEstimate, calibration: ModelCalibration) -> Abstention | None:
    if estimate.low == CANDIDATES[0] or estimate.high == CANDIDATES[-1]:
        return Abstention(Reason.OUT_OF_RANGE, "edge_of_range")
    limit_days, ground = spread_limit(calibration)
    if estimate.spread_days > limit_days:
        limits: dict[str, str | int | float] = {"spread_days": estimate.spread_days, "limit_days": limit_days}
        if ground is not LimitGround.VALIDATION:
            limits["limit_ground"] = str(ground)
        return Abstention(Reason.AMBIGUOUS, "spread", limits)
    return None


def _square_spacing(scan: Scan) -> PixelSpacing | Abstention:
    spacing = spacing_of_crop(scan)
    if isinstance(spacing, Abstention) or spacing.is_square:
        return spacing
    return Abstention(Reason.NOT_CALIBRATED, "not_square")


def _unfit_head(head: Finding | None) -> Abstention | None:
    """A head that was looked for and not found, or is too small or large, has no age by this rule."""
    if head is not None and isinstance(head.answer, Abstention) and head.answer.detail == "outline":
        return head.answer
    size = _head_size(head)
    if size is not None and not HC_RANGE_MM[0] <= size.hc_mm <= HC_RANGE_MM[1]:
        return Abstention(Reason.OUT_OF_RANGE, "head_size", {"hc_mm": round(size.hc_mm, 1)})
    return None


def _head_size(head: Finding | None) -> HeadSize | None:
    if head is None or not isinstance(head.answer, HeadMeasurement) or not isinstance(head.answer.size, HeadSize):
        return None
    return head.answer.size
