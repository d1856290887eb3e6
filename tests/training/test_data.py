from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import cv2
import dicom_files
import numpy as np
import pytest

from fetalclip_app.biometry.growth import who_median_days
from fetalclip_app.domain.overlay import Ellipse
from fetalclip_app.imaging.preprocess import PreprocessSpec, prepare
from training import augment, distractors
from training.augment import AugmentConfig
from training.dataset import STORED_SIDE, BatchConfig, Batches, Stored, load, stored_simulation
from training.manifest import Sample, read_split
from training.outlined import mask_under
from training.outlines import read_outline
from training.split import SAME_PATIENT, SPLITS, draw


@pytest.mark.parametrize("name", ["hc18.csv", "fetal_planes.csv"])
def test_no_patient_is_on_two_sides(name: str) -> None:
    lines = (SPLITS / name).read_text(encoding="utf-8").splitlines()[1:]
    groups = Counter(line.split(",")[0] for line in lines)

    assert max(groups.values()) == 1
    assert set(read_split(SPLITS / name).values()) == {"train", "validation", "test"}


def test_two_numbers_of_one_woman_lie_on_one_side() -> None:
    split_of = read_split(SPLITS / "fetal_planes.csv")

    assert {one: split_of[one] for one in SAME_PATIENT} == {one: split_of[other] for one, other in SAME_PATIENT.items()}


def test_a_patient_that_stands_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "split.csv").write_text("group,split\na,train\na,test\n", encoding="utf-8")

    with pytest.raises(ValueError, match="the group 'a' stands twice"):
        read_split(tmp_path / "split.csv")


def test_new_patients_move_no_old_one() -> None:
    few = draw([f"p{i}" for i in range(50)])
    many = draw([f"p{i}" for i in range(200)])

    assert all(many[name] == split for name, split in few.items())


def test_official_test_patients_stay_test() -> None:
    drawn = draw(["a", "b", "c"], test=frozenset({"b"}))

    assert drawn["b"] == "test"
    assert drawn["a"] != "test"


def _stored(plane: str | None, hc_mm: float | None = None, brain_plane: str | None = None):  # type: ignore[no-untyped-def]
    pixels = np.random.default_rng(1).integers(30, 200, (220, 300, 3), dtype=np.uint8)
    sample = Sample(
        picture=f"{plane}.png",
        source="hc18" if hc_mm else "fetal_planes",
        group=f"g-{plane}",
        split="train",
        plane=plane,
        brain_plane=brain_plane,
        pixel_mm=0.3 if hc_mm else None,
        hc_mm=hc_mm,
        age_days=140.0 if hc_mm else None,
    )
    return stored_simulation(sample, pixels)


def _batches(seed: int = 3) -> Batches:
    stored = [
        _stored("brain", hc_mm=173.0),
        _stored("brain", brain_plane="trans-thalamic"),
        _stored("femur"),
        _stored(None),
    ]
    shares = tuple((kind, 0.2) for kind in ("hc18", "brain", "femur", "other", "distractor"))
    config = BatchConfig(size=24, aged=4, ladder=8, shares=shares)
    return Batches(stored, spec=PreprocessSpec(), batch=config, augmentation=AugmentConfig(), seed=seed)


def test_the_same_seed_draws_the_same_batch() -> None:
    first, second = _batches().draw(), _batches().draw()

    np.testing.assert_array_equal(first.pictures, second.pictures)
    assert first.planes.texts == second.planes.texts


def test_batches_go_on_from_a_stored_state() -> None:
    first, second = _batches(), _batches(seed=11)
    first.draw()
    second.set_state(json.loads(json.dumps(first.state())))

    for _ in range(2):
        ours, theirs = first.draw(), second.draw()
        np.testing.assert_array_equal(ours.pictures, theirs.pictures)
        assert ours.planes.texts == theirs.planes.texts
        assert ours.ages.texts == theirs.ages.texts


LEVELS = {"brain": 91, "femur": 141, None: 191}
"""Flat pictures: their grey level tells which plane a row of a batch shows."""

WORDS = {
    "abdomen": ("abdom", "belly", "trunk"),
    "brain": ("brain", "head", "skull"),
    "femur": ("femur", "thigh", "leg "),
    "heart": ("heart", "thorax", "cardiac"),
    "cervix": ("cervi",),
    "kidney": ("kidney", "renal"),
    "lips_nose": ("lip", "mouth", "coronal"),
    "profile": ("profile", "from the side", "midsagittal", "side view", "nasal bone"),
    "spine": ("spine", "vertebra", "backbone"),
}


def _plane_in_words(text: str) -> str | None:
    """Return the plane that a caption names, None for a caption of no ultrasound."""
    if text in distractors.CAPTIONS:
        return None
    subject = text.lower().replace("beside the spine", "")
    (plane,) = (plane for plane, words in WORDS.items() if any(word in subject for word in words))
    return plane


def _shown_kinds(pictures: np.ndarray, spec: PreprocessSpec) -> list[str | None]:
    """Return what each picture of a batch shows, by its grey level; "distractor" where it is none of ours."""
    grey = (pictures[:, 0] * spec.std[0] + spec.mean[0]) * 255
    kinds: list[str | None] = []
    for picture in grey:
        same = [plane for plane, level in LEVELS.items() if np.abs(picture - level).max() < 0.5]
        kinds.append(same[0] if same else "distractor")
    return kinds


def test_a_caption_is_true_of_the_pictures_of_its_plane_and_of_no_other() -> None:
    stored = [
        Stored(
            Sample(f"{plane}.png", "fetal_planes", "g", "train", plane), np.full((STORED_SIDE,) * 2, level, "u1"), 300
        )
        for plane, level in LEVELS.items()
    ]
    shares = tuple((kind, 0.25) for kind in ("brain", "femur", "other", "distractor"))
    # A flat picture cut up is the same flat picture: no jigsaw here.
    config, spec = BatchConfig(size=32, shares=shares, jigsaw=0.0), PreprocessSpec()
    batches = Batches(stored, spec=spec, batch=config, augmentation=AugmentConfig(keep=1.0), seed=4)

    for _ in range(3):
        batch = batches.draw()
        kinds = _shown_kinds(batch.pictures, spec)
        named = [_plane_in_words(text) for text in batch.planes.texts]
        true = [[kind == (name or "distractor") for name in named] for kind in kinds]
        unsure = {"kidney", "lips_nose", "profile", "spine"}
        known = [[kind is not None or name not in unsure for name in named] for kind in kinds]

        assert set(kinds) == {"brain", "femur", None, "distractor"}
        assert set(named) == {*WORDS, None}
        np.testing.assert_array_equal(batch.planes.target, true)
        np.testing.assert_array_equal(batch.planes.known, known)


def test_planes_that_no_picture_shows_are_only_ever_wrong() -> None:
    planes = _batches().draw().planes
    kidneys = [column for column, text in enumerate(planes.texts) if "kidney" in text or "renal" in text]

    assert kidneys
    assert planes.target[:, kidneys].sum() == 0


@pytest.mark.parametrize("zoom", [1.0, 0.8, 1.1])
def test_the_ladder_names_the_age_that_its_scale_implies(zoom: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """173 mm at 0.3 mm for each of 300 pixels: so many network pixels around, whatever mm the caption declares."""
    shown = augment.plain(224, STORED_SIDE)
    monkeypatch.setattr(augment, "random_geometry", lambda *_: augment.Geometry(shown.matrix, zoom))
    outline_px = 173.0 / (0.3 * 300 / 224 / zoom)
    batches = _batches()
    ladders = [ages for ages in (batches.draw().ages for _ in range(3)) if len(ages.rows)]
    targets = [target for ages in ladders for target in ages.target]
    texts = [text for ages in ladders for text in ages.texts]
    printed: set[float] = set()

    assert len(texts) == 8 * len(targets)
    for row, target in enumerate(targets):
        told = [_age_and_spacing(text) for text in texts[row * 8 : row * 8 + 8]]
        (spacing_mm,) = {spacing_mm for _, spacing_mm in told}
        age = who_median_days("HC", outline_px * spacing_mm)
        assert age is not None
        bell = [np.exp(-0.5 * ((days - age) / 3.0) ** 2) for days, _ in told]
        np.testing.assert_allclose(target, bell, atol=1e-5)
        assert told[int(target.argmax())][0] == round(age)
        printed.add(spacing_mm)
    assert len(printed) > 1, "the same picture is declared at several scales"


def _age_and_spacing(text: str) -> tuple[int, float]:
    """Return days and mm per pixel as a caption names them."""
    weeks = re.search(r"(\d+) weeks", text)
    days = re.search(r"(\d+) days", text)
    spacing = re.search(r"\d\.\d\d", text)
    assert weeks and days and spacing, text
    return int(weeks[1]) * 7 + int(days[1]), float(spacing[0])


def test_zoom_changes_the_scale_and_the_picture_alike() -> None:
    rng = np.random.default_rng(0)
    grey = np.zeros((STORED_SIDE, STORED_SIDE), np.uint8)
    cv2.circle(grey, (STORED_SIDE // 2, STORED_SIDE // 2), 60, 255, -1)
    config = AugmentConfig(keep=0.0)

    for _ in range(20):
        geometry = augment.random_geometry(224, STORED_SIDE, config, rng)
        area = np.count_nonzero(augment.warp(grey, geometry, 224) > 127)
        radius = np.sqrt(area / np.pi)
        assert radius == pytest.approx(60 * 224 / STORED_SIDE * geometry.zoom, rel=0.02)


def test_nothing_is_mirrored() -> None:
    rng = np.random.default_rng(0)

    for _ in range(50):
        matrix = augment.random_geometry(224, STORED_SIDE, AugmentConfig(), rng).matrix
        assert np.linalg.det(matrix[:, :2]) > 0


def test_an_unchanged_picture_is_what_the_app_prepares() -> None:
    """Stored at 288 and shown at 224, it differs from `prepare` by resampling alone."""
    from fetalclip_app.domain.clip import Frame  # noqa: PLC0415

    y, x = np.mgrid[:220, :300]
    pixels = np.repeat((128 + 90 * np.sin(x / 17) * np.cos(y / 23)).astype(np.uint8)[..., None], 3, axis=2)
    stored = stored_simulation(Sample("a", "x", "g", "train"), pixels)
    shown = augment.warp(stored.grey, augment.plain(224, STORED_SIDE), 224).astype(float)
    seen = prepare(Frame(pixels), PreprocessSpec())[0] * 0.26862954 * 255 + 0.48145466 * 255

    assert np.abs(shown - seen)[40:-40, 5:-5].mean() < 1.0


def test_a_frame_of_a_clip_is_stored_with_its_own_scale_and_crop(tmp_path: Path) -> None:
    cine = np.repeat(np.arange(3, dtype=np.uint8)[:, None, None, None] * 60, 48 * 64 * 3, axis=1).reshape(3, 48, 64, 3)
    dataset = dicom_files.dataset_of(cine, FrameTime=40)
    dataset.SequenceOfUltrasoundRegions = [dicom_files.region((10, 4, 49, 33))]
    dicom_files.write(tmp_path / "clip.dcm", dataset)

    (stored,) = load(tmp_path, [Sample("clip.dcm", "own", "p", "train", frame=2)])

    assert stored.square_side == 40, "the region is 40 pixels wide"
    assert stored.grey[STORED_SIDE // 2, STORED_SIDE // 2] == 120
    with pytest.raises(ValueError, match=r"clip\.dcm has 3 frames, and the manifest names number 3"):
        load(tmp_path, [Sample("clip.dcm", "own", "p", "train", frame=3)])


def test_the_mask_follows_the_picture() -> None:
    rng = np.random.default_rng(2)
    ellipse = Ellipse(150, 140, 70, 50, 25)
    grey = np.zeros((STORED_SIDE, STORED_SIDE), np.uint8)
    cv2.ellipse(grey, ((150, 140), (140, 100), 25), 255, -1)

    for _ in range(10):
        geometry = augment.random_geometry(224, STORED_SIDE, AugmentConfig(keep=0.0), rng)
        drawn = augment.warp(grey, geometry, 224) > 127
        said = mask_under(ellipse, geometry, 224) > 0.5
        assert np.count_nonzero(drawn & said) / np.count_nonzero(drawn | said) > 0.97


def test_an_outline_is_read_along_the_centre_of_its_line(tmp_path: Path) -> None:
    drawn = np.zeros((540, 800), np.uint8)
    cv2.ellipse(drawn, ((400, 270), (300, 220), 15), 255, 5)
    cv2.imwrite(str(tmp_path / "line.png"), drawn)

    ellipse = read_outline(tmp_path / "line.png")

    assert (2 * ellipse.a, 2 * ellipse.b) == pytest.approx((300, 220), abs=1.0)
