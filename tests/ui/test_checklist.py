"""The checklist beside the picture: counted, opened, gone through by keys and by mouse, marked, and undone."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from fakes import make_clip
from pypdf import PdfReader
from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from fetalclip_app.domain.notes import ClipNotes, ItemState, StudyNotes
from fetalclip_app.settings import Settings, checklists_folder
from fetalclip_app.ui.checklist.card import ChecklistCard
from fetalclip_app.ui.checklist.rows import ItemRow


class Shelf:
    """Keeps notes for the length of a test."""

    def __init__(self) -> None:
        self.studies: dict[str, StudyNotes] = {}
        self.clips: dict[str, ClipNotes] = {}

    def load_study(self, key: str) -> StudyNotes | None:
        return self.studies.get(key)

    def history_of(self, key: str) -> Callable[[], tuple[()]]:
        return tuple

    def study_history_of(self, key: str) -> Callable[[], tuple[()]]:
        return tuple

    def load_clip(self, key: str) -> ClipNotes | None:
        return self.clips.get(key)

    def save_study(self, key: str, notes: StudyNotes, act: object) -> None:
        self.studies[key] = notes

    def save_clip(self, key: str, notes: ClipNotes, act: object, *, study: str) -> None:
        self.clips[key] = notes


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def desk(desk_of: Callable, shelf: Shelf, qtbot: QtBot):
    """A window on two clips that are read as brains."""
    made = desk_of(
        make_clip(12, name="one.dcm"),
        make_clip(8, name="two.dcm"),
        settings=Settings(operator="A. Sonographer"),
        notes=shelf,
    )
    made.start()
    made.open("one.dcm", "two.dcm")
    made.wait_read()
    qtbot.waitUntil(lambda: made.window.notebook.study is not None)
    qtbot.waitUntil(lambda: len(made.window.notebook.clips_of_study()) == 2)
    qtbot.waitUntil(lambda: _clips_that_count(made) == 2)
    return made


def card_of(desk) -> ChecklistCard:
    return desk.window.findChild(ChecklistCard)


def row_of(desk, key: str) -> ItemRow:
    return next(row for row in card_of(desk).rows if row.finding.item.key == key)


def _clips_that_count(desk) -> int:
    return max((len(row.finding.evidence) for row in card_of(desk).rows), default=0)


def _settled(desk, qtbot: QtBot, text: str) -> ChecklistCard:
    card = card_of(desk)
    qtbot.waitUntil(lambda: card.fold.text() == text)
    return card


def _open(desk, qtbot: QtBot) -> ChecklistCard:
    card = _settled(desk, qtbot, "Checklist 2/26")
    qtbot.mouseClick(card.fold, Qt.MouseButton.LeftButton)
    return card


def test_the_card_counts_and_stays_folded_until_it_is_opened(desk, qtbot: QtBot) -> None:
    card = _settled(desk, qtbot, "Checklist 2/26")
    assert not row_of(desk, "trans_thalamic").isVisible()
    qtbot.mouseClick(card.fold, Qt.MouseButton.LeftButton)

    assert row_of(desk, "trans_thalamic").isVisible()
    assert card.name.accessibleName().startswith("Mid-trimester scan 1.0 · ")
    assert desk.saved[-1].checklist_open
    assert row_of(desk, "trans_thalamic").accessibleName() == "Trans-thalamic plane: seen, 79%"
    assert row_of(desk, "femur").accessibleName() == "Femur: missing"
    assert row_of(desk, "hands_feet").accessibleName() == "Hands and feet: for you"
    assert "one.dcm, frame" in row_of(desk, "trans_thalamic").toolTip()


def test_a_click_goes_to_the_best_frame_and_again_to_the_next_clip(desk, qtbot: QtBot) -> None:
    _open(desk, qtbot)
    session, viewer, row = desk.session, desk.window.viewer, row_of(desk, "trans_thalamic")
    first, second = row.finding.evidence
    session.show(session.entries[1])
    qtbot.mouseClick(row, Qt.MouseButton.LeftButton)
    assert session.shown.clip.key == first.clip_key
    assert viewer.index == first.frame_index
    qtbot.mouseClick(row, Qt.MouseButton.LeftButton)

    assert session.shown.clip.key == second.clip_key
    assert viewer.index == second.frame_index


def test_it_is_gone_through_by_keys_alone(desk, qtbot: QtBot) -> None:
    _settled(desk, qtbot, "Checklist 2/26")
    window, frame = desk.window, desk.window.area.frame
    window.activateWindow()
    frame.setFocus()
    QTest.keyClick(frame, Qt.Key.Key_Q)
    card = card_of(desk)
    assert card.is_open and card.rows[0].hasFocus()
    qtbot.waitUntil(lambda: not card.rows[0].visibleRegion().isEmpty())
    QTest.keyClick(card.rows[0], Qt.Key.Key_Down)
    assert card.rows[1].hasFocus() and card.rows[1].finding.item.key == "trans_thalamic"
    at = window.viewer.index
    QTest.keyClick(card.rows[1], Qt.Key.Key_Return, Qt.KeyboardModifier.AltModifier)
    assert window.viewer.index == card.rows[1].finding.best.frame_index != at

    QTest.keyClick(card.rows[1], Qt.Key.Key_3, Qt.KeyboardModifier.AltModifier)
    _settled(desk, qtbot, "Checklist 1/26")
    QTest.keyClick(card.rows[1], Qt.Key.Key_Q)
    assert not card.is_open and frame.hasFocus()


def test_the_persons_word_is_noted_with_who_and_when_kept_and_undone(desk, shelf: Shelf, qtbot: QtBot) -> None:
    card = _open(desk, qtbot)
    book = desk.window.notebook
    qtbot.mouseClick(row_of(desk, "hands_feet"), Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(book.saved):
        desk.press("item_seen")
    _settled(desk, qtbot, "Checklist 3/26")
    word = shelf.studies[book.study_key].checklist["hands_feet"]
    assert (word.state, word.act.who) == (ItemState.SEEN, "A. Sonographer")
    assert word.act.when.utcoffset() is not None
    assert row_of(desk, "hands_feet").accessibleName() == "Hands and feet: seen, by hand"
    assert "as A. Sonographer says" in row_of(desk, "hands_feet").toolTip()
    assert desk.window.undo.undoText() == "Checklist: Hands and feet seen"

    desk.press("undo")
    _settled(desk, qtbot, "Checklist 2/26")
    desk.press("redo")
    _settled(desk, qtbot, "Checklist 3/26")
    desk.press("item_unmarked")
    _settled(desk, qtbot, "Checklist 2/26")
    assert card.current is row_of(desk, "hands_feet")


def test_the_right_button_offers_the_marks_of_the_item_under_it(desk, qtbot: QtBot) -> None:
    _open(desk, qtbot)
    row = row_of(desk, "femur")
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, QPoint(8, 8), row.mapToGlobal(QPoint(8, 8)))
    QApplication.sendEvent(row, event)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    assert "Item: doubtful" in [action.text() for action in menu.actions()]
    next(action for action in menu.actions() if action.text() == "Item: doubtful").trigger()
    menu.close()

    qtbot.waitUntil(lambda: row.finding.state is ItemState.DOUBTFUL)
    assert row.finding.of_clips is ItemState.MISSING


def test_what_a_reading_or_a_note_changes_changes_the_list(desk, qtbot: QtBot) -> None:
    _settled(desk, qtbot, "Checklist 2/26")
    book = desk.window.notebook
    book.change_clip("Named", replace(book.clip, named={3: "femur"}))

    _settled(desk, qtbot, "Checklist 3/26")
    assert "named by hand" in row_of(desk, "femur").toolTip()


def test_twins_have_a_list_each(desk, qtbot: QtBot) -> None:
    card = _open(desk, qtbot)
    book = desk.window.notebook
    book.change_clip("Fetus", replace(book.clip, fetus="A"))
    book.change_study("Twins", replace(book.study, fetuses=("A", "B")))
    _settled(desk, qtbot, "Checklist 2/26, fetus A")
    buttons = card.findChildren(type(card.fold))
    (second,) = [button for button in buttons if button.text() == "Fetus B"]
    qtbot.mouseClick(second, Qt.MouseButton.LeftButton)

    assert card.fold.text() == "Checklist 0/26, fetus B"
    assert "Nobody said which fetus" in row_of(desk, "trans_thalamic").toolTip()


def test_another_list_is_chosen_and_a_broken_one_says_why(desk, qtbot: QtBot) -> None:
    card = _open(desk, qtbot)
    folder = checklists_folder()
    folder.mkdir(parents=True)
    small = {
        "format": 1,
        "name": "Small",
        "version": "1",
        "sections": [{"title": "A", "items": [{"key": "a", "title": "A"}]}],
    }
    (folder / "small.json").write_text(json.dumps(small))
    (folder / "broken.json").write_text("{")
    menu = card.lists.menu()
    menu.aboutToShow.emit()
    broken, chosen = [action for action in menu.actions() if "broken" in action.text() or "Small" in action.text()]
    assert not broken.isEnabled() and "broken.json is no checklist" in broken.toolTip()
    chosen.trigger()
    _settled(desk, qtbot, "Checklist 0/1")
    assert [row.finding.item.key for row in card.rows] == ["a"]
    assert desk.saved[-1].checklist == folder / "small.json"


def test_a_chosen_list_that_has_gone_is_said_and_no_other_is_taken(desk_of: Callable, qtbot: QtBot) -> None:
    made = desk_of(make_clip(3, name="one.dcm"), settings=Settings(checklist=Path("gone.json"), checklist_open=True))
    made.open("one.dcm")
    card = card_of(made)
    qtbot.waitUntil(lambda: "gone.json is not there" in card.note.text())

    assert card.rows == [] and card.note.property("tone") == "doubt"


def test_working_out_the_list_of_many_clips_does_not_hold_up_the_window(desk_of: Callable, qtbot: QtBot) -> None:
    clips = [make_clip(60, name=f"{number}.dcm") for number in range(12)]
    made = desk_of(*clips)
    made.start()
    made.open(*(clip.path.name for clip in clips))
    made.wait_read()
    _settled(made, qtbot, "Checklist 2/26")
    door = next(one for one in made.window.features if hasattr(one, "findings"))
    begun = time.process_time()
    for _ in range(20):
        assert door.findings is not None

    assert (time.process_time() - begun) / 20 < 0.01


def test_what_is_exported_holds_the_list_with_the_persons_words(desk, qtbot: QtBot, tmp_path: Path) -> None:
    _open(desk, qtbot)
    qtbot.mouseClick(row_of(desk, "hands_feet"), Qt.MouseButton.LeftButton)
    desk.press("item_seen")
    exporting = desk.window.exporting
    exporting.ask = lambda parent, title, suggested, kinds: tmp_path / "out.json"
    with qtbot.waitSignal(exporting.written, timeout=20_000):
        desk.press("export_json")
    entries = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    clips = [entry for entry in entries if "file" in entry]
    (study,) = [entry for entry in entries if "checklist" in entry]
    marked = [item for item in study["checklist"]["items"] if item["mark"] is not None]

    assert len(clips) == 2
    assert [(item["key"], item["state"], item["mark"]["who"]) for item in marked] == [
        ("hands_feet", "seen", "A. Sonographer")
    ]


def test_what_is_exported_before_all_is_read_says_that_clips_wait(
    desk_of: Callable, qtbot: QtBot, tmp_path: Path
) -> None:
    made = desk_of(make_clip(12, name="one.dcm"), make_clip(8, name="two.dcm"))
    made.start()
    made.open("one.dcm")
    made.wait_read()
    qtbot.waitUntil(lambda: made.window.notebook.study is not None)
    made.model.gate.clear()
    made.open("two.dcm")
    exporting = made.window.exporting
    for kind in ("json", "pdf"):
        exporting.ask = lambda parent, title, suggested, kinds, kind=kind: tmp_path / f"out.{kind}"
        with qtbot.waitSignal(exporting.written, timeout=20_000):
            made.press(f"export_{kind}")
    entries = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    (study,) = [entry for entry in entries if "checklist" in entry]
    told = " ".join(page.extract_text() for page in PdfReader(tmp_path / "out.pdf").pages)

    assert (len(study["clips"]), study["not_read"]) == (1, 1)
    assert "1 of 2 clips are read." in told


def test_the_menu_of_lists_leaves_nothing_where_it_shows_again(desk, qtbot: QtBot) -> None:
    menu = _open(desk, qtbot).lists.menu()
    menu.aboutToShow.emit()
    before = len(menu.findChildren(QObject))

    for _ in range(5):
        menu.aboutToShow.emit()

    assert len(menu.findChildren(QObject)) == before
