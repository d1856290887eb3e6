from __future__ import annotations

import copy
import logging
from typing import Any

import numpy as np
import pytest
import tiny_models
import torch

from fetalclip_app.errors import ComputeFailed, ErrorCode, InvalidInput
from fetalclip_app.model import encoder, opening, texts
from fetalclip_app.model.device import CUDA, GPU_FAILED, GPU_OUT_OF_MEMORY, Device, cpu

SENTENCES = [
    "a head",
    "Ultrasound of the fetal brain at 20 weeks and 3 days, 0.43 mm per pixel.",
    "Ultrasound.",
    "This plane shows thalami, cavum septi pellucidi, midline falx and a skull of even thickness.",
]

CARD = Device(CUDA, "a card (cuda fp16)", half=True, may_fall_back=True)


def _pictures(count: int, size: int = tiny_models.SIZE) -> Any:
    return np.random.default_rng(1).normal(size=(count, 3, size, size)).astype(np.float32)


@pytest.mark.parametrize("config", [tiny_models.VIT, tiny_models.CONVNET, tiny_models.RESNET])
def test_rows_have_length_one_and_are_plain_numbers(config: dict[str, Any]) -> None:
    backbone = tiny_models.backbone(config)
    for rows in (backbone.encode_frames(_pictures(3)), backbone.encode_texts(SENTENCES)):
        assert type(rows) is np.ndarray
        assert rows.dtype == np.float32
        assert rows.shape[1] == 16
        np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1.0, atol=1e-5)


def test_frames_agree_with_open_clip_whatever_the_batch() -> None:
    pictures = _pictures(5)
    network = tiny_models.network().eval()
    with torch.inference_mode():
        expected = network.encode_image(torch.from_numpy(pictures), normalize=True).numpy()  # type: ignore[operator]
    sizes: list[int] = []
    backbone = tiny_models.backbone(frames_at_once=2)
    backbone.network.visual.register_forward_pre_hook(  # type: ignore[union-attr]
        lambda _, inputs: sizes.append(len(inputs[0]))
    )

    found = backbone.encode_frames(pictures)

    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert sizes == [2, 2, 1]


@pytest.mark.parametrize(
    "config", [tiny_models.VIT, tiny_models.CUSTOM_TEXT, tiny_models.UNCAUSAL], ids=["clip", "custom", "uncausal"]
)
def test_texts_agree_with_open_clip_whatever_their_order(config: dict[str, Any]) -> None:
    network = tiny_models.network(config).eval()
    tokens = texts.padded(texts.tokens_of(SENTENCES, 117), 117)
    with torch.inference_mode():
        expected = network.encode_text(tokens, normalize=True).numpy()  # type: ignore[operator]

    found = tiny_models.backbone(config).encode_texts(SENTENCES)

    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert np.abs(found[0] - found[1]).max() > 0.01, "the texts are told apart"


@pytest.mark.parametrize(("config", "places"), [(tiny_models.VIT, 4), (tiny_models.UNCAUSAL, 117)])
def test_a_causal_tower_computes_nothing_behind_the_longest_text(config: dict[str, Any], places: int) -> None:
    backbone = tiny_models.backbone(config)
    seen: list[int] = []
    tower: Any = getattr(backbone.network, "text", backbone.network)
    tower.transformer.resblocks[-1].ln_1.register_forward_pre_hook(
        lambda _, inputs: seen.append(inputs[0].shape[:-1].numel())
    )

    backbone.encode_texts(["a head"])

    assert seen == [places]


def test_the_same_input_gives_the_same_digits() -> None:
    backbone = tiny_models.backbone(tiny_models.CONVNET)
    np.testing.assert_array_equal(backbone.encode_frames(_pictures(3)), backbone.encode_frames(_pictures(3)))
    np.testing.assert_array_equal(backbone.encode_texts(SENTENCES), backbone.encode_texts(SENTENCES))


@pytest.mark.parametrize("text", ["head " * 116, "", "  ", "a head <end_of_text> at 20 weeks"])
def test_a_text_that_the_network_cannot_read_whole_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        tiny_models.backbone().encode_texts(["a head", text])

    assert raised.value.code is ErrorCode.VIEW_SET_INVALID


def test_a_text_that_just_fits_is_read_whole() -> None:
    shorter, longest = tiny_models.backbone().encode_texts(["head " * 114, "head " * 115])

    assert np.abs(shorter - longest).max() > 1e-6


def test_the_logit_scale_is_the_weights_own() -> None:
    network = tiny_models.network()
    with torch.no_grad():
        network.get_parameter("logit_scale").fill_(3.0)
    backbone = encoder.TorchBackbone(network, tiny_models.IDENTITY, cpu())

    assert backbone.logit_scale == pytest.approx(np.exp(3.0))


def test_nothing_to_encode_gives_no_rows() -> None:
    backbone = tiny_models.backbone()
    assert backbone.encode_frames(_pictures(0)).shape == (0, 16)
    assert backbone.encode_texts([]).shape == (0, 16)


def test_the_fingerprint_differs_with_the_configuration() -> None:
    one = encoder.TorchBackbone(tiny_models.network(), tiny_models.IDENTITY, cpu(), config={"heads": 2})
    other = encoder.TorchBackbone(tiny_models.network(), tiny_models.IDENTITY, cpu(), config={"heads": 4})

    assert one.fingerprint != other.fingerprint


def test_it_knows_the_size_of_its_input() -> None:
    assert tiny_models.backbone().image_size == tiny_models.SIZE
    assert tiny_models.backbone(tiny_models.CONVNET).image_size == tiny_models.SIZE
    assert tiny_models.backbone().context_length == 117


class _CardBackbone(encoder.TorchBackbone):
    """A backbone whose card is played by the CPU."""

    def to_device(self, pictures: Any) -> torch.Tensor:
        return torch.from_numpy(pictures)


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a maker of backbones on a pretended card, which like a real one has a network of its own."""
    monkeypatch.setattr(encoder, "_on_card", lambda network, device: copy.deepcopy(network))
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: None)

    def make(device: Device = CARD, **options: Any) -> _CardBackbone:
        return _CardBackbone(tiny_models.network(), tiny_models.IDENTITY, device, **options)

    return make


def _failing(limit: int, error: Exception, log: list[int], backbone: encoder.TorchBackbone) -> Any:
    """Return a step that fails on the card for more than ``limit`` items."""

    def step(network: Any, items: Any) -> torch.Tensor:
        log.append(len(items))
        if len(items) > limit and "cuda" in backbone.device:
            raise error
        return torch.from_numpy(items)

    return step


def test_too_little_memory_halves_the_batch_and_loses_nothing(card: Any) -> None:
    backbone, log = card(), []
    items = np.arange(10, dtype=np.float32)

    found = backbone.run(_failing(2, torch.OutOfMemoryError(), log, backbone), items, 8)

    np.testing.assert_array_equal(found, items)
    assert log == [8, 4, 2, 2, 2, 2, 2]
    assert backbone.notices == ()


@pytest.mark.parametrize(
    ("error", "notice", "tries"),
    [
        (torch.OutOfMemoryError(), GPU_OUT_OF_MEMORY, [4, 2, 1, 4, 2]),
        (RuntimeError("CUDA error: unspecified launch failure"), GPU_FAILED, [4, 4, 2]),
    ],
)
def test_a_card_that_fails_hands_over_to_the_cpu_and_says_so(
    card: Any, caplog: pytest.LogCaptureFixture, error: Exception, notice: str, tries: list[int]
) -> None:
    backbone, log = card(), []
    items = np.arange(6, dtype=np.float32)

    with caplog.at_level(logging.WARNING):
        found = backbone.run(_failing(0, error, log, backbone), items, 4)

    np.testing.assert_array_equal(found, items)
    assert log == tries
    assert backbone.notices == (notice,)
    assert backbone.device == "cpu fp32"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (torch.OutOfMemoryError(), ErrorCode.OUT_OF_MEMORY),
        (RuntimeError("CUDA error"), ErrorCode.DEVICE_UNAVAILABLE),
    ],
)
def test_a_card_that_was_asked_for_does_not_hand_over(card: Any, error: Exception, code: ErrorCode) -> None:
    backbone = card(Device(CUDA, "a card (cuda fp16)"))

    with pytest.raises(ComputeFailed) as raised:
        backbone.run(_failing(0, error, [], backbone), np.arange(6, dtype=np.float32), 4)

    assert raised.value.code is code
    assert raised.value.parameters["device"] == "cuda"


def test_after_a_hand_over_the_answers_are_those_of_the_cpu(card: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    backbone = card()
    original = backbone._frames

    def failing(network: Any, pictures: Any) -> torch.Tensor:
        if "cuda" in backbone.device:
            raise torch.OutOfMemoryError
        return original(network, pictures)

    monkeypatch.setattr(backbone, "_frames", failing)
    on_card = backbone.network

    np.testing.assert_allclose(
        backbone.encode_frames(_pictures(3)), tiny_models.backbone().encode_frames(_pictures(3)), atol=1e-6
    )
    assert backbone.network is not on_card, "a card that failed may give nothing back"


def test_a_network_that_does_not_fit_on_the_card_goes_to_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(network: Any, device: Device) -> Any:
        raise torch.OutOfMemoryError

    monkeypatch.setattr(encoder, "_on_card", no_room)

    backbone = opening.place(tiny_models.network(), tiny_models.IDENTITY, CARD, {})
    with pytest.raises(ComputeFailed) as raised:
        opening.place(tiny_models.network(), tiny_models.IDENTITY, Device(CUDA, "a card"), {})

    assert backbone.notices == (GPU_OUT_OF_MEMORY,)
    assert backbone.device == "cpu fp32"
    assert raised.value.code is ErrorCode.OUT_OF_MEMORY


def test_a_lack_of_host_memory_is_an_error_for_users_and_a_bug_is_not() -> None:
    backbone = tiny_models.backbone()

    def no_memory(network: Any, items: Any) -> torch.Tensor:
        raise MemoryError

    def wrong(network: Any, items: Any) -> torch.Tensor:
        raise RuntimeError("shapes do not match")

    with pytest.raises(ComputeFailed) as raised:
        backbone.run(no_memory, np.zeros(3, np.float32), 2)
    with pytest.raises(RuntimeError, match="shapes"):
        backbone.run(wrong, np.zeros(3, np.float32), 2)

    assert raised.value.code is ErrorCode.OUT_OF_MEMORY


def test_pictures_on_the_device_get_the_rows_that_frames_get() -> None:
    backbone, pictures = tiny_models.backbone(), _pictures(3)

    for exact in (True, False):
        found = backbone.embed_images(backbone.to_device(pictures), exact=exact)
        np.testing.assert_allclose(found.numpy(), backbone.encode_frames(pictures), atol=1e-6)


@pytest.mark.parametrize(
    ("config", "count", "threads"),
    [(tiny_models.CONVNET, 1, 4), (tiny_models.CONVNET, 3, 2), (tiny_models.VIT, 3, 4)],
    ids=["one picture", "pictures of a clip", "a large network"],
)
def test_a_small_network_leaves_cores_to_those_who_prepare_the_next_pictures(
    config: dict[str, Any], count: int, threads: int
) -> None:
    backbone, seen = tiny_models.backbone(config), []
    backbone.network.visual.register_forward_pre_hook(lambda *_: seen.append(torch.get_num_threads()))
    usual = torch.get_num_threads()
    torch.set_num_threads(4)
    try:
        backbone.encode_frames(np.zeros((count, 3, tiny_models.SIZE, tiny_models.SIZE), np.float32))
        assert torch.get_num_threads() == 4
    finally:
        torch.set_num_threads(usual)

    assert set(seen) == {threads}
