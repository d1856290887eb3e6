"""What the tests of the trainings share: a made-up data folder with its splits."""

from __future__ import annotations

from pathlib import Path

import made_up_scans
import pytest

from training import run, split


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in the form of the real one, and its splits: patients are few, so each side gets some by hand."""
    folder, splits = made_up_scans.write(tmp_path / "data"), tmp_path / "splits"
    splits.mkdir()
    split.write(
        splits / "hc18.csv",
        {f"hc18-exam-{exam}": side for exam, side in enumerate(("train", "train", "validation", "test"))},
    )
    patients = [f"planes-patient-{number}" for number in range(1, 2 * len(made_up_scans.PLANES) + 1)]
    sides = ["train"] * len(made_up_scans.PLANES) + ["validation"] * len(made_up_scans.PLANES)
    split.write(splits / "fetal_planes.csv", dict(zip(patients, sides, strict=True)))
    monkeypatch.setattr(run, "SPLITS", splits)
    monkeypatch.setattr(split, "SPLITS", splits)
    return folder
