"""Teachers: who equals them learns nothing from them, everybody else is drawn towards them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_models
import torch
import torch.nn.functional as F
import two_processes

from training import run
from training.__main__ import main
from training.accumulate import own_losses
from training.dataset import Batch
from training.distill import ClipTeacher, DistilConfig, Lessons, divergence, plane_lesson, remembered, similarity_lesson
from training.objective import Encoded, Temperature
from training.recipe import RunContext
from training.recipes.distill import _clip_teacher, compact_distilled
from training.sononet import KNOWN_PLANES, OUTPUTS, PLANE_OF, SonoNet16, write_untrained
from training.towers import TowerConfig
from training.truth import UNLABELLED

SCALE = 14.0


@pytest.fixture
def batch() -> Batch:
    return two_processes.batches(3, 12).draw()


def _unit(count: int, seed: int) -> torch.Tensor:
    return F.normalize(torch.randn(count, 16, generator=torch.Generator().manual_seed(seed)), dim=-1)


class Sayings(ClipTeacher):
    """A teacher whose rows of texts are known too."""

    def __init__(self, batch: Batch, features: Encoded) -> None:
        network = torch.nn.Module()
        network.logit_scale = torch.nn.Parameter(torch.tensor(SCALE).log())
        pictures = {key: row for key, row in zip(batch.keys, features.images.detach().numpy(), strict=True) if key}
        super().__init__(network, pictures)
        for captions, rows in ((batch.planes, features.planes), (batch.brain_planes, features.brain)):
            self._texts |= dict(zip(captions.texts, rows.detach().numpy(), strict=True))


def _features(batch: Batch, seed: int) -> Encoded:
    """Return random rows: the same one for the same picture and for the same sentence."""
    keys, texts = sorted(set(batch.keys)), sorted({*batch.planes.texts, *batch.brain_planes.texts})
    of_key, of_text = (
        dict(zip(keys, _unit(len(keys), seed), strict=True)),
        dict(zip(texts, _unit(len(texts), seed + 1), strict=True)),
    )
    rows = [torch.stack([of_text[text] for text in captions.texts]) for captions in (batch.planes, batch.brain_planes)]
    images = torch.stack([of_key[key] for key in batch.keys]).requires_grad_()
    return Encoded(images, *rows, _unit(len(batch.ages.texts), 9), _unit(len(batch.question.texts), 9))


def _lesson(features: Encoded, batch: Batch, teacher: ClipTeacher) -> torch.Tensor:
    return similarity_lesson(features, batch, Temperature(torch.tensor(SCALE)), teacher, 2.0)


def test_a_student_that_equals_its_teacher_has_nothing_to_learn(batch: Batch) -> None:
    features = _features(batch, 1)

    lesson = _lesson(features, batch, Sayings(batch, features))

    assert lesson.item() == pytest.approx(0.0, abs=1e-5)
    lesson.backward()  # type: ignore[no-untyped-call]
    assert features.images.grad is not None
    assert features.images.grad.abs().max() < 1e-5


def test_following_the_gradient_brings_the_student_nearer_to_its_teacher(batch: Batch) -> None:
    student, teacher = _features(batch, 1), Sayings(batch, _features(batch, 5))
    lessons = []
    rows = student.images
    for _ in range(40):
        lesson = _lesson(replace(student, images=rows), batch, teacher)
        (gradient,) = torch.autograd.grad(lesson, rows)
        rows = F.normalize(rows - 0.05 * gradient, dim=-1).detach().requires_grad_()
        lessons.append(lesson.item())

    assert lessons[0] > 0.1
    assert lessons[-1] < 0.7 * lessons[0]


def test_distractors_and_captions_with_a_spacing_are_no_subject() -> None:
    drawn = (two_processes.batches(seed, 12).draw() for seed in range(30))
    batch = next(one for one in drawn if "" in one.keys and one.planes.labels.told.any())
    student, teacher = _features(batch, 1), Sayings(batch, _features(batch, 5))
    before = _lesson(student, batch, teacher).item()
    told = torch.from_numpy(batch.planes.labels.told)
    strangers = torch.tensor([key == "" for key in batch.keys])

    planes, images = student.planes.clone(), student.images.detach().clone()
    planes[told], images[strangers] = _unit(int(told.sum()), 77), _unit(int(strangers.sum()), 78)

    assert _lesson(replace(student, planes=planes, images=images), batch, teacher).item() == pytest.approx(before)


def test_the_divergence_is_that_of_the_textbook() -> None:
    student, teacher = torch.tensor([[0.0, 0.0]]), torch.tensor([[np.log(3.0), 0.0]], dtype=torch.float32)

    assert divergence(student, teacher, 1.0).item() == pytest.approx(0.75 * np.log(1.5) + 0.25 * np.log(0.5))


def _peer(batch: Batch, plane: str, share: float) -> dict[str, Any]:
    row = np.zeros(len(KNOWN_PLANES), np.float32)
    row[KNOWN_PLANES.index(plane)] = share
    return dict.fromkeys(batch.keys, row)


def _plane_gradient(batch: Batch, planes: dict[str, Any]) -> tuple[float, torch.Tensor]:
    features = _features(batch, 1)
    lesson = plane_lesson(features, batch, Temperature(torch.tensor(SCALE)), planes)
    lesson.backward()  # type: ignore[no-untyped-call]
    assert features.images.grad is not None
    return lesson.item(), features.images.grad


def test_the_peer_speaks_of_unlabelled_pictures_only_and_draws_them_to_its_plane(batch: Batch) -> None:
    lesson, gradient = _plane_gradient(batch, _peer(batch, "kidney", 0.9))
    unlabelled = torch.from_numpy(batch.planes.labels.pictures == UNLABELLED)
    assert unlabelled.any() and not unlabelled.all()

    assert lesson > 0.1
    assert gradient[~unlabelled].abs().max() == 0
    assert gradient[unlabelled].abs().max() > 0
    kidney = [text for text in batch.planes.texts if "kidney" in text.lower() or "renal" in text.lower()]
    rows = _features(batch, 1).planes[[batch.planes.texts.index(text) for text in kidney]]
    assert (-gradient[unlabelled] @ rows.mean(dim=0) > 0).all()


def test_a_peer_that_sees_no_plane_is_not_asked(batch: Batch) -> None:
    lesson, gradient = _plane_gradient(batch, _peer(batch, "kidney", 0.4))

    assert lesson == 0.0
    assert gradient.abs().max() == 0.0


def test_without_a_row_of_its_own_a_picture_is_left_out(batch: Batch) -> None:
    assert _plane_gradient(batch, {})[0] == 0.0


def test_the_lessons_stand_beside_the_labels_with_their_weights(batch: Batch) -> None:
    features, temperature = _features(batch, 1), Temperature(torch.tensor(SCALE))
    teacher, config = Sayings(batch, _features(batch, 5)), DistilConfig(clip_weight=0.5, plane_weight=0.25)
    peer = _peer(batch, "kidney", 0.9)

    parts = Lessons(config, own_losses, teacher, peer)(features, batch, temperature, two_processes.CONFIG)

    plain = own_losses(features, batch, temperature, two_processes.CONFIG)
    assert parts.keys() == plain.keys() | {"teacher", "sononet"}
    assert parts["planes"].item() == plain["planes"].item()
    assert parts["teacher"].item() == pytest.approx(0.5 * _lesson(features, batch, teacher).item())
    assert parts["sononet"].item() == pytest.approx(0.25 * plane_lesson(features, batch, temperature, peer).item())


def test_a_teacher_of_open_clips_layers_scores_as_its_network_does() -> None:
    network: Any = tiny_models.network(tiny_models.VIT).eval()
    row = _unit(1, 2).numpy()
    texts = ["Ultrasound of the fetal brain.", "A femur."]

    logits = ClipTeacher(network, {"a": row[0]}).logits(["a"], texts)

    from training.quick_look import encode_texts  # noqa: PLC0415

    with torch.inference_mode():
        expected = float(network.logit_scale.exp()) * row @ encode_texts(network, texts).T
    np.testing.assert_allclose(logits.numpy(), expected, rtol=1e-5)


def test_answers_are_asked_for_once_and_again_only_of_another_teacher(tmp_path: Path) -> None:
    asked: list[list[str]] = []

    def compute(keys: list[str]) -> np.ndarray:
        asked.append(keys)
        return np.arange(len(keys), dtype=np.float32)[:, None]

    first = remembered(tmp_path, "peer", "weights 1", ["a", "b"], compute)
    again = remembered(tmp_path, "peer", "weights 1", ["a", "b"], compute)
    remembered(tmp_path, "peer", "weights 2", ["a", "b"], compute)
    remembered(tmp_path, "peer", "weights 2", ["a", "c"], compute)

    assert asked == [["a", "b"], ["a", "b"], ["a", "c"]]
    assert first["b"].tolist() == again["b"].tolist() == [1.0]


def test_planes_gather_the_peers_outputs_and_background_is_what_is_missing(tmp_path: Path) -> None:
    write_untrained(tmp_path / "peer.npz", seed=1)
    peer = SonoNet16(tmp_path / "peer.npz")
    picture = np.random.default_rng(0).integers(0, 255, (60, 80, 3)).astype(np.uint8)

    outputs, planes = peer.probabilities([picture])[0], peer.plane_probabilities([picture])[0]

    hearts = [share for name, share in zip(OUTPUTS, outputs, strict=True) if PLANE_OF.get(name) == "heart"]
    assert planes[KNOWN_PLANES.index("heart")] == pytest.approx(sum(hearts), rel=1e-5)
    assert planes.sum() == pytest.approx(1 - outputs[OUTPUTS.index("Background")], rel=1e-5)


def test_the_recipe_runs_from_the_data_folder_to_a_checkpoint(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "fresh_network", lambda *_, **__: tiny_models.network(tiny_models.CONVNET))
    out = tmp_path / "runs"

    assert main(["run", "compact_distilled", "--smoke", "--steps", "1", "--data", str(data), "--out", str(out)]) == 0

    folder = out / "compact_distilled_smoke"
    losses = json.loads((folder / "log.jsonl").read_text("utf-8").splitlines()[0])["loss"]
    assert set(losses) >= {"planes", "teacher", "sononet"}
    assert losses["teacher"] > 0
    told = json.loads((folder / "config.json").read_text("utf-8"))["config"]["distil"]
    assert told["clip"]["tiny"] is True
    assert torch.load(folder / "last.pt", weights_only=True)["step"] == 1


def test_a_teacher_without_weights_is_refused_and_other_recipes_have_none(data: Path, tmp_path: Path) -> None:
    config = replace(compact_distilled(), distil=DistilConfig(clip=TowerConfig(shape="fetalclip")))

    with pytest.raises(ValueError, match="--teacher FILE"):
        _clip_teacher(config, RunContext(data, tmp_path), [])
    with pytest.raises(SystemExit, match="has no teacher"):
        main(["run", "compact", "--smoke", "--teacher", "x.pt", "--data", str(data), "--out", str(tmp_path)])
