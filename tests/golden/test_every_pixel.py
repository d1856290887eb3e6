"""Every pair of transfer syntax and photometric interpretation shows the colours that were written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pixel_cases
import pixel_truths
import print_pixels
import pytest

from fetalclip_app.imaging.dicom.transfer_syntaxes import CODECS
from fetalclip_app.imaging.readers import read_clip

CASES = pixel_cases.cases()
FILMS = [case for case in CASES if case.photometric == "YBR_PARTIAL_420" and case.truth is not pixel_truths.GENTLE]
PURE = [case for case in CASES if case.truth is pixel_truths.RGB] + FILMS


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_shows_what_was_written(case: pixel_truths.Case, tmp_path: Path) -> None:
    pixels = read_clip(case.write(tmp_path / "scan")).frame(0).pixels
    apart = np.abs(pixels.astype(int) - case.truth)

    assert pixels.shape == case.truth.shape
    assert apart.max() <= case.largest
    assert apart.mean() <= case.mean


@pytest.mark.parametrize("case", PURE, ids=lambda case: case.name)
def test_red_stays_red_green_green_and_blue_blue(case: pixel_truths.Case, tmp_path: Path) -> None:
    pixels = read_clip(case.write(tmp_path / "scan")).frame(0).pixels.astype(int)
    row = pixel_truths.BLOCK // 2 if case.truth is pixel_truths.RGB else -1
    width = pixels.shape[1] // 4
    middles = [pixels[row, width * number + width // 2] for number in range(4)]

    assert [int(colour.argmax()) for colour in middles[:3]] == [0, 1, 2]
    assert all(np.ptp(colour) > 150 for colour in middles[:3])
    assert np.ptp(middles[3]) < 16


def test_no_case_is_there_twice() -> None:
    names = [case.name for case in CASES]

    assert len(set(names)) == len(names)


def test_every_syntax_that_is_decoded_has_a_case() -> None:
    assert {case.syntax for case in CASES} == set(CODECS)


def test_the_page_of_what_is_supported_is_up_to_date() -> None:
    page = print_pixels.PAGE.read_text(encoding="utf-8")

    assert print_pixels.with_table(page) == page
