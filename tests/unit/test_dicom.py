"""DICOM of every kind shows the picture that was written, frame by frame and only when asked."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import dicom_files as files
import numpy as np
import pytest
from pydicom import uid

from fetalclip_app.domain.timing import RateSource
from fetalclip_app.errors import ErrorCode, UnreadableFile
from fetalclip_app.imaging.dicom.pixels import DicomFrames
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


def test_an_odd_big_endian_picture_keeps_its_last_sample(tmp_path: Path) -> None:
    """Words are swapped there, so the last sample of an odd picture lies behind its padding."""
    picture = files.colour_picture(3, 3)
    data = files.dataset_of(picture)
    data.PixelData = np.frombuffer(data.PixelData, "<u2").astype(">u2").tobytes()
    data["PixelData"].VR = "OW"

    np.testing.assert_array_equal(read_clip(files.write_big_endian(tmp_path / "x", data)).frame(0).pixels, picture)


@pytest.mark.parametrize("shape", [(3, 5, 7), (2, 5, 7, 3), (3, 4, 6, 3), (1, 5, 7), (2, 3, 3, 3)])
def test_big_endian_words_of_two_samples_reach_over_odd_frames(shape: tuple[int, ...], tmp_path: Path) -> None:
    frames = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    data = files.dataset_of(frames, "RGB" if len(shape) == 4 else "MONOCHROME2")
    data.PixelData = np.frombuffer(data.PixelData, "<u2").astype(">u2").tobytes()
    data["PixelData"].VR = "OW"
    clip = read_clip(files.write_big_endian(tmp_path / "x", data))

    assert len(clip) == len(frames)
    for index in (*range(len(frames)), 0):
        np.testing.assert_array_equal(
            clip.frame(index).pixels, frames[index] if len(shape) == 4 else frames[index, ..., None].repeat(3, axis=2)
        )


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


@pytest.mark.parametrize(
    ("table", "fragments"),
    [("basic", 1), ("basic", 3), ("none", 1), ("none", 3), ("extended", 1)],  # the standard knows no extended 3
)
def test_frames_are_found_however_they_are_cut(table: str, fragments: int, tmp_path: Path) -> None:
    frames = files.cine(6)
    streams = [files.jpeg_stream(frame) for frame in frames]
    data = files.dataset_of(frames, "YBR_FULL_422")
    clip = read_clip(files.encapsulated(tmp_path / "cine", data, streams, table=table, fragments=fragments))

    assert len(clip) == 6
    assert all(files.is_near(clip.frame(index).pixels, frames[index]) for index in range(6))


def test_an_offset_table_that_points_nowhere_is_not_believed(tmp_path: Path) -> None:
    frames = files.cine(4)
    data = files.dataset_of(frames, "YBR_FULL_422")
    path = files.encapsulated(tmp_path / "cine", data, [files.jpeg_stream(frame) for frame in frames])
    content = bytearray(path.read_bytes())
    start = content.index(b"\xfe\xff\x00\xe0\x10\x00\x00\x00") + 8
    content[start : start + 16] = b"\x00\x00\x00\x00\x07\x00\x00\x00\x09\x00\x00\x00\x0b\x00\x00\x00"
    path.write_bytes(content)

    assert [files.is_near(read_clip(path).frame(i).pixels, frames[i]) for i in range(4)] == [True] * 4


def test_the_header_is_read_without_decoding_a_pixel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError("decoded")

    monkeypatch.setattr(DicomFrames, "_told", never)
    clip = read_clip(files.write(tmp_path / "cine", files.dataset_of(files.cine(3))))

    assert len(clip) == 3
    with pytest.raises(UnreadableFile):
        clip.frame(0)


def test_no_handle_stays_open_and_the_file_may_move(tmp_path: Path) -> None:
    path = files.write(tmp_path / "cine", files.dataset_of(files.cine(3)))
    before = list(Path("/proc/self/fd").iterdir()) if Path("/proc/self/fd").is_dir() else []
    clip = read_clip(path)
    clip.frame(1)
    after = list(Path("/proc/self/fd").iterdir()) if before else []
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


@pytest.mark.filterwarnings("ignore:Invalid value for VR DA")  # the old way of writing dates is meant
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


@pytest.mark.parametrize(
    "syntax", ["1.2.840.10008.1.2.4.94", "1.2.840.10008.1.2.4.205", uid.JPEG2000MC, "1.2.840.113619.5.2"]
)
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
