"""Pictures without a fetus, for testing alone: ultrasound of others, what packages ship, noise, text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fetalclip_app.domain.abstention import Reason
from fetalclip_app.domain.bootstrap import RESAMPLES, Floats, draws
from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.reading import ClipReading, HeadMeasurement, HeadSize, LineMeasurements
from fetalclip_app.domain.views import ViewPrediction
from fetalclip_app.errors import FetalClipError
from fetalclip_app.imaging.readers import read_clip
from fetalclip_app.tasks.keys import HEAD, MEASURES, VIEWS
from training.evaluation.reader import Reader
from training.manifest import Sample

DICOM = "dicom"
"""Folder of the data folder with ultrasound of others, and the kind of what lies there."""

KINDS = {
    DICOM: "ultrasound without a fetus (DICOM samples)",
    "packages": "pictures that installed packages ship",
    "radiology": "radiology that pydicom ships",
    "noise": "noise",
    "text": "text screens",
}
MOST, SMALLEST = 60, 120
DRAWN, SEED = 20, 2027


@dataclass(frozen=True, slots=True)
class Stranger:
    """A clip without a fetus and what the app made of it.

    Attributes:
        strangeness: Median over its frames.
        best: View that it resembles most.
        refused: Reason of the abstention; empty where the app named ``best`` with confidence.
        lengths: (name, mm) of every line and of the head's outline (``hc``) that the app gave: each is a mistake.
            None for mm where it drew the line, and the file has no scale.
    """

    kind: str
    name: str
    strangeness: float
    best: str
    refused: str
    lengths: tuple[tuple[str, float | None], ...] = ()


def read_strangers(reader: Reader, samples: Sequence[Sample], data: Path, scratch: Path) -> list[Stranger]:
    """Read every clip as a user would; files that cannot be read are left out.

    Args:
        samples: What the model is measured on; where some lie in ``dicom/``, no stranger is looked for there.
        scratch: An empty folder for the pictures that are made.
    """
    own = any(sample.picture.startswith(f"{DICOM}/") for sample in samples)
    read = []
    for kind, path in paths(data, scratch):
        if kind == DICOM and own:
            continue
        try:
            read.append(_read(reader, kind, read_clip(path)))
        except FetalClipError:
            continue
    return read


def _read(reader: Reader, kind: str, clip: Clip) -> Stranger:
    reading, _ = reader.read(clip)
    views = reading.answer(VIEWS, ViewPrediction)
    assert views is not None
    _, strange = reader.seen()
    refused = "" if views.abstained is None else str(views.abstained.reason)
    return Stranger(kind, clip.path.name, strange, views.best, refused, tuple(lengths_given(reading)))


def lengths_given(reading: ClipReading) -> Iterator[tuple[str, float | None]]:
    """Yield the lengths that a user would be shown, in mm, and the lines without a scale; not what was declined."""
    head, lines = reading.answer(HEAD, HeadMeasurement), reading.answer(MEASURES, LineMeasurements)
    if head is not None:
        yield "hc", head.size.hc_mm if isinstance(head.size, HeadSize) else None
    for one in lines.measurements if lines is not None else ():
        if isinstance(one.size_mm, float):
            yield one.name, one.size_mm
        elif one.ends and one.size_mm.reason is Reason.NOT_CALIBRATED:
            yield one.name, None


def auroc(known: NDArray[np.floating[Any]], strange: NDArray[np.floating[Any]]) -> float:
    """Return the chance that a stranger scores above a known picture; a tie counts half."""
    return float(_wins(known, strange).mean())


def auroc_interval(
    known: NDArray[np.floating[Any]], groups: list[str], strange: NDArray[np.floating[Any]], resamples: int = RESAMPLES
) -> tuple[float, float]:
    """Return the 95 % interval over patients of the known pictures and over strange clips."""
    wins = _wins(known, strange)
    names, place = np.unique(np.array(groups), return_inverse=True)
    member = np.eye(len(names))[place]
    by_group, sizes = wins @ member, member.sum(axis=0)
    clips, patients = draws(len(strange), resamples), draws(len(names), resamples, seed=43)
    values = [
        np.einsum("ro,ro->r", clip, patient @ by_group.T) / (clip.sum(axis=1) * (patient @ sizes))
        for clip, patient in zip(clips, patients, strict=True)
    ]
    low, high = np.percentile(np.concatenate(values), [2.5, 97.5])
    return float(low), float(high)


def _wins(known: NDArray[np.floating[Any]], strange: NDArray[np.floating[Any]]) -> Floats:
    over, tie = strange[:, None] > known[None], strange[:, None] == known[None]
    wins: Floats = over + 0.5 * tie
    return wins


def paths(data: Path, scratch: Path) -> Iterator[tuple[str, Path]]:
    """Yield (kind, file) of everything without a fetus that is at hand."""
    yield from ((DICOM, path) for path in sorted((data / DICOM).glob("*.dcm")))
    yield from (("packages", path) for path in _packaged())
    yield from (("radiology", path) for path in _radiology(scratch))
    rng = np.random.default_rng(SEED)
    for number in range(DRAWN):
        yield "noise", _saved(scratch / f"noise{number}.png", _noise(number, rng))
    for number in range(DRAWN):
        yield "text", _saved(scratch / f"text{number}.png", _text(number, rng))


def _packaged() -> list[Path]:
    site = Path(np.__file__).parents[1]
    found: list[Path] = []
    for path in sorted([*site.rglob("*.png"), *site.rglob("*.jpg")]):
        with Image.open(path) as picture:
            if min(picture.size) >= SMALLEST:
                found.append(path)
    # Spread over the packages, whose pictures lie side by side.
    return [found[place] for place in np.unique(np.linspace(0, len(found) - 1, MOST).astype(int))] if found else []


def _radiology(scratch: Path) -> Iterator[Path]:
    import pydicom  # noqa: PLC0415

    # Only what the package brings: pydicom would fetch the rest of its test files from the network.
    shipped = Path(pydicom.__file__).parent / "data" / "test_files"
    for name in sorted(shipped.rglob("*.dcm")):
        try:
            dataset = pydicom.dcmread(name)
            if dataset.get("Modality") in (None, "", "US"):
                continue
            pixels = np.asarray(dataset.pixel_array, float)
        except Exception:  # these files test damage; what cannot be read is no picture
            continue
        while pixels.ndim > 2 + (pixels.shape[-1] == 3):
            pixels = pixels[0]
        if min(pixels.shape[:2]) >= 64:
            yield _saved(scratch / f"{name.stem}.png", _stretched(pixels))


def _stretched(values: NDArray[Any]) -> NDArray[np.uint8]:
    low, high = float(values.min()), float(values.max())
    return ((values - low) / max(high - low, 1e-9) * 255).astype(np.uint8)


def _saved(path: Path, pixels: NDArray[np.uint8]) -> Path:
    Image.fromarray(pixels).save(path)
    return path


def _noise(number: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Even, Rayleigh, coarse and blurred noise in turn: the second and the last look most like speckle."""
    match number % 4:
        case 0:
            return rng.integers(0, 256, (480, 640), dtype=np.uint8)
        case 1:
            return np.clip(rng.rayleigh(40, (480, 640)), 0, 255).astype(np.uint8)
        case 2:
            coarse = rng.integers(0, 256, (24, 32), dtype=np.uint8)
            return np.asarray(cv2.resize(coarse, (640, 480), interpolation=cv2.INTER_CUBIC), np.uint8)
        case _:
            smooth = cv2.GaussianBlur(rng.normal(0, 1, (480, 640)), (0, 0), 3)
            return np.clip(smooth * 400 + 90, 0, 255).astype(np.uint8)


def _text(number: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Lines of made-up words, dark on light and light on dark in turn."""
    back, ink = (245, 20) if number % 2 else (10, 230)
    page = np.full((600, 800), back, np.uint8)
    fonts = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_COMPLEX, cv2.FONT_HERSHEY_PLAIN)
    size = float(rng.uniform(0.5, 1.1))
    for row in range(30, 600, int(28 * size) + 12):
        words = " ".join("".join(chr(int(c)) for c in rng.integers(97, 123, rng.integers(2, 10))) for _ in range(9))
        cv2.putText(page, words, (15, row), fonts[number % 3], size, ink, 1, cv2.LINE_AA)
    return page
