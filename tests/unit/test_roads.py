"""Which road a network takes, how it is found, and that no answer hangs on it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import tiny_models
import torch
from open_clip.transformer import ResidualAttentionBlock

from fetalclip_app.domain.backbone import Embeddings
from fetalclip_app.errors import ComputeFailed, ErrorCode
from fetalclip_app.model import attention, instructions, linear_kinds, road_trial, roads, vit_tower
from fetalclip_app.model.device import CUDA, cpu
from fetalclip_app.model.encoder import TorchBackbone
from fetalclip_app.model.road_trial import Trial, Verdict, best_of
from fetalclip_app.model.roads import Road


def _pictures(count: int = 4) -> Any:
    size = tiny_models.SIZE
    return np.random.default_rng(1).normal(size=(count, 3, size, size)).astype(np.float32)


def _road(key: str = "mine", change: Callable[[torch.Tensor], torch.Tensor] = lambda features: features) -> Road:
    """Return a road that is the network as it is, with its features changed."""
    return Road(key, 2, lambda visual: lambda pictures: change(visual(pictures)))


def _same_for_all(rows: Embeddings) -> Iterator[Sequence[object]]:
    yield ["brain"] * len(rows)


def _tried(backbone: TorchBackbone, *tried: Road, judge: road_trial.Judge = _same_for_all) -> list[Verdict]:
    steps = Trial(backbone, _pictures(), judge).of(tried)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return list(end.value)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, float], None]:
    """Return what slows the clock down while a road's tower works: (key, seconds); the network itself takes 1 s."""
    costs: dict[str, float] = {}
    time = [0.0]
    monkeypatch.setattr(road_trial.time, "process_time", lambda: time[0])
    original = vit_tower.stages_of

    def a_second(pictures: torch.Tensor) -> torch.Tensor:
        time[0] += 1.0
        return pictures

    monkeypatch.setattr(vit_tower, "stages_of", lambda visual: (a_second, *original(visual)))

    def takes(key: str, seconds: float) -> None:
        costs[key] = seconds

    def road(key: str = "mine", change: Callable[[torch.Tensor], torch.Tensor] = lambda features: features) -> Road:
        plain = _road(key, change)

        def build(visual: torch.nn.Module) -> roads.Tower:
            tower = plain.build(visual)

            def slow(pictures: torch.Tensor) -> torch.Tensor:
                time[0] += costs[key]
                return tower(pictures)

            return slow

        return replace(plain, build=build)

    takes.road = road  # type: ignore[attr-defined]
    return takes


def test_the_fastest_road_with_the_same_rows_and_answers_is_found(clock: Any) -> None:
    clock("slow", 0.5)
    clock("fast", 0.25)

    found = _tried(tiny_models.backbone(), clock.road("slow"), clock.road("fast"))

    assert [verdict.gain for verdict in found] == [2.0, 4.0]
    assert min(verdict.cosine for verdict in found) == pytest.approx(1.0, abs=1e-6)
    assert best_of(found) == "fast"


@pytest.mark.parametrize(
    ("verdicts", "best"),
    [
        ([Verdict("near", 0.99999, 3.0, same=True), Verdict("far", 0.9995, 3.2, same=True)], "near"),
        ([Verdict("near", 0.99999, 2.0, same=True), Verdict("far", 0.9995, 3.2, same=True)], "far"),
        ([Verdict("first", 0.9999991, 3.0, same=True), Verdict("second", 0.9999993, 3.1, same=True)], "first"),
        ([Verdict("near", 0.99999, 3.0, same=False), Verdict("far", 0.9995, 3.2, same=True)], "far"),
    ],
)
def test_of_roads_that_are_as_fast_the_nearest_to_full_precision_is_best(verdicts: list[Verdict], best: str) -> None:
    assert best_of(verdicts) == best


def test_a_clock_that_stands_still_measures_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(road_trial.time, "process_time", lambda: 1.0)

    (verdict,) = _tried(tiny_models.backbone(), _road())

    assert (verdict.gain, verdict.is_accepted) == (0.0, False)


def test_a_road_that_fails_while_it_is_used_is_left_for_the_network_as_it_is() -> None:
    def broken(pictures: torch.Tensor) -> torch.Tensor:
        raise RuntimeError("another maker's library")

    backbone = tiny_models.backbone()
    expected = backbone.encode_frames(_pictures())
    backbone.take(Road("mine", 2, lambda visual: broken))

    np.testing.assert_allclose(backbone.encode_frames(_pictures()), expected, atol=1e-6)
    assert backbone.device == "cpu fp32"


def test_a_machine_without_onednn_has_no_bf16(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    monkeypatch.setattr(torch.ops, "mkldnn", object())
    backbone = tiny_models.backbone()

    assert [road.key for road in roads.roads_for(backbone.network, cpu())] == ["fp32 packed"]


def test_a_road_that_is_hardly_faster_is_not_taken(clock: Any) -> None:
    clock("mine", 0.95)

    assert best_of(_tried(tiny_models.backbone(), clock.road())) == ""


def test_a_road_whose_rows_point_elsewhere_is_refused(clock: Any) -> None:
    clock("mine", 0.1)

    def turned(features: torch.Tensor) -> torch.Tensor:
        return features + 0.1 * features.norm(dim=-1, keepdim=True) * torch.linspace(-1, 1, features.shape[1])

    verdict = _tried(tiny_models.backbone(), clock.road(change=turned))[0]

    assert 0.9 < verdict.cosine < road_trial.COSINE
    assert not verdict.is_accepted


def test_a_road_that_changes_an_answer_is_refused_however_near_its_rows_are(clock: Any) -> None:
    clock("mine", 0.1)

    def judge(rows: Embeddings) -> Iterator[Sequence[object]]:
        yield ["brain"] * len(rows)
        yield [float(row[0]) for row in rows]

    near = clock.road(change=lambda features: features + 1e-4)
    verdict = _tried(tiny_models.backbone(), near, judge=judge)[0]

    assert verdict.cosine > road_trial.COSINE
    assert not verdict.same
    assert best_of([verdict]) == ""


def test_where_the_fastest_changes_an_answer_the_next_is_asked_and_no_more_than_that(clock: Any) -> None:
    seconds = {"fast": 0.1, "next": 0.3, "slow": 0.5}
    for key, cost in seconds.items():
        clock(key, cost)
    asked: list[float] = []

    def judge(rows: Embeddings) -> Iterator[Sequence[object]]:
        asked.append(float(rows[0, 0]))
        yield [round(float(row[0]), 4) for row in rows]

    changes = {"fast": lambda features: features + 1e-3}
    tried = [clock.road(key, changes.get(key, lambda features: features)) for key in reversed(seconds)]
    found = _tried(tiny_models.backbone(), *tried, judge=judge)

    assert best_of(found) == "next"
    assert len(asked) == 4, "two roads, beside the network as it is"


@pytest.mark.parametrize("error", [RuntimeError("no such operator"), MemoryError(), AttributeError("gone")])
def test_a_road_that_does_not_work_here_is_refused_and_the_others_are_tried(clock: Any, error: Exception) -> None:
    clock("mine", 0.1)

    def broken(visual: torch.nn.Module) -> roads.Tower:
        raise error

    found = _tried(tiny_models.backbone(), Road("broken", 1, broken), clock.road())

    assert [verdict.is_accepted for verdict in found] == [False, True]


def test_rows_that_are_no_numbers_are_refused(clock: Any) -> None:
    clock("mine", 0.1)

    assert not _tried(tiny_models.backbone(), clock.road(change=lambda rows: rows * float("nan")))[0].is_accepted


def test_a_trial_changes_nothing_and_stands_back_between_pictures() -> None:
    backbone = tiny_models.backbone()
    before = backbone.encode_frames(_pictures())

    steps = Trial(backbone, _pictures(), _same_for_all).of([_road()])

    assert sum(1 for _ in steps) >= 3 * len(_pictures())
    assert backbone.device == "cpu fp32"
    np.testing.assert_array_equal(backbone.encode_frames(_pictures()), before)


def test_the_roads_of_this_processor_give_the_rows_of_the_network() -> None:
    backbone = tiny_models.backbone()
    found = _tried(backbone, *roads.roads_for(backbone.network, backbone.place))

    assert [verdict.road for verdict in found][-1] == "fp32 packed"
    assert all(verdict.cosine > road_trial.COSINE for verdict in found)


@pytest.mark.skipif(not instructions.has_bf16(), reason="this processor has no bf16")
@pytest.mark.parametrize(("tiles", "way"), [(True, "in_whole_tiles"), (False, "as_two_products")])
def test_what_the_processor_multiplies_decides_how_bf16_mixes(
    monkeypatch: pytest.MonkeyPatch, tiles: bool, way: str
) -> None:
    asked: list[tuple[str, torch.dtype]] = []

    def watched(name: str) -> attention.Attention:
        plain: attention.Attention = getattr(attention, name)
        return lambda parts: asked.append((name, parts.dtype)) or plain(parts)  # type: ignore[func-returns-value]

    for one in ("as_they_lie", "in_whole_tiles", "as_two_products"):
        monkeypatch.setattr(attention, one, watched(one))
    monkeypatch.setattr(instructions, "has_tiles", lambda: tiles)
    network = tiny_models.network(tiny_models.VIT).eval()
    pictures = torch.randn(1, 3, tiny_models.SIZE, tiny_models.SIZE, generator=torch.Generator().manual_seed(1))

    with torch.inference_mode():
        bf16, fp32 = (road.build(network.get_submodule("visual"))(pictures) for road in roads.roads_for(network, cpu()))

    assert set(asked) == {(way, torch.bfloat16), ("as_they_lie", torch.float32)}
    assert float(torch.cosine_similarity(bf16, fp32).min()) > 0.999


def test_a_tower_of_another_kind_has_one_road() -> None:
    network = tiny_models.network(tiny_models.TIMM_VIT)

    assert roads.roads_for(network, cpu()) == ()
    assert roads.int8_for(network, cpu()) is None


def test_eight_bits_are_never_among_the_roads_that_are_tried() -> None:
    backbone = tiny_models.backbone()

    assert roads.INT8 not in [road.key for road in roads.roads_for(backbone.network, backbone.place)]


def test_the_road_taken_is_part_of_the_device_and_gives_the_rows() -> None:
    backbone = tiny_models.backbone()
    plain = backbone.encode_frames(_pictures())

    backbone.take(_road("turned", lambda features: -features))

    assert backbone.device == "cpu turned"
    np.testing.assert_allclose(backbone.encode_frames(_pictures()), -plain, atol=1e-6)
    on_device = backbone.to_device(_pictures())
    np.testing.assert_allclose(backbone.embed_images(on_device).numpy(), -plain, atol=1e-6)
    np.testing.assert_allclose(backbone.embed_images(on_device, exact=True).numpy(), plain, atol=1e-6)
    backbone.take(None)
    assert backbone.device == "cpu fp32"
    np.testing.assert_array_equal(backbone.encode_frames(_pictures()), plain)


def test_texts_keep_their_digits_on_every_road() -> None:
    backbone = tiny_models.backbone()
    plain = backbone.encode_texts(["a head"])

    backbone.take(roads.int8_for(backbone.network, backbone.place))

    assert backbone.device == "cpu int8"
    np.testing.assert_array_equal(backbone.encode_texts(["a head"]), plain)


def _hungry(limit: int, log: list[int]) -> Road:
    def build(visual: torch.nn.Module) -> roads.Tower:
        def tower(pictures: torch.Tensor) -> torch.Tensor:
            log.append(len(pictures))
            if len(pictures) > limit:
                raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory")
            return visual(pictures)  # type: ignore[no-any-return]

        return tower

    return Road("hungry", 8, build)


def test_on_every_road_too_little_memory_halves_the_batch(caplog: pytest.LogCaptureFixture) -> None:
    backbone, log = tiny_models.backbone(), []
    plain = backbone.encode_frames(_pictures(9))
    backbone.take(_hungry(2, log))

    np.testing.assert_allclose(backbone.encode_frames(_pictures(9)), plain, atol=1e-6)
    assert log == [8, 4, 2, 2, 2, 2, 1]
    assert backbone.device == "cpu hungry"


def test_a_road_without_memory_for_one_picture_is_left(caplog: pytest.LogCaptureFixture) -> None:
    backbone, log = tiny_models.backbone(), []
    plain = backbone.encode_frames(_pictures(3))
    backbone.take(_hungry(0, log))

    with caplog.at_level(logging.WARNING):
        found = backbone.encode_frames(_pictures(3))

    np.testing.assert_allclose(found, plain, atol=1e-6)
    assert backbone.device == "cpu fp32", "and whoever keeps rows sees that the road is another"


def test_without_any_road_left_a_lack_of_memory_is_told() -> None:
    backbone = tiny_models.backbone()
    backbone.take(_hungry(0, []))

    def none(network: Any, items: Any) -> torch.Tensor:
        raise MemoryError

    with pytest.raises(ComputeFailed) as raised:
        backbone.run(none, _pictures(), 2)

    assert raised.value.code is ErrorCode.OUT_OF_MEMORY


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_the_roads_of_a_graphics_card_give_the_rows_of_the_network() -> None:
    from fetalclip_app.model.device import choose  # noqa: PLC0415

    backbone = tiny_models.backbone(device=choose(CUDA))
    found = _tried(backbone, *roads.roads_for(backbone.network, backbone.place))

    assert found
    assert all(verdict.cosine > road_trial.COSINE for verdict in found)


def test_a_trial_stands_back_between_any_two_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    backbone, blocks = tiny_models.backbone(), [0]

    def counting(original: Any) -> Any:
        def counted(self: Any, *given: Any, **named: Any) -> Any:
            blocks[0] += 1
            return original(self, *given, **named)

        return counted

    for kind, name in ((ResidualAttentionBlock, "forward"), (vit_tower._Block, "__call__")):
        monkeypatch.setattr(kind, name, counting(getattr(kind, name)))
    road = Road("mine", 2, lambda visual: vit_tower.VitTower(visual, linear_kinds.plain(torch.float32)))
    seen = [0]
    for _step in Trial(backbone, _pictures(), _same_for_all).of([road]):
        seen.append(blocks[0])

    assert np.diff(seen).max() == 1
    assert blocks[0] == 2 * len(_pictures()) * 3, "two blocks: once for the rows, and twice in turns"
