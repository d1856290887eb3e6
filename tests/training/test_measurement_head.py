"""The measurement head learns end points in any order, on a tiny tower, and its file loads in the app."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import landmark_scans
import numpy as np
import pytest
import tiny_models
import torch

from fetalclip_app.errors import ErrorCode, ModelUnavailable
from fetalclip_app.imaging.preprocess import PreprocessSpec
from fetalclip_app.model import heads, opening
from fetalclip_app.model.landmarks import LandmarkHead, channels_of, expected_points, peak_points
from training import landmark_head, measurement, run
from training.decoder_loop import Course, DecoderTraining, fit
from training.landmark_head import LandmarkConfig, bells, draw, landmark_loss, stored_lines
from training.landmarks import read_landmarks
from training.measurement import MeasurementConfig
from training.measurement_errors import Measured, declined, given, spread_limits
from training.recipe import RunContext

FEW = LandmarkConfig(batch=4)
SPEC = PreprocessSpec(size=tiny_models.SIZE)


def _logits(points: torch.Tensor) -> torch.Tensor:
    return bells(points, (16, 16), 3.0).clamp_min(1e-9).log().reshape(*points.shape[:2], 16, 16)


def _points(*rows: Any) -> torch.Tensor:
    count = channels_of()["femur"].stop
    points = torch.full((1, count, 2), 30.0)
    points[0, channels_of()["femur"]] = torch.tensor(rows, dtype=torch.float32)
    return points


def test_a_heatmap_is_read_between_its_cells() -> None:
    truth = _points((20.7, 41.2), (9.3, 33.9))

    mean, spread = expected_points(_logits(truth))

    assert mean == pytest.approx(truth, abs=0.05)
    assert spread == pytest.approx(torch.full_like(spread, 3.0 * math.sqrt(2)), rel=0.05)


def test_what_a_heatmap_says_of_the_other_end_does_not_shorten_the_line() -> None:
    truth, other = _points((20.7, 41.2), (9.3, 33.9)), _points((9.3, 33.9), (20.7, 41.2))
    leaky = (0.8 * _logits(truth).exp() + 0.2 * _logits(other).exp()).log()

    mean, spread = expected_points(leaky)

    assert peak_points(_logits(truth)) == pytest.approx(truth, abs=0.6)
    assert peak_points(leaky) == pytest.approx(truth, abs=0.6)
    assert mean != pytest.approx(truth, abs=2.0)
    assert bool((spread[0, channels_of()["femur"]] > 3.0 * math.sqrt(2) + 0.5).all()), "the doubt is still told"


def test_the_two_ends_of_a_line_are_interchangeable_and_two_lines_are_not() -> None:
    known = torch.zeros(1, channels_of()["femur"].stop, dtype=torch.bool)
    known[0, channels_of()["head"]] = True
    truth = torch.full((1, known.shape[1], 2), 30.0)
    truth[0, :4] = torch.tensor([[10.0, 10], [50, 50], [12, 44], [40, 20]])
    swapped_ends, swapped_lines = truth.clone(), truth.clone()
    swapped_ends[0, :2] = truth[0, [1, 0]]
    swapped_lines[0, :4] = truth[0, [2, 3, 0, 1]]

    right = landmark_loss(_logits(truth), truth, known, FEW)

    assert landmark_loss(_logits(swapped_ends), truth, known, FEW) == pytest.approx(right)
    assert landmark_loss(_logits(swapped_lines), truth, known, FEW) > 2 * right


def test_ends_out_of_sight_teach_nothing() -> None:
    truth = _points((20.0, 20.0), (40.0, 40.0))
    known = torch.zeros(1, truth.shape[1], dtype=torch.bool)
    known[0, channels_of()["femur"].start] = True

    assert landmark_loss(_logits(truth), truth, known, FEW) == 0


def test_pictures_and_their_points_move_together(data: Path) -> None:
    landmark_scans.write(data)
    marked, _ = read_landmarks(data, run.all_samples(data))
    lined = [item for item in stored_lines(data, marked)[0] if item.structure == "femur"]
    spot = lined[0].ends[0]
    for item in lined:
        item.stored.grey[:] = 0
        for x, y in np.round(item.ends.reshape(-1, 2)).astype(int):
            item.stored.grey[y - 4 : y + 5, x - 4 : x + 5] = 255
    pictures, truth, known = draw(lined, SPEC, replace(FEW, batch=12), np.random.default_rng(0))

    assert spot.shape == (2, 2)
    assert known[:, channels_of()["femur"]].any() and not known[:, channels_of()["head"]].any()
    for picture, points, seen in zip(pictures, truth, known, strict=True):
        for x, y in points[seen].round().int():
            assert picture[0, y, x] > picture[0].mean() + 1, "every end point lies on its bright spot"


def _run(data: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> MeasurementConfig:
    monkeypatch.setattr(opening, "open_model", lambda *_: tiny_models.backbone(tiny_models.CONVNET))
    config = replace(MeasurementConfig().smoke(), **changes)
    config.execute(RunContext(data, folder, smoke=True))
    return config


def test_the_recipe_ends_with_a_head_that_the_app_loads_and_that_tells_its_licence(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    landmark_scans.write(data)
    folder = tmp_path / "run"

    _run(data, folder, monkeypatch)

    backbone = tiny_models.backbone(tiny_models.CONVNET)
    head = heads.find_landmarks(folder, backbone, SPEC)
    assert isinstance(head, LandmarkHead)
    assert head.licence == "CC-BY-NC-SA-4.0"
    facts = json.loads((folder / f"{measurement.HEAD_NAME}.json").read_text("utf-8"))
    assert facts["pictures"] == {"abdomen": 1, "femur": 1, "head": 1}
    assert list(facts["validation"]) == ["ac", "apad", "bpd", "fl", "ofd", "tad"]
    lines = {line: facts["validation"][line]["pictures"] + count for line, count in facts["declined"].items()}
    assert lines == dict.fromkeys(("ac", "apad", "bpd", "fl", "ofd", "tad"), 1)
    assert "CC-BY-NC-SA-4.0" in (folder / f"{measurement.HEAD_NAME}.md").read_text("utf-8")
    assert head.spread_limit("femur") == facts["spread_limit"]["femur"]
    with pytest.raises(ModelUnavailable):
        heads.find_landmarks(folder, backbone, PreprocessSpec(size=32))
    path = folder / f"{measurement.HEAD_NAME}.json"
    path.write_text(json.dumps({**facts, "ends": "mean of the heatmap"}), "utf-8")
    with pytest.raises(ModelUnavailable) as refused:
        heads.find_landmarks(folder, backbone, SPEC)
    assert refused.value.code is ErrorCode.ENDS_READ_OTHERWISE


def test_a_picture_whose_ends_were_missed_does_not_widen_the_limit() -> None:
    def measured(spread: float, ends_off: float) -> Measured:
        two = np.array([spread, 0.1])
        return Measured("p", "head", two, np.ones(2), np.ones(2), np.array([ends_off, 0.02]))

    found, missed = [measured(spread, 0.1) for spread in (0.12, 0.2)], measured(0.5, 0.4)

    assert spread_limits([*found, missed]) == {"head": 0.2005}
    assert spread_limits([missed]) == {"head": 0.0}, "nothing was found that could say how sure it was"
    none = dict.fromkeys(("tad", "apad", "ac", "fl", "ofd"), 0)
    assert declined([*found, missed], {"head": 0.2005}) == {**none, "bpd": 1}
    assert np.isnan(given([missed], {"head": 0.2005})[0].found_mm).tolist() == [True, False]


def test_a_run_that_was_stopped_ends_with_the_same_weights(tmp_path: Path) -> None:
    def trained(name: str, stops: tuple[int, ...]) -> dict[str, torch.Tensor]:
        (tmp_path / name).mkdir()
        for stop in stops:
            torch.manual_seed(0)
            decoder = torch.nn.Linear(3, 2)

            def loss_of(learning: Any, batch: tuple[torch.Tensor, ...], stop: int = stop) -> torch.Tensor:
                if batch[1].item() >= stop:
                    raise KeyboardInterrupt
                return learning(batch[0]).square().mean()

            steps = iter(range(99))
            first = 4 if stop > 6 and len(stops) > 1 else 0

            def drawn(rng: np.random.Generator, steps: Any = steps, first: int = first) -> tuple[torch.Tensor, ...]:
                return torch.from_numpy(rng.normal(size=(4, 3)).astype(np.float32)), torch.tensor(first + next(steps))

            training = DecoderTraining(steps=10, seed=3, save_every=2)
            try:
                mean = fit(decoder, drawn, loss_of, training, Course(tmp_path / name, resume=True))
            except KeyboardInterrupt:
                continue
        return mean.state_dict()

    whole, stopped = trained("whole", (99,)), trained("stopped", (5, 99))

    assert all(torch.equal(whole[key], stopped[key]) for key in whole)


def test_it_learns_where_lines_end_in_a_picture_that_it_sees_again(data: Path, tmp_path: Path) -> None:
    landmark_scans.write(data)
    marked, _ = read_landmarks(data, run.all_samples(data))
    lined, _ = stored_lines(data, [item for item in marked if item.sample.split == "train"])
    still = replace(FEW, mirror=0.0, augmentation=replace(FEW.augmentation, keep=1.0))
    network = tiny_models.network(tiny_models.CONVNET)

    decoder = landmark_head.train(
        network, lined, still, DecoderTraining(40, 1, rate=1e-2, average=0.5), Course(tmp_path)
    )

    head = LandmarkHead(
        tiny_models.backbone(tiny_models.CONVNET), decoder, ("", ""), {"licence": "", "spread_limit": {}}
    )
    pictures, truth, known = draw(lined, SPEC, still, np.random.default_rng(5))
    for picture, points, seen in zip(pictures.numpy(), truth.numpy(), known.numpy(), strict=True):
        structure = next(name for name, where in channels_of().items() if seen[where].all())
        found = head.find(picture[None], structure).points[0]
        wanted = points[seen].reshape(found.shape)
        far = np.minimum(np.abs(found - wanted), np.abs(found[:, ::-1] - wanted)).max()
        assert far < 6, f"{structure}: {far:.1f} of {tiny_models.SIZE} network pixels"
