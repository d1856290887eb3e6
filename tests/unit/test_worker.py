"""The model's process: frames in, readings out, and what happens when it dies."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from multiprocessing import shared_memory
from pathlib import Path

import numpy as np
import pytest
from counted import CountingFrames, clip_of
from fakes import make_clip, slow_factory, spell_factory

from fetalclip_app.domain.clip import Clip, Pixels
from fetalclip_app.domain.overlay import Where
from fetalclip_app.errors import ComputeFailed, ErrorCode, FetalClipError, InvalidInput, UnreadableFile
from fetalclip_app.inference import frame_slots, worker_side
from fetalclip_app.inference.frame_order import coarse_to_fine
from fetalclip_app.inference.request import EngineRequest
from fetalclip_app.inference.worker import ModelProcess
from fetalclip_app.inference.worker_side import NICENESS
from fetalclip_app.progress import Cancelled, CancelToken, silent


@pytest.fixture(scope="module")
def model() -> Iterator[ModelProcess]:
    """One process for all tests that leave it alive."""
    process = ModelProcess(spell_factory)
    process.start(EngineRequest())
    yield process
    process.close()


def _named(clip: Clip, name: str) -> Clip:
    return replace(clip, path=Path(f"{name}.dcm"))


def test_the_start_tells_which_model_runs_and_where() -> None:
    process = ModelProcess(spell_factory)
    info = process.start(EngineRequest())
    process.close()

    assert info.identity.title == "Compact 1.0"
    assert info.device == "cpu fp32"
    assert info.methods == ("gradcam", "scorecam", "eigencam")
    assert process.pid is None


@pytest.mark.skipif(sys.platform == "win32", reason="steps of niceness are for systems that have them")
def test_the_model_gives_way_to_a_cine_that_plays(model: ModelProcess) -> None:
    assert model.pid is not None
    ours, theirs = (os.getpriority(os.PRIO_PROCESS, pid) for pid in (0, model.pid))

    assert theirs == min(ours + NICENESS, 19)


def test_every_frame_arrives_unchanged_and_in_any_order(model: ModelProcess) -> None:
    clip = _named(make_clip(19, height=40, width=60), "sum")
    sums: list[tuple[int, int]] = []
    model.read(clip, CancelToken(), lambda done, total: sums.append((done, total)))
    expected = [int(clip.frame(i).pixels.sum()) for i in range(19)]

    assert sums == [*enumerate(expected), *reversed(list(enumerate(expected)))]


def test_the_reading_comes_back_whole(model: ModelProcess) -> None:
    clip = make_clip(5)
    reading = model.read(clip, CancelToken(), silent)

    assert reading.clip_key == clip.key
    assert [finding.task_key for finding in reading.findings] == ["views", "brain_views", "gestational_age", "head"]


def test_a_heatmap_comes_back_in_frame_pixels(model: ModelProcess) -> None:
    clip = make_clip(3)
    heatmap = model.explain(clip, Where(1, "views", "brain", "scorecam"), CancelToken())

    assert heatmap.values.shape == (clip.height, clip.width)
    assert heatmap.method == "scorecam"


def test_a_heatmap_tells_how_far_it_is(model: ModelProcess) -> None:
    told: list[tuple[int, int]] = []
    where = Where(1, "views", "brain", "scorecam")
    model.explain(make_clip(3), where, CancelToken(), lambda *step: told.append(step))

    assert told == [(0, 3), (1, 3), (2, 3)]


def test_long_work_stops_at_the_step_at_which_it_was_asked_to() -> None:
    cancel, told = CancelToken(), []
    step = worker_side._step(cancel, lambda *one: told.append(one))
    step(0, 9)
    cancel.cancel()

    with pytest.raises(Cancelled):
        step(1, 9)
    assert told == [(0, 9)]


def test_a_frame_is_decoded_once_for_one_pass(model: ModelProcess) -> None:
    source = CountingFrames(40)
    model.read(clip_of(source), CancelToken(), silent)

    assert sorted(source.decoded) == list(range(40))


def test_the_shared_memory_stays_within_its_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frame_slots, "BUDGET_BYTES", 5 * 30 * 40 * 3)
    slots = frame_slots.FrameSlots(clip_of(CountingFrames(300)))
    memory = shared_memory.SharedMemory(slots.address.name)
    size = memory.size
    memory.close()
    slots.close()

    assert slots.address.slots == 5
    assert size < 5 * 30 * 40 * 3 + 8192


def test_looking_ahead_never_touches_the_frame_that_was_just_given() -> None:
    clip = clip_of(CountingFrames(50))
    slots = frame_slots.FrameSlots(clip)
    slots.begin(clip)
    memory = shared_memory.SharedMemory(slots.address.name)
    for index in (0, 1, 2, 30, 29, 3):
        _word, slot, shape = slots.serve(index)
        while slots.look_ahead():
            pass
        assert (frame_slots.view(memory, slots.address, slot, shape) == index).all()
    memory.close()
    slots.close()


def test_frames_that_are_asked_for_coarsely_first_are_decoded_once_and_ahead() -> None:
    source = CountingFrames(60)
    clip, order = clip_of(source), coarse_to_fine(60)
    slots = frame_slots.FrameSlots(clip)
    slots.begin(clip)
    slots.plan(order)
    memory = shared_memory.SharedMemory(slots.address.name)
    ahead = []
    for index in order:
        ahead.append(index in source.decoded)
        _word, slot, shape = slots.serve(index)
        while slots.look_ahead():
            pass
        assert (frame_slots.view(memory, slots.address, slot, shape) == index).all()
    memory.close()
    slots.close()

    assert tuple(source.decoded) == order
    assert all(ahead[1:])


def test_what_is_seen_so_far_comes_before_the_progress_that_belongs_to_it(model: ModelProcess) -> None:
    heard: list[int] = []
    clip = make_clip(5)
    model.read(
        clip,
        CancelToken(),
        lambda done, total: heard.append(done),
        lambda sight: heard.append(-int((~np.isnan(sight.views.per_frame[:, 0])).sum())),
    )

    assert heard == [-1, 1, -2, 2, -3, 3, -4, 4, -5, 5]


def test_a_frame_that_cannot_be_decoded_raises_as_itself_and_the_process_lives_on(model: ModelProcess) -> None:
    class Broken(CountingFrames):
        def pixels(self, index: int) -> Pixels:
            if index == 2:
                raise UnreadableFile(ErrorCode.FILE_TRUNCATED, name="a.dcm", frame=3)
            return super().pixels(index)

    pid = model.pid
    with pytest.raises(UnreadableFile) as caught:
        model.read(clip_of(Broken(5)), CancelToken(), silent)

    assert caught.value.parameters == {"name": "a.dcm", "frame": 3}
    assert model.pid == pid


def test_an_error_of_the_engine_crosses_as_itself(model: ModelProcess) -> None:
    with pytest.raises(InvalidInput) as caught:
        model.read(_named(make_clip(2), "known"), CancelToken(), silent)

    assert caught.value.code is ErrorCode.VIEW_SET_INVALID


def test_a_bug_is_logged_whole_and_told_calmly(model: ModelProcess, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR), pytest.raises(ComputeFailed) as caught:
        model.read(_named(make_clip(2), "bug"), CancelToken(), silent)

    assert caught.value.code is ErrorCode.WORKER_LOST
    assert "RuntimeError: made up" in caplog.text
    assert model.read(make_clip(2), CancelToken(), silent)


def test_too_little_memory_has_its_own_code(model: ModelProcess) -> None:
    with pytest.raises(ComputeFailed) as caught:
        model.read(_named(make_clip(2), "memory"), CancelToken(), silent)

    assert caught.value.code is ErrorCode.OUT_OF_MEMORY


def test_cancel_reaches_the_worker_between_its_steps(model: ModelProcess) -> None:
    cancel, pid = CancelToken(), model.pid
    with pytest.raises(Cancelled):
        model.read(_named(make_clip(2), "forever"), cancel, lambda done, total: cancel.cancel())

    assert model.pid == pid
    assert model.read(make_clip(2), CancelToken(), silent)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no kill -9 on this system")
def test_a_killed_worker_is_told_at_once_and_the_next_call_starts_another() -> None:
    process = ModelProcess(spell_factory)
    process.start(EngineRequest())
    first = process.pid
    assert first is not None

    started = time.monotonic()
    with pytest.raises(ComputeFailed) as caught:
        process.read(_named(make_clip(2), "forever"), CancelToken(), lambda done, total: os.kill(first, signal.SIGKILL))
    waited = time.monotonic() - started
    reading = process.read(make_clip(2), CancelToken(), silent)
    second = process.pid
    process.close()

    assert caught.value.code is ErrorCode.WORKER_LOST
    assert waited < 2
    assert reading.frame_count == 2
    assert second not in {None, first}


def test_a_worker_that_exits_by_itself_is_told_too(model: ModelProcess) -> None:
    with pytest.raises(ComputeFailed) as caught:
        model.read(_named(make_clip(2), "die"), CancelToken(), silent)

    assert caught.value.code is ErrorCode.WORKER_LOST


@pytest.mark.parametrize(("model", "code"), [("missing", ErrorCode.MODEL_MISSING), ("die", ErrorCode.WORKER_LOST)])
def test_an_engine_that_cannot_be_built_raises_from_start(model: str, code: ErrorCode) -> None:
    process = ModelProcess(spell_factory)
    with pytest.raises(FetalClipError) as caught:
        process.start(EngineRequest(model=model))

    assert caught.value.code is code
    assert process.pid is None


def test_a_start_can_be_cancelled_while_the_engine_loads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fetalclip_app.inference.worker.GRACE_S", 0.1)
    process, cancel = ModelProcess(slow_factory), CancelToken()
    threading.Timer(0.3, cancel.cancel).start()
    with pytest.raises(Cancelled):
        process.start(EngineRequest(), cancel)

    assert process.pid is None


def test_quitting_does_not_wait_for_a_deaf_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fetalclip_app.inference.worker.GRACE_S", 0.2)
    process, cancel = ModelProcess(spell_factory), CancelToken()
    process.start(EngineRequest())

    def quit_now(done: int, total: int) -> None:
        process.hurry()
        cancel.cancel()

    started = time.monotonic()
    with pytest.raises(Cancelled):
        process.read(_named(make_clip(2), "deaf"), cancel, quit_now)

    assert time.monotonic() - started < 3


def test_nothing_is_left_behind_and_nothing_is_said_about_it(tmp_path: Path) -> None:
    script = tmp_path / "once.py"
    script.write_text(
        textwrap.dedent(
            """
            from fakes import make_clip, spell_factory
            from fetalclip_app.progress import CancelToken, silent
            from fetalclip_app.inference.request import EngineRequest
            from fetalclip_app.inference.worker import ModelProcess

            if __name__ == "__main__":
                process = ModelProcess(spell_factory)
                process.start(EngineRequest())
                for size in (20, 60):
                    process.read(make_clip(9, height=size, width=size), CancelToken(), silent)
                process.close()
                print("done")
            """
        ),
        encoding="utf-8",
    )
    roots = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parents[2])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(roots)}
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script)], capture_output=True, text=True, env=environment, check=False
    )

    assert (done.stdout.strip(), done.stderr, done.returncode) == ("done", "", 0)
