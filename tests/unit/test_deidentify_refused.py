"""What is not written, or taken away again, and what asks a person first."""

from __future__ import annotations

from pathlib import Path

import pytest
from deidentify_files import KEY, MASK, SECRET, rgb
from dicom_files import ULTRASOUND_CINE, colour_picture, dataset_of, jpeg_stream, write

from fetalclip_app.domain.calibration import Box
from fetalclip_app.domain.clip import Pixels
from fetalclip_app.errors import ErrorCode, NotDeidentified
from fetalclip_app.imaging.deidentify import blank, engine
from fetalclip_app.imaging.deidentify.engine import Seen
from fetalclip_app.imaging.deidentify.identifiers import Identifiers
from fetalclip_app.imaging.deidentify.texts import SeenText


class Reads:
    """An OCR that finds what a test says, where nothing is blanked yet."""

    def __init__(self, *texts: SeenText) -> None:
        self.texts = texts

    def read(self, pixels: Pixels) -> tuple[SeenText, ...]:
        return tuple(t for t in self.texts if pixels[t.box.top : t.box.bottom, t.box.left : t.box.right].any())


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
