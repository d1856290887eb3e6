"""Eight-bit passes of a Score-CAM: only where they do not change the map, and only for its length."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tiny_models
import torch
from numpy.typing import NDArray

from fetalclip_app.model import cam_int8, instructions, linear_kinds, roads
from fetalclip_app.model.cam import Saliency, score_layer_of
from fetalclip_app.model.cam_int8 import eight_bits
from fetalclip_app.model.device import cpu
from fetalclip_app.model.encoder import TorchBackbone
from fetalclip_app.model.roads import Road
from fetalclip_app.model.vit_tower import VitTower
from fetalclip_app.progress import Cancelled

WIDER = {**tiny_models.VIT, "vision_cfg": {**tiny_models.VIT["vision_cfg"], "width": 128, "head_width": 32}}
AGREED = 1e-3
GAINS = cam_int8.gains

Map = NDArray[np.float32]
Scene = tuple[TorchBackbone, Map, NDArray[np.float32]]


@pytest.fixture(autouse=True)
def _a_processor_that_gains(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cam_int8, "gains", lambda: True)


def exact_road() -> Road:
    return Road("fp32 packed", 1, lambda visual: VitTower(visual, linear_kinds.plain(torch.float32)))


def scene(*, level: float, road: Road | None, scale: float = 100.0) -> Scene:
    """A random network whose map's source lies so far above zero, or below; and its factor between rows and logits."""
    backbone = tiny_models.backbone(WIDER)
    backbone.network.get_parameter("logit_scale").fill_(np.log(scale))
    layer: Any = score_layer_of(backbone.network.visual)
    chance = torch.Generator().manual_seed(3)
    layer.module.weight.add_(0.5 * torch.randn(layer.module.weight.shape, generator=chance))
    layer.module.bias.add_(level)
    backbone = TorchBackbone(backbone.network, tiny_models.IDENTITY, cpu(), config=WIDER)
    picture = np.random.default_rng(2).normal(size=(3, backbone.image_size, backbone.image_size)).astype(np.float32)
    classes = backbone.encode_texts(["a head", "a heart", "a spine"])
    backbone.take(road)
    return backbone, picture, classes


@pytest.fixture
def layers(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many pictures went through each eight-bit layer in turn."""
    calls: list[int] = []
    original = linear_kinds.int8

    def watched() -> Any:
        make = original()

        def kind(*arguments: Any) -> Any:
            layer = make(*arguments)
            return lambda rows: (calls.append(len(rows)), layer(rows))[1]

        return kind

    monkeypatch.setattr(linear_kinds, "int8", watched)
    return calls


TRIED = 16
"""The smallest sample."""

PICTURE = 9
"""Layers that a picture goes through: four of the first block, five of the last."""


@pytest.mark.parametrize("level", [0.0, -2.0], ids=["shows something", "blank"])
def test_a_map_that_eight_bits_do_not_change_is_made_by_them(
    level: float, layers: list[int], capfd: pytest.CaptureFixture[str]
) -> None:
    backbone, picture, classes = scene(level=level, road=None, scale=40.0)
    plain = Saliency(backbone).heatmap(picture, classes, 0, "scorecam")
    backbone.take(exact_road())
    steps: list[tuple[int, int]] = []

    found = Saliency(backbone).heatmap(picture, classes, 0, "scorecam", step=lambda *told: steps.append(told))

    assert plain.any() == (level == 0)
    np.testing.assert_allclose(found, plain, atol=AGREED)
    assert layers == [1] * 128 * PICTURE
    assert steps[-1] == (128 + 2 * 16 - 1, 128 + 2 * 16)
    assert backbone.device == "cpu fp32 packed"


def test_a_map_that_eight_bits_would_change_is_made_by_the_road(
    layers: list[int], capfd: pytest.CaptureFixture[str]
) -> None:
    """They are tried on the sample alone. Here no class is sure, and what they miss counts."""
    backbone, picture, classes = scene(level=0.0, road=None, scale=15.0)
    plain = Saliency(backbone).heatmap(picture, classes, 0, "scorecam")
    backbone.take(exact_road())

    found = Saliency(backbone).heatmap(picture, classes, 0, "scorecam")

    assert layers == [1] * TRIED * PICTURE
    np.testing.assert_allclose(found, plain, atol=1e-5)


@pytest.mark.parametrize("road", [None, "int8"])
def test_a_network_that_stays_as_it_is_has_no_such_passes(road: str | None) -> None:
    backbone, _, _ = scene(level=0.0, road=None)
    backbone.take(roads.int8_for(backbone.network, cpu()) if road else None)

    assert eight_bits(backbone) is None


def test_a_processor_that_gains_nothing_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    backbone, _, _ = scene(level=0.0, road=exact_road())
    assert eight_bits(backbone) is not None

    monkeypatch.setattr(cam_int8, "gains", lambda: False)
    assert eight_bits(backbone) is None


LACKS = [MemoryError(), RuntimeError("[enforce fail] can't allocate memory"), AttributeError("no quantized tensors")]


@pytest.mark.parametrize("lack", LACKS, ids=lambda lack: type(lack).__name__)
@pytest.mark.parametrize("fails_at", ["building", "the first pass", "the twentieth pass"])
def test_what_they_lack_costs_neither_the_map_nor_the_road(
    fails_at: str, lack: Exception, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    backbone, picture, classes = scene(level=0.0, road=None, scale=40.0)
    plain = Saliency(backbone).heatmap(picture, classes, 0, "scorecam")
    backbone.take(exact_road())
    eight, tried = linear_kinds.int8(), [0]
    last = {"building": 0, "the first pass": 1, "the twentieth pass": 19 * PICTURE + 1}[fails_at]

    def kind(*arguments: Any) -> Any:
        layer = eight(*arguments)

        def tight(rows: torch.Tensor) -> torch.Tensor:
            tried[0] += 1
            if tried[0] >= last:
                raise lack
            return layer(rows)

        if not last:
            tried[0] += 1
            raise lack
        return tight

    monkeypatch.setattr(linear_kinds, "int8", lambda: kind)

    found = Saliency(backbone).heatmap(picture, classes, 0, "scorecam")

    np.testing.assert_allclose(found, plain, atol=1e-5)
    assert backbone.device == "cpu fp32 packed"
    assert tried[0] == max(last, 1), "they are not tried again"


@pytest.mark.parametrize(
    ("eight_bits", "tiles", "gain"),
    [(True, False, True), (True, True, False), (False, False, False), (False, True, False)],
)
def test_eight_bits_gain_where_the_processor_has_them_and_no_tiles(
    monkeypatch: pytest.MonkeyPatch, eight_bits: bool, tiles: bool, gain: bool
) -> None:
    monkeypatch.setattr(instructions, "has_eight_bits", lambda: eight_bits)
    monkeypatch.setattr(instructions, "has_tiles", lambda: tiles)

    assert GAINS() is gain


def test_whoever_stops_the_work_waits_for_a_layer(capfd: pytest.CaptureFixture[str]) -> None:
    backbone, _, _ = scene(level=0.0, road=exact_road())
    build = eight_bits(backbone)
    assert build is not None
    told: list[int] = []

    def pause() -> None:
        told.append(1)
        if len(told) == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        build(pause)

    assert len(told) == 2


def test_a_row_hangs_on_no_neighbour() -> None:
    backbone, _, _ = scene(level=0.0, road=exact_road())
    build = eight_bits(backbone)
    assert build is not None
    embed, pictures = build(lambda: None), torch.randn(2, 3, 64, 64) * torch.tensor([1.0, 9.0]).reshape(2, 1, 1, 1)

    assert torch.equal(embed(pictures), torch.cat([embed(pictures[:1]), embed(pictures[1:])]))
