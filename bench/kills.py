"""Kills the program at random moments while it keeps, reads and exports, and looks what is left.

``python -m bench.kills --times 200 --seed 1`` starts the program's window with what the real model said of the bundled
sample, lets a person that never stops work in it, and ends it by SIGKILL. After each kill the archive must open, pass
its check, and have every act but those of the last second; every file that was exported must be whole. ``--out`` writes
the figures into a page, between its marks.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import pickle
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from types import ModuleType

from PIL import Image

from bench.kills_program import CLIP, ITEM, STUDY, work_on
from bench.pipes import left_in
from fetalclip_app import resources
from fetalclip_app.archive import importing
from fetalclip_app.archive.checking import check
from fetalclip_app.archive.store import Archive

SAMPLE = "samples/simulated_head.dcm"
BEGIN, END = "<!-- kills -->", "<!-- /kills -->"
LAST_S = 1.0
"""What may be missing: acts of the last second."""

_LONGEST_START_S = 60.0
_WORKS_S = (0.2, 2.5)
_WORKS_LONG_S = (2.5, 8.0)
"""One program of `_LONG_OF`: on a busy machine a report takes a while, and is to be killed near its end."""

_LONG_OF = 5

KINDS = {".pdf": "PDF", ".json": "JSON", ".png": "PNG", ".fcstudy": "the study as one file"}
"""What is exported meanwhile, by the endings of the files."""


@dataclass(slots=True)
class Kills:
    """What was seen.

    Attributes:
        exports: Ending -> files that bear their final name, each written again and again.
        lacks_s: Of each kill, how long before it the oldest act that is missing was begun; 0 where none is.
        left: Temporary files that lay about after the last kill.
    """

    acts: int = 0
    readings: int = 0
    exports: Counter[str] = field(default_factory=Counter)
    lacks_s: list[float] = field(default_factory=list)
    lacking: int = 0
    left: int = 0
    faults: list[str] = field(default_factory=list)


def prepare(path: Path) -> None:
    """Have the real model read the sample once, and write down what it says; in a process of its own."""
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=_read_once, args=(path,))
    process.start()
    process.join()
    if process.exitcode:
        raise RuntimeError("the sample could not be read")


def _read_once(path: Path) -> None:
    from fetalclip_app.imaging.readers import read_clip  # noqa: PLC0415
    from fetalclip_app.inference.load import load_engine  # noqa: PLC0415 - torch takes seconds to import
    from fetalclip_app.inference.request import EngineInfo, EngineRequest  # noqa: PLC0415
    from fetalclip_app.progress import CancelToken, silent  # noqa: PLC0415

    engine = load_engine(EngineRequest())
    reading = engine.read(read_clip(resources.path(SAMPLE)), CancelToken(), silent)
    info = EngineInfo(engine.identity, engine.device, engine.notices)
    path.write_bytes(pickle.dumps((info, reading)))


def run(folder: Path, scan: Path, prepared: Path, *, times: int, seed: int) -> Kills:
    """Begin and kill the program so many times over one archive, and return what was seen."""
    home, out, seen, chance = folder / "home", folder / "out", Kills(), Random(seed)
    out.mkdir(parents=True, exist_ok=True)
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["bench.kills_program"])
    for number in range(times):
        ours, theirs = processes.Pipe(duplex=False)
        program = processes.Process(target=work_on, args=(home, scan, prepared, theirs, chance.randrange(1 << 30)))
        program.start()
        theirs.close()
        told = _first(ours)
        works_s = _WORKS_LONG_S if number % _LONG_OF == _LONG_OF - 1 else _WORKS_S
        time.sleep(chance.uniform(*works_s) if told else 0)
        at = time.monotonic()
        program.kill()  # SIGKILL: nothing of it runs any more
        program.join()
        if not told:
            seen.faults.append(f"kill {number}: the program did not begin")
            return seen
        _look(home / "archive.db", [*told, *left_in(ours)], at, seen, number)
        ours.close()
    look_at_exports(out, seen)
    return seen


def _first(pipe: Connection) -> list[tuple[str, int, float]]:
    try:
        return [pipe.recv()] if pipe.poll(_LONGEST_START_S) else []
    except EOFError:
        return []


def _look(path: Path, told: Sequence[tuple[str, int, float]], at: float, seen: Kills, number: int) -> None:
    """Open the archive after a kill, check it, and compare it with what was begun."""
    checked = check(path)
    seen.faults += [f"kill {number}: {flaw.kind} {flaw.where}" for flaw in checked.flaws]
    archive = Archive(path)
    kept = {STUDY: -1, CLIP: -1}
    for act in archive.acts():
        after = json.loads(act.after)
        if act.kind == STUDY and ITEM in after.get("checklist", {}):
            following = int(after["checklist"][ITEM]["remark"])
        elif act.kind == CLIP and after.get("parts"):
            following = int(after["parts"][-1]["name"])
        else:
            continue
        if following != kept[act.kind] + 1:
            seen.faults.append(f"kill {number}: act {following} of a {act.kind} follows act {kept[act.kind]}")
        kept[act.kind] = following
    archive.close()
    missing = [moment for kind, which, moment in told if which > kept[kind]]
    lack = at - min(missing) if missing else 0.0
    seen.lacks_s.append(lack)
    seen.lacking += len(missing)
    if lack > LAST_S:
        seen.faults.append(f"kill {number}: an act of {lack:.2f} s before is missing")
    seen.acts, seen.readings = checked.acts, checked.readings


def look_at_exports(out: Path, seen: Kills) -> None:
    """Read every file that was exported; what bears its final name is whole."""
    for path in sorted(out.iterdir()):
        if path.suffix == ".part":
            seen.left += 1
            continue
        seen.exports[path.suffix] += 1
        try:
            _read_whole(path)
        except Exception as error:  # whatever a half-written file makes its reader raise
            seen.faults.append(f"{path.suffix} is not whole: {type(error).__name__}")


def _read_whole(path: Path) -> None:
    content = path.read_bytes()
    if path.suffix == ".json":
        json.loads(content)
    elif path.suffix == ".pdf":
        if not (content.startswith(b"%PDF-") and content.rstrip().endswith(b"%%EOF")):
            raise ValueError("no whole PDF")
    elif path.suffix == ".png":
        with Image.open(path) as picture:
            picture.load()
    else:
        importing.read(path)
        with zipfile.ZipFile(path) as packed:
            packed.testzip()


def page(seen: Kills, times: int, seed: int) -> str:
    """Return the figures in sentences."""
    lacking = [lack for lack in seen.lacks_s if lack]
    lost = (
        f"{len(lacking)} kills took acts with them that were being written,\n{seen.lacking} in all; "
        f"the oldest of them was begun {max(lacking) * 1000:.0f} ms before its kill."
        if lacking
        else "No act was missing."
    )
    kinds = ", ".join(f"{count} of {KINDS[suffix]}" for suffix, count in sorted(seen.exports.items()))
    exports = f"{seen.exports.total()} files exported, each again and again ({kinds})"
    return (
        f"`python -m bench.kills --times {times} --seed {seed}`: {times} kills (SIGKILL) at random moments of the\n"
        f"window's work. {seen.acts} acts and {seen.readings} readings were kept in one archive meanwhile, and\n"
        f"{exports}. After every kill\nthe archive opened and passed its check ({len(seen.faults)} faults). {lost}\n"
        f"Every exported file was whole; {seen.left} temporary files (`.part`) lay about, which the next export\n"
        "of that name takes away once they are an hour old."
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Kill, and say what was left."""
    parser = argparse.ArgumentParser(prog="python -m bench.kills", description=__doc__)
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, default=None, help="where the archive lies meanwhile")
    parser.add_argument("--out", type=Path, default=None, metavar="PAGE.md")
    given = parser.parse_args(arguments)
    os.environ.setdefault("FETALCLIP_STUDIO_NOTICE_SEEN", "99")
    with tempfile.TemporaryDirectory(dir=given.folder) as place:
        folder = Path(place)
        prepare(folder / "prepared.pickle")
        sys.modules["__main__"] = ModuleType("__main__")  # else each process would begin this bench anew
        seen = run(folder, resources.path(SAMPLE), folder / "prepared.pickle", times=given.times, seed=given.seed)
    said = page(seen, given.times, given.seed)
    print(said)
    for fault in seen.faults:
        print(f"  {fault}")
    if given.out is not None and not seen.faults:
        text = given.out.read_text(encoding="utf-8")
        before, rest = text.split(BEGIN)
        given.out.write_text(f"{before}{BEGIN}\n{said}\n{END}{rest.split(END)[1]}", encoding="utf-8")
    return 1 if seen.faults else 0


if __name__ == "__main__":
    sys.exit(main())
