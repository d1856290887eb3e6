"""The window of de-identification: texts answered, copies written, things remembered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from deidentify_files import SECRET, full_dataset
from deidentify_window_tools import button, idle, look_and_blank, open_three, window_of, work, write_to
from dicom_files import write
from pydicom import dcmread
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from fetalclip_app import RESEARCH_USE_ONLY, settings
from fetalclip_app.errors import ErrorCode, NotDeidentified
from fetalclip_app.imaging.deidentify import engine
from fetalclip_app.imaging.deidentify.mask import MaskSource
from fetalclip_app.imaging.deidentify.mask_book import load_book
from fetalclip_app.ui.deidentify_cases import Desk
from fetalclip_app.ui.deidentify_window import DeidentifyWindow
from fetalclip_app.ui.jobs import Jobs


@pytest.fixture
def window(qtbot: QtBot, jobs: Jobs) -> Iterator[DeidentifyWindow]:
    parent = QWidget()
    made = window_of(parent, qtbot, jobs)
    yield made
    work(made).cancel()


@pytest.fixture
def opened(window: DeidentifyWindow, qtbot: QtBot, tmp_path: Path) -> DeidentifyWindow:
    """Two files of one scanner, and one whose scan cannot be told."""
    open_three(window, qtbot, tmp_path)
    return window


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


def test_a_blanked_text_freezes_nothing_for_the_scanner(opened: DeidentifyWindow, qtbot: QtBot, tmp_path: Path) -> None:
    look_and_blank(opened, qtbot)
    source = work(opened).case.mask.source
    work(opened).cases = work(opened).cases[:1]
    write_to(tmp_path / "out", opened, qtbot)

    assert source is MaskSource.REGIONS
    assert len(list((tmp_path / "out").glob("*.dcm"))) == 1
    assert load_book(settings.masks_file()).masks == ()
