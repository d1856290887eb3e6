"""Generated clips, made-up readings and engines whose answers a test can foresee."""

from __future__ import annotations

import hashlib
import math
import os
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fetalclip_app.domain.abstention import Abstention, Reason
from fetalclip_app.domain.age import AgeEstimate, GestationalAge
from fetalclip_app.domain.backbone import ModelCalibration
from fetalclip_app.domain.calibration import Box, Calibration, CalibrationSource, PixelSpacing, Region, RegionKind
from fetalclip_app.domain.clip import Clip, FramesInMemory, Origin
from fetalclip_app.domain.content_key import ContentKey
from fetalclip_app.domain.overlay import Ellipse, Heatmap, Segmentation, Where
from fetalclip_app.domain.probes import ProbeFacts
from fetalclip_app.domain.quality import ClipQuality
from fetalclip_app.domain.reading import (
    ClipReading,
    Finding,
    HeadMeasurement,
    HeadSize,
    ModelIdentity,
    Provenance,
)
from fetalclip_app.domain.sight import Sight
from fetalclip_app.domain.timing import FrameRate, RateSource
from fetalclip_app.domain.views import BRAIN_PLANES, PLANES, ViewPrediction, ViewSet
from fetalclip_app.domain.vocabulary import Vocabulary
from fetalclip_app.errors import ErrorCode, InvalidInput
from fetalclip_app.inference.listening import NOBODY, Listener
from fetalclip_app.inference.request import EngineRequest
from fetalclip_app.progress import CancelToken, Report, silent
from fetalclip_app.tasks.base import Instruments
from fetalclip_app.tasks.views import seen_with

DIMENSION = 64

IDENTITY = ModelIdentity(
    key="compact",
    title="Compact 1.0",
    sha256="7f3a" + "0" * 60,
    verified=True,
    licence="Apache-2.0",
    trained_views=("abdomen", "brain", "femur", "heart", "cervix"),
)

HEAD = (0.50, 0.56, 0.235, 0.182, 12.0)
"""The generated head: cx / width, cy / height, a / width, b / width, degrees."""


FRAMES_AT_ONCE = 8


class FakeBackbone:
    """Frames lie on axis 0; a text lies where the sum of its letters sends it."""

    identity = IDENTITY
    logit_scale = 100.0
    device = "cpu fp32"
    frames_at_once = FRAMES_AT_ONCE

    def __init__(self) -> None:
        self.frames_seen = 0
        self.texts_seen = 0

    def encode_frames(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        self.frames_seen += len(batch)
        rows = np.zeros((len(batch), DIMENSION), np.float32)
        rows[:, 0] = 1.0
        return rows

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.texts_seen += len(texts)
        rows = np.zeros((len(texts), DIMENSION), np.float32)
        for row, text in zip(rows, texts, strict=True):
            row[sum(map(ord, text)) % DIMENSION] = 1.0
        return rows


def head_ellipse(height: int, width: int) -> Ellipse:
    """Return the skull line of the generated head, in pixels of a frame of this size."""
    cx, cy, a, b, angle = HEAD
    return Ellipse(cx * width, cy * height, a * width, b * width, angle)


def fan_picture(height: int = 120, width: int = 160, *, turn: float = 0.0, seed: int = 0) -> NDArray[np.uint8]:
    """Return a made-up scan: uint8 (H, W, 3), a sector of speckle with a skull, a midline and a small cavum."""
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    apex_y, apex_x = -0.12 * height, width / 2
    radius = np.hypot(rows - apex_y, columns - apex_x)
    angle = np.arctan2(columns - apex_x, rows - apex_y)
    sector = (np.abs(angle) < 0.66) & (radius > 0.20 * height) & (radius < 1.08 * height)
    head = head_ellipse(height, width)
    tilt = math.radians(head.angle_deg + turn)
    u = (columns - head.cx) * math.cos(tilt) + (rows - head.cy) * math.sin(tilt)
    v = -(columns - head.cx) * math.sin(tilt) + (rows - head.cy) * math.cos(tilt)
    ring = np.sqrt((u / head.a) ** 2 + (v / head.b) ** 2)
    tissue = 70.0 * np.exp(-radius / (0.9 * height)) + 22.0
    tissue = np.where(ring < 0.97, 26.0 + 6.0 * np.cos(u / head.a * 9) * np.cos(v / head.b * 7), tissue)
    skull = 205.0 * np.exp(-(((ring - 1.0) * head.b / (0.012 * width)) ** 2)) * (0.55 + 0.45 * np.abs(v) / head.b)
    line = np.abs(v) < 0.006 * width
    cavum = (np.abs(u - 0.42 * head.a) < 0.12 * head.a) & (np.abs(v) < 0.06 * head.a)
    midline = np.where(line & (np.abs(u) < 0.82 * head.a) & ~cavum, 110.0, 0.0)
    rng = np.random.default_rng(seed)
    grain = rng.rayleigh(0.8, (height, width)).astype(np.float32)
    grain = (grain + np.roll(grain, 1, 1) + np.roll(grain, -1, 1)) / 3
    grey = (tissue * grain + skull * (0.7 + 0.3 * grain) + midline * grain) * np.where(cavum, 0.35, 1.0)
    picture = np.where(sector, np.clip(grey, 4, 255), 0).astype(np.uint8)
    return np.repeat(picture[:, :, None], 3, axis=2)


def region_scale(pixel_mm: float, height: int, width: int) -> Calibration:
    """Return a scale of the whole picture as a file states it."""
    whole = Region(Box(0, 0, width, height), RegionKind.TISSUE, PixelSpacing.square(pixel_mm))
    return Calibration(CalibrationSource.ULTRASOUND_REGION, (whole,))


def make_clip(
    frames: int = 6,
    *,
    height: int = 120,
    width: int = 160,
    pixel_mm: float | None = 0.5,
    hz: float | None = 25.0,
    rate_source: RateSource = RateSource.FRAME_TIME,
    name: str = "clip.dcm",
    patient: str = "P-001",
    origin: Origin | None = None,
) -> Clip:
    """Return a clip of generated pictures in memory; ``pixel_mm`` None leaves it without a scale."""
    pictures = [fan_picture(height, width, turn=2.0 * math.sin(i / 3), seed=i) for i in range(frames)]
    return Clip(
        path=Path(name),
        content_key=ContentKey.of_digits(hashlib.sha256(f"{name} {patient}".encode()).hexdigest()[:16]),
        source=FramesInMemory(pictures),
        height=height,
        width=width,
        calibration=region_scale(pixel_mm, height, width) if pixel_mm else None,
        rate=FrameRate(hz, rate_source) if hz and frames > 1 else None,
        origin=origin or Origin(patient_id=patient, study_date="20260314", study_description="Second trimester"),
    )


def make_reading(
    clip: Clip, *, best: str = "brain", learned: bool = True, identity: ModelIdentity = IDENTITY
) -> ClipReading:
    """Return a full reading with plausible answers; without a scale, age and lengths abstain."""
    share = 0.91
    findings = [
        Finding("views", _views(PLANES, best, share, len(clip), frozenset(PLANES) - set(identity.trained_views)))
    ]
    if best == "brain":
        findings.append(Finding("brain_views", _views(BRAIN_PLANES, "trans-thalamic", 0.78, len(clip), frozenset())))
        findings += _brain_findings(clip, learned)
    else:
        nothing = Abstention(Reason.NOT_APPLICABLE, "no_brain_frame")
        findings += [Finding("gestational_age", nothing), Finding("head", nothing)]
    sets = {"views": ("planes", "ab" * 32), "brain_views": ("brain_planes", "cd" * 32)}
    provenance = Provenance("0.1.0", identity, "0123456789ab", sets, "cpu fp32")
    crop = Box(0, 0, clip.width, clip.height)
    rows, quality = made_up_rows(len(clip)), made_up_quality(len(clip))
    return ClipReading(clip.key, len(clip), crop, clip.calibration, tuple(findings), provenance, rows, quality)


def make_sight(clip: Clip, known: Sequence[int], reading: ClipReading | None = None) -> Sight:
    """Return what is seen of a clip of which only these frames are known yet."""
    views = (reading or make_reading(clip)).answer("views", ViewPrediction)
    frames = np.array(known, np.intp)
    part = replace(views, per_frame=views.per_frame[frames], unfamiliar=frozenset())
    return Sight(part.among(frames, len(clip)), made_up_quality(len(clip)))


def made_up_quality(count: int) -> ClipQuality:
    """Return the quality of frames that get sharper towards the middle; all of them are whole, and none repeats."""
    rise = 1.0 - np.abs(np.linspace(-0.8, 0.8, count, dtype=np.float32))
    return ClipQuality(rise, np.ones(count, np.float32), np.full(count, 0.5, np.float32), np.zeros(count, bool))


def made_up_rows(count: int) -> NDArray[np.float32]:
    """Return unit rows of frames (count, DIMENSION): neighbours are alike, and the first differs most from the last."""
    turn = np.linspace(0.0, math.pi / 2, count, dtype=np.float32)
    rows = np.zeros((count, DIMENSION), np.float32)
    rows[:, 0], rows[:, 1] = np.cos(turn), np.sin(turn)
    return rows


def _views(keys: tuple[str, ...], best: str, share: float, frames: int, not_trained: frozenset[str]) -> ViewPrediction:
    rest = np.linspace(2.0, 1.0, len(keys)).astype(np.float32)
    rest[keys.index(best)] = 0.0
    probabilities = rest / rest.sum() * np.float32(1 - share)
    probabilities[keys.index(best)] = share
    per_frame = np.repeat(probabilities[None], frames, axis=0)
    per_frame[:, keys.index(best)] += np.linspace(-0.05, 0.05, frames, dtype=np.float32)
    return ViewPrediction(
        "planes", keys, probabilities, per_frame, calibrated=True, not_trained=not_trained & set(keys)
    )


def _brain_findings(clip: Clip, learned: bool) -> list[Finding]:
    middle = len(clip) // 2
    ellipse = head_ellipse(clip.height, clip.width)
    rows, columns = np.mgrid[0 : clip.height, 0 : clip.width]
    tilt = math.radians(ellipse.angle_deg)
    u = (columns - ellipse.cx) * math.cos(tilt) + (rows - ellipse.cy) * math.sin(tilt)
    v = -(columns - ellipse.cx) * math.sin(tilt) + (rows - ellipse.cy) * math.cos(tilt)
    mask = (u / ellipse.a) ** 2 + (v / ellipse.b) ** 2 <= 1
    no_scale = Abstention(Reason.NOT_CALIBRATED, "no_scale")
    size: HeadSize | Abstention = no_scale
    age: AgeEstimate | Abstention = no_scale
    if clip.calibration is not None:
        spacing = clip.calibration.regions[0].spacing
        assert spacing is not None
        mm = spacing.isotropic_mm()
        ofd, bpd = 2 * ellipse.a * mm, 2 * ellipse.b * mm
        size = HeadSize(hc_mm=math.pi * (ofd + bpd) / 2, bpd_mm=bpd, ofd_mm=ofd)
        days = np.arange(98, 273)
        scores = (24 + 3.0 * np.exp(-(((days - 143) / 21.0) ** 2))).astype(np.float32)
        age = AgeEstimate(
            GestationalAge(143), GestationalAge(136), GestationalAge(150), 98, scores, mm, None, learned, True
        )
    head = HeadMeasurement(Segmentation("head", mask), ellipse, 0.97, size)
    return [Finding("gestational_age", age, middle), Finding("head", head, middle)]


def make_heatmap(clip: Clip, view_key: str = "brain", method: str = "gradcam") -> Heatmap:
    """Return a warm spot over the generated head."""
    ellipse = head_ellipse(clip.height, clip.width)
    rows, columns = np.mgrid[0 : clip.height, 0 : clip.width]
    far = ((columns - ellipse.cx - 0.3 * ellipse.a) / ellipse.a) ** 2 + ((rows - ellipse.cy) / ellipse.b) ** 2
    return Heatmap(view_key, method, np.exp(-1.6 * far).astype(np.float32))


@dataclass
class FakeEngine:
    """Reads by looking once at each frame; lives in the model's process or in the test's own."""

    identity: ModelIdentity = IDENTITY
    device: str = "cpu fp32"
    notices: tuple[str, ...] = ()
    methods: tuple[str, ...] = ("gradcam", "scorecam", "eigencam")
    probes: tuple[ProbeFacts, ...] = ()
    headed: dict[str, tuple[str, ...]] = field(default_factory=dict)
    vocabulary: Vocabulary | None = None
    pause_s: float = 0.0
    looked_at: list[int] = field(default_factory=list)

    def read(self, clip: Clip, cancel: CancelToken, report: Report, listener: Listener = NOBODY) -> ClipReading:
        reading = make_reading(clip, identity=self.identity)
        for index in range(len(clip)):
            cancel.check()
            clip.frame(index)
            self.looked_at.append(index)
            if self.pause_s:
                time.sleep(self.pause_s)
            listener.seen(make_sight(clip, range(index + 1), reading))
            report(index + 1, len(clip))
        return reading

    def later(self) -> Iterator[None]:
        return iter(())

    def settle(self) -> Iterator[None]:
        return iter(())

    def explain(self, clip: Clip, where: Where, step: Report = silent) -> Heatmap:
        clip.frame(where.frame_index)
        for done in range(3):
            step(done, 3)
        return make_heatmap(clip, where.view_key, where.method)

    def embed(self, clip: Clip, cancel: CancelToken) -> NDArray[np.float32]:
        cancel.check()
        clip.frame(0)
        return made_up_rows(len(clip))

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return text_rows(texts)

    def seen_with(self, view_set: ViewSet, rows: NDArray[np.float32], unfamiliar: frozenset[int]) -> ViewPrediction:
        tools = Instruments(self.identity, 100.0, ModelCalibration(), text_rows, vocabulary=self.vocabulary)
        return seen_with(view_set, rows, tools, unfamiliar)


def text_rows(texts: Sequence[str]) -> NDArray[np.float32]:
    """Return unit rows (texts, DIMENSION): 'heart' lies on a clip's first frame, 'femur' on its last, others apart."""
    rows = np.zeros((len(texts), DIMENSION), np.float32)
    for row, text in zip(rows, texts, strict=True):
        if "too long" in text:
            raise InvalidInput(ErrorCode.VIEW_SET_INVALID, name=text, problem="a prompt has 200 tokens")
        axes = [axis for axis, word in enumerate(("heart", "femur")) if word in text]
        row[axes or [2 + sum(map(ord, text)) % (DIMENSION - 2)]] = 1.0
    unit: NDArray[np.float32] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


class SpellEngine(FakeEngine):
    """Does what the clip's file name says: ``die``, ``bug``, ``known``, ``forever``, ``sum`` or a plain reading."""

    def read(self, clip: Clip, cancel: CancelToken, report: Report, listener: Listener = NOBODY) -> ClipReading:
        match clip.path.stem:
            case "die":
                os._exit(9)
            case "bug":
                raise RuntimeError("made up")
            case "known":
                raise InvalidInput(ErrorCode.VIEW_SET_INVALID, name="mine.json", problem="made up")
            case "memory":
                raise MemoryError
            case "forever":
                report(0, 1)
                while True:
                    cancel.check()
                    time.sleep(0.002)
            case "deaf":
                report(0, 1)
                time.sleep(60)
            case "sum":
                return self._sums(clip, report)
        return super().read(clip, cancel, report, listener)

    def _sums(self, clip: Clip, report: Report) -> ClipReading:
        """Report the sum of each frame's pixels, twice over, so that the other side can check them."""
        for index in [*range(len(clip)), *reversed(range(len(clip)))]:
            report(index, int(clip.frame(index).pixels.sum()))
        return make_reading(clip)


def spell_factory(request: EngineRequest) -> SpellEngine:
    """Return a `SpellEngine`; the model ``missing`` raises as weights that are not there."""
    if request.model == "missing":
        raise InvalidInput(ErrorCode.MODEL_MISSING, name="weights.pt")
    if request.model == "die":
        os._exit(3)
    return SpellEngine()


def slow_factory(request: EngineRequest) -> SpellEngine:
    """Take longer than any test waits."""
    threading.Event().wait(60)
    return SpellEngine()


def spin(qtbot: Any, seconds: float) -> None:
    """Let the window live for a while."""
    end = time.perf_counter() + seconds
    qtbot.waitUntil(lambda: time.perf_counter() >= end, timeout=int(1000 * seconds) + 5000)


class CountingEngine(FakeEngine):
    """Tells by its device how many steps it did."""

    steps = 0

    @property  # type: ignore[override]
    def device(self) -> str:
        return f"cpu after {self.steps}"

    @device.setter
    def device(self, value: str) -> None:
        pass

    def step(self) -> None:
        """Take a moment."""
        time.sleep(0.005)
        self.steps += 1


class SettlingEngine(CountingEngine):
    """Needs many steps to settle."""

    def settle(self) -> Iterator[None]:
        for _ in range(200):
            self.step()
            yield


def settling_factory(request: EngineRequest) -> SettlingEngine:
    """Return an engine that needs a second to settle."""
    return SettlingEngine()
