"""What a person asks the model in words: answered at once, and between two batches of a reading."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeBackbone, made_up_rows, make_clip, spell_factory, text_rows

from fetalclip_app.domain.views import ViewSet
from fetalclip_app.errors import ComputeFailed, ErrorCode, InvalidInput
from fetalclip_app.inference.cache import TextBank
from fetalclip_app.inference.questions import Asker
from fetalclip_app.inference.request import EngineRequest
from fetalclip_app.inference.worker import ModelProcess
from fetalclip_app.progress import Cancelled, CancelToken, silent


@pytest.fixture(scope="module")
def model() -> Iterator[ModelProcess]:
    process = ModelProcess(spell_factory)
    process.start(EngineRequest())
    yield process
    process.close()


def test_texts_come_back_as_rows_in_their_order(model: ModelProcess) -> None:
    rows = model.encode_texts(["a heart", "a femur", "a heart"], CancelToken())

    np.testing.assert_array_equal(rows, text_rows(["a heart", "a femur", "a heart"]))


def test_a_text_that_cannot_be_read_is_refused_and_the_next_is_answered(model: ModelProcess) -> None:
    with pytest.raises(InvalidInput):
        model.encode_texts(["too long"], CancelToken())

    assert len(model.encode_texts(["a heart"], CancelToken())) == 1


def test_a_cancelled_question_gives_its_answer_to_nobody(model: ModelProcess) -> None:
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        model.encode_texts(["a heart"], cancel)

    np.testing.assert_array_equal(model.encode_texts(["a femur"], CancelToken()), text_rows(["a femur"]))


def test_a_question_is_answered_while_a_clip_is_read(model: ModelProcess) -> None:
    """The clip ``forever`` ends when it is cancelled alone, which happens after the answer."""
    cancel, begun = CancelToken(), threading.Event()
    ended: list[type[BaseException]] = []

    def read() -> None:
        try:
            model.read(replace(make_clip(2), path=Path("forever.dcm")), cancel, lambda done, total: begun.set())
        except Cancelled as error:
            ended.append(type(error))

    reading = threading.Thread(target=read)
    reading.start()
    assert begun.wait(30)
    rows = model.encode_texts(["a heart"], CancelToken())
    cancel.cancel()
    reading.join(30)

    np.testing.assert_array_equal(rows, text_rows(["a heart"]))
    assert ended == [Cancelled]


def test_a_set_that_is_being_written_is_asked_of_rows_that_are_there(model: ModelProcess) -> None:
    seen = model.seen_with(
        ViewSet("draft", {"x": ("a heart",), "y": ("a femur",)}, ""), made_up_rows(4), frozenset(), CancelToken()
    )

    assert seen.keys == ("x", "y")
    assert seen.per_frame.argmax(axis=1).tolist() == [0, 0, 1, 1]


def test_frames_are_embedded_without_a_reading(model: ModelProcess) -> None:
    np.testing.assert_array_equal(model.embed(make_clip(3), CancelToken()), made_up_rows(3))


def test_without_a_process_nothing_is_answered() -> None:
    with pytest.raises(ComputeFailed) as caught:
        ModelProcess(spell_factory).encode_texts(["a heart"], CancelToken())

    assert caught.value.code is ErrorCode.WORKER_LOST


def test_who_waits_is_told_when_the_process_is_ended() -> None:
    ours, theirs = multiprocessing.Pipe()
    asker, heard = Asker(ours), list[ErrorCode]()

    def ask() -> None:
        try:
            asker.ask("encode_texts", (("a heart",),), CancelToken())
        except ComputeFailed as error:
            heard.append(error.code)

    asking = threading.Thread(target=ask)
    asking.start()
    assert theirs.poll(30)
    asker.close()
    asking.join(30)

    assert heard == [ErrorCode.WORKER_LOST]


def test_what_a_person_asked_leaves_no_file(tmp_path: Path) -> None:
    bank = TextBank(FakeBackbone().encode_texts, "key", tmp_path)

    rows = bank.asked(["the placenta", "the placenta"])

    np.testing.assert_array_equal(rows, FakeBackbone().encode_texts(["the placenta"] * 2))
    assert not list(tmp_path.iterdir())
    bank.features(["the fetal heart"], CancelToken(), silent)
    assert len(list(tmp_path.iterdir())) == 1
