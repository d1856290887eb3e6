"""Age prompts of usual spacings are encoded while nobody waits, and nobody ever waits for that."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from fakes import CountingEngine, FakeBackbone, make_clip

from fetalclip_app.inference import cache, worker_side
from fetalclip_app.inference.ahead import AgeBanks, usual_spacings
from fetalclip_app.inference.cache import TextBank
from fetalclip_app.inference.load import load_engine
from fetalclip_app.inference.request import EngineRequest
from fetalclip_app.inference.worker import ModelProcess
from fetalclip_app.progress import CancelToken, silent
from fetalclip_app.tasks.gestational_age import AgeTask

SPACINGS = (0.44, 0.43, 0.45, 0.42, 0.46, 0.41)


def _bank(folder: Path | None) -> tuple[TextBank, FakeBackbone]:
    network = FakeBackbone()
    return TextBank(network.encode_texts, "weights", folder), network


def test_the_commonest_spacings_come_first_and_each_as_prompts_name_it() -> None:
    spacings = usual_spacings()

    assert spacings[0] == 0.44
    assert {0.28, 0.43, 0.45, 0.76} <= set(spacings)
    assert len({f"{spacing:.2f}" for spacing in spacings}) == len(spacings) == 49


def test_what_was_made_ahead_is_what_a_reading_would_have_made(tmp_path: Path) -> None:
    ahead, busy = _bank(tmp_path)
    for _step in AgeBanks(ahead, SPACINGS)():
        pass
    bank, network = _bank(tmp_path)
    asked = [AgeTask.bundled().texts(spacing) for spacing in SPACINGS]
    found = [bank.features(texts) for texts in asked]

    assert busy.texts_seen == len(set(itertools.chain(*asked)))
    assert network.texts_seen == 0
    for rows, texts in zip(found, asked, strict=True):
        np.testing.assert_array_equal(rows, _bank(None)[0].features(texts))
    assert next(AgeBanks(bank, SPACINGS)(), "done") == "done", "the next start has nothing to make"


def test_it_can_be_left_at_any_step_and_goes_on_at_the_next_start(tmp_path: Path) -> None:
    ahead, _ = _bank(tmp_path)
    steps = AgeBanks(ahead, SPACINGS)()
    while not list(tmp_path.iterdir()):
        next(steps)
    files = list(tmp_path.iterdir())
    for _ in range(10):  # into the middle of the next four
        next(steps)
    assert len(list(tmp_path.iterdir())) < len(SPACINGS)
    texts = AgeTask.bundled().texts(SPACINGS[-1])
    rows = ahead.features(texts)
    for _step in AgeBanks(_bank(tmp_path)[0], SPACINGS)():
        pass

    np.testing.assert_array_equal(rows, _bank(None)[0].features(texts))
    assert len(list(tmp_path.iterdir())) == len(SPACINGS)
    assert all(path in list(tmp_path.iterdir()) for path in files)


def test_a_step_is_short_and_what_is_made_does_not_stay_in_memory(tmp_path: Path) -> None:
    network, parts = FakeBackbone(), list[int]()

    def encode(texts: list[str]) -> np.ndarray:
        parts.append(len(texts))
        return network.encode_texts(texts)

    bank = TextBank(encode, "weights", tmp_path)  # type: ignore[arg-type]
    for _step in AgeBanks(bank, SPACINGS)():
        pass

    assert max(parts) <= cache.TEXTS_IN_A_STEP
    assert not bank._rows
    assert not bank._whole


def test_without_a_folder_nothing_is_made_ahead() -> None:
    bank, network = _bank(None)

    assert list(AgeBanks(bank, SPACINGS)()) == []
    assert network.texts_seen == 0


def test_the_programs_own_engine_makes_them(tmp_path: Path) -> None:
    engine = load_engine(EngineRequest(device="cpu", text_cache=tmp_path))
    later = engine.later

    assert isinstance(later, AgeBanks)
    assert later.texts is engine.texts
    assert next(later(), "done") is None


class LaterEngine(CountingEngine):
    """Does one step after the other where nobody spoke."""

    def later(self) -> Iterator[None]:
        while True:
            self.step()
            yield


def _quiet_factory(request: EngineRequest) -> LaterEngine:
    worker_side.QUIET_S = 0.5
    return LaterEngine()


def test_the_models_process_works_ahead_after_a_quiet_time_and_stands_back_for_a_clip() -> None:
    process = ModelProcess(_quiet_factory)
    done = []
    try:
        process.start(EngineRequest())
        while not done or done[-1] == 0:
            process.read(make_clip(frames=1), CancelToken(), silent)
            assert process.info is not None
            done.append(int(process.info.device.rpartition(" ")[2]))
            time.sleep(0.2 * len(done))  # longer each time, so that once it is quiet for long enough
    finally:
        process.close()

    assert done[:2] == [0, 0], "not while somebody speaks"
