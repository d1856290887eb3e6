"""The guard against strangers: fitted on training pictures, its limit from validation pictures, measured by clip."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

from training import familiarity
from training.calibrate import clear_lead
from training.evaluation.strangers import _noise, _text, auroc, auroc_interval
from training.gates import GATE_SHARE

RNG = np.random.default_rng(5)
MIX = RNG.normal(0, 1, (6, 6))


def _textures(count: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (rng.normal(0, 1, (count, 6)) @ MIX + 3).astype(np.float32)


def test_pictures_like_the_training_are_about_as_strange_as_one() -> None:
    guard = familiarity.fit(_textures(4000, 1), _textures(1000, 2), shrinkage=0.0)

    assert guard.strangeness(_textures(2000, 3)).mean() == pytest.approx(1.0, abs=0.05)


def test_the_limit_refuses_its_share_of_the_validation_pictures() -> None:
    held = _textures(1000, 2)

    guard = familiarity.fit(_textures(500, 1), held)

    assert len(guard.strangers(held)) / len(held) == pytest.approx(familiarity.REFUSED_SHARE, abs=0.002)


def test_what_breaks_the_trainings_pattern_is_strange_even_where_each_number_is_usual() -> None:
    """The same numbers, shuffled column by column: every one is common, their company is not."""
    taught, rng = _textures(2000, 1), np.random.default_rng(0)
    guard = familiarity.fit(taught, _textures(500, 2))
    odd = np.stack([rng.permutation(column) for column in _textures(500, 4).T], axis=1)

    usual, alone = _textures(500, 5), taught.std(axis=0)
    assert auroc(guard.strangeness(usual), guard.strangeness(odd)) > 0.75
    far = [np.square((part - taught.mean(axis=0)) / alone).mean(axis=1) for part in (usual, odd)]
    assert auroc(far[0], far[1]) < 0.6, "one by one they are no stranger than any other"


@pytest.mark.parametrize(("taught", "held"), [(1, 5), (5, 0)])
def test_a_guard_without_pictures_is_refused(taught: int, held: int) -> None:
    with pytest.raises(ValueError, match="training and validation"):
        familiarity.fit(_textures(taught, 1), _textures(held, 2))


def test_the_manifest_vouches_for_what_was_written(tmp_path: Path) -> None:
    guard = familiarity.fit(_textures(100, 1), _textures(50, 2))

    told = familiarity.save(guard, tmp_path, (100, 50))

    content = (tmp_path / familiarity.FILE).read_bytes()
    assert told["sha256"] == hashlib.sha256(content).hexdigest()
    assert np.array_equal(safetensors.numpy.load(content)["whitening"], guard.whitening)
    assert (told["limit"], told["training_pictures"], told["pictures"]) == (guard.limit, 100, 50)


def test_the_choice_of_training_pictures_is_the_same_each_time() -> None:
    once = familiarity.chosen(3000)

    assert np.array_equal(once, familiarity.chosen(3000))
    assert len(set(once.tolist())) == familiarity.MOST_PICTURES
    assert familiarity.chosen(5).tolist() == [0, 1, 2, 3, 4]


def test_auroc_is_the_one_worked_out_by_hand() -> None:
    assert auroc(np.array([1.0, 2.0]), np.array([2.0, 3.0])) == (1 + 0.5 + 1 + 1) / 4


def test_the_interval_of_an_auroc_knows_patients_and_clips() -> None:
    rng = np.random.default_rng(1)
    known, strange = rng.normal(0, 1, 60), rng.normal(1.5, 1, 12)
    patients = [str(number // 6) for number in range(60)]

    low, high = auroc_interval(known, patients, strange, resamples=1000)
    few = auroc_interval(known, patients, strange[:4], resamples=1000)

    assert low < auroc(known, strange) < high <= 1.0
    assert few[1] - few[0] > high - low, "fewer clips say less"


def test_the_lead_leaves_few_pictures_without_a_view_and_never_exceeds_the_constant() -> None:
    rng = np.random.default_rng(2)
    shares = rng.dirichlet([1, 1, 1], 2000).astype(np.float32)
    best = np.sort(shares, axis=1)

    lead = clear_lead(shares)

    assert np.mean(best[:, -1] - best[:, -2] < lead) <= GATE_SHARE
    assert 0 < lead < 0.15
    assert clear_lead(np.eye(3, dtype=np.float32)) == 0.15


def test_strangers_that_are_made_are_pictures_and_differ() -> None:
    rng = np.random.default_rng(0)
    pictures = [*(_noise(number, rng) for number in range(4)), *(_text(number, rng) for number in range(2))]

    assert all(picture.dtype == np.uint8 and picture.std() > 5 for picture in pictures)
    assert len({picture.tobytes() for picture in pictures}) == 6
