"""A JPEG cine from the file to the view of each frame: what a person waits for who opens one."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.pixels.utils import pixel_array as pixels_of

from bench import files_scene
from bench.parts import COSINE
from bench.rows import Row, side_by_side
from bench.sides import Sides, cosine, read
from fetalclip_app.domain.clip import Clip
from fetalclip_app.imaging.preprocess import crop_of
from fetalclip_app.imaging.readers import read_clip
from fetalclip_app.tasks.keys import VIEWS

ASKED = 5.0
FRAMES = 100

Rows = NDArray[np.float32]


def jpeg_cine(sides: Sides, frames: int = FRAMES, asked: float | None = ASKED) -> list[Row]:
    """Time a generated cine, 768 x 1024, JPEG baseline of a scanner's usual size, end to end; texts are known.

    The plain loop: pydicom decodes all frames, and each goes alone through the recipe's transform and the network.
    """
    with tempfile.TemporaryDirectory(prefix="fetalclip-bench-") as name:
        quality = files_scene.fitting_quality(files_scene.SCANNER_BYTES, files_scene.COARSE)
        path = files_scene.write_cine(Path(name) / "cine.dcm", range(frames), quality, grain=files_scene.COARSE)
        crop_clip = read_clip(path)
        engine = sides.asked(VIEWS)
        classes = sides.recipe.classes(engine.view_sets[VIEWS].prompts)
        read(engine, sides.still)

        def plain() -> Rows:
            rows = plain_loop(sides, path, crop_clip)
            sides.recipe.views(rows, classes)
            return rows

        plain_s, ours_s = side_by_side(plain, lambda: read(engine, read_clip(path)), 3)
        rows, reading = plain(), read(engine, read_clip(path))
    near = cosine(reading.embeddings, rows)
    shares, found = sides.recipe.views(rows, classes), reading.answer(VIEWS, object)
    same = int((found.per_frame.argmax(axis=1) == shares.argmax(axis=1)).sum())
    answers = f"{frames / plain_s:.1f} and {frames / ours_s:.1f} frames/s; cosine {near:.6f} at least, "
    answers += f"{same} of {frames} views the same"
    return [
        Row(
            f"A JPEG cine of {frames} frames, file to views",
            plain_s,
            ours_s,
            answers,
            same=near >= COSINE and same == frames,
            asked=asked,
        )
    ]


def plain_loop(sides: Sides, path: Path, clip: Clip) -> Rows:
    """Return the rows of all frames by the plain loop."""
    crop = crop_of(clip)
    pixels = pixels_of(path)
    pictures = [np.ascontiguousarray(one[crop.top : crop.bottom, crop.left : crop.right]) for one in _rgb(pixels)]
    return sides.recipe.pictures(pictures, at_once=1)


def _rgb(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return pixels if pixels.shape[-1] == 3 else np.repeat(pixels[..., None], 3, axis=-1)
