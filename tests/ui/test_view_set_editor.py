"""A view set is written in the editor, tried on the open clip, tested on labelled pictures, saved and read with."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes import make_clip, spin
from PIL import Image
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QLineEdit, QScrollArea
from pytestqt.qtbot import QtBot

from fetalclip_app.domain.likeness import Language
from fetalclip_app.domain.views import PLANES
from fetalclip_app.domain.vocabulary import Vocabulary
from fetalclip_app.inference.request import EngineRequest
from fetalclip_app.settings import Settings, view_sets_folder
from fetalclip_app.tasks.view_set_files import about_of
from fetalclip_app.tasks.view_sets import PLANES_FILE, bundled, read_view_set
from fetalclip_app.ui.view_sets.door import ViewSets
from fetalclip_app.ui.view_sets.editor import ViewSetEditor

WORDS = Vocabulary(frozenset({"a", "heart", "femur"}))


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A set of two classes in the user's folder."""
    folder = view_sets_folder()
    folder.mkdir(parents=True)
    path = folder / "mine.json"
    path.write_text(json.dumps({"heart": ["a heart"], "femur": ["a femur"]}), encoding="utf-8")
    return path


@pytest.fixture
def opened(desk_of: Callable[..., Any], mine: Path) -> Callable[..., tuple[Any, ViewSetEditor]]:
    def make(**settings: Any) -> tuple[Any, ViewSetEditor]:
        desk = desk_of(make_clip(12, name="one.dcm"), settings=Settings(**({"views": mine} | settings)))
        door = door_of(desk)
        door.language_of = lambda request: Language(WORDS)
        desk.start()
        desk.open("one.dcm")
        desk.wait_read()
        desk.press("edit_views")
        editor = door.editors["views"]
        desk.qtbot.waitUntil(lambda: editor.vocabulary is not None)
        return desk, editor

    return make


def door_of(desk: Any) -> ViewSets:
    return next(feature for feature in desk.window.features if isinstance(feature, ViewSets))


def press(editor: ViewSetEditor, qtbot: QtBot, text: str) -> None:
    button = next(button for button in editor.pane.tools if button.text() == text)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def write(editor: ViewSetEditor, qtbot: QtBot, text: str) -> None:
    """Write in the line that is open, and leave it by Return."""
    line = editor.tree.findChild(QLineEdit)
    line.selectAll()
    qtbot.keyClicks(line, text)
    qtbot.keyClick(line, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: editor.tree.findChild(QLineEdit) is None)


def add_class(editor: ViewSetEditor, qtbot: QtBot, name: str, sentence: str) -> None:
    press(editor, qtbot, "Add a class")
    write(editor, qtbot, name)
    editor.tree.setCurrentItem(editor.tree.topLevelItem(len(editor.draft.classes) - 1).child(0))
    press(editor, qtbot, "Change (F2)")
    write(editor, qtbot, sentence)


def test_a_class_is_added_with_its_sentence_and_undone(opened, qtbot: QtBot) -> None:
    _, editor = opened()
    before = editor.draft

    add_class(editor, qtbot, "skull", "a skull")
    assert editor.draft.classes[-1] == ("skull", ("a skull",))
    for _ in range(3):
        qtbot.keyClick(editor, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)

    assert editor.draft == before
    for _ in range(3):
        qtbot.keyClick(editor, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert editor.draft.classes[-1] == ("skull", ("a skull",))


def test_classes_are_renamed_moved_and_removed_by_keys(opened, qtbot: QtBot) -> None:
    _, editor = opened()
    editor.tree.setCurrentItem(editor.tree.topLevelItem(0))

    editor.tree.setFocus()
    qtbot.keyClick(editor.tree, Qt.Key.Key_F2)
    write(editor, qtbot, "cor")
    assert [key for key, _ in editor.draft.classes] == ["cor", "femur"]
    qtbot.keyClick(editor, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert [key for key, _ in editor.draft.classes] == ["femur", "cor"]
    editor.tree.setFocus()
    qtbot.keyClick(editor.tree, Qt.Key.Key_Delete)

    assert [key for key, _ in editor.draft.classes] == ["femur"]


def test_a_line_that_is_being_written_goes_on_where_change_is_asked_for_again(opened, qtbot: QtBot, qtlog: Any) -> None:
    _, editor = opened()
    press(editor, qtbot, "Add a class")
    line = editor.tree.findChild(QLineEdit)
    qtbot.keyClicks(line, "fem")

    editor.tree.edit_selected()
    write(editor, qtbot, "femora")

    assert editor.draft.classes[-1][0] == "femora"
    assert "edit: editing failed" not in [record.message for record in qtlog.records]


def test_words_that_were_never_learned_are_named_at_once(opened, qtbot: QtBot) -> None:
    _, editor = opened()
    assert editor.pane.notes.text() == "Every sentence is in words that the model knows."

    add_class(editor, qtbot, "placenta", "a placenta")

    assert "The bundled model never learned: “placenta”." in editor.pane.notes.text()
    assert editor.pane.notes.property("tone") == "doubt"


def test_what_cannot_be_asked_is_said_and_not_saved(opened, qtbot: QtBot) -> None:
    _, editor = opened()

    press(editor, qtbot, "Add a class")
    write(editor, qtbot, "heart")

    assert "Two classes are called “heart”." in editor.pane.notes.text()
    assert not editor.save_button.isEnabled()
    qtbot.waitUntil(lambda: editor.preview_note.text() == "The set cannot be asked yet.")


def test_the_open_clip_is_seen_anew_beside_the_bundled_set(opened, qtbot: QtBot) -> None:
    """The clip's first frames lie on 'heart', its last on 'femur'."""
    _, editor = opened()
    qtbot.waitUntil(lambda: bool(editor.own.bars.rows))
    assert [row.bar.key for row in editor.own.bars.rows] == ["heart", "femur"]
    assert [row.bar.key for row in editor.bundled.bars.rows] == list(PLANES)

    editor.tree.setCurrentItem(editor.tree.topLevelItem(1))
    qtbot.keyClick(editor, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)

    qtbot.waitUntil(lambda: [row.bar.key for row in editor.own.bars.rows] == ["femur", "heart"])
    assert "not calibrated" in editor.preview_note.text()


def test_saving_makes_a_version_and_reads_with_it(opened, qtbot: QtBot, mine: Path) -> None:
    desk, editor = opened(operator="Dr. A")
    content = mine.read_bytes()
    add_class(editor, qtbot, "skull", "a skull")

    qtbot.mouseClick(editor.save_button, Qt.MouseButton.LeftButton)

    path = view_sets_folder().absolute() / "mine-v1.json"
    about = about_of(path)
    assert about is not None
    assert (about.version, about.parent, about.author) == (1, read_view_set(mine).sha256, "Dr. A")
    assert mine.read_bytes() == content
    qtbot.waitUntil(lambda: desk.model.started[-1].views == path)
    assert not editor.save_button.isEnabled()
    assert "version 1" in editor.pane.version.text()


def test_the_bundled_set_is_only_a_beginning(opened, qtbot: QtBot) -> None:
    _, editor = opened(views=None)

    assert dict(editor.draft.classes) == dict(bundled(PLANES_FILE).prompts)
    qtbot.mouseClick(editor.save_button, Qt.MouseButton.LeftButton)

    assert read_view_set(view_sets_folder() / "planes-v1.json").keys == PLANES


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Three pictures of hearts and two of femurs, a folder for each label, and one file that is no picture."""
    for label, count in (("heart", 3), ("femur", 2)):
        (tmp_path / "labelled" / label).mkdir(parents=True)
        for number in range(count):
            picture = np.full((20, 30, 3), 40 * number + len(label), np.uint8)
            Image.fromarray(picture).save(tmp_path / "labelled" / label / f"{number}.png")
    (tmp_path / "labelled" / "heart" / "9.png").write_text("no picture")
    return tmp_path / "labelled"


def test_labelled_pictures_are_named_by_both_sets_and_the_result_is_kept(
    opened, qtbot: QtBot, pictures: Path, mine: Path
) -> None:
    """The made-up network puts every picture on 'heart'."""
    _, editor = opened()
    editor.tests.ask_folder = lambda parent: pictures

    with qtbot.waitSignal(editor.tests.tester.tested, timeout=20_000):
        qtbot.mouseClick(editor.tests.folder, Qt.MouseButton.LeftButton)

    table = editor.tests.table
    rows = [[table.topLevelItem(row).text(column) for column in (0, 1, 3, 4)] for row in range(2)]
    assert rows[0][0] == "Heart"
    assert rows[0][1].startswith("0.75 (")
    assert [row[2] for row in rows] == ["3", "2"]
    assert [row[3] for row in rows] == ["untested", "untested"]
    assert editor.tests.told == "untested"
    assert "Named rightly: 0.60" in editor.tests.note.text()
    assert "1 picture could not be read." in editor.tests.note.text()
    kept = json.loads(mine.with_suffix(".tested").read_text())
    assert kept["set"] == read_view_set(mine).sha256
    assert len(kept["weights"]) == 1


def test_the_result_stands_beside_the_views_and_in_the_menu(opened, qtbot: QtBot, mine: Path) -> None:
    desk, _editor = opened()
    desk.session.start_model(EngineRequest(views=mine))
    menu = desk.window.model_menu.view_sets
    qtbot.waitUntil(lambda: desk.window.findings.view.how.accessibleName().endswith("untested"))
    menu.refresh()

    assert "On labelled pictures: untested" in menu.entry("views", mine).toolTip()


def test_the_menu_opens_the_editor(desk_of, qtbot: QtBot) -> None:
    desk = desk_of(make_clip(2, name="one.dcm"))
    desk.start()
    entries = [action for action in desk.window.model_menu.view_sets.menu.actions() if "Edit" in action.text()]

    entries[1].trigger()

    assert list(door_of(desk).editors) == ["brain_views"]


def test_a_changed_draft_is_untested_again(opened, qtbot: QtBot, pictures: Path) -> None:
    _, editor = opened()
    editor.tests.ask_folder = lambda parent: pictures
    with qtbot.waitSignal(editor.tests.tester.tested, timeout=20_000):
        qtbot.mouseClick(editor.tests.folder, Qt.MouseButton.LeftButton)

    add_class(editor, qtbot, "skull", "a skull")

    assert editor.tests.told == "untested"


def test_a_folder_without_labels_is_refused(opened, qtbot: QtBot, tmp_path: Path) -> None:
    _, editor = opened()
    (tmp_path / "empty").mkdir()
    editor.tests.ask_folder = lambda parent: tmp_path / "empty"

    qtbot.mouseClick(editor.tests.folder, Qt.MouseButton.LeftButton)

    qtbot.waitUntil(lambda: "no labelled pictures" in editor.tests.note.text())


def test_however_much_is_wrong_it_is_no_larger_than_the_window(opened, qtbot: QtBot) -> None:
    """What a screen of 1920 x 1200 has room for at 200 %."""
    desk, editor = opened(views=None)
    editor.close()
    qtbot.waitUntil(lambda: not door_of(desk).editors)
    desk.window.resize(960, 600)
    desk.press("edit_views")
    editor = door_of(desk).editors["views"]
    qtbot.waitUntil(lambda: editor.vocabulary is not None)
    for number in range(8):
        add_class(editor, qtbot, f"placenta {number}", f"a placenta, its cord and its lobes {number}")
    spin(qtbot, 0.1)
    room = editor.rect()
    assert room.height() <= 600 and room.width() <= 960
    assert all(
        room.contains(QRect(shown.mapTo(editor, QPoint(0, 0)), shown.size()))
        for shown in (editor.pane, editor.tests, editor.save_button, editor.bundled)
    )

    bar = editor.pane.findChild(QScrollArea).verticalScrollBar()
    assert bar.maximum() > 0
    bar.setValue(bar.maximum())
    end = editor.pane.notes.mapTo(editor.pane, QPoint(0, editor.pane.notes.height()))
    assert end.y() <= editor.pane.height()
    assert editor.tree.height() >= 160
    assert all(button.width() >= button.sizeHint().width() for button in editor.pane.tools)


def test_closing_ends_what_is_under_way_and_it_opens_again(opened, qtbot: QtBot) -> None:
    desk, editor = opened()
    editor.close()
    qtbot.waitUntil(lambda: "views" not in door_of(desk).editors)

    desk.press("edit_views")

    assert "views" in door_of(desk).editors
