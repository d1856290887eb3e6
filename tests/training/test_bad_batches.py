"""A loss that is no number stops probes and clip heads too, and the batch that is kept is the guilty one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_models
import torch

from fetalclip_app.tasks.keys import VIEWS
from training import not_finite
from training.commands.catalog import find_recipe
from training.finetune import clip_heads, clips, few_data, probe
from training.finetune.clip_heads import CONCATENATED, KINDS, ClipFitConfig, LabelledClips, fitted
from training.finetune.groups import Group
from training.finetune.linear import Examples, LinearConfig, fit_together
from training.finetune.probe import CLASSES, Examined
from training.not_finite import BAD_BATCH, NotFinite
from training.recipe import RunContext

NAN = float("nan")


def _examples(count: int = 40) -> Examples:
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(count, 5)).astype(np.float32)
    return Examples(rows, rng.integers(0, 3, count), tuple(f"p{number}" for number in range(count)))


def _kept(folder: Path) -> dict[str, Any]:
    kept: dict[str, Any] = torch.load(folder / BAD_BATCH, weights_only=True)
    return kept


@pytest.mark.parametrize("guilty", [3, 17, 31])
def test_the_batch_that_a_probe_keeps_has_the_guilty_row_and_the_rest_can_be_learned(
    guilty: int, tmp_path: Path
) -> None:
    taught, config = _examples(), LinearConfig(batch=8, epochs=1)
    taught.rows[guilty, 2] = NAN

    told = rf"the loss is \[.*nan.*\] in epoch 1; .*{BAD_BATCH}"
    with pytest.raises(NotFinite, match=told), not_finite.batch_kept(tmp_path):
        fit_together(taught, _examples(), 3, [4, 5], config)

    kept = _kept(tmp_path)
    assert len(kept["places"]) == 8 and guilty in kept["places"] and kept["seed"] in (4, 5)
    np.testing.assert_array_equal(kept["rows"].numpy(), taught.rows[kept["places"]])
    assert kept["rows"].isnan().any(dim=1).tolist() == [place == guilty for place in kept["places"]]
    assert kept["labels"].tolist() == taught.labels[kept["places"]].tolist()
    assert kept["groups"] == [f"p{place}" for place in kept["places"]]
    rest = np.setdiff1d(np.arange(40), kept["places"])
    fit_together(Examples(taught.rows[rest], taught.labels[rest]), _examples(), 3, [4, 5], config)


def test_a_held_out_row_that_is_no_number_is_kept_alone(tmp_path: Path) -> None:
    held = _examples()
    held.rows[11] = NAN

    with pytest.raises(NotFinite, match="the validation loss is"), not_finite.batch_kept(tmp_path):
        fit_together(_examples(), held, 3, [4, 5], LinearConfig(batch=8, epochs=1))

    kept = _kept(tmp_path)
    assert (kept["places"], kept["groups"], kept["epoch"]) == ([11], ["p11"], 1)


@pytest.mark.parametrize("name", ["probe_planes", "probe_few"])
def test_a_run_of_probes_leaves_the_batch_in_its_folder(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(1)
    copies = rng.normal(size=(12, 2, 5)).astype(np.float32)
    copies[:, 1, 0] = NAN  # the second copy of every picture: whoever teaches, a guilty row is among the batches
    group = Group(copies[:, 0], copies, np.arange(12) % 6, tuple(f"p{number // 2}" for number in range(12)))
    examined = Examined(group, replace(group, copies=None), CLASSES[VIEWS], 1.0, ())
    for room in (probe, few_data):
        monkeypatch.setattr(room, "examples_of", lambda *_: (examined, None))

    with pytest.raises(NotFinite, match=BAD_BATCH):
        find_recipe(name).smoke().execute(RunContext(tmp_path, tmp_path, smoke=True))

    kept = _kept(tmp_path)
    assert kept["rows"].isnan().any() and set(kept["groups"]) <= set(group.groups)


def _clips() -> LabelledClips:
    rows = np.random.default_rng(3).normal(size=(24, 2, 6)).astype(np.float32)
    return LabelledClips(rows, np.arange(24) % 2, tuple(f"p{number}" for number in range(24)))


@pytest.mark.parametrize("kind", KINDS)
def test_the_batch_that_a_clip_head_keeps_has_the_guilty_clip(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labelled, made, config = _clips(), clip_heads._head, ClipFitConfig(epochs=1, batch=6)
    labelled.rows[13] = 9.0

    def breaks_at_the_brightest(*given: Any) -> torch.nn.Module:
        head = made(*given)
        head.register_forward_hook(
            lambda _, rows, logits: torch.where(rows[0].mean(dim=(1, 2)) > 0.5, torch.tensor(NAN), logits)
        )
        return head

    fitted(labelled, kind, config, seed=1)
    monkeypatch.setattr(clip_heads, "_head", breaks_at_the_brightest)

    with pytest.raises(NotFinite, match="the loss is nan in epoch 1"), not_finite.batch_kept(tmp_path):
        fitted(labelled, kind, config, seed=1)

    kept = _kept(tmp_path)
    assert len(kept["places"]) == 6 and 13 in kept["places"] and "p13" in kept["groups"]
    assert torch.equal(kept["rows"], torch.from_numpy(labelled.rows[kept["places"]]))
    assert kept["labels"].tolist() == [place % 2 for place in kept["places"]]
    others = np.ones(24, bool)
    others[kept["places"]] = False
    fitted(labelled.of(others), kind, config, seed=1)


def test_clips_whose_features_are_no_numbers_are_kept_before_they_spoil_the_mean(tmp_path: Path) -> None:
    labelled = _clips()
    labelled.rows[[5, 20], 1, 3] = NAN

    with pytest.raises(NotFinite, match="for 2 clips"), not_finite.batch_kept(tmp_path):
        fitted(labelled, CONCATENATED, ClipFitConfig(), seed=1)

    assert _kept(tmp_path)["groups"] == ["p5", "p20"]


def test_a_run_of_clip_labels_leaves_the_clip_in_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = clips.generated_clips

    def planted(*given: Any) -> LabelledClips:
        labelled = made(*given)
        labelled.rows[3, 0, 0] = NAN
        return labelled

    monkeypatch.setattr(clips, "open_backbone", lambda _: tiny_models.backbone(tiny_models.CONVNET))
    monkeypatch.setattr(clips, "generated_clips", planted)

    with pytest.raises(NotFinite, match=BAD_BATCH):
        find_recipe("clip_label").smoke().execute(RunContext(tmp_path, tmp_path, smoke=True))

    assert _kept(tmp_path)["groups"] == ["generated-3"]
