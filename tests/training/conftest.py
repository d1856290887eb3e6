"""What the tests of the trainings share: a made-up data folder with its splits."""

from __future__ import annotations

from pathlib import Path

import landmark_scans
import made_up_scans
import pytest

from training import run, split


def write_splits(folder: Path) -> Path:
    """Write the splits of the made-up scans: patients are few, so each side gets some by hand."""
    folder.mkdir()
    split.write(
        folder / "hc18.csv",
        {f"hc18-exam-{exam}": side for exam, side in enumerate(("train", "train", "validation", "test"))},
    )
    patients = [f"planes-patient-{number}" for number in range(1, 2 * len(made_up_scans.PLANES) + 1)]
    sides = ["train"] * len(made_up_scans.PLANES) + ["validation"] * len(made_up_scans.PLANES)
    split.write(folder / "fetal_planes.csv", dict(zip(patients, sides, strict=True)))
    return folder


def use_splits(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put splits in the place of the committed ones."""
    monkeypatch.setattr(run, "SPLITS", folder)
    monkeypatch.setattr(split, "SPLITS", folder)


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in the form of the real one, and its splits."""
    use_splits(write_splits(tmp_path / "splits"), monkeypatch)
    return made_up_scans.write(tmp_path / "data")


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``data``, landmarks and head structures among them, and ``splits``; nobody may change it."""
    folder = tmp_path_factory.mktemp("everything")
    write_splits(folder / "splits")
    data = made_up_scans.write(folder / "data")
    landmark_scans.write(data)
    made_up_scans.write_structures(data)
    return folder


@pytest.fixture
def everything(made_once: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Data for every recipe, with landmarks and head structures; nobody may change it."""
    use_splits(made_once / "splits", monkeypatch)
    return made_once / "data"
