"""What the fuzzing found about millimetres stays mended: no lie about a region gives a wrong length."""

from __future__ import annotations

from pathlib import Path

import dicom_files as files
import pytest
from pydicom.dataset import Dataset

from bench.fuzz.edits import overwritten, spliced, with_value
from bench.fuzz.walker import walk
from fetalclip_app.domain.calibration import Distrust
from fetalclip_app.domain.measuring import measure
from fetalclip_app.imaging.readers import read_clip

RGB = files.colour_picture()


def _regions(tmp_path: Path, *items: Dataset, **tags: object) -> bytes:
    data = files.dataset_of(RGB, SequenceOfUltrasoundRegions=list(items), **tags)
    return files.write(tmp_path / "x.dcm", data).read_bytes()


def _mm(path: Path, content: bytes) -> float | None:
    path.write_bytes(content)
    return measure(read_clip(path).calibration, (3, 5), (13, 5)).length_mm


@pytest.mark.parametrize("kind", ["FL", "SL", "US", "DS", "LO", "AT", "SS"])
@pytest.mark.parametrize("tag", [0x00186018, 0x0018601C, 0x00186024, 0x00186012, 0x0018602C, 0x0018602E])
def test_a_lie_about_the_kind_of_a_value_changes_no_millimetres(tag: int, kind: str, tmp_path: Path) -> None:
    content = _regions(tmp_path, files.region((1, 2, 60, 40)), PixelSpacing=[0.7, 0.7])
    element = next(each for each in walk(content).elements if each.tag == tag)

    assert _mm(tmp_path / "y.dcm", overwritten(content, element.start + 4, kind.encode())) == pytest.approx(2.0)


@pytest.mark.parametrize("kind", ["UN", "OB", "UT", "OW"])
def test_a_sequence_of_regions_that_hides_as_something_else_hands_over_to_no_pixel_spacing(
    kind: str, tmp_path: Path
) -> None:
    content = _regions(tmp_path, files.region((1, 2, 60, 40)), PixelSpacing=[0.7, 0.7])
    element = next(each for each in walk(content).elements if each.tag == 0x00186011)

    length = _mm(tmp_path / "y.dcm", overwritten(content, element.start + 4, kind.encode()))
    assert length is None or length == pytest.approx(2.0)


@pytest.mark.parametrize("tag", [0x00186018, 0x00186024, 0x0018602C, 0x0018602E])
def test_two_values_where_one_belongs_are_not_trusted(tag: int, tmp_path: Path) -> None:
    content = _regions(tmp_path, files.region((1, 2, 60, 40)))
    found = walk(content)
    element = next(each for each in found.elements if each.tag == tag)

    assert _mm(tmp_path / "y.dcm", with_value(found, element, 2 * found.value(element))) is None


@pytest.mark.parametrize("centimetres", [1e300, 1e9, 1.1, 9e-5, 1e-300])
def test_a_pixel_that_no_ultrasound_has_is_not_trusted(centimetres: float, tmp_path: Path) -> None:
    content = _regions(tmp_path, files.region((1, 2, 60, 40), delta=(centimetres, 0.02)))
    clip = read_clip(tmp_path / "x.dcm")

    assert _mm(tmp_path / "y.dcm", content) is None
    assert clip.calibration is not None
    assert [region.distrust for region in clip.calibration.regions] == [Distrust.IMPLAUSIBLE]


@pytest.mark.parametrize("tag", [0x00186018, 0x0018601A, 0x0018601C, 0x0018601E])
def test_a_region_that_cannot_be_placed_lends_its_place_to_no_other_scale(tag: int, tmp_path: Path) -> None:
    inset = files.region((2, 2, 30, 30), delta=(0.01, 0.01))
    content = _regions(tmp_path, files.region((1, 2, 60, 40)), inset)
    found = walk(content)
    corner = [each for each in found.elements if each.tag == tag][1]
    lost = spliced(found, corner.start, corner.end, b"", corner.parents)

    assert _mm(tmp_path / "y.dcm", lost) is None
    calibration = read_clip(tmp_path / "y.dcm").calibration
    assert calibration is not None
    assert [region.distrust for region in calibration.regions] == [Distrust.BESIDE_UNPLACED]


@pytest.mark.parametrize("tag", [0x0018602C, 0x0018602E, 0x00186012])
def test_a_region_that_swallowed_the_next_one_takes_the_trust_from_all(tag: int, tmp_path: Path) -> None:
    content = _regions(tmp_path, *[files.region((1, 2, 60, 40), delta=(0.02 * each, 0.02)) for each in (1, 2, 3)])
    element = [each for each in walk(content).elements if each.tag == tag][1]

    assert _mm(tmp_path / "y.dcm", overwritten(content, element.length_at, b"\0\0")) is None
    assert _mm(tmp_path / "y.dcm", overwritten(content, element.length_at, b"\x38\x46")) is None


def test_a_scanners_own_elements_in_a_region_are_lived_with(tmp_path: Path) -> None:
    item = files.region((1, 2, 60, 40))
    item.private_block(0x200D, "A SCANNER", create=True).add_new(1, "LO", "x")

    assert _mm(tmp_path / "y.dcm", _regions(tmp_path, item)) == pytest.approx(2.0)


def test_regions_by_the_thousand_are_not_trusted(tmp_path: Path) -> None:
    assert _mm(tmp_path / "y.dcm", _regions(tmp_path, *[files.region()] * 1001)) is None
    assert _mm(tmp_path / "y.dcm", _regions(tmp_path, *[files.region()] * 3)) == pytest.approx(2.0)
