"""The gallery: of scans that programs made, small, and a page that names what is there."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bench.gallery import MOST_BYTES, ROOT, page, small
from bench.gallery_scans import BEFORE, NOW, write_study
from bench.gallery_states import SENTENCES
from fetalclip_app.imaging.readers import read_clip


@pytest.mark.slow
def test_its_scans_are_simulated_and_of_two_exams_of_one_patient(tmp_path: Path) -> None:
    clips = [read_clip(path) for path in write_study(tmp_path)]

    assert all(clip.origin.is_simulated for clip in clips)
    assert {clip.origin.patient_id for clip in clips} == {"SIMULATED"}
    assert [clip.origin.study_date for clip in clips] == [NOW, NOW, NOW, BEFORE]
    assert len({clip.origin.instance_uid for clip in clips}) == len(clips)


def test_a_picture_full_of_speckle_is_small_and_keeps_its_bright_colours() -> None:
    pixels = np.random.default_rng(1).integers(0, 255, (900, 1440, 1), np.uint8).repeat(3, axis=2)
    pixels[10:26, 10:26] = (230, 159, 0)
    data = small(Image.fromarray(pixels))
    made = np.asarray(Image.open(BytesIO(data)).convert("RGB")).astype(int)

    assert len(data) <= MOST_BYTES
    assert (np.abs(made - (230, 159, 0)).max(axis=2) < 12).any()


def test_the_page_names_every_state_and_only_pictures_that_are_there(tmp_path: Path) -> None:
    (tmp_path / "map_dark_100.png").touch()
    text = page(tmp_path)

    assert all(sentence in text for sentence in SENTENCES.values())
    assert text.count("](") == 1


def test_what_is_kept_is_small_together() -> None:
    pictures = list(ROOT.glob("*.png"))

    assert all(picture.stat().st_size <= 150_000 for picture in pictures)
    assert sum(picture.stat().st_size for picture in pictures) < 6_200_000
