"""``python -m bench``: how long a reading takes, beside the published recipe on the same weights and clip."""

from __future__ import annotations

import argparse
import logging
import os
import platform
from importlib.metadata import version
from pathlib import Path

import torch

from bench.compare import Outcome, compare
from bench.scene import MODELS, bundled_clip, engine_of

WARM_AGE_TARGET = 100.0
CLIP_TARGET = 5.0


def main(arguments: list[str] | None = None) -> int:
    """Print the table; 0 where both sides agree and the targets are reached, else 1."""
    options = _parser().parse_args(arguments)
    logging.getLogger().setLevel(logging.ERROR)
    if options.threads:
        torch.set_num_threads(options.threads)
    clip = bundled_clip(options.frames)
    engine = engine_of(options.model, clip, options.weights)
    outcome = compare(engine, clip, sampled_frames=options.sample, repeats=options.repeats)
    print(heading(options.model, engine.identity.title))
    print(table(outcome))
    return 0 if reached(outcome) else 1


def heading(model: str, title: str) -> str:
    """Return the machine, the versions and the weights that the numbers belong to."""
    parts = [f"{name} {version(name)}" for name in ("torch", "open_clip_torch", "timm", "numpy")]
    return "\n".join(
        [
            f"Weights: {model} ({title})",
            f"Machine: {processor()}, {os.cpu_count()} cores, {torch.get_num_threads()} threads, {platform.system()}",
            f"Versions: Python {platform.python_version()}, {', '.join(parts)}",
        ]
    )


def table(outcome: Outcome) -> str:
    """Return the times side by side with their ratios and the agreement of the answers, as Markdown."""
    agreement, scaled = outcome.agreement, outcome.sampled_frames < outcome.frames
    age = f"{agreement.ours_days} and {agreement.published_days} days, "
    age += "same best 15" if agreement.same_age else "OTHER best 15"
    views = f"views differ by {agreement.view_difference:.0e} at most"
    clip = f"Views of {outcome.frames} frames, age of one"
    lines = ["| what | published recipe | this program | ratio | answers |", "|---|---|---|---|---|"]
    for what, pace, mark, answers in (
        ("Age of one picture", outcome.picture, "", age),
        (clip, outcome.clip, "*" if scaled else "", views),
    ):
        published = f"{_seconds(pace.published_s)}{mark}"
        lines += [
            f"| {what}, cold | {published} | {_seconds(pace.cold_s)} | {pace.cold_ratio:.1f}x | {answers} |",
            f"| {what}, warm | {published} | {_seconds(pace.warm_s)} | {pace.warm_ratio:.1f}x | {answers} |",
            f"| the same with sub-planes and head, warm | - | {_seconds(pace.whole_s)} | - | - |",
        ]
    if scaled:
        lines += ["", f"\\* Views timed on {outcome.sampled_frames} of {outcome.frames} frames and scaled."]
    return "\n".join([*lines, "", _judgement(outcome)])


def _judgement(outcome: Outcome) -> str:
    agreement = outcome.agreement
    return (
        f"Targets: age of a warm picture at least {WARM_AGE_TARGET:.0f}x: "
        f"{_verdict(outcome.picture.warm_ratio >= WARM_AGE_TARGET)}; clip, cold, at least {CLIP_TARGET:.0f}x: "
        f"{_verdict(outcome.clip.cold_ratio >= CLIP_TARGET)}; same answers: {_verdict(agreement.holds)} "
        f"(age scores differ by {agreement.score_difference:.0e} at most)."
    )


def reached(outcome: Outcome) -> bool:
    """Whether the targets are met by a program that answers the same. Of the clip the harder, cold, ratio counts."""
    fast = outcome.picture.warm_ratio >= WARM_AGE_TARGET and outcome.clip.cold_ratio >= CLIP_TARGET
    return fast and outcome.agreement.holds


def _verdict(holds: bool) -> str:
    return "reached" if holds else "NOT reached"


def _seconds(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.1f} s"


def processor() -> str:
    """Return the processor's name where the system tells it."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--model", choices=MODELS, default="compact")
    parser.add_argument("--weights", type=Path, help="weight file of --model fetalclip")
    parser.add_argument("--frames", type=int, default=100, help="length of the clip (default 100)")
    parser.add_argument("--sample", type=int, default=10, help="frames on which the recipe's views are timed")
    parser.add_argument("--repeats", type=int, default=15, help="warm readings, of which the median counts")
    parser.add_argument("--threads", type=int, default=0, help="threads of torch (default: its own choice)")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
