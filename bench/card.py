"""``python -m bench.card``: FetalCLIP's network on a graphics card; says so where there is none."""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from bench import encoders, files_scene, rows
from bench.cam_part import frame_of
from bench.limits import Products, cost_of, shapes_of, square_product, wait
from bench.rows import median_time, seconds, timed
from bench.scene import bundled_clip, engine_of, plain_network
from bench.sides import Effort, Sides, cosine, fresh, read
from fetalclip_app.domain.clip import Clip
from fetalclip_app.imaging.readers import read_clip
from fetalclip_app.model import roads
from fetalclip_app.model.cam import Saliency
from fetalclip_app.tasks.keys import AGE, VIEWS

MODEL = "vit_l_14"
FRAMES = 300
BATCHES = (16, 64, 128, 256, 512)
REDUCED = "bf16"
"""The precision whose share of the peak is asked for."""

SHARE_ASKED, CINE_ASKED_S, CAM_ASKED_S = 0.6, 1.0, 0.5
"""Of the matmul peak at the best batch; of a cine from its file to the views; of one Score-CAM."""

NO_GPU = "No GPU: nothing was measured on a graphics card."


@dataclass(frozen=True, slots=True)
class Told:
    """One line of the table.

    Attributes:
        asked: What is asked for; empty where nothing is.
        holds: It is reached.
    """

    what: str
    found: str
    asked: str = ""
    holds: bool = True

    def __str__(self) -> str:
        """Return the line as Markdown."""
        verdict = f"{self.asked}: {'reached' if self.holds else 'NOT reached'}" if self.asked else ""
        return f"| {self.what} | {self.found} | {verdict} |"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the section; 0 where all that is asked is reached, or there is no card, else 3."""
    options = _parser().parse_args(arguments)
    logging.getLogger().setLevel(logging.ERROR)
    print("### Graphics card\n")
    if not torch.cuda.is_available():
        print(NO_GPU)
        return 0
    clip = bundled_clip(FRAMES)
    engine = engine_of(MODEL, clip, device="cuda")
    sides = Sides(engine, lambda: plain_network(MODEL, device="cuda"), clip, Effort(frames=FRAMES))
    table, reached = measured(sides, BATCHES)
    versions = f"torch {torch.__version__}, CUDA {torch.version.cuda}"
    text = f"{torch.cuda.get_device_name()}, {versions}, {MODEL}, random weights.\n\n{table}"
    print(text)
    if options.write is not None:
        rows.write(options.write, text, "card")
    return 0 if reached else rows.NOT_REACHED


def measured(sides: Sides, batches: Sequence[int]) -> tuple[str, bool]:
    """Return the table, and whether all that is asked is reached."""
    encoders.take_fastest(sides)
    told = [*_tower(sides, batches), *_cines(sides), *_ages(sides), _score_cam(sides)]
    if torch.cuda.is_available():
        told.append(Told("Most memory of the card", f"{torch.cuda.max_memory_allocated() / 1e9:.1f} GB"))
    lines = ["| what | found | asked |", "|---|---|---|", *map(str, told)]
    return "\n".join(lines), all(line.holds for line in told)


def _tower(sides: Sides, batches: Sequence[int]) -> list[Told]:
    """Time the image tower beside the card's largest product, and tell how far its rows lie from those in fp32."""
    backbone, device, size = sides.backbone, sides.backbone.place.kind, sides.engine.spec.size
    visual = sides.recipe.network.visual
    cost = cost_of(visual.cpu(), size)
    visual.to(device)
    tokens = len(visual.positional_embedding)
    products = (Products(shapes_of(visual), most * tokens, torch.bfloat16, device) for most in batches)
    shaped = max(product.best() for product in products)
    peak = max(shaped, square_product(torch.bfloat16, device))
    told = [Told("Product of matrices in bf16: the network's shapes; the peak", f"{shaped:,.0f}; {peak:,.0f} GFLOP/s")]
    exact = _rows(sides, exact=True)
    candidates = {road.key: road for road in roads.roads_for(backbone.network, backbone.place)}
    reduced = next((road for key, road in candidates.items() if REDUCED in key), sides.road)
    for road in dict.fromkeys((reduced, sides.road)):
        backbone.take(road)
        paces = {batch: _pace(sides, batch) for batch in batches}
        best = max(paces, key=lambda batch: paces[batch])
        share, is_asked = paces[best] * cost.gflop / peak, road is reduced
        name, taken = backbone.device, ", which the program takes" if road is sides.road else ""
        of_batches = ", ".join(f"{pace:,.0f} by {batch}" for batch, pace in paces.items())
        found = f"{paces[best]:,.0f} frames/s by {best}: {share:.0%} of the peak ({of_batches}); "
        found += f"cosine {cosine(_rows(sides, exact=False), exact):.6f} at least"
        asked = f"{SHARE_ASKED:.0%}" if is_asked else ""
        told.append(
            Told(f"Image tower, {name}{taken}, pictures on the card", found, asked, not asked or share >= SHARE_ASKED)
        )
    backbone.take(sides.road)
    alone_s = 1 / _pace(sides, 1)
    pictures = _noise(size, 64)
    pace = len(pictures) / median_time(lambda: backbone.encode_frames(pictures), 5)
    host_s = median_time(lambda: backbone.encode_frames(pictures[:1]), 9)
    return [
        *told,
        Told(f"The program's encoder, from and to the host, {len(pictures)} at a time", f"{pace:,.0f} frames/s"),
        Told("One frame alone: on the card; from and to the host", f"{seconds(alone_s)}; {seconds(host_s)}"),
    ]


def _cines(sides: Sides) -> list[Told]:
    """Time a cine to its views: frames in memory, and a file."""
    engine, length = sides.asked(VIEWS), len(sides.clip)
    read(engine, sides.part(min(length, 80)))
    decoded_s = median_time(lambda: read(engine, sides.clip), 3)
    with tempfile.TemporaryDirectory(prefix="fetalclip-bench-") as name:
        quality = files_scene.fitting_quality(files_scene.SCANNER_BYTES, files_scene.COARSE)
        path = files_scene.write_cine(Path(name) / "cine.dcm", range(length), quality, grain=files_scene.COARSE)

        def from_file() -> Clip:
            clip = read_clip(path)
            read(engine, clip)
            return clip

        from_file()
        file_s = median_time(from_file, 3)
    asked = f"< {CINE_ASKED_S} s"
    return [
        Told(f"A decoded cine of {length} frames to views", seconds(decoded_s), asked, decoded_s < CINE_ASKED_S),
        Told(f"A JPEG file of {length} frames to views", seconds(file_s), asked, file_s < CINE_ASKED_S),
    ]


def _ages(sides: Sides) -> list[Told]:
    """Time the age of one picture; what the card has to get ready for such texts is got ready before."""
    read(fresh(sides.asked(VIEWS, AGE)), sides.still)
    engine = fresh(sides.asked(VIEWS, AGE))
    cold_s, _ = timed(lambda: read(engine, sides.still))
    warm_s = median_time(lambda: read(engine, sides.still), 5)
    return [Told("Age of one picture: cold; texts known", f"{seconds(cold_s)}; {seconds(warm_s)}")]


def _score_cam(sides: Sides) -> Told:
    frame, saliency = frame_of(sides), Saliency(sides.backbone)

    def heatmap() -> None:
        saliency.heatmap(frame.picture, frame.classes, frame.target, "scorecam")
        wait(sides.backbone.place.kind)

    heatmap()
    cam_s = median_time(heatmap, 3)
    what = f"Score-CAM, {len(frame.maps)} channels"
    return Told(what, seconds(cam_s), f"< {CAM_ASKED_S} s", cam_s < CAM_ASKED_S)


def _rows(sides: Sides, *, exact: bool) -> NDArray[np.float32]:
    images = sides.backbone.to_device(_noise(sides.engine.spec.size, 8))
    return np.asarray(sides.backbone.embed_images(images, exact=exact).cpu().numpy())


def _noise(size: int, count: int) -> NDArray[np.float32]:
    return np.random.default_rng(0).normal(size=(count, 3, size, size)).astype(np.float32)


def _pace(sides: Sides, batch: int) -> float:
    """Return pictures a second that lie on the device already."""
    device = sides.backbone.place.kind
    images = sides.backbone.to_device(_noise(sides.engine.spec.size, batch))
    passes = max(2000 // batch, 2) if device == "cuda" else 1

    def many() -> None:
        with torch.inference_mode():
            for _ in range(passes):
                sides.backbone.embed_images(images)
        wait(device)

    many()
    return passes * batch / median_time(many, 3)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.card", description=__doc__)
    parser.add_argument("--write", type=Path, metavar="PAGE", help="put the table into this page")
    return parser


if __name__ == "__main__":
    sys.exit(main())
