"""``python -m bench``: how long readings take, beside the published recipe on the same weights and pictures."""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import torch

from bench import rows
from bench.machine import cores, processor
from bench.scene import MODELS
from bench.section import LIMITS, PARTS

USUAL = ("compact", "vit_b_16", "vit_l_14")
USUAL_PLACE = "bench"
PLACES = (USUAL_PLACE, "tiles")
"""The marks of a page: the whole bench writes between the first; a machine of another kind has its own."""

NO_CARD = "### Graphics card\n\nNo GPU: `python -m bench.card` is the same bench on one."


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables; 0 where all that is asked is reached and all answers agree, else 1."""
    options = _parser().parse_args(arguments)
    if options.write is not None and options.place == USUAL_PLACE and (options.only or options.model):
        sys.exit("this place of a page is written by the whole bench, without --only and --model")
    began, load = time.perf_counter(), os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    sections, reached = [], True
    for model in options.model or USUAL:
        text, code = _section("bench.section", _arguments(model, options))
        sections.append(text)
        print(f"{text}\n", flush=True)
        reached = reached and code == 0
    if not options.only and not options.model:
        text, code = _section("bench.card", []) if torch.cuda.is_available() else (NO_CARD, 0)
        sections.append(text)
        print(f"{text}\n", flush=True)
        reached = reached and code == 0
    head = heading(load, time.perf_counter() - began)
    print(head)
    if options.write is not None:
        rows.write(options.write, "\n\n".join([head, *sections]), options.place)
    return 0 if reached else 1


def heading(load: float | None, took_s: float) -> str:
    """Return the machine and the versions that the numbers belong to."""
    parts = [f"{name} {version(name)}" for name in ("torch", "open_clip_torch", "timm", "grad-cam", "numpy")]
    waiting = os.environ.get("GOMP_SPINCOUNT")
    waits = "asleep" if waiting is None else f"after {waiting} turns (GOMP_SPINCOUNT)"
    machine = f"{processor()}, {cores()}, {torch.get_num_threads()} threads that wait {waits}"
    busy = "" if load is None else f", load {load:.1f} when it began"
    return (
        f"Machine: {machine}, {platform.system()}{busy}. Versions: Python {platform.python_version()}, "
        f"{', '.join(parts)}. Run on {datetime.now(UTC).date()}, in {took_s / 60:.1f} minutes."
    )


def _section(module: str, arguments: Sequence[str]) -> tuple[str, int]:
    """Return what a process of its own printed, and how it ended."""
    done = subprocess.run([sys.executable, "-m", module, *arguments], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode not in {0, rows.NOT_REACHED} or not done.stdout.strip():
        return f"{done.stdout.strip()}\n\n`{module} {' '.join(arguments)}` failed.", 2
    return done.stdout.strip(), done.returncode


def _arguments(model: str, options: argparse.Namespace) -> list[str]:
    found = ["--model", model, "--threads", str(options.threads)]
    if options.weights is not None:
        found += ["--weights", str(options.weights)]
    return [*found, "--only", *options.only] if options.only else found


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--model", nargs="+", choices=MODELS, help=f"default: {', '.join(USUAL)}")
    parser.add_argument("--weights", type=Path, help="weight file of --model fetalclip")
    parser.add_argument("--only", nargs="+", choices=[*PARTS, LIMITS], help="these parts alone")
    parser.add_argument("--threads", type=int, default=0, help="threads of torch (default: its own choice)")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="put the tables into this page")
    parser.add_argument(
        "--place", choices=PLACES, default=USUAL_PLACE, help=f"between its marks of this name ({USUAL_PLACE})"
    )
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
