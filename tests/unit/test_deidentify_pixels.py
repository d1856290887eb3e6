"""How blanked pixels are stored: a JPEG stays one where it can, and nothing visible changes."""

from __future__ import annotations

from pathlib import Path

import dicom_videos
import numpy as np
import pytest
from deidentify_files import KINDS, MASK, SECRET, dark_banner, deidentified, full_dataset, palette
from dicom_files import cine, colour_picture, compressed, encapsulated, grey_picture, jpeg_stream, region, to_ycc, write
from pydicom import dcmread, uid

from fetalclip_app.domain.calibration import Box
from fetalclip_app.imaging.deidentify.mask import Mask, MaskSource
from fetalclip_app.imaging.readers import read_clip


@pytest.mark.parametrize("kind", ["jpeg", "jpeg 422", "jpeg 420", "jpeg, own tables", "jpeg, restarts", "jpeg, grey"])
def test_a_jpeg_cine_stays_one(kind: str, tmp_path: Path) -> None:
    original = KINDS[kind](tmp_path / "a.dcm")
    written = deidentified(original, tmp_path / "b.dcm")

    assert dcmread(tmp_path / "b.dcm").file_meta.TransferSyntaxUID == uid.JPEGBaseline8Bit
    assert not written.is_recoded
    assert written.bytes_after < written.bytes_before


@pytest.mark.parametrize("damaged", [0, 1])
def test_a_jpeg_with_a_divisor_of_zero_is_stored_as_it_is_shown(damaged: int, tmp_path: Path) -> None:
    """Decoders multiply by it and show a picture; no DC value can be divided by it."""
    streams = [bytearray(jpeg_stream(frame, subsampling=0)) for frame in dark_banner(cine())]
    streams[damaged][streams[damaged].find(b"\xff\xdb") + 5] = 0
    data = full_dataset(cine(), "YBR_FULL_422", FrameTime="33.3")
    original = encapsulated(tmp_path / "a.dcm", data, [bytes(stream) for stream in streams])
    written = deidentified(original, tmp_path / "b.dcm")
    before, after = read_clip(original).frame(damaged).pixels, read_clip(tmp_path / "b.dcm").frame(damaged).pixels

    assert written.is_recoded
    np.testing.assert_array_equal(after[MASK.visible()], before[MASK.visible()])
    assert not after[~MASK.visible()].any()


def test_a_jpeg_s_thumbnail_goes(tmp_path: Path) -> None:
    """JFIF's own thumbnail may show the banner."""
    stream = jpeg_stream(dark_banner(cine())[0], subsampling=1)
    thumbnail = b"JFIF\0\1\1\0\0\1\0\1\4\4" + b"THUMBNAIL".ljust(48, b"!")
    marked = stream[:2] + b"\xff\xe0" + (len(thumbnail) + 2).to_bytes(2, "big") + thumbnail + stream[20:]
    data = full_dataset(colour_picture(), "YBR_FULL_422")
    written = deidentified(encapsulated(tmp_path / "a.dcm", data, [marked]), tmp_path / "b.dcm")

    assert not written.is_recoded
    assert b"THUMBNAIL" not in (tmp_path / "b.dcm").read_bytes()


def test_a_jpeg_whose_edge_runs_through_letters_is_stored_without_loss(tmp_path: Path) -> None:
    bright = [jpeg_stream(frame, subsampling=1) for frame in cine()]
    original = encapsulated(tmp_path / "a.dcm", full_dataset(cine(), "YBR_FULL_422"), bright)
    mask = Mask(48, 64, (Box(11, 20, 51, 48),), MaskSource.GIVEN)
    written = deidentified(original, tmp_path / "b.dcm", mask)
    copy = dcmread(tmp_path / "b.dcm")

    assert written.is_recoded
    assert (copy.PhotometricInterpretation, copy.LossyImageCompression) == ("RGB", "01")
    assert copy.LossyImageCompressionMethod == "ISO_10918_1"
    assert copy.file_meta.TransferSyntaxUID in (uid.ExplicitVRLittleEndian, uid.RLELossless)


def test_nothing_visible_is_lost_for_a_block_that_the_edge_crosses(tmp_path: Path) -> None:
    """Even brightness, no colour: no block betrays itself by bleeding over its edge."""
    even = np.full((48, 64, 3), 180, np.uint8)
    stream = jpeg_stream(even, subsampling=0)
    original = encapsulated(tmp_path / "a.dcm", full_dataset(even, "YBR_FULL_422"), [stream])
    mask = Mask(48, 64, (Box(11, 20, 51, 48),), MaskSource.GIVEN)
    written = deidentified(original, tmp_path / "b.dcm", mask)
    after = read_clip(tmp_path / "b.dcm").frame(0).pixels

    assert written.is_recoded
    np.testing.assert_array_equal(after[mask.visible()], read_clip(original).frame(0).pixels[mask.visible()])
    assert not after[~mask.visible()].any()


def test_a_compressed_original_is_compressed_again_where_that_saves_space(tmp_path: Path) -> None:
    flat = np.zeros((48, 64), np.uint8)
    flat[20:40, 12:50] = 90
    original = compressed(tmp_path / "a.dcm", palette(flat), uid.RLELossless)
    deidentified(original, tmp_path / "b.dcm")
    deidentified(KINDS["palette"](tmp_path / "c.dcm"), tmp_path / "d.dcm")

    assert dcmread(tmp_path / "b.dcm").file_meta.TransferSyntaxUID == uid.RLELossless
    assert dcmread(tmp_path / "d.dcm").file_meta.TransferSyntaxUID == uid.ExplicitVRLittleEndian


@pytest.mark.parametrize(("film", "syntax"), [("h264", uid.MPEG4HP41), ("mpeg2", uid.MPEG2MPML)])
def test_a_video_is_stored_frame_by_frame(film: str, syntax: str, tmp_path: Path) -> None:
    regions = {"SequenceOfUltrasoundRegions": [region((8, 40, 99, 89))], "FrameTime": "40", "PatientID": f"{SECRET}1"}
    original = dicom_videos.write(tmp_path / "a.dcm", dicom_videos.FILMS[film].encoded(), syntax, **regions)
    before = read_clip(original)
    mask = Mask(before.height, before.width, (Box(8, 40, 100, 90),), MaskSource.GIVEN)
    written = deidentified(original, tmp_path / "b.dcm", mask)
    copy, after = dcmread(tmp_path / "b.dcm"), read_clip(tmp_path / "b.dcm")

    assert written.is_recoded
    assert (copy.PhotometricInterpretation, copy.LossyImageCompression) == ("RGB", "01")
    assert copy.LossyImageCompressionMethod in ("ISO_14496_10", "ISO_13818_2")
    assert (after.rate, len(after), after.calibration) == (before.rate, len(before), before.calibration)
    for index in range(len(before)):
        np.testing.assert_array_equal(
            after.frame(index).pixels[mask.visible()], before.frame(index).pixels[mask.visible()]
        )
        assert not after.frame(index).pixels[~mask.visible()].any()
    assert SECRET.encode() not in (tmp_path / "b.dcm").read_bytes()


def test_colours_do_not_turn_green(tmp_path: Path) -> None:
    """Doppler colours of an uncompressed YCbCr picture, and of a JPEG that its header calls RGB."""
    ycc = write(tmp_path / "a.dcm", full_dataset(to_ycc(colour_picture()), "YBR_FULL"))
    lying = encapsulated(tmp_path / "b.dcm", full_dataset(colour_picture(), "RGB"), [jpeg_stream(colour_picture())])
    for path in (ycc, lying):
        deidentified(path, tmp_path / "copy.dcm")
        pixels = read_clip(tmp_path / "copy.dcm").frame(0).pixels
        inside = pixels[20:44, 12:52].astype(int) - colour_picture()[20:44, 12:52]

        assert np.abs(inside).mean() < 4


def test_bits_above_the_stored_ones_go(tmp_path: Path) -> None:
    """Old scanners drew text into them."""
    words = grey_picture(top=4095) | 0xF000
    data = full_dataset(words, "MONOCHROME2", bits_stored=12)
    deidentified(write(tmp_path / "a.dcm", data), tmp_path / "b.dcm")
    stored = np.frombuffer(dcmread(tmp_path / "b.dcm").PixelData, "<u2")

    assert int(stored.max()) <= 4095
