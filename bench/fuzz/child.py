"""The process in which files are looked at: small, watched, and dead at the first crash."""

from __future__ import annotations

import faulthandler
import logging
import os
import pickle
import re
import shutil
import signal
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

from bench.fuzz.judge import Lengths, against_the_standard, verdict
from bench.fuzz.reader import Look, Reader, look
from bench.fuzz.recipe import Cookbook, Made
from bench.fuzz.seeds import Family, Seed

ADDRESS_SPACE = 6 << 30
"""Bytes that a child may map: the net under the measured peak, see `MOST_MEMORY`."""

MOST_MEMORY = 1 << 30
"""Bytes of memory that looking at one file may add."""

_MOST_NOISE = 100_000

_LIBTIFF = re.compile(
    r"^(tempfile\.tif|JPEGLib|JPEGSetupDecode|_?(LZW|ZIP|JPEG|PackBits|Fax3|Fax4|LZMA|ZSTD|TIFF)\w*): [^\n]{0,200}\n",
    re.M,
)
"""What libtiff writes to the terminal about a damaged file, which Pillow gives no means to turn off; its words hold
numbers and no text of the file."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one damaged file.

    Attributes:
        code: Why it was refused, in whole or in part; empty where it opened.
        lengths: How many probes gave millimetres.
        seconds: Of the processor, from opening to the last look.
        peak: Bytes of memory that the look added at its peak.
        complaints: Failures; empty where the program behaved.
    """

    number: int
    seed: str
    family: Family
    damage: str
    touched: str
    opened: bool = False
    code: str = ""
    lengths: int = 0
    seconds: float = 0.0
    peak: int = 0
    complaints: tuple[str, ...] = ()


@dataclass(slots=True)
class Desk:
    """What a child keeps between two files.

    Attributes:
        noise: Where everything goes that is printed.
        loud, quiet: Log lines from WARNING on, and below.
    """

    cookbook: Cookbook
    reader: Reader
    folder: Path
    noise: Path
    undamaged: dict[str, dict[str, Lengths]] = field(default_factory=dict)
    loud: list[str] = field(default_factory=list)
    quiet: list[str] = field(default_factory=list)

    def reference(self, seed: Seed) -> dict[str, Lengths]:
        """Return the lengths of an undamaged file, by the clip's key."""
        if seed.name not in self.undamaged:
            whole = Made(-1, seed, "", "", seed.content)
            seen = look(self._written(whole), self.reader, seed)
            self.undamaged[seed.name] = {each.key: each.lengths for each in seen.sights}
        return self.undamaged[seed.name]

    def _written(self, made: Made) -> Path:
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        return made.write(self.folder)

    def tried(self, number: int, begun: Callable[[Made], None]) -> Outcome:
        """Make a file, look at it, and judge what was seen."""
        return self.judged(self.cookbook.made(number), begun)

    def judged(self, made: Made, begun: Callable[[Made], None]) -> Outcome:
        """Look at a damaged file and judge what was seen; ``begun`` is told when the clock starts."""
        begun(made)
        references = self.reference(made.seed)
        path = self._written(made)
        begun(made)
        self.loud.clear()
        self.quiet.clear()
        before, quiet = _memory("VmRSS"), self.noise.stat().st_size
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak is counted from here
        start = time.process_time()
        seen = look(path, self.reader, made.seed)
        seconds = time.process_time() - start
        peak = max(_memory("VmHWM") - before, 0)
        complaints = [*seen.complaints, *self._noises(made.seed, quiet), *_judged(made, references, seen)]
        if peak > MOST_MEMORY:
            complaints.append(f"{peak >> 20} MiB of memory")
        return Outcome(
            made.number,
            made.seed.name,
            made.seed.family,
            made.damage,
            made.touched,
            opened=any(sight.shown for sight in seen.sights),
            code=seen.code or next((sight.code for sight in seen.sights if sight.code), ""),
            lengths=sum(length is not None for sight in seen.sights for length in sight.lengths),
            seconds=seconds,
            peak=peak,
            complaints=tuple(complaints),
        )

    def _noises(self, seed: Seed, quiet: int) -> list[str]:
        """Return what was printed, warned or logged meanwhile, and whether a patient was named."""
        sys.stderr.flush()
        with self.noise.open("rb") as stream:
            stream.seek(quiet)
            printed = _LIBTIFF.sub("", stream.read(_MOST_NOISE).decode("latin-1"))
        loud = [*self.loud, *([printed] if printed else [])]
        named = any(secret in text for text in [*loud, *self.quiet] for secret in seed.secrets)
        return [f"said aloud: {text[:200]!r}" for text in loud] + ["a patient was named in a log line"] * named


class _Listener(logging.Handler):
    """Keeps every log line; those from WARNING on would be seen by a user."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(logging.DEBUG)
        self._desk = desk

    def emit(self, record: logging.LogRecord) -> None:
        """Sort a line."""
        lines = self._desk.loud if record.levelno >= logging.WARNING else self._desk.quiet
        lines.append(f"{record.name}: {record.getMessage()}")


def _judged(made: Made, references: dict[str, Lengths], seen: Look) -> list[str]:
    """Compare each clip that can be seen with its undamaged self: by its key in containers, else with the only one."""
    wrong = []
    for sight in seen.sights:
        nothing: Lengths = (None,) * len(sight.lengths)
        single = next(iter(references.values()), nothing) if made.seed.family is Family.DICOM else nothing
        wrong.append(verdict(made.seed, made.content, references.get(sight.key, single), sight.lengths))
        if made.damage == "none" and made.seed.family is Family.DICOM:
            wrong.append(against_the_standard(made.seed, sight.lengths))
    whole = bool(seen.sights) and all(sight.shown and not sight.code for sight in seen.sights)
    if made.damage == "none" and not whole:
        wrong.append(f"an undamaged file was refused: {seen.code}")
    return [each for each in wrong if each]


def serve(line: Connection, cookbook_file: Path, reader: Reader, place: Path) -> None:
    """Look at the files whose numbers come down the line, until None comes."""
    import resource  # noqa: PLC0415 - not there on Windows, where the rest of this module can be imported

    place.mkdir()
    noise = place / "noise"
    with noise.open("wb") as sink:
        os.dup2(sink.fileno(), 2)
        os.dup2(sink.fileno(), 1)
    faulthandler.enable()
    faulthandler.register(signal.SIGUSR1)
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    warnings.simplefilter("always")
    desk = Desk(pickle.loads(cookbook_file.read_bytes()), reader, place / "study", noise)
    logging.getLogger().addHandler(_Listener(desk))
    logging.getLogger().setLevel(logging.DEBUG)
    line.send(("ready",))
    while (number := line.recv()) is not None:
        outcome = desk.tried(number, lambda made: line.send(("begun", made.seed.name, made.damage, made.touched)))
        line.send(("seen", outcome))


def _memory(name: str) -> int:
    """Return a figure of /proc/self/status in bytes."""
    for text in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if text.startswith(name):
            return int(text.split()[1]) << 10
    return 0
