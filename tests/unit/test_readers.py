"""Files are known by their content, folders give them in the order that people expect."""

from __future__ import annotations

import io
from pathlib import Path

import dicom_files as files
import numpy as np
import pytest
from PIL import Image

from fetalclip_app.domain.timing import RateSource
from fetalclip_app.errors import ErrorCode, UnreadableFile
from fetalclip_app.imaging.readers import list_files, read_clip

RGB = files.colour_picture()


@pytest.mark.parametrize("format_name", ["PNG", "TIFF", "BMP"])
def test_pictures_come_back_unchanged_whatever_their_name(format_name: str, tmp_path: Path) -> None:
    path = tmp_path / "picture.dcm"
    Image.fromarray(RGB).save(path, format_name)
    clip = read_clip(path)

    np.testing.assert_array_equal(clip.frame(0).pixels, RGB)
    assert (clip.height, clip.width, len(clip), clip.rate) == (48, 64, 1, None)
    assert clip.origin.transfer_syntax == format_name


def test_a_jpeg_picture_is_nearly_what_was_saved_and_says_so(tmp_path: Path) -> None:
    Image.fromarray(RGB).save(tmp_path / "x", "JPEG", quality=95, subsampling=0)
    clip = read_clip(tmp_path / "x")

    assert np.abs(clip.frame(0).pixels.astype(int) - RGB).mean() < 3
    assert clip.origin.is_lossy


def test_a_dicom_file_is_known_without_its_ending(tmp_path: Path) -> None:
    path = files.write(tmp_path / "holiday.jpg", files.dataset_of(RGB))
    np.testing.assert_array_equal(read_clip(path).frame(0).pixels, RGB)


def test_the_key_names_the_content_and_not_the_file(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    for path in (one, two):
        Image.fromarray(RGB).save(path, "PNG")
    other = tmp_path / "other"
    Image.fromarray(255 - RGB).save(other, "PNG")

    assert read_clip(one).key == read_clip(two).key != read_clip(other).key
    assert len(read_clip(one).key) == 16


def test_pages_of_a_tiff_are_frames(tmp_path: Path) -> None:
    frames = files.cine(4)
    first, *rest = (Image.fromarray(frame) for frame in frames)
    first.save(tmp_path / "x.tif", save_all=True, append_images=[*rest, Image.fromarray(RGB[::2, ::2])])
    clip = read_clip(tmp_path / "x.tif")

    assert len(clip) == 4  # the small page is a thumbnail
    np.testing.assert_array_equal(clip.frame(3).pixels, frames[3])
    assert clip.rate is not None
    assert clip.rate.source is RateSource.ASSUMED


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_stands_as_its_camera_says(orientation: int, tmp_path: Path) -> None:
    turned = {
        1: RGB,
        2: RGB[:, ::-1],
        3: RGB[::-1, ::-1],
        4: RGB[::-1],
        5: RGB.transpose(1, 0, 2),
        6: np.rot90(RGB, -1),
        7: RGB[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(RGB),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(RGB).save(tmp_path / "x.png", exif=exif)
    clip = read_clip(tmp_path / "x.png")

    np.testing.assert_array_equal(clip.frame(0).pixels, turned)
    assert (clip.height, clip.width) == turned.shape[:2]


def test_a_tiff_of_sixteen_bits_whose_zero_is_white_is_turned_round(tmp_path: Path) -> None:
    stored = (np.arange(256) * 257).astype(np.uint16).reshape(16, 16)
    for photometric, wanted in ((0, 255 - stored // 257), (1, stored // 257)):
        Image.fromarray(stored).save(tmp_path / "x.tif", tiffinfo={262: photometric})

        np.testing.assert_array_equal(read_clip(tmp_path / "x.tif").frame(0).pixels[..., 1], wanted)


def test_sixteen_bits_show_their_full_range(tmp_path: Path) -> None:
    ramp = files.grey_picture(top=65535)
    Image.fromarray(ramp).save(tmp_path / "x.png")
    shown = read_clip(tmp_path / "x.png").frame(0).pixels[..., 0].astype(int)

    np.testing.assert_allclose(shown, ramp / 257, atol=0.51)


def test_alpha_is_laid_on_black(tmp_path: Path) -> None:
    alpha = np.full((48, 64, 1), 128, np.uint8)
    alpha[:, :32] = 0
    Image.fromarray(np.concatenate([RGB, alpha], axis=2)).save(tmp_path / "x.png")
    pixels = read_clip(tmp_path / "x.png").frame(0).pixels.astype(int)

    assert pixels[:, :32].max() == 0
    np.testing.assert_allclose(pixels[:, 32:], RGB[:, 32:] * (128 / 255), atol=1)


def test_palettes_and_single_bits_become_colours(tmp_path: Path) -> None:
    palette = Image.fromarray(RGB).quantize(16)
    palette.save(tmp_path / "p.png")
    bits = Image.fromarray(RGB).convert("1")
    bits.save(tmp_path / "b.png")

    np.testing.assert_array_equal(read_clip(tmp_path / "p.png").frame(0).pixels, np.asarray(palette.convert("RGB")))
    np.testing.assert_array_equal(read_clip(tmp_path / "b.png").frame(0).pixels, np.asarray(bits.convert("RGB")))


def test_a_palette_with_a_see_through_colour_is_laid_on_black(tmp_path: Path) -> None:
    palette = Image.new("P", (64, 48))
    palette.putpalette([200, 10, 10, 10, 200, 10])
    palette.paste(1, (32, 0, 64, 48))
    palette.save(tmp_path / "x.png", transparency=0)
    pixels = read_clip(tmp_path / "x.png").frame(0).pixels

    assert pixels[:, :32].max() == 0
    assert pixels[0, 63].tolist() == [10, 200, 10]


def _touch(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def test_folders_are_searched_to_the_bottom_in_natural_order(tmp_path: Path) -> None:
    _touch(tmp_path, "scan10.dcm", "scan9.dcm", "Scan1", "b/IM2", "b/IM10", "b/c/IM1")
    found = [path.relative_to(tmp_path).as_posix() for path in list_files([tmp_path])]

    assert found == ["b/c/IM1", "b/IM2", "b/IM10", "Scan1", "scan9.dcm", "scan10.dcm"]


def test_what_is_no_scan_is_left_out_of_folders(tmp_path: Path) -> None:
    _touch(tmp_path, ".hidden", ".trash/IM1", "DICOMDIR", "notes.txt", "report.PDF", "Thumbs.db", "IM1", "a.dcm")

    assert [path.name for path in list_files([tmp_path])] == ["a.dcm", "IM1"]


def test_a_file_that_is_named_is_always_kept(tmp_path: Path) -> None:
    _touch(tmp_path, "notes.txt", ".hidden")
    named = [tmp_path / name for name in (".hidden", "notes.txt")]

    assert list_files(named) == tuple(named)


def test_a_file_is_listed_once(tmp_path: Path) -> None:
    _touch(tmp_path, "a.dcm")
    assert list_files([tmp_path / "a.dcm", tmp_path, tmp_path / "a.dcm"]) == (tmp_path / "a.dcm",)


def test_a_link_that_leads_back_ends(tmp_path: Path) -> None:
    _touch(tmp_path, "a.dcm")
    (tmp_path / "again").symlink_to(tmp_path, target_is_directory=True)

    assert list_files([tmp_path]) == (tmp_path / "a.dcm",)


def test_an_empty_folder_and_a_missing_path_say_so(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for path, code in ((tmp_path / "empty", ErrorCode.FOLDER_EMPTY), (tmp_path / "gone", ErrorCode.FILE_MISSING)):
        with pytest.raises(UnreadableFile) as caught:
            list_files([path])
        assert caught.value.code is code
        assert caught.value.parameters["name"] == path.name


def test_an_empty_folder_beside_a_full_one_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    _touch(tmp_path, "full/a.dcm")

    assert len(list_files([tmp_path / "empty", tmp_path / "full"])) == 1


def test_a_picture_of_a_foreign_kind_is_named(tmp_path: Path) -> None:
    held = io.BytesIO()
    Image.fromarray(RGB).save(held, "GIF")
    (tmp_path / "x.png").write_bytes(held.getvalue())
    with pytest.raises(UnreadableFile) as caught:
        read_clip(tmp_path / "x.png")

    assert caught.value.code is ErrorCode.NO_CODEC
    assert caught.value.parameters == {"name": "x.png", "syntax": "GIF"}
