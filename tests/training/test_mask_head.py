"""Masks of several structures: decoders for both kinds of towers, true masks, errors, and a run on made-up scans."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import made_up_scans
import numpy as np
import pytest
import tiny_models
import torch

from fetalclip_app.imaging.preprocess import PreprocessSpec
from fetalclip_app.model import heads, opening
from fetalclip_app.model.unetr import UnetrDecoder, skip_blocks, token_maps
from training import run
from training.mask_errors import compare, edge_distances, summary
from training.mask_head import MaskConfig, mask_loss
from training.masks import file_masks, stored_masks
from training.recipe import RunContext


def _count(width: int) -> int:
    return sum(parameter.numel() for parameter in UnetrDecoder(width, 1).parameters())


def test_the_unetr_decoder_is_as_large_as_the_published_one() -> None:
    assert _count(1024) == pytest.approx(1_591_941, rel=0.01)
    assert _count(768) == pytest.approx(1_315_461, rel=0.01)


def test_it_looks_at_blocks_6_8_12_and_24_of_24() -> None:
    assert [block + 1 for block in skip_blocks(24)] == [6, 8, 12, 24]


def test_tokens_lie_on_a_grid_of_which_four_doublings_make_the_picture() -> None:
    network = tiny_models.network(tiny_models.VIT)
    pictures = torch.randn(2, 3, tiny_models.SIZE, tiny_models.SIZE)

    maps = token_maps(network, pictures)

    assert [tuple(level.shape) for level in maps] == [(2, 64, 4, 4)] * 4
    assert not torch.equal(maps[0], maps[3])
    assert UnetrDecoder(64, 3)(pictures, maps).shape == (2, 3, tiny_models.SIZE, tiny_models.SIZE)


def _disc(radius: float, x: float = 50) -> Any:
    rows, columns = np.mgrid[:100, :100]
    return (rows - 50) ** 2 + (columns - x) ** 2 <= radius**2


def test_dice_and_hausdorff_of_shifted_discs() -> None:
    error = compare("skull", "p", _disc(20, 53), _disc(20), pixel_mm=0.5)

    assert error.hausdorff == pytest.approx(3, abs=0.1)
    assert 2 < (error.hausdorff_95 or 0) <= 3.1
    assert error.dice == pytest.approx(1 - 2 * 3 / (np.pi * 20), abs=0.02)
    assert summary([error])["skull"]["hausdorff_mm"] == pytest.approx(1.5, abs=0.05)


def test_the_farthest_point_counts_whichever_mask_it_is_on() -> None:
    spot = _disc(10)
    spot[50, 95] = True

    for one, other in ((spot, _disc(10)), (_disc(10), spot)):
        distances = edge_distances(one, other)
        assert distances is not None and distances.max() == pytest.approx(35, abs=0.1)


def test_pooled_dice_weighs_large_heads_more_and_a_missed_one_has_no_distance() -> None:
    found = [compare("skull", "a", _disc(30), _disc(30)), compare("skull", "b", _disc(0) & False, _disc(3))]

    told = summary(found)["skull"]

    assert told["dice"] == pytest.approx(0.5)
    assert told["dice_pooled"] > 0.98
    assert (told["missed"], told["hausdorff_px"], told["hausdorff_mm"]) == (1, 0.0, None)


def test_unknown_structures_teach_nothing() -> None:
    masks, known = torch.zeros(1, 2, 8, 8), torch.tensor([[True, False]])
    wrong = torch.stack([torch.full((8, 8), -20.0), torch.full((8, 8), 20.0)])[None]

    assert mask_loss(wrong, masks, known) < 1e-3
    assert mask_loss(wrong, masks, torch.tensor([[True, True]])) > 5


@pytest.fixture
def structured(data: Path) -> Path:
    """The made-up data with head structures."""
    made_up_scans.write_structures(data)
    return data


def test_the_skull_holds_what_lies_in_it_and_boxes_alone_tell_no_skull(structured: Path) -> None:
    samples = {sample.picture: sample for sample in run.all_samples(structured)}
    masks, known = file_masks(structured, samples["fetal_planes/images/Patient00001_1.jpg"])
    _, alone = file_masks(structured, samples["fetal_planes/images/Patient00002_1.jpg"])

    assert known.tolist() == [True, True, True] and alone.tolist() == [False, True, True]
    assert masks[0][62, 80] and masks[1][62, 80] and not masks[2][62, 80]
    assert masks.shape == (3, made_up_scans.HEIGHT, made_up_scans.WIDTH)


def test_stored_masks_lie_where_the_stored_picture_shows_them(structured: Path) -> None:
    samples = [sample for sample in run.all_samples(structured) if sample.source == "hc18"]
    (masked, *_), _ = stored_masks(structured, samples)

    inside = masked.stored.grey[masked.masks[0]]
    assert masked.known.tolist() == [True, False, False]
    assert 0.1 < masked.masks[0].mean() < 0.5
    assert (inside > 0).mean() > 0.95, "the head lies in the fan"


@pytest.mark.parametrize("layout", [tiny_models.CONVNET, tiny_models.VIT], ids=["convolutional", "transformer"])
def test_a_run_ends_with_masks_that_the_app_takes_for_an_outline(
    layout: dict[str, Any], structured: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backbone = tiny_models.backbone(layout)
    monkeypatch.setattr(opening, "open_model", lambda *_, **__: backbone)
    folder = tmp_path / "run"

    MaskConfig().smoke().execute(RunContext(structured, folder, smoke=True))

    facts = json.loads((folder / "masks.json").read_text("utf-8"))
    assert facts["structures"] == ["skull", "csp", "lateral_ventricle"]
    assert facts["boxes"] == ["csp", "lateral_ventricle"]
    told = facts["validation"]
    assert {name: figures["pictures"] for name, figures in told.items()} == {
        "skull": 2,
        "csp": 1,
        "lateral_ventricle": 1,
    }
    assert 0 <= told["skull"]["dice"] <= 1
    head = heads.find(folder, "head_outline", backbone, PreprocessSpec(size=tiny_models.SIZE))
    assert head is not None
    batch = np.zeros((1, 3, tiny_models.SIZE, tiny_models.SIZE), np.float32)
    assert head.outline(batch).shape == (1, tiny_models.SIZE, tiny_models.SIZE)
