"""Which part of the screen stays, what is remembered of it, and which text in it may go out."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from dicom_files import colour_picture, dataset_of, region, write
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from fetalclip_app.domain.calibration import Box
from fetalclip_app.errors import ErrorCode, InvalidInput
from fetalclip_app.imaging.deidentify import engine
from fetalclip_app.imaging.deidentify.identifiers import Identifiers
from fetalclip_app.imaging.deidentify.identity import Identity, Taken
from fetalclip_app.imaging.deidentify.mask import Mask, MaskSource, find_mask, grown
from fetalclip_app.imaging.deidentify.mask_book import MaskBook, RememberedMask, Scanner, given_mask, load_book
from fetalclip_app.imaging.deidentify.texts import SeenText, TextKind, judged, kind_of, normal
from fetalclip_app.imaging.readers import read_clip

SCANNER = Scanner(manufacturer="Maker", model="Seven", software="1", rows=200, columns=300)
MASK = Mask(200, 300, (Box(20, 30, 280, 190),), MaskSource.GIVEN, blank=(Box(20, 30, 60, 50),))
NOBODY = Identity(frozenset(), frozenset())
SOMEBODY = Identity.of(
    [Taken("PN", "Mueller^Anna Maria"), Taken("LO", "4711-0815"), Taken("DA", "20110525"), Taken("LO", "Saint Nowhere")]
)


def screen(height: int = 200, width: int = 300) -> np.ndarray:
    """A banner over a round scan, far from the sides."""
    picture = np.zeros((height, width, 3), np.uint8)
    y, x = np.mgrid[0:height, 0:width]
    picture[((x - width / 2) ** 2 + (y - height / 2) ** 2) < (height / 3) ** 2] = (90, 90, 90)
    picture[5:12, 10:290:7] = 255
    return picture


def test_the_regions_of_the_file_are_the_mask_with_a_margin_for_the_ruler(tmp_path: Path) -> None:
    data = dataset_of(screen(), SequenceOfUltrasoundRegions=[region((40, 30, 259, 189))])
    mask = find_mask(read_clip(write(tmp_path / "a.dcm", data)))

    assert mask is not None
    assert mask.source is MaskSource.REGIONS
    assert mask.keep == (Box(36, 30, 264, 190),)


def test_a_region_of_another_picture_is_not_taken(tmp_path: Path) -> None:
    data = dataset_of(screen(), SequenceOfUltrasoundRegions=[region((40, 30, 599, 389))])
    mask = find_mask(read_clip(write(tmp_path / "a.dcm", data)))

    assert mask is not None
    assert mask.source is MaskSource.FAN
    assert not mask.visible()[:15].any()


def test_one_region_of_another_picture_makes_all_of_them_doubtful(tmp_path: Path) -> None:
    regions = [region((40, 30, 259, 189)), region((200, 150, 349, 179), units=(4, 3))]
    mask = find_mask(read_clip(write(tmp_path / "a.dcm", dataset_of(screen(), SequenceOfUltrasoundRegions=regions))))

    assert mask is not None
    assert mask.source is MaskSource.FAN


def test_a_picture_without_a_border_is_no_mask(tmp_path: Path) -> None:
    assert find_mask(read_clip(write(tmp_path / "a.dcm", dataset_of(colour_picture(200, 300))))) is None


def test_what_is_blanked_wins_over_what_is_kept() -> None:
    visible = MASK.visible()

    assert visible.shape == (200, 300)
    assert visible[60, 100]
    assert not visible[40, 40]
    assert not visible[10, 100]
    assert visible.sum() == 260 * 160 - 40 * 20


def test_the_fan_is_looked_for_on_several_frames_together(tmp_path: Path) -> None:
    """The first frame is dark, as when the probe is lifted."""
    frames = np.stack([screen()] * 3)
    frames[0, 20:] = 0
    mask = find_mask(read_clip(write(tmp_path / "a.dcm", dataset_of(frames))))

    assert mask is not None
    assert mask.source is MaskSource.FAN
    assert mask.visible()[100, 150]


def test_a_known_mask_that_keeps_the_whole_picture_is_refused(tmp_path: Path) -> None:
    opened = opened_of(tmp_path / "a.dcm", [region((40, 30, 259, 189))])
    with pytest.raises(InvalidInput) as caught:
        engine.choose_mask(opened, RememberedMask.of(SCANNER, Mask(200, 300, (Box(0, 0, 300, 198),), MaskSource.GIVEN)))

    assert caught.value.code is ErrorCode.MASK_INVALID


def test_a_known_mask_that_leaves_out_a_region_of_the_file_is_refused(tmp_path: Path) -> None:
    two = [region((40, 30, 140, 189)), region((160, 30, 259, 189))]
    left = Mask(200, 300, (Box(44, 40, 130, 180),), MaskSource.GIVEN)
    opened = opened_of(tmp_path / "a.dcm", two)
    with pytest.raises(InvalidInput) as caught:
        engine.choose_mask(opened, RememberedMask.of(SCANNER, left))

    assert caught.value.code is ErrorCode.MASK_INVALID
    single = engine.choose_mask(opened_of(tmp_path / "b.dcm", two[:1]), RememberedMask.of(SCANNER, left))
    assert single.keep == left.keep


def opened_of(path: Path, regions: list[Dataset]) -> engine.Opened:
    return engine.open_original(
        write(path, dataset_of(screen(), SequenceOfUltrasoundRegions=regions)), Identifiers(b"k" * 32)
    )


def test_a_polygon_can_stay_where_a_rectangle_would_show_too_much() -> None:
    fan = Mask(100, 100, (), MaskSource.GIVEN, outlines=(((50, 0), (99, 99), (0, 99)),))

    assert fan.visible()[90, 50]
    assert not fan.visible()[10, 10]


@given(
    box=st.tuples(st.integers(0, 80), st.integers(0, 80), st.integers(1, 20), st.integers(1, 20)),
    grid=st.sampled_from([(1, 1), (8, 8), (8, 16), (16, 16)]),
)
def test_a_grown_box_holds_the_box_and_ends_at_blocks(box: tuple[int, ...], grid: tuple[int, int]) -> None:
    small = Box(box[0], box[1], box[0] + box[2], box[1] + box[3])
    large = grown(small, 3, grid, (100, 100))

    assert large.overlap(small) == small.area
    assert large.left % grid[1] == 0
    assert large.top % grid[0] == 0
    assert large.right % grid[1] == 0 or large.right == 100
    assert large.bottom % grid[0] == 0 or large.bottom == 100


def test_a_mask_is_remembered_for_its_scanner_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "masks.json"
    MaskBook().having(RememberedMask.of(SCANNER, MASK, ("GN ##",))).save(path)
    book = load_book(path)
    found = book.find(SCANNER)

    assert found is not None
    assert found.mask().visible().tolist() == MASK.visible().tolist()
    assert found.mask().source is MaskSource.REMEMBERED
    assert found.harmless == ("GN ##",)
    assert book.find(SCANNER.model_copy(update={"software": "2"})) is None
    assert book.find(SCANNER.model_copy(update={"rows": 201})) is None


def test_a_scanner_without_a_name_has_no_remembered_mask() -> None:
    nameless = SCANNER.model_copy(update={"manufacturer": "", "model": ""})

    assert MaskBook().having(RememberedMask.of(nameless, MASK)).find(nameless) is None


def test_a_later_mask_replaces_the_earlier() -> None:
    other = Mask(200, 300, (Box(0, 0, 10, 10),), MaskSource.GIVEN)
    book = MaskBook().having(RememberedMask.of(SCANNER, MASK)).having(RememberedMask.of(SCANNER, other))

    assert len(book.masks) == 1
    assert book.masks[0].keep == ((0, 0, 10, 10),)


@pytest.mark.parametrize(
    "text",
    [
        "no json",
        '{"version": 2, "masks": []}',
        '{"version": 1, "masks": [{"keep": [[0, 0, 1, 1]]}]}',
        json.dumps({"version": 1, "masks": [{"scanner": SCANNER.model_dump(), "keep": [[5, 5, 5, 9]]}]}),
    ],
)
def test_what_is_no_book_of_masks_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "masks.json"
    path.write_text(text)
    with pytest.raises(InvalidInput) as caught:
        load_book(path)

    assert caught.value.code is ErrorCode.MASK_INVALID


def test_a_given_mask_must_fit_the_picture(tmp_path: Path) -> None:
    path = tmp_path / "mask.json"
    MaskBook().having(RememberedMask.of(SCANNER, MASK)).save(path)
    stranger = SCANNER.model_copy(update={"model": "Eight"})

    assert given_mask(path, stranger).keep == ((20, 30, 280, 190),)
    with pytest.raises(InvalidInput):
        given_mask(path, stranger.model_copy(update={"columns": 301}))
    with pytest.raises(InvalidInput):
        given_mask(tmp_path / "nowhere.json", SCANNER)


@pytest.mark.parametrize(
    "text", ["10.5 mm", "MI 1.2", "TIS 0.4", "28Hz", "C 61", "3/3/4", "2D", "64%", "1 D 10.55 cm", "16cm"]
)
def test_a_measurement_needs_nobody(text: str) -> None:
    assert kind_of(text, NOBODY) in (TextKind.MEASUREMENT, TextKind.MARK)


@pytest.mark.parametrize(
    "text", ["Mueller", "2020/01/14", "5/25/2011", "25.05.11", "2:56:22", "4711081500", "Anna", "267879SU5"]
)
def test_names_dates_and_long_numbers_are_never_measurements(text: str) -> None:
    assert kind_of(text, NOBODY) is TextKind.UNKNOWN


@pytest.mark.parametrize(
    "text",
    [
        *("MUELLER", "Muelier, Anna", "MUELLER*", "anna maria", "ID 4711-0815", "47110815", "25.05.2011", "5/25/2011"),
        *("25-May-11", "2011-05-25", "SAINT NOWHERE", "Saint Nowhcre", "MA", "AM"),
    ],
)
def test_what_the_header_says_of_a_patient_is_found_in_the_picture_as_screens_write_it(text: str) -> None:
    assert kind_of(text, SOMEBODY, harmless=frozenset({normal(text)})) is TextKind.IDENTIFYING


@pytest.mark.parametrize("text", ["10.5 mm", "MI 1.2", "Gn 60", "Fetal Heart", "R"])
def test_other_words_are_nobody_s_name(text: str) -> None:
    assert kind_of(text, SOMEBODY) is not TextKind.IDENTIFYING


def test_a_text_called_harmless_once_is_harmless_with_other_settings() -> None:
    harmless = frozenset({normal("Har-low 12")})

    assert kind_of("HAR-LOW 34", NOBODY, harmless) is TextKind.HARMLESS
    assert kind_of("Har-high 34", NOBODY, harmless) is TextKind.UNKNOWN
    assert normal("ID 471108") == "ID 471108"


def test_the_scanner_s_own_name_is_harmless() -> None:
    assert kind_of("Voluson", NOBODY, device="GE Healthcare Voluson S") is TextKind.HARMLESS


def test_a_caliper_taken_for_letters_is_a_mark_and_a_sure_name_in_that_script_is_none() -> None:
    box = Box(0, 0, 9, 9)
    found = judged([SeenText("ヤ一年", box, 0.53), SeenText("山田花子", box, 0.9)], 0, NOBODY)

    assert [text.kind for text in found] == [TextKind.MARK, TextKind.UNKNOWN]
