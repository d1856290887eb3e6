"""What was encoded once is not encoded again: in this run, in the next one, and where a reading was stopped."""

from __future__ import annotations

import io
import itertools
import os
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fakes import DIMENSION, FRAMES_AT_ONCE, FakeBackbone, make_clip
from test_engine import make_engine

from fetalclip_app.domain.calibration import Box
from fetalclip_app.domain.clip import Clip, FramesInMemory
from fetalclip_app.domain.content_key import ContentKey
from fetalclip_app.domain.reading import ClipReading
from fetalclip_app.domain.sight import Sight
from fetalclip_app.errors import ComputeFailed, ErrorCode
from fetalclip_app.imaging.preprocess import PreprocessSpec
from fetalclip_app.inference.clip_shelf import ClipShelf
from fetalclip_app.inference.engine import Engine
from fetalclip_app.inference.frame_bank import FrameBank
from fetalclip_app.inference.request import EngineRequest
from fetalclip_app.inference.worker import ModelProcess
from fetalclip_app.progress import Cancelled, CancelToken, silent


class MeanBackbone(FakeBackbone):
    """Its rows turn with the brightness of the picture: no two frames have the same, and order shows."""

    def encode_frames(self, batch: np.ndarray) -> np.ndarray:
        self.frames_seen += len(batch)
        turn = batch.reshape(len(batch), -1).mean(axis=1)
        rows = np.zeros((len(batch), DIMENSION), np.float32)
        rows[:, 0], rows[:, 1] = np.cos(turn), np.sin(turn)
        return rows


class Watch:
    """Remembers what was seen and planned."""

    def __init__(self) -> None:
        self.sights: list[Sight] = []
        self.plans: list[tuple[int, ...]] = []
        self.head = 0

    def planned(self, frames: Sequence[int]) -> None:
        self.plans.append(tuple(frames))

    def seen(self, sight: Sight) -> None:
        self.sights.append(sight)

    def looked_at(self) -> int:
        return self.head

    def told(self) -> list[set[int]]:
        """Return which frames each sight told that none before it had."""
        known = [set(np.flatnonzero(~np.isnan(sight.views.per_frame[:, 0])).tolist()) for sight in self.sights]
        return [after - before for before, after in itertools.pairwise([set(), *known])]


def _engine(folder: Path | None, backbone: FakeBackbone | None = None) -> tuple[Engine, FakeBackbone]:
    network = backbone or MeanBackbone()
    return replace(make_engine(network), frames=FrameBank("fake", folder)), network


def _read(engine: Engine, clip: Clip) -> ClipReading:
    return engine.read(clip, CancelToken(), silent)


def _stop_after(frames: int, engine: Engine, clip: Clip) -> None:
    cancel = CancelToken()
    with pytest.raises(Cancelled):
        engine.read(clip, cancel, lambda done, total: cancel.cancel() if done >= frames else None)


def test_opening_a_clip_again_encodes_nothing_and_says_the_same(tmp_path: Path) -> None:
    first, _ = _engine(tmp_path)
    before = _read(first, make_clip(21))
    second, network = _engine(tmp_path)

    again = _read(second, make_clip(21))

    assert network.frames_seen == 0
    np.testing.assert_array_equal(again.embeddings, before.embeddings)
    np.testing.assert_array_equal(again.quality.sharpness, before.quality.sharpness)
    np.testing.assert_array_equal(again.quality.fan, before.quality.fan)


def test_reading_again_in_the_same_run_encodes_nothing_without_a_folder() -> None:
    engine, network = _engine(None)
    _read(engine, make_clip(12))
    _read(engine, make_clip(12))

    assert network.frames_seen == 12


def test_a_reading_that_was_stopped_goes_on_where_it_stopped_also_after_a_restart(tmp_path: Path) -> None:
    whole, _ = _engine(None)
    stopped, network = _engine(tmp_path)
    _stop_after(FRAMES_AT_ONCE, stopped, make_clip(40))
    assert network.frames_seen == 1 + FRAMES_AT_ONCE
    restarted, fresh = _engine(tmp_path)

    reading = _read(restarted, make_clip(40))

    assert fresh.frames_seen == 40 - 1 - FRAMES_AT_ONCE
    np.testing.assert_array_equal(reading.embeddings, _read(whole, make_clip(40)).embeddings)


class DyingBackbone(MeanBackbone):
    """Kills its process in the middle of a batch, after so many frames."""

    def __init__(self, frames: int) -> None:
        super().__init__()
        self._frames = frames

    def encode_frames(self, batch: np.ndarray) -> np.ndarray:
        if self.frames_seen >= self._frames:
            os._exit(9)
        return super().encode_frames(batch)


def _dying_factory(request: EngineRequest) -> Engine:
    """Return an engine whose process is killed once it has encoded 24 frames or more."""
    return _engine(request.frame_cache, DyingBackbone(3 * FRAMES_AT_ONCE))[0]


def test_a_reading_whose_process_was_killed_goes_on_and_encodes_no_frame_twice(tmp_path: Path) -> None:
    process = ModelProcess(_dying_factory)
    process.start(EngineRequest(frame_cache=tmp_path))
    sights: list[Sight] = []
    for _time in range(2):
        with pytest.raises(ComputeFailed) as caught:
            process.read(make_clip(60), CancelToken(), silent, sights.append)
        assert caught.value.code is ErrorCode.WORKER_LOST
        sights.clear()
    reading = process.read(make_clip(60), CancelToken(), silent, sights.append)
    process.close()

    known = [int((~np.isnan(sight.views.per_frame[:, 0])).sum()) for sight in sights]
    assert known[0] == 2 * (1 + 3 * FRAMES_AT_ONCE)
    np.testing.assert_array_equal(reading.embeddings, _read(_engine(None)[0], make_clip(60)).embeddings)
    assert [path.suffix for path in tmp_path.iterdir()] == [".npz"]


@pytest.mark.parametrize("harm", ["cut", "flip", "text", "other"])
def test_of_a_broken_off_reading_only_whole_pieces_are_believed(tmp_path: Path, harm: str) -> None:
    clip, before = make_clip(40), _read(_engine(None)[0], make_clip(40))
    engine, _ = _engine(tmp_path)
    pieces: list[bytes] = []

    def copied(done: int, total: int) -> None:
        pieces.extend(path.read_bytes() for path in tmp_path.glob("*.pieces"))

    engine.read(clip, CancelToken(), copied)
    (path,) = tmp_path.iterdir()
    path.unlink()
    two = pieces[1]
    harmed = {
        "cut": two[:-100],
        "flip": two[: len(pieces[0]) + 400] + bytes([two[len(pieces[0]) + 400] ^ 1]) + two[len(pieces[0]) + 401 :],
        "text": pieces[0] + b"no piece at all",
        "other": pieces[0] + _piece(at=np.array([40])),
    }[harm]
    path.with_suffix(".pieces").write_bytes(harmed)
    other, network = _engine(tmp_path)

    again = _read(other, clip)

    assert network.frames_seen == 40 - 1, "the first piece holds the first frame"
    np.testing.assert_array_equal(again.embeddings, before.embeddings)


def _piece(**arrays: np.ndarray) -> bytes:
    content = io.BytesIO()
    np.savez(content, **arrays)  # type: ignore[arg-type]
    return len(content.getvalue()).to_bytes(8, "little") + content.getvalue()


@pytest.mark.parametrize("harm", ["cut", "flip", "empty", "text"])
def test_a_damaged_file_is_encoded_anew_and_mended(tmp_path: Path, harm: str) -> None:
    engine, _ = _engine(tmp_path)
    before = _read(engine, make_clip(9))
    (path,) = tmp_path.glob("*.npz")
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    flipped = bytes(content[:middle]) + bytes([content[middle] ^ 0x40]) + bytes(content[middle + 1 :])
    path.write_bytes({"cut": bytes(content[:middle]), "flip": flipped, "empty": b"", "text": b"no array"}[harm])

    other, network = _engine(tmp_path)
    again = _read(other, make_clip(9))

    assert network.frames_seen == 9
    np.testing.assert_array_equal(again.embeddings, before.embeddings)
    third, idle = _engine(tmp_path)
    _read(third, make_clip(9))
    assert idle.frames_seen == 0


def test_a_file_of_another_form_is_encoded_anew(tmp_path: Path) -> None:
    engine, _ = _engine(tmp_path)
    _read(engine, make_clip(9))
    (path,) = tmp_path.glob("*.npz")
    with np.load(path) as content:
        arrays = dict(content)
    np.savez(path, **{**arrays, "rows": 2 * arrays["rows"]})

    other, network = _engine(tmp_path)
    _read(other, make_clip(9))

    assert network.frames_seen == 9


@pytest.mark.parametrize("what", ["content", "weights", "configuration", "preprocessing", "crop", "device"])
def test_what_the_features_depend_on_is_part_of_their_name(tmp_path: Path, what: str) -> None:
    engine, _ = _engine(tmp_path)
    clip = make_clip(9)
    _read(engine, clip)
    network = MeanBackbone()
    other, _ = _engine(tmp_path, network)
    match what:
        case "content":
            clip = replace(clip, content_key=ContentKey.of_digits("ab" * 8))
        case "weights":
            network.identity = replace(network.identity, sha256="beef" * 16)
        case "configuration":
            other = replace(other, frames=FrameBank("another", tmp_path))
        case "preprocessing":
            other = replace(other, spec=PreprocessSpec(size=160))
        case "crop":
            wider = [np.pad(frame, ((0, 0), (0, 160), (0, 0))) for frame in clip.source.frames]  # type: ignore[attr-defined]
            clip = replace(clip, source=FramesInMemory(wider), width=320)
        case "device":
            network.device = "cuda bf16"

    _read(other, clip)

    assert network.frames_seen == 9


class FailingCard(MeanBackbone):
    """Falls back to the processor after some frames, as a graphics card that fails on the way."""

    device = "cuda bf16"

    def encode_frames(self, batch: np.ndarray) -> np.ndarray:
        if self.frames_seen >= 2 * FRAMES_AT_ONCE:
            self.device = "cpu fp32"
        return super().encode_frames(batch)


def test_what_two_devices_encoded_is_kept_under_neither_name_also_on_the_way(tmp_path: Path) -> None:
    engine, _ = _engine(tmp_path, FailingCard())
    _read(engine, make_clip(48))
    assert list(tmp_path.iterdir()) == []

    card = MeanBackbone()
    card.device = "cuda bf16"
    _read(_engine(tmp_path, card)[0], make_clip(48))
    assert card.frames_seen == 48


def test_frames_that_repeat_exactly_are_encoded_once() -> None:
    clip = make_clip(6)
    frames = [clip.frame(index).pixels for index in (0, 1, 2, 2, 2, 2, 3, 2)]
    paused = replace(clip, source=FramesInMemory(frames))
    engine, network = _engine(None)

    reading = _read(engine, paused)

    assert network.frames_seen == 4
    one_by_one = [_read(_engine(None)[0], replace(clip, source=FramesInMemory([frame]))) for frame in frames]
    np.testing.assert_allclose(reading.embeddings, np.concatenate([one.embeddings for one in one_by_one]), atol=1e-6)
    assert reading.quality.repeats.tolist() == [False, False, False, True, True, True, False, False]


def test_the_folder_stays_within_its_budget(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fetalclip_app.inference.frame_bank.BYTES_ON_DISK", 60_000)
    engine, _ = _engine(tmp_path)
    for number in range(8):
        _read(engine, make_clip(9, name=f"{number}.dcm"))

    assert 0 < sum(path.stat().st_size for path in tmp_path.iterdir()) <= 60_000
    other, network = _engine(tmp_path)
    _read(other, make_clip(9, name="7.dcm"))
    assert network.frames_seen == 0


def test_memory_stays_within_its_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    bank = FrameBank(bytes_in_memory=40_000)
    engine = replace(_engine(None)[0], frames=bank)
    for number in range(8):
        _read(engine, make_clip(9, name=f"{number}.dcm"))

    assert sum(one.byte_count for one in bank._held.values()) <= 40_000


def test_a_folder_that_cannot_be_written_does_not_stop_a_reading(tmp_path: Path, caplog: object) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    engine, _ = _engine(tmp_path / "file" / "frames")

    assert len(_read(engine, make_clip(9)).embeddings) == 9


def test_what_is_seen_so_far_is_told_coarsely_first_and_never_invented() -> None:
    engine, watch = _engine(None)[0], Watch()
    reading = engine.read(make_clip(40), CancelToken(), silent, watch)
    known = [~np.isnan(sight.views.per_frame[:, 0]) for sight in watch.sights]

    assert np.flatnonzero(known[0]).tolist() == [0]
    assert set(np.flatnonzero(known[1])) >= {0, 16, 32}
    assert known[1].sum() == 1 + FRAMES_AT_ONCE
    assert all((after | before == after).all() for before, after in itertools.pairwise(known))
    assert known[-1].all()
    final = reading.finding("views").answer  # type: ignore[union-attr]
    np.testing.assert_array_equal(watch.sights[-1].views.per_frame, final.per_frame)  # type: ignore[union-attr]
    np.testing.assert_array_equal(watch.sights[0].views.per_frame[known[0]], final.per_frame[known[0]])  # type: ignore[union-attr]
    assert np.isnan(watch.sights[0].quality.sharpness[~known[0]]).all()


class PlayingWatch(Watch):
    """Its cine plays: at each telling, the play head has gone on by some frames."""

    def seen(self, sight: Sight) -> None:
        super().seen(sight)
        self.head = (self.head + 20) % 100


def test_a_clip_that_plays_is_read_in_the_order_in_which_it_is_looked_at() -> None:
    engine, watch = _engine(None)[0], PlayingWatch()
    reading = engine.read(make_clip(100), CancelToken(), silent, watch)
    told = watch.told()

    assert len(reading.embeddings) == 100
    assert told[0] == {0}, "the frame that is looked at, alone"
    assert told[1] == {20, 32, 48, 64, 80, 96, 16, 24}
    assert told[2] == {40, 44, 52, 56, 60, 68, 72, 76}
    assert told[3] == {84, 88, 92, 4, 8, 12, 28, 36}, "from frame 60 on, which is known by now"
    assert told[4] == {81, 82, 83, 85, 86, 87, 89, 90}, "all that follows frame 80"
    assert sorted(itertools.chain(*told)) == list(range(100))


def test_a_person_who_looks_at_one_frame_has_its_plan_made_once() -> None:
    engine, watch = _engine(None)[0], Watch()
    watch.head = 30
    engine.read(make_clip(60), CancelToken(), silent, watch)

    assert [plan[:3] for plan in watch.plans if plan] == [(30, 32, 48)]
    assert watch.told()[:2] == [{30}, {32, 48, 0, 16, 36, 40, 44, 52}]


def test_the_models_process_hears_where_a_person_looks_while_it_reads() -> None:
    process, watch = ModelProcess(_patient_factory), Watch()
    process.start(EngineRequest())

    def step(done: int, total: int) -> None:
        watch.head = 0 if done < 2 * FRAMES_AT_ONCE else 50

    process.read(make_clip(100), CancelToken(), step, watch.seen, looked_at=watch.looked_at)
    process.close()
    told = watch.told()

    assert told[:2] == [{0}, {16, 32, 48, 64, 80, 96, 4, 8}]
    assert 50 not in told[2]
    assert 50 in told[3] | told[4], "the batch that was under way ends first"


class PatientBackbone(MeanBackbone):
    """As slow as a small network: the other process has time to say something between two batches."""

    def encode_frames(self, batch: np.ndarray) -> np.ndarray:
        time.sleep(0.3)
        return super().encode_frames(batch)


def _patient_factory(request: EngineRequest) -> Engine:
    return _engine(None, PatientBackbone())[0]


def test_what_was_known_before_is_told_at_once_and_only_the_rest_is_planned() -> None:
    engine, watch = _engine(None)[0], Watch()
    _stop_after(FRAMES_AT_ONCE, engine, make_clip(40))
    engine.read(make_clip(40), CancelToken(), silent, watch)

    assert (~np.isnan(watch.sights[0].views.per_frame[:, 0])).sum() == 1 + FRAMES_AT_ONCE
    assert len(watch.plans[0]) == 40 - 1 - FRAMES_AT_ONCE
    assert watch.plans[-1] == ()


def test_a_long_clip_does_not_tell_after_every_batch() -> None:
    engine, watch = _engine(None)[0], Watch()
    clip = make_clip(6)
    frames = [np.asarray(clip.frame(index % 6).pixels) for index in range(900)]
    engine.read(replace(clip, source=FramesInMemory(frames)), CancelToken(), silent, watch)

    assert len(watch.sights) <= 34


def _shelf(folder: Path | None, device: str = "cpu fp32", *, now: str = "cpu fp32", frames: int = 5) -> ClipShelf:
    clip = make_clip(frames)
    made_by = ("weights", "spec", device)
    return ClipShelf(FrameBank("key", folder), clip, Box(0, 0, 160, 120), made_by, lambda: now)


def test_what_a_task_kept_is_there_after_a_restart_and_belongs_to_its_clip_and_device(tmp_path: Path) -> None:
    rows = {"frames": np.arange(3), "0": np.array([[1.0, np.nan], [2.0, 3.0], [4.0, 5.0]])}
    _shelf(tmp_path).put("lengths", rows)

    found = _shelf(tmp_path).find("lengths")

    assert found is not None
    np.testing.assert_array_equal(found["0"], rows["0"])
    assert _shelf(tmp_path).find("other lengths") is None
    assert _shelf(tmp_path, "cuda bf16").find("lengths") is None
    assert _shelf(tmp_path, frames=6).find("lengths") is None


def test_what_two_devices_saw_is_not_kept(tmp_path: Path) -> None:
    shelf = _shelf(tmp_path, "cuda bf16", now="cpu fp32")
    shelf.put("lengths", {"frames": np.arange(3)})

    assert shelf.find("lengths") is None and not list(tmp_path.glob("*.npz"))


def test_without_a_folder_a_task_finds_its_own_again() -> None:
    shelf = _shelf(None)
    shelf.put("lengths", {"frames": np.arange(3)})

    assert shelf.find("lengths") is not None and _shelf(None).find("lengths") is None


def test_a_bank_that_holds_nothing_holds_nothing_of_a_task_either() -> None:
    shelf = replace(_shelf(None), bank=FrameBank("key", bytes_in_memory=0))
    shelf.put("lengths", {"frames": np.arange(3)})

    assert shelf.find("lengths") is None
