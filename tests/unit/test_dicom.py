"""DICOM of every kind shows the picture that was written, frame by frame and only when asked."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import dicom_files as files
import numpy as np
import pytest
from pydicom import dcmread, uid
from pydicom.encaps import generate_frames

from fetalclip_app.domain.clip import RateSource
from fetalclip_app.errors import ErrorCode, UnreadableFile
from fetalclip_app.imaging.dicom_pixels import DicomFrames
from fetalclip_app.imaging.readers import read_clip

RGB = files.colour_picture()
Writer = Callable[[Path], Path]


def planar(path: Path) -> Path:
    return files.write(path, files.dataset_of(RGB, PlanarConfiguration=1))


LOSSLESS: dict[str, Writer] = {
    "explicit": lambda p: files.write(p, files.dataset_of(RGB)),
    "implicit": lambda p: files.write(p, files.dataset_of(RGB), uid.ImplicitVRLittleEndian),
    "deflated": lambda p: files.write(p, files.dataset_of(RGB), uid.DeflatedExplicitVRLittleEndian),
    "big endian": lambda p: files.write_big_endian(p, files.dataset_of(RGB)),
    "planes": planar,
    "rle": lambda p: files.compressed(p, files.dataset_of(RGB), uid.RLELossless),
    "jpeg 2000": lambda p: files.compressed(p, files.dataset_of(RGB), uid.JPEG2000Lossless),
    "jpeg lossless": lambda p: files.jpeg_lossless(p, files.dataset_of(RGB)),
    "bare explicit": lambda p: files.write(p, files.dataset_of(RGB), preamble=False),
    "bare implicit": lambda p: files.write(p, files.dataset_of(RGB), uid.ImplicitVRLittleEndian, preamble=False),
    "bare big endian": lambda p: files.write(p, files.dataset_of(RGB), uid.ExplicitVRBigEndian, preamble=False),
}


@pytest.mark.parametrize("kind", LOSSLESS)
def test_lossless_colours_come_back_unchanged(kind: str, tmp_path: Path) -> None:
    clip = read_clip(LOSSLESS[kind](tmp_path / "still"))

    np.testing.assert_array_equal(clip.frame(0).pixels, RGB)
    assert (clip.height, clip.width, len(clip), clip.rate) == (48, 64, 1, None)
    assert not clip.origin.is_lossy


def test_every_frame_of_a_cine_is_its_own(tmp_path: Path) -> None:
    frames = files.cine(5, height=31, width=33)  # odd sizes: frames do not begin at even bytes
    for number, path in enumerate(
        (
            files.write(tmp_path / "a", files.dataset_of(frames)),
            files.compressed(tmp_path / "b", files.dataset_of(frames), uid.RLELossless),
            files.write(tmp_path / "e", files.dataset_of(frames, PlanarConfiguration=1)),
        )
    ):
        clip = read_clip(path)
        assert len(clip) == 5, number
        for index in (4, 0, 2):
            np.testing.assert_array_equal(clip.frame(index).pixels, frames[index])


@pytest.mark.parametrize("kind", ["jpeg", "jpeg 2000"])
def test_every_frame_of_a_lossless_cine_is_its_own(kind: str, tmp_path: Path) -> None:
    frames = files.cine(3)
    data, path = files.dataset_of(frames), tmp_path / "cine"
    compressed = (
        files.jpeg_lossless(path, data) if kind == "jpeg" else files.compressed(path, data, uid.JPEG2000Lossless)
    )
    clip = read_clip(compressed)

    for index in (2, 0, 1):
        np.testing.assert_array_equal(clip.frame(index).pixels, frames[index])


@pytest.mark.parametrize("jfif", [False, True])
@pytest.mark.parametrize("photometric", ["RGB", "YBR_FULL"])
def test_lossless_jpeg_is_what_the_header_says(photometric: str, jfif: bool, tmp_path: Path) -> None:
    """The lossless process knows no colour transform, so a JFIF mark, which some writers add, says nothing."""
    stored = RGB if photometric == "RGB" else files.to_ycc(RGB)
    path = files.jpeg_lossless(tmp_path / "x", files.dataset_of(stored, photometric))
    data = dcmread(path)
    stream = next(generate_frames(data.PixelData, number_of_frames=1))
    mark = b"\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
    data.PhotometricInterpretation = photometric
    marked = stream[:2] + mark + files.without_marker(stream, 0xEE)[2:] if jfif else stream
    pixels = read_clip(files.encapsulated(path, data, [marked], uid.JPEGLosslessSV1)).frame(0).pixels

    np.testing.assert_allclose(pixels.astype(int), RGB, atol=0 if photometric == "RGB" else 3)


def test_lossless_jpeg_of_sixteen_bits_is_refused_by_name(tmp_path: Path) -> None:
    path = files.jpeg_lossless(tmp_path / "x", files.dataset_of(files.grey_picture(top=4095), "MONOCHROME2"))
    with pytest.raises(UnreadableFile) as caught:
        read_clip(path).frame(0)

    assert caught.value.code is ErrorCode.NO_CODEC
    assert caught.value.parameters["syntax"] == "JPEG process C3, 16 bits"


@pytest.mark.parametrize("photometric", ["YBR_FULL", "YBR_FULL_422"])
def test_stored_ycbcr_is_shown_as_rgb(photometric: str, tmp_path: Path) -> None:
    grey_left = RGB.copy()
    grey_left[:, :, 1:] = grey_left[:, :, :1]
    ycc = files.to_ycc(grey_left)
    data = files.dataset_of(ycc, "YBR_FULL")
    if photometric == "YBR_FULL_422":
        pairs = ycc.reshape(48, 32, 2, 3)
        packed = np.stack([pairs[..., 0, 0], pairs[..., 1, 0], pairs[..., 0, 1], pairs[..., 0, 2]], axis=-1)
        data.PixelData, data.PhotometricInterpretation = packed.tobytes(), photometric

    pixels = read_clip(files.write(tmp_path / "ycc", data)).frame(0).pixels

    np.testing.assert_allclose(pixels.astype(int), grey_left, atol=2)


def test_422_that_was_never_subsampled_is_told_by_its_size(tmp_path: Path) -> None:
    data = files.dataset_of(files.to_ycc(RGB), "YBR_FULL")
    data.PhotometricInterpretation = "YBR_FULL_422"

    np.testing.assert_allclose(read_clip(files.write(tmp_path / "x", data)).frame(0).pixels.astype(int), RGB, atol=3)


def _jpeg(tmp_path: Path, stream: bytes, photometric: str) -> np.ndarray:
    data = files.dataset_of(RGB, photometric)
    return read_clip(files.encapsulated(tmp_path / "jpeg", data, [stream])).frame(0).pixels


def _near(pixels: np.ndarray, picture: np.ndarray = RGB) -> bool:
    return bool(np.abs(pixels.astype(int) - picture).mean() < 3)


@pytest.mark.parametrize("photometric", ["RGB", "YBR_FULL_422", "YBR_FULL"])
def test_a_jfif_stream_is_ycbcr_whatever_the_header_says(photometric: str, tmp_path: Path) -> None:
    assert _near(_jpeg(tmp_path, files.jpeg_stream(RGB), photometric))


@pytest.mark.parametrize("photometric", ["RGB", "YBR_FULL_422"])
def test_an_adobe_stream_without_transform_is_rgb_whatever_the_header_says(photometric: str, tmp_path: Path) -> None:
    stream = files.jpeg_stream(RGB, keep_rgb=True)
    adobe = b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00"
    marked = stream[:2] + adobe + files.without_marker(stream, 0xEE)[2:]

    assert _near(_jpeg(tmp_path, marked, photometric))


def test_a_stream_without_marks_is_what_the_header_says(tmp_path: Path) -> None:
    ycc = files.without_marker(files.jpeg_stream(RGB), 0xE0)
    # The same stream under the other label: its YCbCr values are shown as if they were red, green and blue.
    assert _near(_jpeg(tmp_path, ycc, "YBR_FULL"))
    assert _near(_jpeg(tmp_path, ycc, "RGB"), files.to_ycc(RGB))


def test_a_subsampled_stream_without_marks_is_ycbcr_though_the_header_says_rgb(tmp_path: Path) -> None:
    smooth = np.repeat(np.repeat(RGB[::8, ::8], 8, axis=0), 8, axis=1)
    stream = files.without_marker(files.jpeg_stream(smooth, subsampling=2), 0xE0)

    assert np.abs(_jpeg(tmp_path, stream, "RGB").astype(int) - smooth).mean() < 25
    assert not _near(_jpeg(tmp_path, stream, "RGB"), files.to_ycc(smooth))


def test_letters_as_component_numbers_mean_rgb(tmp_path: Path) -> None:
    stream = files.without_marker(files.without_marker(files.jpeg_stream(RGB, keep_rgb=True), 0xEE), 0xE0)
    assert b"\x52\x11\x00\x47\x11\x00\x42\x11\x00" in stream

    assert _near(_jpeg(tmp_path, stream, "YBR_FULL_422"))


def test_jpeg_2000_that_was_transformed_is_not_transformed_twice(tmp_path: Path) -> None:
    """A header that says YBR_FULL of a stream whose own transform the decoder undoes: green and purple elsewhere."""
    data = files.dataset_of(RGB, "YBR_RCT")
    path = files.compressed(tmp_path / "j2k", data, uid.JPEG2000Lossless)
    np.testing.assert_array_equal(read_clip(path).frame(0).pixels, RGB)
    data.PhotometricInterpretation = "YBR_FULL"
    files.write(path, data, uid.JPEG2000Lossless)

    np.testing.assert_array_equal(read_clip(path).frame(0).pixels, RGB)


def _grey(tmp_path: Path, picture: np.ndarray, photometric: str = "MONOCHROME2", **tags: Any) -> np.ndarray:
    pixels = read_clip(files.write(tmp_path / "grey", files.dataset_of(picture, photometric, **tags))).frame(0).pixels
    assert (pixels[..., 0] == pixels[..., 1]).all()
    assert (pixels[..., 0] == pixels[..., 2]).all()
    return pixels[..., 0].astype(int)


def test_eight_grey_bits_are_shown_as_they_are(tmp_path: Path) -> None:
    ramp = files.grey_picture().astype(np.uint8)
    np.testing.assert_array_equal(_grey(tmp_path, ramp), ramp)


def test_monochrome1_shows_zero_as_white(tmp_path: Path) -> None:
    ramp = files.grey_picture().astype(np.uint8)
    np.testing.assert_array_equal(_grey(tmp_path, ramp, "MONOCHROME1"), 255 - ramp.astype(int))


def test_sixteen_bits_show_the_full_range_of_what_is_stored(tmp_path: Path) -> None:
    ramp = files.grey_picture(top=4095)
    shown = _grey(tmp_path, ramp, bits_stored=12)

    np.testing.assert_array_equal(shown, ramp.astype(int) * 255 // 4095)
    assert (shown.min(), shown.max()) == (0, 255)


def test_signed_values_begin_below_zero(tmp_path: Path) -> None:
    ramp = files.grey_picture(top=4095).astype(np.int32) - 2048
    shown = _grey(tmp_path, ramp.astype(np.int16), bits_stored=12)

    np.testing.assert_array_equal(shown, (ramp + 2048) * 255 // 4095)


def test_a_window_is_applied_by_the_standard_s_formula(tmp_path: Path) -> None:
    ramp = files.grey_picture(top=4095)
    shown = _grey(tmp_path, ramp, bits_stored=12, WindowCenter=1000, WindowWidth=500)
    expected = np.clip((ramp - 999.5) / 499 + 0.5, 0, 1) * 255

    np.testing.assert_allclose(shown, expected, atol=1)
    assert shown[ramp <= 750].max() == 0
    assert shown[ramp >= 1250].min() == 255


def test_a_rescale_comes_before_the_window(tmp_path: Path) -> None:
    ramp = files.grey_picture().astype(np.uint8)
    plain = _grey(tmp_path, ramp, WindowCenter=100, WindowWidth=50)
    moved = _grey(
        tmp_path, ramp, WindowCenter=210, WindowWidth=100, RescaleSlope=2, RescaleIntercept=10, VOILUTFunction="LINEAR"
    )
    np.testing.assert_allclose(moved, plain, atol=3)


def _palette(entries: int, first: int, dtype: str, *, scale: int, bits: int = 16) -> dict[str, Any]:
    ramp = (np.arange(entries) * scale).astype(dtype)
    tags: dict[str, Any] = {}
    for shift, colour in enumerate(("Red", "Green", "Blue")):
        tags[f"{colour}PaletteColorLookupTableDescriptor"] = [entries, first, bits]
        tags[f"{colour}PaletteColorLookupTableData"] = np.roll(ramp, shift).tobytes()
    return tags


@pytest.mark.parametrize(
    ("dtype", "scale", "bits"), [("<u2", 257, 16), ("<u2", 1, 16), ("u1", 1, 8)], ids=["16 bits", "8 in 16", "8 bits"]
)
def test_a_palette_gives_its_colours(dtype: str, scale: int, bits: int, tmp_path: Path) -> None:
    values = files.grey_picture().astype(np.uint8)
    data = files.dataset_of(values, "PALETTE COLOR", **_palette(256, 0, dtype, scale=scale, bits=bits))
    pixels = read_clip(files.write(tmp_path / "palette", data)).frame(0).pixels.astype(int)

    for shift in range(3):
        np.testing.assert_array_equal(pixels[..., shift], (values.astype(int) - shift) % 256)


def test_values_outside_a_palette_take_the_colour_at_its_end(tmp_path: Path) -> None:
    values = files.grey_picture().astype(np.uint8)
    data = files.dataset_of(values, "PALETTE COLOR", **_palette(100, 50, "<u2", scale=512))
    pixels = read_clip(files.write(tmp_path / "palette", data)).frame(0).pixels

    np.testing.assert_array_equal(pixels[..., 0], np.clip(values.astype(int) - 50, 0, 99) * 2)


@pytest.mark.parametrize("table", ["basic", "extended", "none"])
@pytest.mark.parametrize("fragments", [1, 3])
def test_frames_are_found_however_they_are_cut(table: str, fragments: int, tmp_path: Path) -> None:
    if (table, fragments) == ("extended", 3):
        pytest.skip("the standard allows one fragment for each frame here")
    frames = files.cine(6)
    streams = [files.jpeg_stream(frame) for frame in frames]
    data = files.dataset_of(frames, "YBR_FULL_422")
    clip = read_clip(files.encapsulated(tmp_path / "cine", data, streams, table=table, fragments=fragments))

    assert len(clip) == 6
    assert all(_near(clip.frame(index).pixels, frames[index]) for index in range(6))


def test_an_offset_table_that_points_nowhere_is_not_believed(tmp_path: Path) -> None:
    frames = files.cine(4)
    data = files.dataset_of(frames, "YBR_FULL_422")
    path = files.encapsulated(tmp_path / "cine", data, [files.jpeg_stream(frame) for frame in frames])
    content = bytearray(path.read_bytes())
    start = content.index(b"\xfe\xff\x00\xe0\x10\x00\x00\x00") + 8
    content[start : start + 16] = b"\x00\x00\x00\x00\x07\x00\x00\x00\x09\x00\x00\x00\x0b\x00\x00\x00"
    path.write_bytes(content)

    assert [_near(read_clip(path).frame(i).pixels, frames[i]) for i in range(4)] == [True] * 4


def test_the_header_is_read_without_decoding_a_pixel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError("decoded")

    monkeypatch.setattr(DicomFrames, "_decoded", never)
    clip = read_clip(files.write(tmp_path / "cine", files.dataset_of(files.cine(3))))

    assert len(clip) == 3
    with pytest.raises(UnreadableFile):
        clip.frame(0)


def test_no_handle_stays_open_and_the_file_may_move(tmp_path: Path) -> None:
    path = files.write(tmp_path / "cine", files.dataset_of(files.cine(3)))
    before = os.listdir("/proc/self/fd") if Path("/proc/self/fd").is_dir() else []
    clip = read_clip(path)
    clip.frame(1)
    after = os.listdir("/proc/self/fd") if before else []
    path.rename(tmp_path / "moved")

    assert len(after) == len(before)
    with pytest.raises(UnreadableFile) as caught:
        clip.frame(1)
    assert caught.value.code is ErrorCode.FILE_MISSING


def test_a_file_that_was_replaced_is_not_shown_under_the_old_name(tmp_path: Path) -> None:
    path = files.write(tmp_path / "still", files.dataset_of(RGB))
    clip = read_clip(path)
    files.write(path, files.dataset_of(255 - RGB))

    with pytest.raises(UnreadableFile) as caught:
        clip.frame(0)
    assert caught.value.parameters["reason"] == "changed"


def test_threads_may_share_a_clip(tmp_path: Path) -> None:
    frames = files.cine(8)
    clip = read_clip(files.compressed(tmp_path / "cine", files.dataset_of(frames), uid.JPEG2000Lossless))
    with ThreadPoolExecutor(4) as pool:
        seen = list(pool.map(lambda index: clip.frame(index % 8).pixels, range(64)))

    for index, pixels in enumerate(seen):
        np.testing.assert_array_equal(pixels, frames[index % 8])


@pytest.mark.parametrize(
    ("tags", "hz", "source"),
    [
        ({"FrameTime": 40, "CineRate": 10, "FrameTimeVector": [0, 10, 10, 10]}, 25, RateSource.FRAME_TIME),
        ({"FrameTimeVector": [0, 20, 30, 40], "CineRate": 10}, 1000 / 30, RateSource.FRAME_TIME_VECTOR),
        ({"CineRate": 12, "RecommendedDisplayFrameRate": 15}, 12, RateSource.CINE_RATE),
        ({"RecommendedDisplayFrameRate": 15}, 15, RateSource.RECOMMENDED_RATE),
        ({"FrameTime": 0, "CineRate": 12}, 12, RateSource.CINE_RATE),
        ({"FrameTime": -5}, 30, RateSource.ASSUMED),
        ({}, 30, RateSource.ASSUMED),
    ],
)
def test_the_rate_is_the_first_that_makes_sense(
    tags: dict[str, Any], hz: float, source: RateSource, tmp_path: Path
) -> None:
    rate = read_clip(files.write(tmp_path / "cine", files.dataset_of(files.cine(4), **tags))).rate

    assert rate is not None
    assert (rate.hz, rate.source) == (pytest.approx(hz), source)


def test_a_still_has_no_rate_though_the_header_states_one(tmp_path: Path) -> None:
    assert read_clip(files.write(tmp_path / "still", files.dataset_of(RGB, FrameTime=40))).rate is None


def test_the_origin_is_what_the_tags_say(tmp_path: Path) -> None:
    data = files.dataset_of(RGB, StudyDate="2026.01.30", Manufacturer="Maker", ManufacturerModelName="M 1")
    data.PatientName = "Doe^Jane^^^"
    origin = read_clip(files.write(tmp_path / "still", data)).origin

    assert (origin.patient_id, origin.patient_name, origin.study_date) == ("P1", "Doe^Jane", "20260130")
    assert (origin.study_uid, origin.series_uid, origin.instance_uid) == ("1.2.3", "1.2.3.1", "1.2.3.4")
    assert (origin.manufacturer, origin.device_model) == ("Maker", "M 1")
    assert origin.transfer_syntax == "Explicit VR Little Endian"
    assert not origin.is_simulated


@pytest.mark.parametrize(
    ("tags", "simulated"),
    [
        ({"ImageType": ["DERIVED", "PRIMARY", "SIMULATED"]}, True),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "OBSTETRICAL", "SIMULATED"]}, True),
        ({"Manufacturer": "FetalCLIP Studio"}, True),
        ({"ImageType": ["SIMULATED", "PRIMARY"]}, False),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "OBSTETRICAL"]}, False),
    ],
)
def test_a_simulated_picture_says_so(tags: dict[str, Any], simulated: bool, tmp_path: Path) -> None:
    clip = read_clip(files.write(tmp_path / "still", files.dataset_of(RGB, **tags)))
    assert clip.origin.is_simulated is simulated


def test_loss_is_told_by_the_syntax_or_the_tag(tmp_path: Path) -> None:
    jpeg = files.encapsulated(tmp_path / "a", files.dataset_of(RGB, "YBR_FULL_422"), [files.jpeg_stream(RGB)])
    once = files.write(tmp_path / "b", files.dataset_of(RGB, LossyImageCompression="01"))

    assert read_clip(jpeg).origin.is_lossy
    assert read_clip(once).origin.is_lossy


@pytest.mark.parametrize("syntax", [uid.MPEG4HP41, uid.JPEG2000MC, "1.2.840.113619.5.2"])
def test_a_syntax_without_codec_is_named(syntax: str, tmp_path: Path) -> None:
    path = files.encapsulated(tmp_path / "x", files.dataset_of(RGB), [b"\0" * 64])
    held = path.read_bytes()
    old, new = uid.JPEGBaseline8Bit.encode(), syntax.encode()
    size = len(new) + len(new) % 2
    path.write_bytes(held.replace(b"UI\x16\x00" + old, b"UI" + size.to_bytes(2, "little") + new.ljust(size, b"\0")))
    with pytest.raises(UnreadableFile) as caught:
        read_clip(path)

    assert caught.value.code is ErrorCode.NO_CODEC
    assert syntax in str(caught.value.parameters["syntax"])


def test_a_missing_plugin_is_no_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pydicom.pixels.decoders.base import Decoder  # noqa: PLC0415 - only this test takes the codecs away

    path = files.compressed(tmp_path / "x", files.dataset_of(RGB), uid.JPEG2000Lossless)
    monkeypatch.setattr(Decoder, "available_plugins", property(lambda self: ()))
    with pytest.raises(UnreadableFile) as caught:
        read_clip(path)

    assert caught.value.code is ErrorCode.NO_CODEC
    assert caught.value.parameters["syntax"] == "JPEG 2000 Image Compression (Lossless Only) (1.2.840.10008.1.2.4.90)"


def test_a_volume_is_not_taken_for_a_cine(tmp_path: Path) -> None:
    data = files.dataset_of(files.cine(3), SOPClassUID="1.2.840.10008.5.1.4.1.1.6.2")
    with pytest.raises(UnreadableFile) as caught:
        read_clip(files.write(tmp_path / "volume", data))

    assert caught.value.code is ErrorCode.NO_CODEC


def test_twelve_bit_jpeg_says_what_is_missing(tmp_path: Path) -> None:
    stream = bytearray(files.jpeg_stream(RGB))
    stream[stream.index(b"\xff\xc0") + 4] = 12
    path = files.encapsulated(tmp_path / "x", files.dataset_of(RGB, "YBR_FULL_422"), [bytes(stream)])
    with pytest.raises(UnreadableFile) as caught:
        read_clip(path).frame(0)

    assert caught.value.code is ErrorCode.NO_CODEC


def test_values_that_break_the_rules_neither_warn_nor_matter(tmp_path: Path) -> None:
    """The suite treats warnings as errors."""
    data = files.dataset_of(RGB)
    path = files.write(tmp_path / "x", data)
    held = path.read_bytes().replace(b"1.2.3.1\x00", b"1.2.03.x")
    path.write_bytes(held.replace(b"Test^Case ", b"a=b=c=d=e\xff"))
    clip = read_clip(path)

    np.testing.assert_array_equal(clip.frame(0).pixels, RGB)
    assert clip.origin.series_uid == "1.2.03.x"
