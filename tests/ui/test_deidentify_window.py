"""The window of de-identification: masks drawn by hand, texts answered, copies written, things remembered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from deidentify_files import SECRET, full_dataset
from dicom_files import cine, colour_picture, dataset_of, write
from pydicom import dcmread
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from fetalclip_app import RESEARCH_USE_ONLY, settings
from fetalclip_app.domain.calibration import Box
from fetalclip_app.domain.clip import Pixels
from fetalclip_app.errors import ErrorCode, NotDeidentified
from fetalclip_app.imaging.deidentify import engine
from fetalclip_app.imaging.deidentify.mask import MaskSource
from fetalclip_app.imaging.deidentify.mask_book import load_book
from fetalclip_app.imaging.deidentify.texts import SeenText
from fetalclip_app.ui.deidentify_cases import Desk
from fetalclip_app.ui.deidentify_window import DeidentifyWindow
from fetalclip_app.ui.deidentifying import Deidentifying
from fetalclip_app.ui.jobs import Jobs

WORD = SeenText("Har-low", Box(40, 30, 50, 34))


class Reader:
    """An OCR that finds a word where it is not blanked."""

    def read(self, pixels: Pixels) -> tuple[SeenText, ...]:
        return (WORD,) if pixels[30:34, 40:50].any() else ()


@pytest.fixture
def window(qtbot: QtBot, jobs: Jobs) -> Iterator[DeidentifyWindow]:
    parent = QWidget()
    qtbot.addWidget(parent)
    work = Deidentifying(jobs, parent, lambda: Desk(Reader()))
    made = DeidentifyWindow(work, parent)
    qtbot.addWidget(made)
    made.show()
    yield made
    work.cancel()


@pytest.fixture
def opened(window: DeidentifyWindow, qtbot: QtBot, tmp_path: Path) -> DeidentifyWindow:
    """Two files of one scanner, and one whose scan cannot be told."""
    first, second = full_dataset(cine(), FrameTime="33.3"), full_dataset()
    second.SOPInstanceUID = "1.2.3.47.11.9"
    paths = [write(tmp_path / "a.dcm", first), write(tmp_path / "b.dcm", second)]
    paths.append(write(tmp_path / "c.dcm", dataset_of(colour_picture(200, 300))))
    work(window).begin(paths)
    idle(window, qtbot)
    return window


def work(window: DeidentifyWindow) -> Deidentifying:
    return window._work


def idle(window: DeidentifyWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not work(window).is_busy, timeout=30_000)


def button(window: DeidentifyWindow, qtbot: QtBot, name: str) -> QPushButton:
    """Return a button of the list of texts, once it is on the screen."""

    def found() -> list[QPushButton]:
        return [each for each in window.findChildren(QPushButton) if each.accessibleName() == name and each.isVisible()]

    qtbot.waitUntil(lambda: len(found()) == 1)
    return found()[0]


def write_to(folder: Path, window: DeidentifyWindow, qtbot: QtBot) -> None:
    """Have the copies written, and wait until all that can be is."""
    window.ask = lambda parent: folder
    window.write.click()
    idle(window, qtbot)


def look_and_blank(window: DeidentifyWindow, qtbot: QtBot) -> None:
    """Look for text in the file that is shown, and have the word blanked."""
    window.look.click()
    idle(window, qtbot)
    button(window, qtbot, "Blank it: Har-low").click()


def test_files_are_listed_and_the_one_without_a_mask_asks_for_one(opened: DeidentifyWindow) -> None:
    names = [opened.files.item(row).text() for row in range(opened.files.count())]
    opened.files.setCurrentRow(2)

    assert names == ["· a.dcm", "· b.dcm", "⚠ c.dcm"]
    assert "Draw the mask" in opened.state.text()
    assert opened.draw.isEnabled()
    assert not opened.look.isEnabled()


def test_the_window_says_what_it_is_for(opened: DeidentifyWindow) -> None:
    assert any(made.text() == RESEARCH_USE_ONLY for made in opened.findChildren(QLabel))


def test_text_is_asked_about_and_the_answer_holds_for_the_scanner(
    opened: DeidentifyWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    write_to(tmp_path / "out", opened, qtbot)

    assert not list((tmp_path / "out").glob("*.dcm")) if (tmp_path / "out").exists() else True
    assert "1 text to be looked at" in opened.state.text()
    button(opened, qtbot, "Harmless: Har-low").click()
    write_to(tmp_path / "out", opened, qtbot)
    copies = sorted((tmp_path / "out").glob("*.dcm"))

    assert len(copies) == 2
    assert "2 written" in opened.news.text()
    for path in copies:
        assert SECRET.encode() not in path.read_bytes()
        assert dcmread(path).pixel_array[..., 30:34, 40:50, :].any()
    book = load_book(settings.masks_file())
    assert [each.harmless for each in book.masks] == [("HAR-LOW",)]
    assert not book.masks[0].has_mask


def test_a_text_can_be_blanked(opened: DeidentifyWindow, qtbot: QtBot, tmp_path: Path) -> None:
    look_and_blank(opened, qtbot)
    case = work(opened).case

    assert case is not None
    assert case.mask is not None
    assert not case.mask.visible()[30:34, 40:50].any()
    assert case.seen is None


def test_an_edge_is_dragged_and_the_mask_is_remembered(
    opened: DeidentifyWindow, qtbot: QtBot, tmp_path: Path, jobs: Jobs
) -> None:
    view = opened.picture
    box = work(opened).case.mask.keep[0]
    place = view._on_screen(box)
    start = QPoint(round(place.center().x()), round(place.top()))
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(view, start + QPoint(0, round(10 * place.height() / box.height)))
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=start)
    mask = work(opened).case.mask

    assert mask.source is MaskSource.GIVEN
    assert abs(mask.keep[0].top - box.top - 10) <= 1
    assert (mask.keep[0].left, mask.keep[0].bottom) == (box.left, box.bottom)
    write_to(tmp_path / "out", opened, qtbot)
    button(opened, qtbot, "Harmless: Har-low").click()
    write_to(tmp_path / "out", opened, qtbot)
    remembered = [each.keep for each in load_book(settings.masks_file()).masks if each.has_mask]
    kept = mask.keep[0]
    assert (kept.left, kept.top, kept.right, kept.bottom) in {corners for keep in remembered for corners in keep}


def test_the_mask_can_be_moved_by_keys(opened: DeidentifyWindow, qtbot: QtBot) -> None:
    view = opened.picture
    view.setFocus()
    before = work(opened).case.mask.keep[0]
    qtbot.keyClick(view, Qt.Key.Key_Right)
    qtbot.keyClick(view, Qt.Key.Key_Space)
    qtbot.keyClick(view, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClick(view, Qt.Key.Key_Left)
    after = work(opened).case.mask.keep[0]

    assert (after.left, after.top) == (before.left + 1, before.top + 10)
    assert (after.right, after.bottom) == (before.right, before.bottom)


def test_a_mask_can_be_drawn_where_none_was_found(opened: DeidentifyWindow) -> None:
    opened.files.setCurrentRow(2)
    opened.draw.click()
    case = work(opened).case

    assert case.mask is not None
    assert case.mask.visible().all()
    assert opened.look.isEnabled()


def test_the_picture_is_shown_before_and_after(opened: DeidentifyWindow) -> None:
    size = opened.picture.size()
    before = _corner(opened)
    opened.after.setChecked(True)
    after = _corner(opened)

    assert opened.picture.size() == size
    assert before > after == 0


def _corner(window: DeidentifyWindow) -> int:
    """Brightness of the picture's upper left, which is outside the mask."""
    view = window.picture
    place = view._viewport().target
    image = view.grab().toImage()
    return image.pixelColor(round(place.left()) + 4, round(place.top()) + 4).lightness()


def test_copies_among_the_originals_are_refused(opened: DeidentifyWindow, tmp_path: Path, qtbot: QtBot) -> None:
    before = {path: path.read_bytes() for path in tmp_path.glob("*.dcm")}
    opened.ask = lambda parent: tmp_path
    opened.write.click()

    assert "among the originals" in opened.news.text()
    assert before == {path: path.read_bytes() for path in tmp_path.glob("*.dcm")}


def test_work_can_be_cancelled_and_the_window_lives_on(opened: DeidentifyWindow, qtbot: QtBot, tmp_path: Path) -> None:
    opened.ask = lambda parent: tmp_path / "out"
    opened.write.click()
    work(opened).cancel()
    idle(opened, qtbot)

    assert work(opened).can_write
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").glob("*.part"))


def test_a_missing_text_reader_is_said(
    window: DeidentifyWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fetalclip_app.imaging.deidentify.ocr.util.find_spec", lambda name: None)
    work(window)._desk_of = Desk
    work(window).begin([write(tmp_path / "a.dcm", full_dataset())])
    idle(window, qtbot)
    window.look.click()
    idle(window, qtbot)

    assert "rapidocr is not installed" in window.news.text()


def test_the_menu_opens_the_window_on_the_open_clips(desk_of: Callable, qtbot: QtBot, tmp_path: Path) -> None:
    from fakes import make_clip  # noqa: PLC0415 - this one test has clips in memory

    desk = desk_of(make_clip(1, name="one.png"))
    desk.start()
    assert not desk.window.actions_by_name["deidentify"].isEnabled()
    desk.open("one.png")
    desk.press("deidentify")
    door = desk.window.deidentify
    qtbot.waitUntil(lambda: not door.work.is_busy and door.work.case is not None)

    assert door.window is not None
    assert door.window.isVisible()
    assert door.work.case.error is not None
    assert "one.png" in door.window.files.item(0).text()


def test_no_frame_of_a_cine_shows_what_was_blanked(opened: DeidentifyWindow, qtbot: QtBot, tmp_path: Path) -> None:
    look_and_blank(opened, qtbot)
    write_to(tmp_path / "out", opened, qtbot)
    cines = [data for data in map(dcmread, (tmp_path / "out").glob("*.dcm")) if data.get("NumberOfFrames")]

    assert len(cines) == 1
    assert not np.any(cines[0].pixel_array[:, 30:34, 40:50])


def test_a_file_that_fails_keeps_no_other_back_and_says_why(
    opened: DeidentifyWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rightly = engine.write

    def write_all_but_the_first(case: engine.Opened, *given: object, **options: object) -> engine.Written:
        if case.clip.path.name == "a.dcm":
            raise NotDeidentified(ErrorCode.IDENTITY_LEFT, name="a.dcm", reason="a removed text is still in it")
        return rightly(case, *given, **options)

    monkeypatch.setattr(engine, "write", write_all_but_the_first)
    opened.look.click()
    idle(opened, qtbot)
    button(opened, qtbot, "Harmless: Har-low").click()
    write_to(tmp_path / "out", opened, qtbot)

    assert len(list((tmp_path / "out").glob("*.dcm"))) == 1
    assert [opened.files.item(row).text() for row in range(2)] == ["⚠ a.dcm", "✓ b.dcm"]
    assert "a removed text is still in it" in opened.state.text()
    monkeypatch.setattr(engine, "write", rightly)
    write_to(tmp_path / "out", opened, qtbot)
    assert len(list((tmp_path / "out").glob("*.dcm"))) == 2


def test_a_mask_that_still_keeps_the_whole_picture_is_neither_written_nor_remembered(
    opened: DeidentifyWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    opened.draw.click()
    work(opened).cases = work(opened).cases[:1]
    write_to(tmp_path / "out", opened, qtbot)

    assert "keeps the whole picture" in opened.state.text()
    assert not list((tmp_path / "out").glob("*.dcm")) if (tmp_path / "out").exists() else True
    assert load_book(settings.masks_file()).masks == ()


def test_a_blanked_text_freezes_nothing_for_the_scanner(opened: DeidentifyWindow, qtbot: QtBot, tmp_path: Path) -> None:
    look_and_blank(opened, qtbot)
    source = work(opened).case.mask.source
    work(opened).cases = work(opened).cases[:1]
    write_to(tmp_path / "out", opened, qtbot)

    assert source is MaskSource.REGIONS
    assert len(list((tmp_path / "out").glob("*.dcm"))) == 1
    assert load_book(settings.masks_file()).masks == ()
