"""The line from the model's process to the window's, when several threads speak and ask over it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from multiprocessing import Pipe
from multiprocessing.connection import Connection

import pytest

from fetalclip_app.inference.worker_side import _Line

SOON_S = 20.0
"""A test that waits so long has failed."""

SPEAKERS = ("a", "b")

LONG = 1 << 20
"""Letters of a message: more than a pipe takes at once, so that whoever says it is stopped in the middle."""


@pytest.fixture
def ends() -> Iterator[tuple[Connection, Connection]]:
    ours, theirs = Pipe()
    yield ours, theirs
    ours.close()
    theirs.close()


def _begun(work: Callable[[str], None]) -> list[threading.Thread]:
    threads = [threading.Thread(target=work, args=(who,), daemon=True) for who in SPEAKERS]
    for thread in threads:
        thread.start()
    return threads


def _all_ended(threads: list[threading.Thread]) -> bool:
    for thread in threads:
        thread.join(SOON_S)
    return not any(thread.is_alive() for thread in threads)


def test_what_two_threads_say_arrives_whole(ends: tuple[Connection, Connection]) -> None:
    line, heard = _Line(ends[0]), list[str]()
    both = threading.Barrier(len(SPEAKERS) + 1, timeout=SOON_S)

    def speak(who: str) -> None:
        both.wait()
        for _ in range(4):
            line.send(who * LONG)

    def listen() -> None:
        both.wait()
        while len(heard) < 4 * len(SPEAKERS):
            heard.append(ends[1].recv())

    listening = threading.Thread(target=listen, daemon=True)
    listening.start()

    assert _all_ended([*_begun(speak), listening])
    assert sorted(heard) == [who * LONG for who in SPEAKERS for _ in range(4)]


def test_each_of_two_threads_has_the_answer_to_its_own_question(ends: tuple[Connection, Connection]) -> None:
    line, answers, inside = _Line(ends[0]), list[tuple[str, object]](), list[str]()
    most_inside: list[int] = []
    both = threading.Barrier(len(SPEAKERS), timeout=SOON_S)

    def ask(who: str) -> None:
        both.wait()
        for number in range(5):
            with line.asked((who, number)) as answer:
                inside.append(who)
                answers.append((f"{who}{number}", answer))
                most_inside.append(len(inside))
                inside.remove(who)

    threads, together = _begun(ask), 0
    for _ in range(5 * len(SPEAKERS)):
        assert ends[1].poll(SOON_S)
        who, number = ends[1].recv()
        together += ends[1].poll(0.02)  # did the other ask before this one had its answer?
        ends[1].send(f"{who}{number}")

    assert _all_ended(threads)
    assert (together, set(most_inside)) == (0, {1})
    assert len(answers) == 5 * len(SPEAKERS)
    assert all(asked == answer for asked, answer in answers)
