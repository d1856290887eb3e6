"""``python -m bench.card``: FetalCLIP's network on a graphics card; says so where there is none."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence

import numpy as np
import torch

from bench import encoders
from bench.cam_part import frame_of
from bench.limits import cost_of, limits_of, wait
from bench.rows import median_time, seconds, timed
from bench.scene import bundled_clip, engine_of, plain_network
from bench.sides import Effort, Sides, read
from fetalclip_app.model.cam import Saliency
from fetalclip_app.tasks.keys import VIEWS

MODEL = "vit_l_14"
FRAMES = 300
BATCHES = (16, 64, 128, 256, 512)
SHARE_ASKED, CINE_ASKED_S, CAM_ASKED_S = 0.6, 1.0, 0.5
"""Of the matmul peak at the best batch; of a cine of 300 frames, decoded before; of one Score-CAM."""

NO_GPU = "No GPU: nothing was measured on a graphics card."


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the section; 0 where all that is asked is reached, or there is no card."""
    logging.getLogger().setLevel(logging.ERROR)
    print("### Graphics card\n")
    if not torch.cuda.is_available():
        print(NO_GPU)
        return 0
    clip = bundled_clip(FRAMES)
    engine = engine_of(MODEL, clip, device="cuda")
    sides = Sides(engine, lambda: plain_network(MODEL, device="cuda"), clip, Effort(frames=FRAMES))
    text, reached = measured(sides, BATCHES)
    print(f"{torch.cuda.get_device_name()}, {MODEL}, random weights.\n\n{text}")
    return 0 if reached else 1


def measured(sides: Sides, batches: Sequence[int]) -> tuple[str, bool]:
    """Return the table, and whether all that is asked is reached."""
    backbone, device = sides.backbone, sides.backbone.place.kind
    encoders.take_fastest(sides)
    size = sides.engine.spec.size
    visual = sides.recipe.network.visual
    limits = limits_of(visual, 64 * len(visual.positional_embedding), device)
    cost = cost_of(visual.cpu(), size)
    paces = {batch: _pace(sides, batch) for batch in batches}
    batch, pace = max(paces.items(), key=lambda item: item[1])
    peak = max(value for name, value in limits.matmul.items() if name != "fp32")
    share = pace * cost.gflop / peak
    alone_s = 1 / _pace(sides, 1)
    read(sides.asked(VIEWS), sides.part(16))
    cine_s = median_time(lambda: read(sides.asked(VIEWS), sides.clip), 3)
    frame, saliency = frame_of(sides), Saliency(backbone)

    def heatmap() -> None:
        saliency.heatmap(frame.picture, frame.classes, frame.target, "scorecam")
        wait(device)

    heatmap()
    cam_s, _ = timed(heatmap)
    told = (
        ("Product of matrices with the network's shapes", f"{peak / 1000:,.0f} TFLOP/s", "", True),
        (
            f"Image tower ({backbone.device}), pictures on the card, {batch} at a time",
            f"{pace:,.0f} frames/s, {share:.0%} of that",
            f"{SHARE_ASKED:.0%}",
            share >= SHARE_ASKED,
        ),
        ("One frame alone", seconds(alone_s), "", True),
        (f"A cine of {len(sides.clip)} frames to views", seconds(cine_s), f"< {CINE_ASKED_S} s", cine_s < CINE_ASKED_S),
        (f"Score-CAM, {len(frame.maps)} channels", seconds(cam_s), f"< {CAM_ASKED_S} s", cam_s < CAM_ASKED_S),
    )
    lines = ["| what | found | asked |", "|---|---|---|"]
    for what, found, asked, holds in told:
        verdict = f"{asked}: {'reached' if holds else 'NOT reached'}" if asked else ""
        lines.append(f"| {what} | {found} | {verdict} |")
    return "\n".join(lines), all(row[3] for row in told)


def _pace(sides: Sides, batch: int) -> float:
    """Return pictures a second that lie on the device already."""
    size, device = sides.engine.spec.size, sides.backbone.place.kind
    images = sides.backbone.to_device(np.random.default_rng(0).normal(size=(batch, 3, size, size)).astype(np.float32))

    def passes() -> None:
        with torch.inference_mode():
            sides.backbone.embed_images(images)
        wait(device)

    passes()
    return batch / median_time(passes, 5)


if __name__ == "__main__":
    sys.exit(main())
