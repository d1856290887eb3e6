"""The judge of damaged files knows what a file may still say in millimetres."""

from __future__ import annotations

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import dcmread

from bench.fuzz import seeds_dicom
from bench.fuzz.edits import overwritten, walked
from bench.fuzz.judge import Lengths, against_the_standard, meant, stated, truth, verdict
from bench.fuzz.seeds import Seed, probes, rectangles
from bench.fuzz.walker import PIXEL_DATA, walk

SEEDS = {seed.name: seed for seed in seeds_dicom.seeds()}
PLAIN = SEEDS["native RGB"]
DELTA_X, DELTA_Y, ROWS, PATIENT = 0x0018602C, 0x0018602E, 0x00280010, 0x00100010


def lengths(seed: Seed, content: bytes) -> Lengths:
    """Return what a right reader would give."""
    now = stated(content)
    assert now is not None
    between = [next(iter(meant(now, probe)), None) for probe in probes(seed)]
    return (*between, *[None, None] * len(rectangles(seed)))


def with_number(tag: int, packed: bytes) -> bytes:
    element = next(each for each in walked(PLAIN).elements if each.tag == tag)
    return overwritten(PLAIN.content, element.value, packed)


@pytest.mark.parametrize("name", SEEDS)
def test_the_walker_finds_the_elements_that_pydicom_finds(name: str) -> None:
    found = walk(SEEDS[name].content)
    read = dcmread(io.BytesIO(SEEDS[name].content), force=True)
    top = {each.tag for each in found.elements if not each.parents and each.tag >> 16 != 2}
    fragments = [each for each in found.elements if each.parents and found.elements[each.parents[0]].tag == PIXEL_DATA]

    assert found.complete
    assert top == {int(element.tag) for element in read}
    assert bool(fragments) == read.file_meta.get("TransferSyntaxUID", "1.2").startswith(
        ("1.2.840.10008.1.2.4", "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.1.98")
    )


@pytest.mark.parametrize("name", SEEDS)
def test_every_seed_states_its_scales(name: str) -> None:
    given_lengths = lengths(SEEDS[name], SEEDS[name].content)[: len(probes(SEEDS[name]))]
    covers_all = name in ("PixelSpacing alone", "region on region")

    assert truth(SEEDS[name]) is not None
    assert any(given_lengths)
    assert (None not in given_lengths) == covers_all, (
        "else the M-mode and pairs across two regions have no length in mm"
    )


def test_the_definition_of_a_length_is_the_standards() -> None:
    now = stated(PLAIN.content)
    assert now is not None

    assert meant(now, (2, 3, 12, 3))[0] == pytest.approx(10 * 0.021 * 10)
    assert meant(now, (2, 3, 2, 13))[0] == pytest.approx(10 * 0.034 * 10)
    assert meant(now, (60, 3, 63, 7))[0] == pytest.approx(10 * 0.05 * 5)
    assert meant(now, (40, 3, 60, 3)) == []
    assert meant(now, (40, 60, 50, 60)) == []


def test_the_same_lengths_and_withheld_ones_are_right() -> None:
    whole = lengths(PLAIN, PLAIN.content)
    half = tuple(None if place % 2 else length for place, length in enumerate(whole))

    assert verdict(PLAIN, PLAIN.content, whole, whole) == ""
    assert verdict(PLAIN, PLAIN.content, whole, half) == ""
    assert verdict(PLAIN, b"nothing of a file", whole, half) == ""


@given(place=st.integers(0, 77), factor=st.sampled_from([0.5, 1 + 1e-6, 10.0]))
def test_any_other_length_is_wrong_while_the_calibration_stands(place: int, factor: float) -> None:
    whole = lengths(PLAIN, PLAIN.content)
    wrong = list(whole)
    wrong[place] = 3.0 if whole[place] is None else whole[place] * factor

    for content in (PLAIN.content, with_number(ROWS, b"\x80\0"), with_number(PATIENT, b"X")):
        assert "not touched" in verdict(PLAIN, content, whole, tuple(wrong))
    assert "cannot read" in verdict(PLAIN, PLAIN.content[:500], whole, tuple(wrong))


@pytest.mark.parametrize("tag", [DELTA_X, DELTA_Y])
def test_a_changed_calibration_may_give_what_it_now_means_and_nothing_else(tag: int) -> None:
    whole = lengths(PLAIN, PLAIN.content)
    changed = with_number(tag, struct.pack("<d", 0.07))
    now = lengths(PLAIN, changed)
    doubled = tuple(None if length is None else 2 * length for length in now)

    assert now != whole
    assert verdict(PLAIN, changed, whole, now) == ""
    assert "means something else" in verdict(PLAIN, changed, whole, doubled)


def test_another_kind_of_value_is_no_change_of_the_calibration() -> None:
    element = next(each for each in walked(PLAIN).elements if each.tag == DELTA_X)
    changed = overwritten(PLAIN.content, element.start + 4, b"FL")

    assert stated(changed) == truth(PLAIN)


def test_the_sides_of_a_pixel_are_judged_as_lengths_are() -> None:
    count = len(probes(PLAIN))
    whole = lengths(PLAIN, PLAIN.content)
    said = (*whole[: count + 2], 0.34, 0.21, *whole[count + 4 :])
    mixed = (*whole[: count + 2], 0.21, 0.34, *whole[count + 4 :])
    changed = with_number(DELTA_X, struct.pack("<d", 0.07))

    assert against_the_standard(PLAIN, said) == ""
    assert against_the_standard(PLAIN, mixed) != ""
    assert "not touched" in verdict(PLAIN, PLAIN.content, said, mixed)
    assert verdict(PLAIN, changed, said, (*whole[: count + 2], 0.34, 0.7, *whole[count + 4 :])) == ""
    assert "something else" in verdict(PLAIN, changed, said, (*whole[: count + 2], 0.34, 0.6, *whole[count + 4 :]))
