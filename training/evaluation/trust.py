"""Lines of the table that say how far answers can be trusted: calibration errors, and strangers told apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fetalclip_app.domain.bootstrap import Floats
from fetalclip_app.domain.views import ViewPrediction
from fetalclip_app.tasks.keys import BRAIN_VIEWS, VIEWS
from training.calibration_error import error_of_sums, error_parts
from training.evaluate import Row, row_of
from training.evaluation.reads import Read
from training.evaluation.strangers import KINDS, Stranger, auroc, auroc_interval
from training.evaluation.view_rows import BY_PROBE, BY_PROMPTS, by_probe, named_by_probe, truth_of

NAMES = {VIEWS: "planes", BRAIN_VIEWS: "brain sub-planes"}


def sure_and_right(reads: Sequence[Read], task: str) -> tuple[list[str], Floats, NDArray[np.bool_]]:
    """Return patient, confidence and whether it was right, of each picture whose class is known; abstentions count."""
    told = []
    for read in reads:
        truth = truth_of(read.sample, task)
        answer = read.reading.answer(task, ViewPrediction)
        if answer is not None and truth in answer.keys:
            told.append((read.sample.group, float(answer.probabilities.max()), answer.best == truth))
    return [group for group, _, _ in told], np.array([s for _, s, _ in told]), np.array([r for *_, r in told], bool)


def calibration_rows(reads: Sequence[Read]) -> list[Row]:
    """Return the expected calibration error of each task that answers with percentages, by prompts and by probe."""
    rows: list[Row] = []
    for task, name in NAMES.items():
        measure = f"expected calibration error, {name}"
        if named_by_probe(reads, task):
            rows += _calibration(measure + BY_PROMPTS, reads, task)
            rows += _calibration(measure + BY_PROBE, by_probe(reads), task)
        else:
            rows += _calibration(measure, reads, task)
    return rows


def _calibration(measure: str, reads: Sequence[Read], task: str) -> list[Row]:
    groups, sure, right = sure_and_right(reads, task)
    return [row_of(measure, groups, error_parts(sure, right), error_of_sums, count=len(groups))] if groups else []


def stranger_rows(strangers: Sequence[Stranger], reads: Sequence[Read]) -> list[Row]:
    """Return AUROC by clip for each kind of stranger, and the share that was given a length or a line for one.

    The last column counts the clips that got no view, or no length.

    Args:
        reads: Pictures of held-out patients, with their strangeness.
    """
    groups = [read.sample.group for read in reads]
    known = np.array([read.strange for read in reads], float)
    rows = []
    for kind, name in KINDS.items():
        clips = [clip for clip in strangers if clip.kind == kind]
        if clips:
            scores = np.array([clip.strangeness for clip in clips])
            low, high = auroc_interval(known, groups, scores)
            value = auroc(known, scores)
            refused = sum(bool(clip.refused) for clip in clips)
            rows.append(
                Row(f"out of distribution, AUROC by clip: {name}", len(clips), len(clips), value, low, high, refused)
            )
            rows.append(_measured_strangers(name, clips))
    wrongly = [is_foreign(read) for read in reads]
    parts = np.array([(flag, 1.0) for flag in wrongly], float)
    measure = "held-out pictures refused as unlike the training, share"
    rows.append(row_of(measure, groups, parts, _share, count=len(reads), abstained=sum(wrongly)))
    return rows


def _measured_strangers(name: str, clips: Sequence[Stranger]) -> Row:
    given = [bool(clip.lengths) for clip in clips]
    measure, parts = f"out of distribution, given a length, share of clips: {name}", [(flag, 1.0) for flag in given]
    single = [str(number) for number in range(len(clips))]
    return row_of(measure, single, np.array(parts, float), _share, count=len(clips), abstained=given.count(False))


def is_foreign(read: Read) -> bool:
    """Whether the app called the picture unlike its training."""
    views = read.reading.answer(VIEWS, ViewPrediction)
    return views is not None and views.is_foreign


def _share(sums: Floats) -> Floats:
    share: Floats = sums[:, 0] / sums[:, 1]
    return share
