"""``python -m bench.fuzz``: thousands of damaged files through the readers, and a page that says what came."""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
from pathlib import Path

from bench.fuzz import seeds_containers, seeds_dicom, seeds_media, seeds_real
from bench.fuzz.child import Outcome
from bench.fuzz.reader import opened
from bench.fuzz.recipe import Cookbook
from bench.fuzz.report import Run, page, summary
from bench.fuzz.runner import Runner
from bench.fuzz.seeds import Seed

COUNT, CHANCE = 10_000, 4


def main(arguments: list[str] | None = None) -> int:
    """Damage, look, judge and report; 0 where nothing failed, else 1."""
    options = _parser().parse_args(arguments)
    cookbook = Cookbook.of(all_seeds(), options.seed)
    numbers = [options.only] if options.only is not None else list(range(options.start, options.start + options.count))
    run = Run(options.seed, cookbook)
    fast = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=fast if fast.is_dir() else None) as held:
        runner = Runner(cookbook, opened, Path(held), options.workers)
        start = time.perf_counter()
        runner.run(numbers, lambda outcome: _told(run, outcome, options.failures))
        run.seconds, run.again = time.perf_counter() - start, len(runner.again)
    if options.only is not None:
        print(_kept(cookbook, options.only, options.failures))
        print(run.outcomes[0])
    print(summary(run))
    if options.out is not None:
        options.out.write_text(page(run), encoding="utf-8")
    return 0 if run.is_passed else 1


def all_seeds() -> list[Seed]:
    """Return every undamaged file: made ones, and real ones where ``FETALCLIP_DATA`` names their folder."""
    real = os.environ.get("FETALCLIP_DATA")
    found = [*seeds_dicom.seeds(), *seeds_media.seeds(), *seeds_containers.seeds()]
    return [*found, *(seeds_real.seeds(Path(real)) if real else [])]


def _told(run: Run, outcome: Outcome, failures: Path) -> None:
    run.outcomes.append(outcome)
    if outcome.complaints:
        kept = _kept(run.cookbook, outcome.number, failures)
        print(f"FAIL {outcome.number}: {outcome.seed}, {outcome.damage} ({outcome.touched}), kept in {kept}")
        for complaint in outcome.complaints:
            print(f"    {complaint}", flush=True)
    if len(run.outcomes) % 1000 == 0:
        print(f"{len(run.outcomes)} files", flush=True)


def _kept(cookbook: Cookbook, number: int, failures: Path) -> Path:
    """Write a file again where it can be looked at."""
    folder = failures / str(number)
    shutil.rmtree(folder, ignore_errors=True)
    return cookbook.made(number).write(folder)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=COUNT, help="how many damaged files (%(default)s)")
    parser.add_argument("--start", type=int, default=0, help="number of the first one")
    parser.add_argument("--seed", type=int, default=CHANCE, help="seed of chance (%(default)s)")
    parser.add_argument("--only", type=int, help="make, keep and judge the file of this number alone")
    parser.add_argument("--workers", type=int, default=2, help="processes that look at files (%(default)s)")
    parser.add_argument("--out", type=Path, help="page to write")
    parser.add_argument(
        "--failures", type=Path, default=Path(tempfile.gettempdir(), "fetalclip-fuzz"), help="where failing files go"
    )
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
