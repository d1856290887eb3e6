"""``python -m bench.training``: our training step beside open_clip's own trainer, written to a page by command."""

from __future__ import annotations

import argparse
import logging
import os
import platform
import statistics
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from bench.machine import cores, processor
from bench.training_gpu import Load, load_of
from bench.training_steps import Outcome, Trial, compare
from fetalclip_app import resources

PAGE = Path("docs/performance-training.md")

SMALL_VIT: dict[str, Any] = {
    "embed_dim": 256,
    "vision_cfg": {"image_size": 224, "layers": 6, "width": 256, "head_width": 64, "patch_size": 16},
    "text_cfg": {"context_length": 117, "vocab_size": 49408, "width": 256, "heads": 4, "layers": 6},
}
"""A vision transformer that a processor trains in seconds: FetalCLIP's layers, fewer and narrower."""

METHOD = """\
Both sides train the same network from the same random weights on the same pictures and captions, one caption for each
picture, with AdamW, the same rates, gradient clipping and precision, in one process, one after the other, the first
place changing from round to round. *Ours* is the step of `training/loop.py` with all that it does: tokens, truth,
loss, checks for NaN, running mean of the weights. *open_clip* is `open_clip_train.train.train_one_epoch` of the
installed wheel, tokens included, with an epoch of one batch, so that it counts and logs at each step; it keeps no
running mean. Above 1 ours is faster. The
interval is that of the median over resampled rounds (2.5 to 97.5 percentile). Where the time goes: our text tower
reads a sentence up to its end and no further (`fetalclip_app/model/texts.py`), and pictures travel channels-last."""


def main(arguments: list[str] | None = None) -> int:
    """Compare, print and write the page; 0 where ours is at least equal and computes the same, else 1."""
    options = _parser().parse_args(arguments)
    logging.getLogger().setLevel(logging.ERROR)
    if options.threads:
        torch.set_num_threads(options.threads)
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    chosen = trials(options.batch, options.gpu_batch)
    outcomes: list[Outcome] = []
    loads: list[tuple[Trial, Load]] = []
    for trial in chosen:
        if trial.name in (options.only or [trial.name]):
            outcomes.append(compare(trial, options.rounds))
            print(_row(outcomes[-1]), flush=True)  # a bench that is cut short has said what it knew
            if trial.device == "cuda":
                loads.append((trial, load_of(trial, options.rounds)))
                print(_load_row(*loads[-1]), flush=True)
    text = page(outcomes, loads, machine(load))
    print(text)
    if options.out is not None:
        options.out.write_text(text, encoding="utf-8")
    return 0 if all(reached(outcome) for outcome in outcomes) else 1


def trials(batch: int, gpu_batch: int) -> list[Trial]:
    """Return what is compared: two networks on the processor; FetalCLIP's where a GPU is at hand."""
    compact = resources.read_json("models/compact/config.json")
    chosen = [Trial("compact", compact, batch), Trial("small ViT", SMALL_VIT, batch)]
    if torch.cuda.is_available():
        large = resources.read_json("models/fetalclip/config.json")
        chosen += [Trial("ViT-L/14", large, gpu_batch, "cuda", "bf16")]
        chosen += [Trial("compact on the GPU", compact, gpu_batch, "cuda", "bf16")]
    return chosen


def reached(outcome: Outcome) -> bool:
    """Whether ours is at least as fast, by the median, and does the same work."""
    return outcome.ratio >= 1 and outcome.same_loss


_HEAD = """\
| network | batch | precision | open_clip, s | ours, s | ratio | interval | rounds | first loss, ours / open_clip |
|---|---|---|---|---|---|---|---|---|"""

_GPU_HEAD = """\
| network | samples/s | share of the matmul peak | memory, GiB | largest batch |
|---|---|---|---|---|"""

_NO_GPU = "No GPU was at hand: ViT-L/14, its share of the matmul peak and its largest batch are not measured."


def page(outcomes: list[Outcome], loads: list[tuple[Trial, Load]], where: str) -> str:
    """Return the page: machine, method, table."""
    lines = ["# Speed of the training step", "", "Written by `make bench-training`.", "", where, "", METHOD, "", _HEAD]
    lines += [_row(outcome) for outcome in outcomes]
    lines += ["", f"Target, at least equal on the same work: {_verdict(all(map(reached, outcomes)))}."]
    if loads:
        lines += ["", _GPU_HEAD]
        lines += [_load_row(trial, load) for trial, load in loads]
    else:
        lines += ["", _NO_GPU]
    return "\n".join(lines) + "\n"


def machine(load: float | None) -> str:
    """Return what the numbers belong to.

    Args:
        load: Processes that were waiting for the processor when the bench began; None where nobody counts them.
    """
    parts = [f"{name} {version(name)}" for name in ("torch", "open_clip_torch", "timm", "numpy")]
    shared = f"{cores()}, {torch.get_num_threads()} threads"
    cards = [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]
    busy = [] if load is None else [f"load {load:.1f} when it began"]
    told = [processor(), shared, platform.system(), *cards, *busy]
    return f"Machine: {', '.join(told)}. Versions: Python {platform.python_version()}, {', '.join(parts)}."


def _row(outcome: Outcome) -> str:
    trial, (low, high) = outcome.trial, outcome.ratio_interval
    theirs, ours = statistics.median(outcome.theirs_s), statistics.median(outcome.ours_s)
    losses = f"{outcome.losses[0]:.4f} / {outcome.losses[1]:.4f}{'' if outcome.same_loss else ' OTHER'}"
    return (
        f"| {trial.name} | {trial.batch} | {trial.precision} | {theirs:.3f} | {ours:.3f} | {outcome.ratio:.2f} | "
        f"{low:.2f} to {high:.2f} | {len(outcome.ratios)} | {losses} |"
    )


def _load_row(trial: Trial, load: Load) -> str:
    return (
        f"| {trial.name}, batch {trial.batch} | {load.samples_per_s:.0f} | {load.peak_share:.0%} of "
        f"{load.peak_tflops:.0f} TFLOP/s | {load.memory_gib:.1f} | {load.largest_batch} |"
    )


def _verdict(holds: bool) -> str:
    return "reached" if holds else "NOT reached"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.training", description=__doc__)
    parser.add_argument("--batch", type=int, default=32, help="pictures of a step on the processor (default 32)")
    parser.add_argument("--gpu-batch", type=int, default=256, help="the same on a GPU (default 256)")
    parser.add_argument("--rounds", type=int, default=15, help="steps of each side that count (default 15)")
    parser.add_argument("--threads", type=int, default=0, help="threads of torch (default: its own choice)")
    parser.add_argument("--only", action="append", help="name of a network; may be given again")
    parser.add_argument("--out", type=Path, help=f"page to write: {PAGE}")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
