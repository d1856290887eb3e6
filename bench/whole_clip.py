"""``python -m bench.whole_clip``: how near lengths over a whole clip come to the truth, and what they cost a frame.

Generated cines of heads of known size, each frame spoilt in its own way, with frames of a smaller section planted among
them; and, where FETALCLIP_DATA names real scans, pictures of HC18's validation exams moved as a hand moves a probe.
"""

from __future__ import annotations

import argparse
import csv
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

import training
from fetalclip_app.domain.calibration import Box, Calibration, CalibrationSource, PixelSpacing, Region, RegionKind
from fetalclip_app.domain.clip import Clip, FramesInMemory, Pixels
from fetalclip_app.domain.content_key import ContentKey
from fetalclip_app.domain.pooled import PooledLength, PooledSize, WholeClip
from fetalclip_app.imaging.preprocess import crop_of
from fetalclip_app.imaging.readers import read_clip
from fetalclip_app.inference.engine import Engine
from fetalclip_app.inference.load import load_engine
from fetalclip_app.inference.request import EngineRequest
from fetalclip_app.progress import CancelToken, silent
from fetalclip_app.tasks.base import Scan
from training.section import section
from training.simulate import random_spec
from training.tissue import random_tissue

FRAMES, PLANTED = 16, 3
PLANTED_SHARE = 0.8
"""Size of the planted sections beside the true one."""

_SPLIT = Path(training.__file__).parent / "splits" / "hc18.csv"


@dataclass(frozen=True, eq=False, slots=True)
class Case:
    """A clip of a head of known circumference, and the frames that were planted."""

    clip: Clip
    hc_mm: float
    planted: frozenset[int]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one case, in mm of HC: pooled error, each frame's error with its index, outliers, planted frames."""

    hc_mm: float
    pooled: float
    frames: dict[int, float]
    outliers: frozenset[int]
    planted: frozenset[int]

    @property
    def own_frames(self) -> list[float]:
        """The absolute errors of the frames that were not planted."""
        return [error for index, error in self.frames.items() if index not in self.planted]


def generated(seed: int) -> Case:
    """Return a generated cine: one fetus, a hand that shakes, gain, noise and blur of each frame's own."""
    rng = np.random.default_rng(seed)
    spec, tissue = random_spec(rng), random_tissue(rng)
    planted = _places(rng)
    pictures = []
    for index in range(FRAMES):
        x, y, turn, off = rng.normal(0, (1.0, 0.7, 2.0, 0.8))
        moved = replace(
            spec, x_mm=spec.x_mm + x, y_mm=spec.y_mm + y, angle_deg=spec.angle_deg + turn, elevation_mm=float(off)
        )
        size = replace(moved, hc_mm=PLANTED_SHARE * spec.hc_mm) if index in planted else moved
        pictures.append(spoilt(section(size, tissue, tick=index).pixels, rng))
    return Case(clip_of(pictures, spec.view.pixel_mm, f"generated {seed}"), spec.hc_mm, planted)


def real(data: Path, count: int, seed: int = 0) -> Iterator[Case]:
    """Yield pictures of validation exams as cines: moved and turned a little, spoilt, some of them shrunk."""
    rng = np.random.default_rng(seed)
    with _SPLIT.open(encoding="utf-8", newline="") as table:
        held_out = {row["group"] for row in csv.DictReader(table) if row["split"] == "validation"}
    with (data / "hc18" / "labels.csv").open(encoding="utf-8", newline="") as table:
        rows = [row for row in csv.DictReader(table) if f"hc18-exam-{row['exam']}" in held_out]
    for row in (rows[place] for place in rng.permutation(len(rows))[:count]):
        still = read_clip(data / "hc18" / "images" / row["file"]).frame(0).pixels
        planted = _places(rng)
        pictures = [spoilt(moved(still, rng, PLANTED_SHARE if i in planted else 1.0), rng) for i in range(FRAMES)]
        yield Case(clip_of(pictures, float(row["pixel_mm"]), row["file"]), float(row["head_circumference_mm"]), planted)


def _places(rng: np.random.Generator) -> frozenset[int]:
    return frozenset(int(place) for place in rng.choice(FRAMES, PLANTED, replace=False))


def moved(picture: Pixels, rng: np.random.Generator, scale: float) -> Pixels:
    """Return a picture shifted by some per cent, turned by some degrees and scaled."""
    height, width = picture.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), rng.normal(0, 3.0), scale)
    turn[:, 2] = turn[:, 2] + rng.normal(0, 0.015 * width, 2)
    return np.asarray(cv2.warpAffine(picture, turn, (width, height)), np.uint8)


def spoilt(picture: Pixels, rng: np.random.Generator) -> Pixels:
    """Return a picture with its own gain, contrast, speckle, blur and one shadow along the beam."""
    grey = picture[..., 0].astype(np.float32) / 255
    grey = np.clip(grey, 0, 1) ** float(np.exp(rng.normal(0, 0.25))) * float(np.exp(rng.normal(0, 0.2)))
    grey *= 1 + rng.normal(0, 0.25, grey.shape).astype(np.float32)
    columns = np.arange(grey.shape[1])
    where, wide = rng.uniform(0, grey.shape[1]), rng.uniform(0.02, 0.12) * grey.shape[1]
    grey *= (1 - rng.uniform(0, 0.9) * np.exp(-(((columns - where) / wide) ** 2)))[None, :].astype(np.float32)
    blurred = cv2.GaussianBlur(grey, (0, 0), float(rng.uniform(0.4, 2.2)))
    return np.repeat((np.clip(blurred, 0, 1) * 255).astype(np.uint8)[..., None], 3, axis=2)


def clip_of(pictures: Sequence[Pixels], pixel_mm: float, name: str) -> Clip:
    """Return a clip in memory with one scale for the whole picture."""
    height, width = pictures[0].shape[:2]
    whole = Region(Box(0, 0, width, height), RegionKind.TISSUE, PixelSpacing.square(pixel_mm))
    calibration = Calibration(CalibrationSource.ULTRASOUND_REGION, (whole,))
    key = ContentKey.of_digits(f"{abs(hash(name)) % 16**16:016x}")
    return Clip(Path(name), key, FramesInMemory(pictures), height, width, calibration)


def outcome_of(engine: Engine, case: Case) -> Outcome | None:
    """Return how far the lengths lie from the truth; None where there is no pooled length."""
    found = engine.read(case.clip, CancelToken(), silent).answer("whole_clip", WholeClip)
    one = next((one for one in found.lengths if one.name == "hc"), None) if found is not None else None
    if not isinstance(one, PooledLength) or not isinstance(one.size, PooledSize):
        return None
    errors = {value.frame_index: abs(value.value_mm - case.hc_mm) for value in one.values}
    outliers = frozenset(value.frame_index for value in one.outliers)
    return Outcome(case.hc_mm, abs(one.size.median_mm - case.hc_mm), errors, outliers, case.planted & errors.keys())


def table(name: str, outcomes: Sequence[Outcome | None]) -> str:
    """Return a row of the page."""
    found = [one for one in outcomes if one is not None]
    every = [error for one in found for error in one.frames.values()]
    own = [error for one in found for error in one.own_frames]
    planted = sum(len(one.planted) for one in found)
    seen = sum(len(one.planted & one.outliers) for one in found)
    false = sum(len(one.outliers - one.planted) for one in found)
    pooled = float(np.mean([one.pooled for one in found]))
    errors = " | ".join(f"{error:.2f} mm" for error in (pooled, np.mean(own), np.mean(every)))
    counts = f"{seen} of {planted} | {false} of {len(own)}"
    return f"| {name} | {len(found)} of {len(outcomes)} | {errors} | {counts} |"


def frame_time_ms(engine: Engine, clip: Clip) -> float:
    """Return what the task costs for each picture that it measures: outline, lines and ellipse, decoding included."""
    reading = engine.read(clip, CancelToken(), silent)
    scan = Scan(clip, crop_of(clip), engine.spec, reading.embeddings, reading.findings)
    task = next(task for task in engine.tasks if task.key == "whole_clip")
    started = time.perf_counter()
    answer = task.answer(scan, engine.instruments).answer
    seconds = time.perf_counter() - started
    assert isinstance(answer, WholeClip)
    return 1000 * seconds / len(answer.lengths[0].values)


def main() -> int:
    """Print the page's table."""
    parser = argparse.ArgumentParser(prog="python -m bench.whole_clip")
    parser.add_argument("--clips", type=int, default=20)
    count = parser.parse_args().clips
    engine = load_engine(EngineRequest(device="cpu"))
    print("| cines | pooled | error pooled | of a frame | of any frame | planted found | others called outliers |")
    print("|---|---|---|---|---|---|---|")
    cases = [generated(seed) for seed in range(count)]
    print(table("generated", [outcome_of(engine, case) for case in cases]))
    if data := os.environ.get("FETALCLIP_DATA"):
        print(table("HC18, moved", [outcome_of(engine, case) for case in real(Path(data), count)]))
    print(f"{frame_time_ms(engine, cases[0].clip):.0f} ms a frame")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
