"""Overlay planes are read beside the pixels: right place, right frame, and never part of what a model sees."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dicom_files as files
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import uid
from pydicom.dataset import Dataset

from fetalclip_app.domain.overlay_plane import MasksInMemory, OverlayPlane, PlaneKind
from fetalclip_app.imaging.dicom.overlay_planes import PackedMasks
from fetalclip_app.imaging.readers import read_clip

RGB = files.colour_picture()
CINE = files.cine(4)


def marks(height: int = 20, width: int = 30, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((height, width)) < 0.3


def packed(masks: np.ndarray) -> bytes:
    data = np.packbits(masks.reshape(-1), bitorder="little").tobytes()
    return data + b"\0" * (len(data) % 2)


def add_plane(  # one keyword for each element
    data: Dataset,
    masks: np.ndarray,
    *,
    group: int = 0x6000,
    origin: tuple[int, int] | None = (1, 1),
    first_frame: int | None = None,
    kind: str = "G",
    label: str = "",
) -> Dataset:
    stack = masks if masks.ndim == 3 else masks[None]
    data.add_new((group, 0x0010), "US", stack.shape[1])
    data.add_new((group, 0x0011), "US", stack.shape[2])
    data.add_new((group, 0x0040), "CS", kind)
    if origin is not None:
        data.add_new((group, 0x0050), "SS", list(origin))
    data.add_new((group, 0x0100), "US", 1)
    data.add_new((group, 0x0102), "US", 0)
    if masks.ndim == 3:
        data.add_new((group, 0x0015), "IS", len(masks))
    if first_frame is not None:
        data.add_new((group, 0x0051), "US", first_frame)
    if label:
        data.add_new((group, 0x1500), "LO", label)
    data.add_new((group, 0x3000), "OW", packed(stack))
    return data


def opened(tmp_path: Path, data: Dataset, syntax: str = uid.ExplicitVRLittleEndian) -> Any:
    return read_clip(files.write(tmp_path / "x", data, syntax))


@pytest.mark.parametrize("syntax", [uid.ExplicitVRLittleEndian, uid.ImplicitVRLittleEndian])
def test_a_plane_lies_where_its_origin_says(syntax: str, tmp_path: Path) -> None:
    clip = opened(tmp_path, add_plane(files.dataset_of(RGB), marks(), origin=(6, 11), label="Caliper"), syntax)
    (plane,) = clip.overlays
    expected = np.zeros((48, 64), dtype=bool)
    expected[5:25, 10:40] = marks()

    np.testing.assert_array_equal(plane.on_frame(0, 48, 64), expected)
    assert (plane.label, plane.kind, plane.group) == ("Caliper", PlaneKind.GRAPHICS, 0x6000)


def test_no_plane_is_burnt_into_the_pixels(tmp_path: Path) -> None:
    clip = opened(tmp_path, add_plane(files.dataset_of(RGB), marks()))

    np.testing.assert_array_equal(clip.frame(0).pixels, RGB)


@given(st.integers(-70, 70), st.integers(-70, 70), st.integers(1, 60), st.integers(1, 60), st.integers(0, 2**16))
def test_what_lies_beside_the_frame_is_cut_off(top: int, left: int, height: int, width: int, seed: int) -> None:
    mask = marks(height, width, seed)
    masks = MasksInMemory([mask])
    plane = OverlayPlane(0x6000, PlaneKind.GRAPHICS, "", "", top, left, 0, False, masks)
    expected = np.zeros((48, 64), dtype=bool)
    for y, x in zip(*np.nonzero(mask), strict=True):
        if 0 <= y + top < 48 and 0 <= x + left < 64:
            expected[y + top, x + left] = True
    found = plane.on_frame(0, 48, 64)

    np.testing.assert_array_equal(np.zeros((48, 64), bool) if found is None else found, expected)


@given(st.integers(1, 5), st.integers(1, 17), st.integers(1, 17), st.integers(0, 2**16))
def test_frames_of_bits_follow_each_other_without_a_gap(count: int, height: int, width: int, seed: int) -> None:
    masks = np.random.default_rng(seed).random((count, height, width)) < 0.5
    held = PackedMasks(packed(masks), count, height, width)

    for index in range(count):
        np.testing.assert_array_equal(held.mask(index), masks[index])


def test_the_frames_of_a_plane_begin_at_the_frame_that_it_names(tmp_path: Path) -> None:
    masks = np.stack([marks(seed=1), marks(seed=2)])
    (plane,) = opened(tmp_path, add_plane(files.dataset_of(CINE), masks, first_frame=2)).overlays

    assert plane.on_frame(0, 48, 64) is None
    assert plane.on_frame(3, 48, 64) is None
    for index in (1, 2):
        np.testing.assert_array_equal(plane.on_frame(index, 48, 64)[:20, :30], masks[index - 1])


def test_one_mask_without_a_frame_lies_on_all_and_with_one_on_that(tmp_path: Path) -> None:
    (everywhere,) = opened(tmp_path, add_plane(files.dataset_of(CINE), marks())).overlays
    (once,) = opened(tmp_path, add_plane(files.dataset_of(CINE), marks(), first_frame=3)).overlays

    assert [everywhere.on_frame(index, 48, 64) is not None for index in range(4)] == [True] * 4
    assert [once.on_frame(index, 48, 64) is not None for index in range(4)] == [False, False, True, False]


def test_several_planes_keep_their_groups(tmp_path: Path) -> None:
    data = add_plane(files.dataset_of(RGB), marks(seed=1))
    clip = opened(tmp_path, add_plane(data, marks(seed=2), group=0x601E, kind="R", origin=None))

    assert [(plane.group, plane.kind) for plane in clip.overlays] == [
        (0x6000, PlaneKind.GRAPHICS),
        (0x601E, PlaneKind.REGION),
    ]


@pytest.mark.parametrize("syntax", [uid.ExplicitVRLittleEndian, uid.RLELossless])
@pytest.mark.parametrize("position", [12, 15])
def test_a_plane_in_the_unused_bits_of_the_pixels_is_found_and_leaves_them_alone(
    position: int, syntax: str, tmp_path: Path
) -> None:
    ramp, mask = files.grey_picture(top=4095), marks(48, 64)
    data = files.dataset_of(ramp | mask.astype(np.uint16) << position, "MONOCHROME2", bits_stored=12)
    for element, value in ((0x0010, 48), (0x0011, 64), (0x0100, 16), (0x0102, position)):
        data.add_new((0x6000, element), "US", value)
    path = tmp_path / "x"
    clip = read_clip(files.write(path, data) if syntax != uid.RLELossless else files.compressed(path, data, syntax))
    (plane,) = clip.overlays

    np.testing.assert_array_equal(plane.on_frame(0, 48, 64), mask)
    np.testing.assert_array_equal(clip.frame(0).pixels[..., 0], ramp.astype(int) * 255 // 4095)


@pytest.mark.parametrize("position", [0, 11, 16, 40])
def test_a_bit_of_the_picture_itself_is_no_plane(position: int, tmp_path: Path) -> None:
    data = files.dataset_of(files.grey_picture(top=4095), "MONOCHROME2", bits_stored=12)
    for element, value in ((0x0010, 48), (0x0011, 64), (0x0100, 16), (0x0102, position)):
        data.add_new((0x6000, element), "US", value)

    assert opened(tmp_path, data).overlays == ()


@pytest.mark.parametrize(
    ("element", "value"), [(0x0010, 4000), (0x0011, 0), (0x0015, 900)], ids=["too few bits", "no width", "many frames"]
)
def test_a_plane_that_contradicts_itself_is_left_out_and_the_picture_is_not(
    element: int, value: int, tmp_path: Path
) -> None:
    data = add_plane(files.dataset_of(RGB), marks())
    data.add_new((0x6000, element), "IS" if element == 0x0015 else "US", value)
    clip = opened(tmp_path, data)

    assert clip.overlays == ()
    np.testing.assert_array_equal(clip.frame(0).pixels, RGB)
