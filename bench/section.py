"""``python -m bench.section``: one model's tables, in a process of its own, so that its memory can be told."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from bench import cam_part, cam_whole, cine, encoders, parts
from bench.rows import NOT_REACHED, Row, table
from bench.scene import MODELS, RANDOM, bundled_clip, engine_of, plain_network
from bench.sides import EFFORTS, Sides, peak_memory_mb, read
from fetalclip_app.errors import FetalClipError
from fetalclip_app.tasks.keys import VIEWS

PARTS: dict[str, Callable[[Sides], list[Row]]] = {
    "views": parts.views,
    "age": parts.age,
    "cam": cam_part.score_cam,
    "study": parts.study,
    "cine": lambda sides: cine.jpeg_cine(sides, asked=cine.ASKED),
}

LIMITS = "limits"
"""The part that has a table of its own: encoders beside what the machine could do."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the section; 0 where all that is asked is reached and the answers agree, else 3."""
    options = parser().parse_args(arguments)
    logging.getLogger().setLevel(logging.ERROR)
    if options.threads:
        torch.set_num_threads(options.threads)
    sides = sides_of(options.model, options.weights)
    print(f"### {heading(sides, options.model)}\n", flush=True)
    encoders.take_fastest(sides)
    sides.warm_up()
    read(sides.asked(VIEWS), sides.part(4))
    ours_mb = peak_memory_mb()
    usual = [part for part in PARTS if part != "cine" or options.model == "compact"]
    rows: list[Row] = []
    for name in options.only or usual:
        if name in PARTS:
            print(f"{options.model}: {name}", file=sys.stderr, flush=True)
            rows += PARTS[name](sides)
    reached = all(row.is_reached for row in rows)
    if rows:
        print(f"{table(rows)}\n")
    if LIMITS in (options.only or [LIMITS]):
        print(f"{options.model}: {LIMITS}", file=sys.stderr, flush=True)
        text, is_near = encoders.beside_the_limits(sides)
        print(f"{text}\n")
        reached = reached and is_near
    if not options.only:
        if not sides.effort.is_large:
            print(f"{cam_whole.agreement(sides)}\n")
        print(f"Memory: {ours_mb:,.0f} MB at most for the program's side while it read pictures.")
    return 0 if reached else NOT_REACHED


def sides_of(model: str, weights: Path | None = None) -> Sides:
    """Return both sides for a model, on the CPU.

    Raises:
        ModelUnavailable: Its weights are not there.
    """
    effort = EFFORTS[model]
    clip = bundled_clip(effort.frames)
    engine = engine_of(model, clip, weights)
    return Sides(engine, lambda: plain_network(model, weights), clip, effort)


def heading(sides: Sides, model: str) -> str:
    """Return the model and what its weights are."""
    return f"{model}, {'random weights' if model in RANDOM else sides.engine.identity.title}"


def parser() -> argparse.ArgumentParser:
    """Return the options that the whole bench has too."""
    made = argparse.ArgumentParser(prog="python -m bench.section", description=__doc__)
    made.add_argument("--model", choices=MODELS, default="compact")
    made.add_argument("--weights", type=Path, help="weight file of --model fetalclip")
    made.add_argument("--only", nargs="+", choices=[*PARTS, LIMITS], help="these parts alone")
    made.add_argument("--threads", type=int, default=0, help="threads of torch (default: its own choice)")
    return made


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except FetalClipError as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from error
