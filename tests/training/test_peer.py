"""The peer's row in the table: the same pictures, the planes that both know, counted the same way."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from fakes import make_clip, make_reading

from fetalclip_app.domain.clip import Pixels
from training import evaluate, sononet
from training.evaluation import peer
from training.evaluation.reads import Read
from training.manifest import Sample
from training.quick_look import TEST_PLANES

GREY_OF = {"Brain (Tv.)": 40, "Femur": 80, "Abdominal": 120, "4CH": 160, "Background": 200}


class GreyPeer:
    """Says what the grey level of a picture stands for."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def probabilities(self, pictures: list[Pixels]) -> np.ndarray:
        names = [min(GREY_OF, key=lambda name: abs(GREY_OF[name] - picture.mean())) for picture in pictures]
        return np.eye(len(sononet.OUTPUTS), dtype=np.float32)[[sononet.OUTPUTS.index(name) for name in names]]


def _read(data: Path, number: int, plane: str, *, peer: str, ours: str, source: str = "fetal_planes") -> Read:
    name = f"{number}.png"
    cv2.imwrite(str(data / name), np.full((40, 60, 3), GREY_OF[peer], np.uint8))
    sample = Sample(name, source, f"p{number % 3}", "test", plane)
    return Read(sample, make_reading(make_clip(frames=1), best=ours), None)


@pytest.fixture
def rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, evaluate.Row]:
    monkeypatch.setattr(sononet, "SonoNet16", GreyPeer)
    said = [
        ("brain", "Brain (Tv.)", "brain"),
        ("brain", "Background", "brain"),
        ("femur", "Femur", "femur"),
        ("femur", "Femur", "brain"),
        ("abdomen", "Abdominal", "abdomen"),
        ("heart", "4CH", "heart"),
    ]
    reads = [_read(tmp_path, number, plane, peer=a, ours=b) for number, (plane, a, b) in enumerate(said)]
    reads.append(_read(tmp_path, 7, "cervix", peer="Background", ours="cervix"))
    (tmp_path / "sononet").mkdir()
    (tmp_path / peer.WEIGHTS).touch()
    reads.append(_read(tmp_path, 8, "brain", peer="Femur", ours="femur", source="hc18"))
    return {row.measure: row for row in peer.peer_rows(tmp_path, reads)}


def test_both_are_measured_on_the_same_pictures_of_the_planes_that_both_know(rows: dict[str, evaluate.Row]) -> None:
    assert {(row.count, row.groups) for row in rows.values()} == {(6, 3)}
    assert len(rows) == 2 * (1 + len(TEST_PLANES))


def test_the_f1_of_each_is_the_one_worked_out_by_hand(rows: dict[str, evaluate.Row]) -> None:
    """The peer calls one brain background: 1 found, 1 missed. We call one femur a brain."""
    assert rows["SonoNet-16, F1 brain"].value == pytest.approx(2 / 3)
    assert rows["compact, F1 brain"].value == pytest.approx(4 / 5)
    assert rows["SonoNet-16, F1 femur"].value == 1.0
    assert rows["compact, F1 femur"].value == pytest.approx(2 / 3)
    assert rows[f"SonoNet-16, F1 {', '.join(TEST_PLANES)}"].value == pytest.approx((3 + 2 / 3) / 4)


def test_without_the_peers_weights_there_is_no_row_and_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert peer.peer_rows(tmp_path, [_read(tmp_path, 0, "brain", peer="Femur", ours="brain")]) == []
    assert "SonoNet16.npz" in capsys.readouterr().out
