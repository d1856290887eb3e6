"""A de-identified file: nothing of its patient in any byte, the scan as it was, and others can open it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dicom_videos
import jpeg_ls
import numpy as np
import pytest
from deidentify_files import SECRET, SECRET_TEXTS, full_dataset
from dicom_files import (
    ULTRASOUND_CINE,
    cine,
    colour_picture,
    compressed,
    dataset_of,
    encapsulated,
    grey_picture,
    jpeg_lossless,
    jpeg_stream,
    region,
    to_ycc,
    write,
    write_big_endian,
)
from pydicom import dcmread, uid
from pydicom.dataset import Dataset

from fetalclip_app.domain.calibration import Box
from fetalclip_app.domain.clip import Pixels
from fetalclip_app.errors import ErrorCode, NotDeidentified
from fetalclip_app.imaging.deidentify import blank, engine
from fetalclip_app.imaging.deidentify.engine import Seen, Written
from fetalclip_app.imaging.deidentify.identifiers import Identifiers
from fetalclip_app.imaging.deidentify.mask import Mask, MaskSource
from fetalclip_app.imaging.deidentify.texts import SeenText
from fetalclip_app.imaging.readers import read_clip

KEY = b"k" * 32
IDENTIFIERS = Identifiers(KEY)
INSIDE = Box(8, 16, 56, 48)
MASK = Mask(48, 64, (INSIDE,), MaskSource.GIVEN)


class Reads:
    """An OCR that finds what a test says, where nothing is blanked yet."""

    def __init__(self, *texts: SeenText) -> None:
        self.texts = texts

    def read(self, pixels: Pixels) -> tuple[SeenText, ...]:
        return tuple(t for t in self.texts if pixels[t.box.top : t.box.bottom, t.box.left : t.box.right].any())


def deidentified(path: Path, target: Path, mask: Mask = MASK, **options: Any) -> Written:
    opened = engine.open_original(path, Identifiers(KEY))
    return engine.write(opened, Seen(mask, frames_read=tuple(range(len(opened.clip)))), target, **options)


def dark_banner(frames: np.ndarray) -> np.ndarray:
    """Black around the scan with some bright text above, far from it: what a real screen looks like."""
    made = np.zeros_like(frames)
    made[..., 16:48, 8:56, :] = frames[..., 16:48, 8:56, :]
    made[..., 2:6, 10:50:3, :] = 255
    return made


def rgb(**tags: Any) -> Dataset:
    return full_dataset(cine(), FrameTime="33.3", SOPClassUID=ULTRASOUND_CINE, **tags)


def palette(frames: np.ndarray) -> Dataset:
    """An inverted palette whose first colour is red: index 0 is no black."""
    data = full_dataset(frames, "PALETTE COLOR")
    ramp = np.arange(256, dtype=np.uint16)[::-1] * 257
    ramp[0] = 0xFFFF
    for colour, column in (("Red", ramp), ("Green", ramp // 2), ("Blue", ramp // 3)):
        setattr(data, f"{colour}PaletteColorLookupTableDescriptor", [256, 0, 16])
        setattr(data, f"{colour}PaletteColorLookupTableData", column.tobytes())
    return data


def jpeg_cine(path: Path, **options: Any) -> Path:
    streams = [jpeg_stream(frame, **options) for frame in dark_banner(cine())]
    return encapsulated(path, full_dataset(cine(), "YBR_FULL_422", FrameTime="33.3"), streams)


GREY = grey_picture().astype(np.uint8)
KINDS: dict[str, Callable[[Path], Path]] = {
    "explicit": lambda path: write(path, rgb()),
    "implicit": lambda path: write(path, rgb(), uid.ImplicitVRLittleEndian),
    "planes": lambda path: write(path, rgb(PlanarConfiguration=1)),
    "deflated": lambda path: write(path, rgb(), uid.DeflatedExplicitVRLittleEndian),
    "big endian, 16 bits": lambda path: write_big_endian(path, full_dataset(grey_picture(top=60000), "MONOCHROME2")),
    "ybr full": lambda path: write(path, full_dataset(to_ycc(colour_picture()), "YBR_FULL")),
    "monochrome 1": lambda path: write(path, full_dataset(GREY, "MONOCHROME1")),
    "monochrome 2, window": lambda path: write(
        path, full_dataset(GREY, "MONOCHROME2", WindowCenter="100", WindowWidth="150")
    ),
    "twelve bits": lambda path: write(path, full_dataset(grey_picture(top=4095), "MONOCHROME2", bits_stored=12)),
    "palette": lambda path: write(path, palette(GREY)),
    "palette, rle": lambda path: compressed(path, palette(GREY), uid.RLELossless),
    "rle": lambda path: compressed(path, rgb(), uid.RLELossless),
    "jpeg 2000": lambda path: compressed(path, rgb(), uid.JPEG2000Lossless),
    "jpeg 2000, grey of twelve bits": lambda path: compressed(
        path, full_dataset(grey_picture(top=4095), "MONOCHROME2", bits_stored=12), uid.JPEG2000Lossless
    ),
    "jpeg-ls": lambda path: encapsulated(
        path, rgb(), [bytes(jpeg_ls.encode_array(frame, interleave_mode=2)) for frame in cine()], uid.JPEGLSLossless
    ),
    "jpeg lossless": lambda path: jpeg_lossless(path, rgb()),
    "jpeg lossless, grey": lambda path: jpeg_lossless(path, full_dataset(GREY, "MONOCHROME2")),
    "jpeg": lambda path: jpeg_cine(path, subsampling=0),
    "jpeg 422": lambda path: jpeg_cine(path, subsampling=1),
    "jpeg 420": lambda path: jpeg_cine(path, subsampling=2),
    "jpeg, own tables": lambda path: jpeg_cine(path, subsampling=1, optimize=True),
    "jpeg, restarts": lambda path: jpeg_cine(path, subsampling=1, restart_marker_blocks=3),
    "jpeg, progressive": lambda path: jpeg_cine(path, progressive=True),
    "jpeg, comment": lambda path: jpeg_cine(path, subsampling=1, comment=f"taken of {SECRET}".encode()),
    "jpeg, rgb": lambda path: jpeg_cine(path, keep_rgb=True),
    "jpeg, grey": lambda path: encapsulated(path, full_dataset(GREY, "MONOCHROME2"), [jpeg_stream(GREY)]),
}


@pytest.fixture(scope="module", params=KINDS)
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The original and its copy, for each kind of file."""
    folder = tmp_path_factory.mktemp("pair")
    original = KINDS[request.param](folder / f"{SECRET}.dcm")
    deidentified(original, folder / "out" / "copy.dcm")
    return original, folder / "out" / "copy.dcm"


def forms(text: str) -> list[bytes]:
    return [text.encode(encoding, "replace") for encoding in ("utf-8", "latin-1", "utf-16-le", "utf-16-be")]


def test_no_byte_of_the_copy_holds_a_text_of_the_original(pair: tuple[Path, Path]) -> None:
    data = pair[1].read_bytes().lower()
    words = {*SECRET_TEXTS, SECRET, "secret", "4711", "1.2.3.47.11.1", "1.2.3.47.11.2", "1.2.3.47.11.3"}
    left = {word for word in words for form in forms(word) if len(form) >= 4 and form.lower() in data}

    assert left == set()
    assert data[:128] == bytes(128)


def test_scale_times_and_every_pixel_inside_are_as_they_were(pair: tuple[Path, Path]) -> None:
    before, after = map(read_clip, pair)
    visible = MASK.visible()

    assert after.calibration == before.calibration
    assert after.calibration is not None
    assert (after.rate, after.times_s, len(after)) == (before.rate, before.times_s, len(before))
    for index in range(len(before)):
        np.testing.assert_array_equal(after.frame(index).pixels[visible], before.frame(index).pixels[visible])


def test_every_pixel_outside_is_black(pair: tuple[Path, Path]) -> None:
    original, copy = pair
    after = read_clip(copy)
    near = 3 if dcmread(copy).file_meta.TransferSyntaxUID == uid.JPEGBaseline8Bit else 0
    far = np.ones((48, 64), np.bool_)
    far[16 - near : 48, 8 - near : 56 + near] = False
    darkest = min(int(table.sum(axis=1).min()) for table in [_table(original)])

    for index in range(len(after)):
        assert int(after.frame(index).pixels[far].astype(int).sum(axis=1).max()) <= darkest + (36 if near else 0)


def _table(path: Path) -> np.ndarray:
    table = getattr(read_clip(path).source, "table", None)
    return np.zeros((1, 3), int) if table is None else np.asarray(table, int)


def test_where_nobody_looked_for_text_nothing_is_said_about_it(tmp_path: Path) -> None:
    opened = engine.open_original(write(tmp_path / "a.dcm", rgb(BurnedInAnnotation="NO")), Identifiers(KEY))
    engine.write(opened, Seen(MASK), tmp_path / "b.dcm")
    copy = dcmread(tmp_path / "b.dcm")

    assert "BurnedInAnnotation" not in copy
    assert copy.DeidentificationMethod[-1] == "Text left in the pixels was not looked for"


def test_the_copy_says_what_was_done(pair: tuple[Path, Path]) -> None:
    copy = dcmread(pair[1])
    codes = [item.CodeValue for item in copy.DeidentificationMethodCodeSequence]

    assert (copy.PatientIdentityRemoved, copy.BurnedInAnnotation) == ("YES", "NO")
    assert copy.LongitudinalTemporalInformationModified == "MODIFIED"
    assert codes == ["113100", "113101", "113107"]
    assert all(len(line) <= 64 for line in copy.DeidentificationMethod)
    assert "SourceApplicationEntityTitle" not in copy.file_meta
    assert copy.file_meta.MediaStorageSOPInstanceUID == copy.SOPInstanceUID == IDENTIFIERS.uid("1.2.3.47.11.1")


@pytest.mark.skipif(shutil.which("dcmdump") is None, reason="skipped, tool missing: dcmdump")
def test_a_foreign_reader_opens_the_copy(pair: tuple[Path, Path], tmp_path: Path) -> None:
    subprocess.run(["dcmdump", "-q", pair[1]], check=True, capture_output=True)
    subprocess.run(
        ["dcmj2pnm", "-q", "--write-16-bit-pnm", pair[1], tmp_path / "x.pnm"], check=True, capture_output=True
    )

    assert (tmp_path / "x.pnm").stat().st_size >= 48 * 64


@pytest.mark.parametrize("kind", ["jpeg", "jpeg 422", "jpeg 420", "jpeg, own tables", "jpeg, restarts", "jpeg, grey"])
def test_a_jpeg_cine_stays_one(kind: str, tmp_path: Path) -> None:
    original = KINDS[kind](tmp_path / "a.dcm")
    written = deidentified(original, tmp_path / "b.dcm")

    assert dcmread(tmp_path / "b.dcm").file_meta.TransferSyntaxUID == uid.JPEGBaseline8Bit
    assert not written.is_recoded
    assert written.bytes_after < written.bytes_before


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


def test_dates_keep_their_distance_and_times_stay(tmp_path: Path) -> None:
    data = dataset_of(colour_picture(), SequenceOfUltrasoundRegions=[region()])
    data.StudyDate, data.StudyTime, data.ContentDate = "20110525", "112233", "20110601"
    data.LastMenstrualDate, data.PatientBirthDate = "20110301", "19800101"
    deidentified(write(tmp_path / "a.dcm", data), tmp_path / "b.dcm")
    copy = dcmread(tmp_path / "b.dcm")
    days = IDENTIFIERS.days_back("P1")

    assert copy.StudyTime == "112233"
    assert copy.PatientBirthDate == ""
    moved = [int((np.datetime64("2011-05-25") - np.datetime64(_iso(copy.StudyDate))).astype(int))]
    moved += [int((np.datetime64("2011-06-01") - np.datetime64(_iso(copy.ContentDate))).astype(int))]
    moved += [int((np.datetime64("2011-03-01") - np.datetime64(_iso(copy.LastMenstrualDate))).astype(int))]
    assert moved == [days] * 3


def _iso(text: str) -> str:
    return f"{text[:4]}-{text[4:6]}-{text[6:]}"


def test_a_picture_that_is_no_dicom_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(jpeg_stream(colour_picture()))
    with pytest.raises(NotDeidentified) as caught:
        engine.open_original(tmp_path / "a.jpg", Identifiers(KEY))

    assert caught.value.code is ErrorCode.NOT_DICOM


def test_a_file_whose_scan_nobody_can_find_is_refused(tmp_path: Path) -> None:
    opened = engine.open_original(write(tmp_path / "a.dcm", dataset_of(colour_picture(200, 300))), Identifiers(KEY))
    with pytest.raises(NotDeidentified) as caught:
        engine.choose_mask(opened)

    assert caught.value.code is ErrorCode.SCAN_NOT_FOUND


def test_a_name_in_the_scan_is_blanked_and_an_unknown_word_asks_a_person(tmp_path: Path) -> None:
    opened = engine.open_original(write(tmp_path / "a.dcm", rgb()), Identifiers(KEY))
    name, word = SeenText(SECRET.upper(), Box(20, 20, 30, 24)), SeenText("Har-low", Box(40, 30, 50, 34))
    seen = engine.look_and_blank(opened, MASK, Reads(name, word))

    assert [text.text for text in seen.open_questions] == ["Har-low"]
    assert not seen.mask.visible()[20:24, 20:30].any()
    with pytest.raises(NotDeidentified) as caught:
        engine.write(opened, seen, tmp_path / "b.dcm")
    assert caught.value.code is ErrorCode.TEXT_LEFT
    assert not (tmp_path / "b.dcm").exists()
    assert engine.write(opened, seen, tmp_path / "b.dcm", confirmed=True).checked_by_person


def test_unknown_words_can_be_blanked_without_asking(tmp_path: Path) -> None:
    opened = engine.open_original(write(tmp_path / "a.dcm", rgb()), Identifiers(KEY))
    seen = engine.look_and_blank(opened, MASK, Reads(SeenText("Har-low", Box(40, 30, 50, 34))), every_question=True)

    assert seen.open_questions == ()
    assert not seen.mask.visible()[30:34, 40:50].any()


def test_a_copy_that_still_holds_a_name_is_taken_away_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = engine.open_original(write(tmp_path / "a.dcm", rgb()), Identifiers(KEY))
    opened.cleaned.dataset.ManufacturerModelName = f"Model of Praxis {SECRET}"
    with pytest.raises(NotDeidentified) as caught:
        engine.write(opened, Seen(MASK), tmp_path / "b.dcm")

    assert caught.value.code is ErrorCode.IDENTITY_LEFT
    assert not (tmp_path / "b.dcm").exists()


@pytest.mark.parametrize("wrong", [0, 1, 2])
def test_a_copy_of_which_one_frame_differs_is_taken_away_again(
    wrong: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = engine.open_original(write(tmp_path / "a.dcm", rgb()), Identifiers(KEY))
    calls = iter(range(len(opened.clip)))
    rightly = blank.blanked

    def blanked(samples: Pixels, layout: blank.PlainPixels, visible: Pixels) -> Pixels:
        made = rightly(samples, layout, visible)
        return made // 2 if next(calls) == wrong else made

    monkeypatch.setattr(blank, "blanked", blanked)
    with pytest.raises(NotDeidentified) as caught:
        engine.write(opened, Seen(MASK), tmp_path / "b.dcm")

    assert caught.value.code is ErrorCode.IDENTITY_LEFT
    assert not (tmp_path / "b.dcm").exists()


def test_the_same_key_gives_the_same_copy_another_key_another(tmp_path: Path) -> None:
    path = write(tmp_path / "a.dcm", rgb())
    for name, key in (("one", b"k" * 32), ("two", b"k" * 32), ("three", b"j" * 32)):
        opened = engine.open_original(path, Identifiers(key))
        engine.write(opened, Seen(MASK), tmp_path / name)
    one, two, three = ((tmp_path / name).read_bytes() for name in ("one", "two", "three"))

    assert one == two
    for keyword in ("SOPInstanceUID", "StudyInstanceUID", "PatientID", "StudyDate"):
        assert dcmread(tmp_path / "one")[keyword].value != dcmread(tmp_path / "three")[keyword].value
    assert one != three


def test_an_object_of_no_standard_class_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.dcm", rgb(), preamble=True)
    data = path.read_bytes().replace(ULTRASOUND_CINE.encode(), b"1.2.840.99999.5.1.4.1.1.3.1"[: len(ULTRASOUND_CINE)])
    (tmp_path / "a.dcm").write_bytes(data)
    with pytest.raises(NotDeidentified) as caught:
        engine.open_original(tmp_path / "a.dcm", Identifiers(KEY))

    assert caught.value.code is ErrorCode.IDENTITY_LEFT


def test_a_header_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    opened = engine.open_original(write(tmp_path / "a.dcm", rgb()), Identifiers(KEY))
    opened.cleaned.dataset.add_new(0x00181063, "FD", "no number")
    with pytest.raises(NotDeidentified) as caught:
        engine.write(opened, Seen(MASK), tmp_path / "b.dcm")

    assert caught.value.code is ErrorCode.IDENTITY_LEFT
    assert not list(tmp_path.glob("*.part"))
    assert not (tmp_path / "b.dcm").exists()
