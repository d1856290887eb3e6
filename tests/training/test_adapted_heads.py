"""Picture quality from its training to a reading: low-rank factors on the tower that the program has loaded."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
import tiny_models
import torch
from fakes import make_clip
from torch import nn

from fetalclip_app.domain.abstention import Abstention, Reason
from fetalclip_app.domain.clip_labels import ClipLabels
from fetalclip_app.imaging.preprocess import PreprocessSpec
from fetalclip_app.imaging.readers import read_clip
from fetalclip_app.inference.load import load_engine
from fetalclip_app.inference.request import EngineRequest
from fetalclip_app.model import adapters, clip_labels
from fetalclip_app.model.encoder import TorchBackbone
from fetalclip_app.progress import CancelToken, silent
from fetalclip_app.tasks.keys import CLIP_LABELS, clip_label_key
from training.carried_heads import heads_for
from training.commands.catalog import find_recipe
from training.finetune.adapted_file import changed_weights, split
from training.finetune.epochs import Tower
from training.finetune.features import ModelChoice, open_backbone, open_network
from training.finetune.lora import AdapterConfig, adapted, merged
from training.finetune.pictures import plain_input, read_picture
from training.recipe import RunContext
from training.settings import SettingError

SPEC = PreprocessSpec(size=tiny_models.SIZE)


def _choice(folder: Path, config: dict[str, Any] = tiny_models.CONVNET) -> ModelChoice:
    path, entry = tiny_models.released(folder, config)
    return ModelChoice(weights=str(path), config=str(entry.config), device="cpu")


def _backbone(choice: ModelChoice) -> TorchBackbone:
    return open_backbone(choice)


@pytest.mark.parametrize("name", ["VIT", "CONVNET", "TIMM_VIT"])
def test_factors_on_the_loaded_tower_say_what_the_trained_tower_says(name: str, tmp_path: Path) -> None:
    config = getattr(tiny_models, name)
    choice = _choice(tmp_path, config)
    state = torch.load(choice.weights, weights_only=True)["state_dict"]
    for key, tensor in state.items():
        if key.endswith("running_var"):
            tensor.mul_(1.7)
    torch.save({"state_dict": state}, choice.weights)
    opened, backbone = open_network(choice), _backbone(choice)
    size = backbone.image_size
    shown = np.random.default_rng(1).normal(size=(3, 3, size, size)).astype(np.float32)
    before = backbone.encode_frames(shown)
    tower = Tower(adapted(opened.network.visual, AdapterConfig()), 16, 1).eval()
    for key, parameter in tower.named_parameters():
        if "lora_B" in key:
            parameter.data.normal_(0, 0.02, generator=torch.Generator().manual_seed(len(key)))
    with torch.inference_mode():
        expected = nn.functional.normalize(tower.visual(torch.from_numpy(shown)), dim=-1).numpy()

    factors = changed_weights(choice, opened, merged(tower).visual, 8)
    found = adapters.of_tensors(factors, backbone).encode(shown)

    assert np.abs(expected - before).max() > 1e-2
    np.testing.assert_allclose(found, expected, atol=2e-4)
    np.testing.assert_array_equal(backbone.encode_frames(shown), before)  # the loaded tower is as it was
    sides = (adapters.LEFT, adapters.RIGHT)
    assert all(min(part.shape) <= 8 for name, part in factors.items() if name.startswith(sides))


def test_more_than_the_rank_is_no_adapter() -> None:
    plain = torch.randn(20, 30, generator=torch.Generator().manual_seed(1))
    low = torch.randn(20, 2, generator=torch.Generator().manual_seed(2)) @ torch.ones(2, 30)

    left, right = split("w", plain, plain + low, 2)

    np.testing.assert_allclose(left @ right, low.numpy(), atol=1e-4)
    with pytest.raises(ValueError, match="more than rank 2"):
        split("w", plain, 2 * plain, 2)
    with pytest.raises(ValueError, match="no matrix"):
        split("w", plain[0], 2 * plain[0], 2)


@pytest.fixture
def run(data: Path, tmp_path: Path) -> tuple[ModelChoice, Path]:
    """A quality run of a tiny model, and its folder."""
    choice = _choice(tmp_path)
    config = find_recipe("quality_lora").smoke()
    config = replace(config, model=choice, adapter=replace(config.adapter, rate=0.05))
    config.execute(RunContext(data, tmp_path / "run", smoke=True))
    return choice, tmp_path / "run"


def test_a_run_ends_in_a_label_that_the_program_loads_offers_and_answers(
    run: tuple[ModelChoice, Path], data: Path
) -> None:
    choice, folder = run
    heads = Path(choice.weights).parent / "heads"
    heads.mkdir()
    for path in folder.glob("custom_picture_*"):
        shutil.copyfile(path, heads / path.name)
    clip = read_clip(data / "hc18/images/000_HC.png")
    merged_state = safetensors.numpy.load_file(folder / "merged.safetensors")

    engine = load_engine(EngineRequest(weights=Path(choice.weights), config=Path(choice.config), device="cpu"))
    reading = engine.read(clip, CancelToken(), silent)

    assert engine.headed == {CLIP_LABELS: ("Picture quality",)}
    (label,) = reading.answer(CLIP_LABELS, ClipLabels).labels
    assert label.head.is_of_pictures and label.head.generated
    assert reading.provenance.heads[clip_label_key("Picture quality")][0] == "custom_picture_picture_quality"
    tower = Tower(open_network(choice).network.visual, 16, 1).eval()
    tower.load_state_dict({name: torch.from_numpy(part) for name, part in merged_state.items()})
    shown = plain_input(read_picture(data / "hc18/images/000_HC.png", tiny_models.SIZE), SPEC)
    with torch.inference_mode():
        logit = float(tower(torch.from_numpy(shown[None])))
    fitted = json.loads((folder / "custom_picture_picture_quality.json").read_text("utf-8"))["calibration"]
    share = 1 / (1 + np.exp(-(logit / fitted["temperature"] + fitted["offset"])))
    (head,) = engine.instruments.labellers
    assert head.encode is not None
    rows = head.encode(shown[None])
    assert head.probability(rows) == pytest.approx(share, abs=2e-3)
    if head.strangeness(rows) > head.facts.unlike_limit:
        assert label.probability == Abstention(Reason.OUT_OF_RANGE, "unlike_clips")
    else:
        assert label.probability == pytest.approx(share, abs=2e-3)
    plain = head.probability(engine.backbone.encode_frames(shown[None]))
    assert abs(plain - share) > 0.02, "on the rows that the program has anyway it would say something else"
    assert isinstance(engine.read(make_clip(5), CancelToken(), silent).answer(CLIP_LABELS, ClipLabels), ClipLabels)


def test_an_export_carries_it_and_a_damaged_one_is_told_and_never_used(run: tuple[ModelChoice, Path]) -> None:
    choice, folder = run
    backbone = _backbone(choice)
    page = folder / "custom_picture_picture_quality.json"
    sha256, width = backbone.identity.sha256, 16

    (files,) = heads_for([folder], sha256, SPEC.fingerprint())
    assert files.page == page and files.weights.stat().st_size < 0.25 * Path(choice.weights).stat().st_size
    assert len(clip_labels.find_all(folder, sha256, SPEC, width, backbone).heads) == 1
    assert not clip_labels.find_all(folder, sha256, SPEC, width).heads, "without a tower to adapt there is none"
    other = tiny_models.backbone(tiny_models.VIT)
    found = clip_labels.find_all(folder, sha256, SPEC, width, other)
    assert not found.heads and len(found.troubles) == 1, "factors of another tower's weights"


def test_a_label_that_judges_is_refused_before_anything_is_trained(data: Path, tmp_path: Path) -> None:
    config = replace(find_recipe("quality_lora").smoke(), model=_choice(tmp_path), label="Normal picture")

    with pytest.raises(SettingError, match="say what is seen"):
        config.execute(RunContext(data, tmp_path / "run", smoke=True))

    assert not (tmp_path / "run" / "log.jsonl").exists()
