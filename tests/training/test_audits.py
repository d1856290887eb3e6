from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest
from fakes import fan_picture

from training.label_noise import confident_classes, find_suspects, write_suspects
from training.manifest import Sample
from training.near_duplicates import across_groups, near_duplicates, print_of, write_pairs

CLASSES = ("abdomen", "brain", "femur")
PLANTED = (7, 31, 62, 100)


def _sample(name: str, split: str = "train", group: str = "") -> Sample:
    return Sample(f"{name}.png", "own", group or f"p-{name}", split)


def _scene(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    smooth = cv2.resize(rng.normal(size=(6, 6)).astype(np.float32), (200, 150), interpolation=cv2.INTER_CUBIC)
    grey = cv2.normalize(smooth, None, 20, 220, cv2.NORM_MINMAX).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


def _changed(pixels: np.ndarray) -> np.ndarray:
    """The same picture, smaller, darker, and stored with loss."""
    small = cv2.resize((pixels * 0.8).astype(np.uint8), (120, 90), interpolation=cv2.INTER_AREA)
    _, stream = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 60])
    return cv2.imdecode(stream, cv2.IMREAD_COLOR)


def test_a_copy_on_the_other_side_is_found_and_no_other_picture() -> None:
    prints = [print_of(_sample(str(number)), _scene(number)) for number in range(40)]
    copy = print_of(_sample("copy", "test"), _changed(_scene(17)))
    others = [print_of(_sample(f"t{number}", "validation"), _scene(1000 + number)) for number in range(40)]

    (pair,) = near_duplicates([*prints, copy, *others])

    assert (pair.first.picture, pair.second.picture) == ("17.png", "copy.png")
    assert pair.alike > 0.99


def test_copies_on_one_side_count_between_patients_alone() -> None:
    prints = [
        print_of(_sample("a", group="p"), _scene(1)),
        print_of(_sample("b", group="p"), _changed(_scene(1))),
        print_of(_sample("c", group="q"), _changed(_scene(1))),
        print_of(_sample("unused", "unused", group="p"), _scene(1)),
    ]

    assert near_duplicates(prints) == []
    pairs = {(pair.first.picture, pair.second.picture) for pair in near_duplicates(prints, across_groups)}
    assert pairs == {("a.png", "c.png"), ("b.png", "c.png"), ("c.png", "unused.png")}


def test_black_pictures_are_no_duplicates_and_no_division_by_zero() -> None:
    black = np.zeros((40, 60, 3), np.uint8)

    assert near_duplicates([print_of(_sample("a"), black), print_of(_sample("b", "test"), black)]) == []
    assert near_duplicates([]) == []


def test_the_table_of_pairs_names_pictures_patients_and_sides(tmp_path: Path) -> None:
    scan = fan_picture(120, 160, seed=3)
    pairs = near_duplicates([print_of(_sample("a"), scan), print_of(_sample("b", "test"), scan)])
    write_pairs(tmp_path / "pairs.csv", pairs)

    with (tmp_path / "pairs.csv").open(encoding="utf-8", newline="") as table:
        (row,) = csv.DictReader(table)
    assert row["bits"] == "0"
    assert (row["picture_first"], row["group_first"], row["split_second"]) == ("a.png", "p-a", "test")


def _labelled() -> tuple[list[Sample], list[str], np.ndarray]:
    """120 pictures of 40 patients, three clouds of features; the labels at `PLANTED` are wrong."""
    rng = np.random.default_rng(0)
    truth = np.arange(120) % 3
    features = rng.normal(size=(120, 16)) + 4.0 * np.eye(3, 16)[truth]
    samples = [_sample(f"{row:03d}", group=f"p{row // 3}") for row in range(120)]
    labels = [CLASSES[(number + (row in PLANTED)) % 3] for row, number in enumerate(truth)]
    return samples, labels, features


def test_planted_wrong_labels_are_found_and_the_right_one_is_suggested(tmp_path: Path) -> None:
    samples, labels, features = _labelled()

    suspects = find_suspects(samples, labels, features)
    write_suspects(tmp_path / "suspects.csv", suspects)

    found = {int(Path(one.sample.picture).stem): one.suggested for one in suspects}
    assert {row: CLASSES[row % 3] for row in PLANTED}.items() <= found.items()
    assert len(found) <= len(PLANTED) + 3, "right labels are left alone"
    with (tmp_path / "suspects.csv").open(encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table))
    assert {int(Path(row["picture"]).stem) for row in rows[: len(PLANTED)]} == set(PLANTED)


def test_a_class_counts_from_the_mean_of_its_own_pictures() -> None:
    probabilities = np.array([[0.9, 0.1], [0.7, 0.3], [0.75, 0.25], [0.2, 0.8], [0.82, 0.18]])

    counted = confident_classes(probabilities, np.array([0, 0, 1, 1, 1]))

    # Class 0 from 0.8 on (mean of 0.9 and 0.7), class 1 from 0.41 on (mean of 0.25, 0.8 and 0.18).
    assert counted.tolist() == [0, -1, -1, 1, 0]


def test_patients_who_are_not_for_training_are_refused() -> None:
    samples, labels, features = _labelled()
    samples[5] = _sample("005", "test", "p-held")

    with pytest.raises(ValueError, match="1 patients are not for training: p-held"):
        find_suspects(samples, labels, features)


def test_a_class_of_few_patients_is_refused_by_name() -> None:
    samples, labels, features = _labelled()
    labels[:9] = ["cervix"] * 9

    with pytest.raises(ValueError, match=r"classes with fewer than 5 patients: cervix \(3\)"):
        find_suspects(samples, labels, features)
