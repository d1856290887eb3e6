"""Views named by a probe in place of prompts: chosen, told, under the same rules of doubt, and never in silence."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
import torch
from fakes import make_clip
from numpy.typing import NDArray
from task_tools import BRAIN_SET, PLANE_SET, WIDTH, instruments, scan_of
from tiny_models import VIT

from fetalclip_app.domain.abstention import Abstention, Reason
from fetalclip_app.domain.overlay import Where
from fetalclip_app.domain.probes import NamedBy, ProbeFacts
from fetalclip_app.domain.views import BRAIN_PLANES, PLANES, ViewPrediction
from fetalclip_app.errors import ErrorCode, ModelUnavailable
from fetalclip_app.inference import load
from fetalclip_app.inference.head_places import HeadPlaces
from fetalclip_app.inference.request import EngineRequest
from fetalclip_app.model.architecture import build
from fetalclip_app.model.probes import LinearProbe
from fetalclip_app.progress import CancelToken, silent
from fetalclip_app.tasks.keys import BRAIN_VIEWS, VIEWS
from fetalclip_app.tasks.views import BrainViewTask, ViewTask

FACTS = ProbeFacts(VIEWS, "sure", "ef" * 32, "CC-BY-4.0", ("brain", "hand"), 1.5, 0.02, 60)


def probe_of(facts: ProbeFacts, rows: list[list[float]]) -> LinearProbe:
    """A probe that looks at the first axes alone."""
    weight = np.zeros((len(rows), WIDTH), np.float32)
    weight[:, : len(rows[0])] = rows
    return LinearProbe(facts, weight, np.zeros(len(rows), np.float32))


def test_a_probe_names_views_in_place_of_the_prompts() -> None:
    hand, brain = [0.0, 9.0], [9.0, 0.0]  # axis 0 is the abdomen, axis 1 the brain
    seen = ViewTask(PLANE_SET, probe=probe_of(FACTS, [hand, brain])).answer(scan_of(["abdomen"] * 3), instruments())

    views = seen.answer
    assert isinstance(views, ViewPrediction)
    assert (views.keys, views.best, views.probe) == (("brain", "hand"), "hand", "sure")
    assert views.probabilities[1] == pytest.approx(1 / (1 + np.exp(-9 / 1.5)), abs=1e-5)
    assert (views.calibrated, views.calibration_error, views.calibration_pictures) == (True, 0.02, 60)
    assert not views.not_trained and views.abstained is None
    prompts = ViewTask(PLANE_SET).answer(scan_of(["abdomen"] * 3), instruments()).answer
    assert isinstance(prompts, ViewPrediction) and (prompts.best, prompts.probe) == ("abdomen", "")


def test_a_probe_without_a_clear_lead_abstains_and_without_a_temperature_is_uncalibrated() -> None:
    bare = replace(FACTS, temperature=None, calibration_error=None, calibration_pictures=None)
    close = probe_of(bare, [[0.1, 0.0], [0.0, 0.0]])
    views = ViewTask(PLANE_SET, probe=close).answer(scan_of(["abdomen"]), instruments()).answer

    assert isinstance(views, ViewPrediction) and not views.calibrated
    assert views.abstained == Abstention(Reason.AMBIGUOUS, "views", {"first": "brain", "second": "hand"})


def test_pictures_unlike_the_training_are_no_more_familiar_to_a_probe() -> None:
    sure = probe_of(FACTS, [[0.0, 9.0], [9.0, 0.0]])
    scan = scan_of(["abdomen", "abdomen", "abdomen"])
    scan.embeddings[:2] *= 0.1
    views = ViewTask(PLANE_SET, probe=sure).answer(scan, instruments(familiar_similarity=0.5)).answer

    assert isinstance(views, ViewPrediction)
    assert views.unfamiliar == {0, 1}
    assert views.abstained == Abstention(Reason.NOT_FETAL_ULTRASOUND, "unlike_training")


def test_a_probe_of_the_brain_is_asked_about_brain_frames_alone() -> None:
    facts = replace(FACTS, task=BRAIN_VIEWS, classes=BRAIN_PLANES)
    probe = probe_of(facts, [[0.0, 0.0], [0.0, 9.0], [0.0, 0.0]])
    scan = scan_of(["brain", "abdomen", "brain", "brain"])
    tools = instruments()
    scan = replace(scan, found=(ViewTask(PLANE_SET).answer(scan, tools),))
    seen = BrainViewTask(BRAIN_SET, probe=probe).answer(scan, tools).answer

    assert isinstance(seen, ViewPrediction)
    assert (seen.best, seen.probe) == ("trans-cerebellum", "sure")
    assert np.isnan(seen.per_frame[1]).all() and not np.isnan(seen.per_frame[[0, 2, 3]]).any()


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> EngineRequest:
    folder = tmp_path_factory.mktemp("own")
    torch.manual_seed(0)
    torch.save(build(VIT).state_dict(), folder / "own.pt")
    (folder / "own.json").write_text(json.dumps(VIT), encoding="utf-8")
    return EngineRequest(weights=folder / "own.pt", config=folder / "own.json", device="cpu", text_cache=folder / "t")


@pytest.fixture
def heads(checkpoint: EngineRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of heads with a probe of the nine planes for these weights."""
    monkeypatch.setattr(load, "_heads", lambda entry, request: HeadPlaces((tmp_path,)))
    write_probe(tmp_path, checkpoint)
    return tmp_path


def write_probe(folder: Path, checkpoint: EngineRequest, width: int = VIT["embed_dim"], name: str = "planes") -> None:
    assert checkpoint.weights is not None
    rng = np.random.default_rng(2)
    layer: dict[str, NDArray[np.float32]] = {
        "weight": rng.normal(0, 3, (len(PLANES), width)).astype(np.float32),
        "bias": rng.normal(0, 1, len(PLANES)).astype(np.float32),
    }
    file = folder / f"{name}.safetensors"
    safetensors.numpy.save_file(layer, file)
    facts: dict[str, Any] = {
        "kind": "probe",
        "task": VIEWS,
        "classes": list(PLANES),
        "features": "unit",
        "backbone_sha256": hashlib.sha256(checkpoint.weights.read_bytes()).hexdigest(),
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "preprocessing": load.PreprocessSpec(size=VIT["vision_cfg"]["image_size"]).fingerprint(),
        "licence": "CC-BY-4.0",
    }
    file.with_suffix(".json").write_text(json.dumps(facts), encoding="utf-8")


def test_prompts_stay_the_default_and_the_probe_is_offered(checkpoint: EngineRequest, heads: Path) -> None:
    engine = load.load_engine(checkpoint)
    reading = engine.read(make_clip(frames=2), CancelToken(), silent)

    assert [(probe.task, probe.name) for probe in engine.probes] == [(VIEWS, "planes")]
    assert reading.answer(VIEWS, ViewPrediction).probe == ""
    assert not reading.provenance.probes and VIEWS in reading.provenance.view_sets
    assert engine.notices == ()


def test_a_chosen_probe_answers_explains_and_is_told(checkpoint: EngineRequest, heads: Path) -> None:
    engine = load.load_engine(replace(checkpoint, views_by=NamedBy.PROBE))
    clip = make_clip(frames=2)
    reading = engine.read(clip, CancelToken(), silent)

    views = reading.answer(VIEWS, ViewPrediction)
    assert (views.probe, views.keys, views.calibrated) == ("planes", PLANES, False)
    (told,) = reading.provenance.probes
    assert told == engine.probes[0] and told == reading.probe(VIEWS)
    assert told.sha256 == hashlib.sha256((heads / "planes.safetensors").read_bytes()).hexdigest()
    assert VIEWS not in reading.provenance.view_sets and BRAIN_VIEWS in reading.provenance.view_sets
    by_probe = engine.explain(clip, Where(0, VIEWS, views.best, "gradcam")).values
    by_prompts = load.load_engine(checkpoint).explain(clip, Where(0, VIEWS, views.best, "gradcam")).values
    assert by_probe.shape == (clip.height, clip.width)
    assert not np.allclose(by_probe, by_prompts), "the map is of the layer that answered"


def test_a_damaged_probe_is_told_and_takes_no_prompts_away(checkpoint: EngineRequest, heads: Path) -> None:
    (heads / "planes.safetensors").write_bytes(b"broken")
    (heads / "other.json").write_text("{", encoding="utf-8")
    engine = load.load_engine(replace(checkpoint, views_by=NamedBy.PROBE))

    views = engine.read(make_clip(frames=1), CancelToken(), silent).answer(VIEWS, ViewPrediction)
    assert views.probe == "" and not engine.probes
    told = " ".join(engine.notices)
    assert "planes.safetensors is not the file that it should be" in told
    assert "other.json is damaged" in told
    assert "prompts name it: view" in told
    with pytest.raises(ModelUnavailable) as caught:
        load.load_engine(replace(checkpoint, views_by=NamedBy.PROBE, must_probe=True))
    assert caught.value.parameters["name"] in {"planes.safetensors", "other.json"}


def test_a_probe_that_is_not_there_is_told_or_refused(checkpoint: EngineRequest, heads: Path) -> None:
    asked = replace(checkpoint, brain_views_by=NamedBy.PROBE)

    assert load.load_engine(asked).notices == (
        "These weights have no usable probe for this, so prompts name it: brain plane.",
    )
    with pytest.raises(ModelUnavailable) as caught:
        load.load_engine(replace(asked, must_probe=True))
    assert (caught.value.code, caught.value.parameters) == (ErrorCode.PROBE_MISSING, {"task": BRAIN_VIEWS})


def test_a_probe_of_other_rows_is_left_out(checkpoint: EngineRequest, heads: Path) -> None:
    write_probe(heads, checkpoint, width=7)
    engine = load.load_engine(checkpoint)

    assert not engine.probes
    assert "planes holds weights of another network (rows of another length). It is left out." in engine.notices
