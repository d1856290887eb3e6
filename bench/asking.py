"""``python -m bench.asking``: how long a sentence takes, to the ranked frames, in the model's own process."""

from __future__ import annotations

import argparse
import statistics
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from bench.scene import bundled_clip
from fetalclip_app.domain.clip import Clip, Pixels
from fetalclip_app.domain.content_key import ContentKey
from fetalclip_app.domain.likeness import Language, Rows, ranked
from fetalclip_app.inference.load import language_for
from fetalclip_app.inference.request import EngineRequest
from fetalclip_app.inference.worker import ModelProcess
from fetalclip_app.progress import Cancelled, CancelToken
from fetalclip_app.tasks.view_sets import PLANES_FILE, bundled

TARGET_MS = 100.0
"""For 1,000 frames, the sentence's encoding included."""

HITS = 60


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds of each question."""

    idle_ms: tuple[float, ...]
    set_ms: tuple[float, ...]
    reading_ms: tuple[float, ...]


def measure(frames: int, questions: int) -> Times:
    """Ask an idle model, and one that reads a clip; each sentence is a new one."""
    request, model, cancel = EngineRequest(), ModelProcess(), CancelToken()
    language, sentences = language_for(request), _sentences()
    rows = _rows(frames, language)
    try:
        model.start(request)
        _ask(model, next(sentences), rows, language)  # the first passes of a network are slow
        idle = tuple(_ask(model, next(sentences), rows, language) for _ in range(questions))
        sets = tuple(_preview(model, next(sentences), rows) for _ in range(questions))
        clip, begun = _unlike(bundled_clip(1)), threading.Event()
        reading = threading.Thread(target=_read, args=(model, clip, cancel, begun))
        reading.start()
        begun.wait()
        busy = tuple(_ask_after(pause_s, model, next(sentences), rows, language) for pause_s in _pauses(questions))
        cancel.cancel()
        reading.join()
    finally:
        model.close()
    return Times(idle, sets, busy)


def _read(model: ModelProcess, clip: Clip, cancel: CancelToken, begun: threading.Event) -> None:
    def report(done: int, total: int) -> None:
        if done:
            begun.set()

    try:
        model.read(clip, cancel, report)
    except Cancelled:
        return
    finally:
        begun.set()


@dataclass(frozen=True, slots=True)
class _Unlike:
    """Frames none of which is like another: a network sees the same picture once only."""

    pixels_of_all: Pixels

    def __len__(self) -> int:
        return 5000

    def pixels(self, index: int) -> Pixels:
        turned = np.roll(self.pixels_of_all, index % 97, axis=1)
        return np.ascontiguousarray(np.roll(turned, index // 97, axis=0))


def _unlike(clip: Clip) -> Clip:
    return replace(clip, source=_Unlike(clip.frame(0).pixels), content_key=ContentKey.of_digits("0" * 16))


def _pauses(questions: int) -> list[float]:
    """Seconds between two questions, so that each meets the reading at another moment."""
    pauses: list[float] = np.random.default_rng(1).uniform(0.2, 0.8, questions).tolist()
    return pauses


def _ask_after(pause_s: float, model: ModelProcess, sentence: str, rows: Rows, language: Language) -> float:
    time.sleep(pause_s)
    return _ask(model, sentence, rows, language)


def _ask(model: ModelProcess, sentence: str, rows: Rows, language: Language) -> float:
    started = time.perf_counter()
    assert language.vocabulary is not None
    if language.vocabulary.unlearned(sentence):
        raise ValueError(sentence)
    ranked([("clip", rows)], model.encode_texts([sentence], CancelToken())[0], language.background, HITS)
    return 1000 * (time.perf_counter() - started)


def _preview(model: ModelProcess, sentence: str, rows: Rows) -> float:
    """Change one sentence of the bundled planes, and see the rows with it and with the bundled set."""
    started = time.perf_counter()
    planes = bundled(PLANES_FILE)
    changed = replace(planes, prompts={**planes.prompts, "brain": (sentence,)})
    for one in (changed, planes):
        model.seen_with(one, rows, frozenset(), CancelToken())
    return 1000 * (time.perf_counter() - started)


def _sentences() -> Iterator[str]:
    """Sentences in words of the captions, none twice."""
    for week, day, part in product(range(14, 39), range(7), ("brain", "heart", "abdomen", "femur")):
        yield f"Ultrasound of the fetal {part} at {week} weeks and {day} days."


def _rows(frames: int, language: Language) -> Rows:
    """Unit rows as those of a cine: each a little beside the one before."""
    assert language.background is not None
    width = language.background.rows.shape[1]
    steps = np.random.default_rng(0).normal(size=(frames, width)).cumsum(axis=0)
    rows: Rows = (steps / np.linalg.norm(steps, axis=1, keepdims=True)).astype(np.float32)
    return rows


def told(what: str, times: tuple[float, ...]) -> str:
    """Return a line of the table."""
    ordered = sorted(times)
    late = ordered[min(int(0.95 * len(ordered)), len(ordered) - 1)]
    return f"| {what} | {len(times)} | {statistics.median(times):.1f} ms | {late:.1f} ms | {ordered[-1]:.1f} ms |"


def main(arguments: list[str] | None = None) -> int:
    """Print the table; 0 where the median of an idle model is within the target."""
    parser = argparse.ArgumentParser(prog="python -m bench.asking", description=__doc__)
    parser.add_argument("--frames", type=int, default=1000)
    parser.add_argument("--questions", type=int, default=30)
    options = parser.parse_args(arguments)
    times = measure(options.frames, options.questions)
    print(f"| Over {options.frames} frames | questions | median | 95 % | worst |\n|---|---|---|---|---|")
    print(told("a sentence, the model is idle", times.idle_ms))
    print(told("a changed view set beside the bundled one, idle", times.set_ms))
    print(told("a sentence while it reads a cine", times.reading_ms))
    return 0 if statistics.median(times.idle_ms) <= TARGET_MS else 1


if __name__ == "__main__":
    raise SystemExit(main())
