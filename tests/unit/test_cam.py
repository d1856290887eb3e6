from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import tiny_models
import torch
from numpy.typing import NDArray

from fetalclip_app.model import cam_score, texts
from fetalclip_app.model.cam import METHODS, Layer, Saliency
from fetalclip_app.model.device import CUDA, GPU_OUT_OF_MEMORY, Device, cpu
from fetalclip_app.model.encoder import TorchBackbone

KINDS = {
    "vit": tiny_models.VIT,
    "convnet": tiny_models.CONVNET,
    "resnet": tiny_models.RESNET,
    "timm vit": tiny_models.TIMM_VIT,
}


class _Tower(torch.nn.Module):
    """Sees nothing but how red, green and blue a place is."""

    def __init__(self) -> None:
        super().__init__()
        self.layer4 = torch.nn.Conv2d(3, 3, 8, stride=8, bias=False)
        with torch.no_grad():
            self.layer4.weight.zero_()
            for colour in range(3):
                self.layer4.weight[colour, colour] = 1 / 64

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.layer4(images).mean(dim=(2, 3)) + 1e-3


class _Colours(torch.nn.Module):
    """A CLIP whose classes are colours."""

    def __init__(self, scale: float) -> None:
        super().__init__()
        self.visual = _Tower()
        self.logit_scale = torch.nn.Parameter(torch.tensor(scale).log())

    def encode_image(self, images: torch.Tensor, normalize: bool = False) -> torch.Tensor:
        return torch.nn.functional.normalize(self.visual(images), dim=-1)


COLOURS = np.eye(3, dtype=np.float32)
RED, GREEN = 0, 1


def _two_corners(red: float = 1.0, green: float = 1.0) -> NDArray[np.float32]:
    """A dark picture with a red corner (bottom left) and a green one (top right)."""
    picture = np.zeros((3, 64, 64), np.float32)
    picture[RED, 40:, :24] = red
    picture[GREEN, :24, 40:] = green
    return picture


def _planted(scale: float = 10.0) -> Saliency:
    return Saliency(TorchBackbone(_Colours(scale), tiny_models.IDENTITY, cpu()))


def _random(config: dict[str, Any]) -> tuple[Saliency, TorchBackbone, NDArray[np.float32], NDArray[np.float32]]:
    backbone = tiny_models.backbone(config)
    picture = np.random.default_rng(2).normal(size=(3, backbone.image_size, backbone.image_size)).astype(np.float32)
    return Saliency(backbone), backbone, picture, backbone.encode_texts(["a head", "a heart", "a spine"])


def _share(values: NDArray[np.float32], rows: slice, columns: slice) -> float:
    return float(values[rows, columns].sum() / values.sum())


BOTTOM_LEFT = slice(32, None), slice(0, 32)
TOP_RIGHT = slice(0, 32), slice(32, None)


@pytest.mark.parametrize(
    ("method", "share"),
    [
        ("gradcam", 0.99),
        # Its weights are a softmax of probabilities: they differ by a factor of e at most.
        ("scorecam", 0.73),
    ],
)
def test_the_map_lies_where_the_class_was_seen(method: str, share: float) -> None:
    saliency, picture = _planted(), _two_corners()

    red = saliency.heatmap(picture, COLOURS, RED, method)
    green = saliency.heatmap(picture, COLOURS, GREEN, method)

    assert _share(red, *BOTTOM_LEFT) > share
    assert _share(green, *TOP_RIGHT) > share


def test_the_map_of_the_method_without_classes_lies_where_the_network_looks() -> None:
    values = _planted().heatmap(_two_corners(green=0.0), COLOURS, RED, "eigencam")

    assert _share(values, *BOTTOM_LEFT) > 0.9


def test_a_class_that_is_certain_still_has_a_map() -> None:
    """In single precision its probability is one, and the gradient of that is zero."""
    values = _planted(1000.0).heatmap(_two_corners(green=0.2), COLOURS, RED, "gradcam")

    assert _share(values, *BOTTOM_LEFT) > 0.9


@pytest.mark.parametrize("corner", [(0, 0), (0, 3), (3, 0), (3, 3)])
def test_rows_and_columns_of_a_transformers_patches_are_not_mixed_up(corner: tuple[int, int]) -> None:
    saliency, backbone, _, classes = _random(tiny_models.VIT)
    # Without positions all dark patches are the same token, and only one differs.
    backbone.network.get_parameter("visual.positional_embedding").zero_()
    picture = np.zeros((3, 64, 64), np.float32)
    row, column = corner
    inside = slice(16 * row, 16 * row + 16), slice(16 * column, 16 * column + 16)
    picture[:, *inside] = np.random.default_rng(0).normal(size=(3, 16, 16))

    values = saliency.heatmap(picture, classes, 0, "eigencam")

    assert np.unravel_index(values.argmax(), values.shape)[0] // 16 == row
    assert np.unravel_index(values.argmax(), values.shape)[1] // 16 == column


def test_only_tokens_that_stand_for_a_patch_are_kept() -> None:
    tokens = torch.arange(7.0).reshape(1, 7, 1)

    picture = Layer(torch.nn.Identity(), (2, 3)).reshape(tokens)

    assert picture.shape == (1, 1, 2, 3)
    assert picture.flatten().tolist() == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("config", KINDS.values(), ids=KINDS.keys())
def test_every_method_works_for_every_kind_of_network(
    config: dict[str, Any], method: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cam_score.ScoreCam, "channels", 24)
    monkeypatch.setattr(cam_score.FasterScoreCam, "channels", 24)
    saliency, _, picture, classes = _random(config)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        values = saliency.heatmap(picture, classes, 1, method)

    assert saliency.methods == METHODS
    assert values.shape == picture.shape[1:]
    assert values.dtype == np.float32
    assert values.min() >= 0.0
    assert values.max() <= 1.0
    assert np.ptp(values) > 0.5, "the map is not constant"
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("method", METHODS)
def test_the_same_question_has_the_same_map(method: str) -> None:
    saliency, _, picture, classes = _random(tiny_models.VIT)

    np.testing.assert_array_equal(
        saliency.heatmap(picture, classes, 0, method), saliency.heatmap(picture, classes, 0, method)
    )


@pytest.mark.parametrize("method", METHODS)
def test_no_text_is_encoded_and_nothing_is_left_behind(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    saliency, backbone, picture, classes = _random(tiny_models.VIT)
    monkeypatch.setattr(texts, "encode", lambda *_: pytest.fail("a text was encoded"))
    monkeypatch.setattr(backbone.network, "encode_text", lambda *_: pytest.fail("a text was encoded"))
    before = backbone.encode_frames(picture[None])

    saliency.heatmap(picture, classes, 0, method)

    assert all(parameter.grad is None for parameter in backbone.network.parameters())
    assert not any(module._forward_hooks for module in backbone.network.modules())
    np.testing.assert_array_equal(backbone.encode_frames(picture[None]), before)


def test_nothing_is_left_behind_after_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    saliency, backbone, picture, classes = _random(tiny_models.VIT)

    def fails(*_: Any, **__: Any) -> torch.Tensor:
        raise ArithmeticError

    monkeypatch.setattr(backbone.network, "encode_image", fails)

    with pytest.raises(ArithmeticError):
        saliency.heatmap(picture, classes, 0, "gradcam")

    assert not any(module._forward_hooks for module in backbone.network.modules())


def test_score_cam_never_masks_more_than_a_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cam_score, "TOKENS_AT_ONCE", 5)
    saliency, backbone, picture, classes = _random(tiny_models.VIT)
    sizes: list[int] = []
    visual: Any = backbone.network.visual
    layer = visual.transformer.resblocks[-1].ln_1
    listeners: list[int] = []

    def look(_: Any, inputs: Any) -> None:
        sizes.append(len(inputs[0]))
        listeners.append(len(layer._forward_hooks))

    visual.register_forward_pre_hook(look)

    saliency.heatmap(picture, classes, 0, "scorecam")

    assert listeners[0] > 0
    assert not any(listeners[1:]), "the activations of masked pictures are not kept"
    assert max(sizes) == 5
    assert sum(sizes) == 1 + 64, "one pass for the picture, and one for each channel"


@pytest.mark.parametrize(("method", "target"), [("lime", 0), ("gradcam", 3), ("gradcam", -1)])
def test_a_question_that_makes_no_sense_is_refused(method: str, target: int) -> None:
    with pytest.raises(ValueError, match="no heatmap"):
        _planted().heatmap(_two_corners(), COLOURS, target, method)


def test_a_tower_of_an_unknown_kind_offers_no_method() -> None:
    network = _Colours(10.0)
    network.visual.layers = network.visual.layer4
    del network.visual.layer4

    assert Saliency(TorchBackbone(network, tiny_models.IDENTITY, cpu())).methods == ()


def test_a_card_without_memory_hands_the_map_over_to_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    from fetalclip_app.model import encoder  # noqa: PLC0415

    monkeypatch.setattr(encoder, "_on_card", lambda network, device: network)
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: None)
    backbone = TorchBackbone(_Colours(10.0), tiny_models.IDENTITY, Device(CUDA, "a card", may_fall_back=True))
    original = backbone.to_device

    def no_room(pictures: Any) -> torch.Tensor:
        if backbone.device == "a card":
            raise torch.OutOfMemoryError
        return original(pictures)

    monkeypatch.setattr(backbone, "to_device", no_room)

    values = Saliency(backbone).heatmap(_two_corners(), COLOURS, RED, "gradcam")

    assert _share(values, *BOTTOM_LEFT) > 0.9
    assert backbone.notices == (GPU_OUT_OF_MEMORY,)
