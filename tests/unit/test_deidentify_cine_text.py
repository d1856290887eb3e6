"""Text that is burned into some frames of a cine only: it is found wherever and however long it stands there."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from deidentify_files import looked
from dicom_files import dataset_of, region, write
from pydicom import dcmread

from fetalclip_app.domain.calibration import Box
from fetalclip_app.domain.clip import Pixels
from fetalclip_app.errors import ErrorCode, NotDeidentified
from fetalclip_app.imaging.deidentify import engine
from fetalclip_app.imaging.deidentify.engine import Opened, Seen
from fetalclip_app.imaging.deidentify.identifiers import Identifiers
from fetalclip_app.imaging.deidentify.mask import Mask, MaskSource
from fetalclip_app.imaging.deidentify.texts import SeenText

FRAMES, HEIGHT, WIDTH = 60, 96, 160
FAN = np.s_[40:90, 20:140]
MASK = Mask(HEIGHT, WIDTH, (Box(4, 10, 156, 92),), MaskSource.GIVEN)
ON_BLACK, IN_THE_FAN = (12, 30), (40, 70)
NAME = "ANNA"


class Letters:
    """An OCR that knows how the name looks at one place."""

    def __init__(self, place: tuple[int, int]) -> None:
        self.letters = lettered(np.zeros((HEIGHT, WIDTH, 3), np.uint8), place).min(axis=2) > 200
        rows, columns = np.nonzero(self.letters)
        self.box = Box(int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1)
        self.looks = 0

    def read(self, pixels: Pixels) -> tuple[SeenText, ...]:
        self.looks += 1
        return (SeenText(NAME, self.box),) if (pixels[self.letters] > 200).all() else ()


def lettered(frame: Pixels, place: tuple[int, int]) -> Pixels:
    cv2.putText(frame, NAME, place, cv2.FONT_HERSHEY_PLAIN, 1, (255, 255, 255), 1)
    return frame


def moving(place: tuple[int, int], shown: list[int]) -> np.ndarray:
    """Speckle that is new on each frame, and the name on some."""
    frames = np.zeros((FRAMES, HEIGHT, WIDTH, 3), np.uint8)
    frames[:, *FAN] = np.random.default_rng(1).integers(20, 200, (FRAMES, 50, 120, 1))
    for index in shown:
        lettered(frames[index], place)
    return frames


def opened_of(path: Path, frames: np.ndarray) -> Opened:
    data = dataset_of(frames, PatientName="Huber^Anna", SequenceOfUltrasoundRegions=[region((4, 10, 155, 91))])
    return engine.open_original(write(path, data), Identifiers(b"k" * 32))


@pytest.mark.parametrize("place", [ON_BLACK, IN_THE_FAN])
@pytest.mark.parametrize(
    "shown",
    [[17], [1, 2], [58], [*range(5, 26)], [*range(20, 29)], [*range(1, 29), *range(33, 59)], [*range(1, 60, 2)]],
    ids=["one frame", "two", "last but one", "a third", "between samples", "all but some", "blinking"],
)
def test_a_text_is_found_wherever_and_however_long_it_is_shown(
    place: tuple[int, int], shown: list[int], tmp_path: Path
) -> None:
    opened, reader = opened_of(tmp_path / "a.dcm", moving(place, shown)), Letters(place)
    seen = looked(opened, MASK, reader)

    assert [(text.text, text.frame) for text in seen.texts] == [(NAME, shown[0])]


def test_frames_that_repeat_another_are_not_read_again(tmp_path: Path) -> None:
    """A frozen cine with the noise of lossy compression, and a name that comes once and goes again."""
    frames = np.repeat(moving(ON_BLACK, [])[:1], FRAMES, axis=0)
    frames[:, *FAN] += np.random.default_rng(2).integers(0, 6, (FRAMES, 50, 120, 3), np.uint8)
    lettered(frames[31], ON_BLACK)
    lettered(frames[32], ON_BLACK)
    reader = Letters(ON_BLACK)
    seen = looked(opened_of(tmp_path / "a.dcm", frames), MASK, reader)

    assert [text.frame for text in seen.texts] == [31]
    assert (seen.frames_read, seen.frames_alike, reader.looks) == ((0, 31), FRAMES - 2, 2)


def test_a_name_on_some_frames_is_blanked_on_all(tmp_path: Path) -> None:
    """Blanked once for the whole cine, whatever the frame it was read on."""
    opened, reader = opened_of(tmp_path / "a.dcm", moving(IN_THE_FAN, [*range(5, 26)])), Letters(IN_THE_FAN)
    seen = engine.look_and_blank(opened, MASK, reader, every_question=True)
    engine.write(opened, seen, tmp_path / "b.dcm")
    box, pixels = reader.box, dcmread(tmp_path / "b.dcm").pixel_array

    assert seen.texts == ()
    assert not pixels[:, box.top : box.bottom, box.left : box.right].any()


@pytest.mark.parametrize(("read", "alike"), [((0, 30, 59), 0), ((), 0), ((0,), 58)])
def test_that_no_text_is_burned_in_is_not_said_of_a_cine_that_was_looked_at_in_part(
    read: tuple[int, ...], alike: int, tmp_path: Path
) -> None:
    opened = opened_of(tmp_path / "a.dcm", moving(ON_BLACK, []))
    engine.write(opened, Seen(MASK, frames_read=read, frames_alike=alike), tmp_path / "b.dcm")
    copy = dcmread(tmp_path / "b.dcm")

    assert "BurnedInAnnotation" not in copy
    assert copy.DeidentificationMethod[-1] == "Text left in the pixels was not looked for"


def test_that_no_text_is_burned_in_is_said_once_all_was_looked_at(tmp_path: Path) -> None:
    opened = opened_of(tmp_path / "a.dcm", moving(ON_BLACK, []))
    engine.write(opened, looked(opened, MASK, Letters(ON_BLACK)), tmp_path / "b.dcm")

    assert dcmread(tmp_path / "b.dcm").BurnedInAnnotation == "NO"


def test_an_identifying_text_that_no_blanking_clears_is_never_written(tmp_path: Path) -> None:
    """An OCR that finds the patient's ID at another place each time; a person's word does not cover that."""

    class Stubborn:
        looks = 0

        def read(self, pixels: Pixels) -> tuple[SeenText, ...]:
            self.looks += 1
            return (SeenText("QX-88123", Box(2 * self.looks, 20, 2 * self.looks + 9, 30)),)

    data = dataset_of(np.full((HEIGHT, WIDTH, 3), 90, np.uint8), SequenceOfUltrasoundRegions=[region((4, 10, 155, 91))])
    data.PatientID = "QX-88123"
    opened = engine.open_original(write(tmp_path / "a.dcm", data), Identifiers(b"k" * 32))
    seen = engine.look_and_blank(opened, MASK, Stubborn())
    with pytest.raises(NotDeidentified) as caught:
        engine.write(opened, seen, tmp_path / "b.dcm", confirmed=True)

    assert {str(text.kind) for text in seen.texts} == {"identifying"}
    assert caught.value.code is ErrorCode.TEXT_LEFT
    assert not (tmp_path / "b.dcm").exists()
