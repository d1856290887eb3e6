"""Score-CAM beside the grad-cam package's own, to the digit that was asked for; and when a lower precision may help."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import tiny_models
import torch
from fakes import make_clip
from numpy.typing import NDArray
from pytorch_grad_cam import ScoreCAM

from fetalclip_app.imaging.preprocess import PreprocessSpec, crop_of, prepare
from fetalclip_app.inference.load import load_engine
from fetalclip_app.inference.request import EngineRequest
from fetalclip_app.model import cam_score
from fetalclip_app.model.cam import Saliency, score_layer_of
from fetalclip_app.model.cam_error import SAMPLES
from fetalclip_app.model.cam_score import Asked, most_varied
from fetalclip_app.model.device import cpu
from fetalclip_app.model.encoder import TorchBackbone
from fetalclip_app.progress import Cancelled, CancelToken

WIDER = {**tiny_models.VIT, "vision_cfg": {**tiny_models.VIT["vision_cfg"], "width": 128, "head_width": 32}}
KINDS = {"vit": WIDER, "resnet": tiny_models.RESNET}
AGREED = 1e-3

Map = NDArray[np.float32]


class Plain(torch.nn.Module):
    """What the package is given: pictures in, the classes' probabilities out."""

    def __init__(self, backbone: TorchBackbone, classes: NDArray[np.float32]) -> None:
        super().__init__()
        self.network, self.classes, self.scale = backbone.network, torch.from_numpy(classes), backbone.logit_scale

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        rows = self.network.encode_image(images, normalize=True)  # type: ignore[operator]
        return torch.softmax(self.scale * rows @ self.classes.T, dim=-1)


def package_map(backbone: TorchBackbone, picture: Map, classes: NDArray[np.float32], target: int) -> Map:
    layer = score_layer_of(backbone.network.visual)
    assert layer is not None
    reshape = layer.reshape if layer.grid else None
    with ScoreCAM(Plain(backbone, classes), [layer.module], reshape_transform=reshape) as cam:
        found: Map = cam(torch.from_numpy(picture[None]), [lambda shares: shares[target]])[0]
    return found


def planted(config: dict[str, Any], *, scale: float = 100.0) -> tuple[TorchBackbone, Map, NDArray[np.float32]]:
    """A random network whose last normalisations have gains and shifts, as trained ones have, and FetalCLIP's scale."""
    backbone = tiny_models.backbone(config)
    chance = torch.Generator().manual_seed(3)
    for name, parameter in backbone.network.named_parameters():
        if ".ln_1." in name:
            parameter.add_(0.5 * torch.randn(parameter.shape, generator=chance))
    backbone.network.get_parameter("logit_scale").fill_(np.log(scale))
    backbone = TorchBackbone(backbone.network, tiny_models.IDENTITY, cpu(), config=config)
    side = backbone.image_size
    picture = np.random.default_rng(2).normal(size=(3, side, side)).astype(np.float32)
    return backbone, picture, backbone.encode_texts(["a head", "a heart", "a spine"])


def wrong_by(error: float, backbone: TorchBackbone) -> Any:
    """A quick road whose rows are off by a random direction of this length."""
    chance = torch.Generator().manual_seed(0)

    def embed_images(images: torch.Tensor, *, exact: bool = False) -> torch.Tensor:
        rows = backbone.network.encode_image(images, normalize=True)  # type: ignore[operator]
        if exact:
            return torch.as_tensor(rows)
        noise = torch.nn.functional.normalize(torch.randn(rows.shape, generator=chance), dim=-1)
        return torch.nn.functional.normalize(rows + error * noise, dim=-1)

    return embed_images


@pytest.mark.parametrize("target", [0, 2])
@pytest.mark.parametrize("config", KINDS.values(), ids=KINDS.keys())
def test_the_map_is_the_packages(config: dict[str, Any], target: int, capfd: pytest.CaptureFixture[str]) -> None:
    backbone, picture, classes = planted(config)

    ours = Saliency(backbone).heatmap(picture, classes, target, "scorecam")

    theirs = package_map(backbone, picture, classes, target)
    assert np.ptp(theirs) > 0.9
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_the_map_of_the_shipped_network_is_the_packages(capfd: pytest.CaptureFixture[str]) -> None:
    """All 1,280 channels, on a picture of a quarter of the usual sides; `make bench` compares one of the usual size."""
    backbone = load_engine(EngineRequest(device="cpu")).backbone
    assert isinstance(backbone, TorchBackbone)
    clip = make_clip(1)
    picture = prepare(clip.frame(0), PreprocessSpec(size=64), crop_of(clip))
    classes = backbone.encode_texts(["a fetal head", "a fetal heart", "a fetal abdomen"])

    ours = Saliency(backbone).heatmap(picture, classes, 0, "scorecam")

    theirs = package_map(backbone, picture, classes, 0)
    assert np.ptp(theirs) > 0.9
    np.testing.assert_allclose(ours, theirs, atol=AGREED)


def test_channels_that_are_alike_are_asked_once_and_the_map_is_the_same(capfd: pytest.CaptureFixture[str]) -> None:
    backbone, picture, classes = planted(tiny_models.VIT)
    layer: Any = score_layer_of(backbone.network.visual)
    with torch.no_grad():
        layer.module.weight[10:40] = 0.0
        layer.module.bias[10:40] = 0.0
    steps: list[tuple[int, int]] = []

    ours = Saliency(backbone).heatmap(picture, classes, 1, "scorecam", step=lambda *told: steps.append(told))

    np.testing.assert_allclose(ours, package_map(backbone, picture, classes, 1), atol=1e-5)
    assert steps[-1][1] == 64 - 29, "thirty dead channels are one pass"


def watched_map(
    monkeypatch: pytest.MonkeyPatch, backbone: TorchBackbone, picture: Map, classes: NDArray[np.float32], error: float
) -> tuple[Map, list[bool]]:
    """Return the map where the quick road is wrong by so much, and whether that road was taken."""
    monkeypatch.setattr(backbone, "embed_images", wrong_by(error, backbone))
    taken: list[bool] = []
    original = cam_score._Scoring.quickly

    def watched(scoring: Any) -> Any:
        found = original(scoring)
        taken.append(found is not None)
        return found

    monkeypatch.setattr(cam_score._Scoring, "quickly", watched)
    return Saliency(backbone).heatmap(picture, classes, 0, "scorecam"), taken


def test_a_lower_precision_that_does_not_change_the_map_is_taken(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    backbone, picture, classes = planted(WIDER)
    ours, taken = watched_map(monkeypatch, backbone, picture, classes, 1e-5)

    assert taken == [True]
    np.testing.assert_allclose(ours, package_map(backbone, picture, classes, 0), atol=AGREED)


@pytest.mark.parametrize("error", [3e-3, 0.1])
def test_a_lower_precision_that_would_change_the_map_is_not_taken(
    error: float, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    backbone, picture, classes = planted(WIDER)
    ours, taken = watched_map(monkeypatch, backbone, picture, classes, error)

    assert taken == [False]
    np.testing.assert_allclose(ours, package_map(backbone, picture, classes, 0), atol=1e-5)


def test_what_all_scores_have_in_common_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A road that answers all passes a little higher is refused, or gives the same weights."""
    backbone, picture, classes = planted(WIDER)
    saliency = Saliency(backbone)
    plain = saliency.heatmap(picture, classes, 0, "scorecam")
    found = cam_score._Scoring._through

    def higher(self: Any, channels: Any, way: Any) -> Any:
        return found(self, channels, way) + (0.0 if way is self._exact else 0.2)

    monkeypatch.setattr(cam_score._Scoring, "_through", higher)

    np.testing.assert_allclose(saliency.heatmap(picture, classes, 0, "scorecam"), plain, atol=1e-5)


SAMPLED = np.linspace(0, 127, max(SAMPLES)).astype(int)
"""Channels that are asked in both precisions, of 128."""


class _Numbered:
    """Passes of which each mask's first value says which channel it is; the quick ones are off by some noise.

    Attributes:
        asked: Channels, by who was asked.
    """

    def __init__(self, margins: NDArray[np.float64], noise: list[float], light_noise: list[float]) -> None:
        self._exact = torch.from_numpy(margins)
        chance = torch.Generator().manual_seed(0)
        drawn = torch.randn(self._exact.shape, generator=chance, dtype=torch.float64)
        self._quick, self._light = (self._exact + torch.tensor(size) * drawn for size in (noise, light_noise))
        self.asked: dict[str, list[int]] = {"exact": [], "road": [], "light": []}
        self.built = 0

    def run(self, step: Any, items: Any, at_once: int) -> Any:
        return step(torch.nn.Linear(1, 1), items).numpy()

    def embed_images(self, pictures: torch.Tensor, *, exact: bool = False) -> torch.Tensor:
        return self._told("exact", self._exact, pictures) if exact else self._told("road", self._quick, pictures)

    def lighter(self, pause: Callable[[], None]) -> Any:
        self.built += 1
        return lambda pictures: self._told("light", self._light, pictures)

    def _told(self, who: str, margins: torch.Tensor, pictures: torch.Tensor) -> torch.Tensor:
        channels = (1000 * pictures[:, 0, 0]).round().long()
        self.asked[who] += channels.tolist()
        return margins[channels]


@pytest.fixture
def numbered(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Map, _Numbered]]:
    """Finds the scores of 128 channels whose margins are known, and tells who was asked."""
    monkeypatch.setattr(cam_score, "masked", lambda _, maps: maps)
    maps = np.random.default_rng(0).normal(size=(128, 4, 4)).astype(np.float32)
    maps[:, 0, 0] = np.arange(128) / 1000

    def find(margins: NDArray[np.float64], noise: list[float], light: list[float] | None = None) -> Any:
        passes = _Numbered(margins, noise, light or noise)
        lighter = passes.lighter if light else None
        asked = Asked(passes, torch.nn.Identity(), 4, lambda *_: None, lighter)
        return cam_score.scores_of(asked, torch.zeros(1, 3, 8, 8), maps), passes

    return find


def test_what_the_sample_did_not_show_is_judged_with_all_scores_in_hand(numbered: Any) -> None:
    """The sample's channels all deny the class, whatever a road misses; the others cannot tell, and there it counts."""
    margins = np.zeros((128, 1))
    margins[SAMPLED] = -20.0

    scores, passes = numbered(margins, [0.05])

    assert len(passes.asked["road"]) == len(passes.asked["exact"]) == 128, "no pass twice"
    np.testing.assert_allclose(scores, np.where(margins[:, 0] < 0, 0, 0.5), atol=1e-6)


def test_channels_with_a_rival_that_no_sampled_one_has_are_judged_by_that_rival(numbered: Any) -> None:
    margins = np.tile([0.0, 20.0], (128, 1))
    margins[np.setdiff1d(np.arange(128), SAMPLED)[::10]] = [20.0, 0.0]

    scores, passes = numbered(margins, [1e-6, 0.5])
    assert len(passes.asked["exact"]) == 128
    np.testing.assert_allclose(scores, 0.5, atol=1e-6)

    _, passes = numbered(margins, [1e-6, 1e-6])
    assert len(passes.asked["exact"]) == min(SAMPLES)


def test_eight_bits_are_built_and_asked_once_for_all_samples(numbered: Any) -> None:
    """They and the road may do by each sample's word, and by no more than that."""
    margins = np.zeros((128, 1))
    margins[SAMPLED] = -20.0

    _, passes = numbered(margins, [0.05], [0.06])

    assert passes.built == 1
    for who, channels in passes.asked.items():
        assert sorted(channels) == list(range(128)), who


@pytest.fixture
def lowered() -> Iterator[Callable[[float], tuple[TorchBackbone, Map, NDArray[np.float32]]]]:
    """Makes a network in which the highest place of the weighted sum lies so far above zero, or below."""

    def make(highest: float) -> tuple[TorchBackbone, Map, NDArray[np.float32]]:
        backbone, picture, classes = planted(WIDER)
        layer: Any = score_layer_of(backbone.network.visual)
        for _ in range(8):
            summed = sum_of(backbone, picture, classes)
            layer.module.bias.add_(highest - float(summed.max()))
        assert float(sum_of(backbone, picture, classes).max()) == pytest.approx(highest, abs=1e-6)
        return backbone, picture, classes

    with torch.no_grad():
        yield make


def sum_of(backbone: TorchBackbone, picture: Map, classes: NDArray[np.float32]) -> Map:
    """The package's weighted sum before anything is done to it."""
    seen: list[Map] = []
    original = ScoreCAM.get_cam_image

    def watched(*arguments: Any) -> Map:
        seen.append(original(*arguments)[0])
        return seen[-1][None]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ScoreCAM, "get_cam_image", watched)
        package_map(backbone, picture, classes, 0)
    return seen[0]


def test_a_map_that_is_blank_for_sure_is_so_in_a_lower_precision(
    lowered: Any, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The same error changes a map that shows something, and is refused there."""
    backbone, picture, classes = lowered(-0.2)
    theirs = package_map(backbone, picture, classes, 0)

    ours, taken = watched_map(monkeypatch, backbone, picture, classes, 3e-3)

    assert taken == [True]
    assert not theirs.any()
    assert not ours.any()


@pytest.mark.parametrize("highest", [-2e-6, 2e-6])
def test_a_map_that_is_almost_blank_is_made_in_full_precision(
    highest: float, lowered: Any, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    backbone, picture, classes = lowered(highest)
    theirs = package_map(backbone, picture, classes, 0)

    ours, taken = watched_map(monkeypatch, backbone, picture, classes, 3e-3)

    assert taken == [False]
    assert theirs.any() == (highest > 0)
    np.testing.assert_allclose(ours, theirs, atol=AGREED)


def test_a_sample_grows_until_it_is_sure(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    """Small errors are known by few channels, larger ones need more, and the largest are refused."""
    asked = [exact_passes(monkeypatch, error) for error in (1e-5, 1.4e-4, 3e-3)]

    assert asked[0] == min(SAMPLES)
    assert min(SAMPLES) < asked[1] <= max(SAMPLES)
    assert asked[2] == 128


def exact_passes(monkeypatch: pytest.MonkeyPatch, error: float) -> int:
    """Return how many channels of a map are asked in full precision."""
    backbone, picture, classes = planted(WIDER)
    road = wrong_by(error, backbone)
    passes: list[int] = []

    def embed_images(images: torch.Tensor, *, exact: bool = False) -> torch.Tensor:
        passes.extend([len(images)] * exact)
        return torch.as_tensor(road(images, exact=exact))

    monkeypatch.setattr(backbone, "embed_images", embed_images)
    Saliency(backbone).heatmap(picture, classes, 0, "scorecam")
    return sum(passes)


def test_the_faster_method_asks_the_channels_that_vary_most(monkeypatch: pytest.MonkeyPatch) -> None:
    maps = np.zeros((5, 3, 3), np.float32)
    maps[1, 0, 0], maps[4, 1, 1], maps[2, 2, 2] = 3.0, -2.0, 1.0
    assert most_varied(maps, 2).tolist() == [1, 4]

    monkeypatch.setattr(cam_score.FasterScoreCam, "channels", 7)
    backbone, picture, classes = planted(tiny_models.VIT)
    steps: list[tuple[int, int]] = []
    Saliency(backbone).heatmap(picture, classes, 1, "fasterscorecam", step=lambda *told: steps.append(told))

    assert steps == [(done, 7) for done in range(7)]


def test_it_stops_between_two_passes_and_leaves_nothing_behind() -> None:
    backbone, picture, classes = planted(WIDER)
    cancel = CancelToken()
    steps: list[tuple[int, int]] = []

    def step(done: int, total: int) -> None:
        steps.append((done, total))
        if done >= 8:
            cancel.cancel()
        cancel.check()

    with pytest.raises(Cancelled):
        Saliency(backbone).heatmap(picture, classes, 1, "scorecam", step=step)

    assert steps == [(done, 128 + min(SAMPLES)) for done in range(9)]
    assert not any(module._forward_hooks for module in backbone.network.modules())


def test_out_of_memory_halves_the_masks_and_the_map_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    backbone, picture, classes = planted(tiny_models.VIT)
    plain = Saliency(backbone).heatmap(picture, classes, 1, "scorecam")
    original = backbone.network.encode_image
    sizes: list[int] = []

    def tight(images: torch.Tensor, normalize: bool = False) -> Any:
        sizes.append(len(images))
        if len(images) > 2:
            raise torch.OutOfMemoryError
        return original(images, normalize=normalize)  # type: ignore[operator]

    monkeypatch.setattr(backbone.network, "encode_image", tight)
    monkeypatch.setattr(cam_score, "TOKENS_AT_ONCE", 4)

    np.testing.assert_allclose(Saliency(backbone).heatmap(picture, classes, 1, "scorecam"), plain, atol=1e-5)
    assert set(sizes[2:]) == {2}


def test_no_more_than_a_pass_is_masked_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    backbone, picture, classes = planted(WIDER)
    made: list[int] = []
    original = functools.partial(cam_score.masked)

    def masked(one: torch.Tensor, maps: torch.Tensor) -> torch.Tensor:
        made.append(len(maps))
        return original(one, maps)

    monkeypatch.setattr(cam_score, "masked", masked)
    monkeypatch.setattr(cam_score, "TOKENS_AT_ONCE", 3)
    Saliency(backbone).heatmap(picture, classes, 1, "scorecam")

    assert max(made) == 3
    assert sum(made) == 128 + min(SAMPLES)
