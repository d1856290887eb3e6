"""A sentence is asked through the field of commands, and the frames most like it are listed, marked and gone to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from fakes import DIMENSION, IDENTITY, make_clip, spin
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from fetalclip_app.domain.likeness import Background, Language
from fetalclip_app.domain.vocabulary import Vocabulary
from fetalclip_app.inference.request import EngineRequest
from fetalclip_app.ui.asking.door import Asking
from fetalclip_app.ui.asking.hit_rows import HitRows
from fetalclip_app.ui.asking.panel import AskPanel
from fetalclip_app.ui.popover import Popover
from fetalclip_app.wording.asking import percentile, similarity

WORDS = Vocabulary(frozenset({"fetal", "heart", "femur"}), frozenset({"kidney"}))


def background() -> Background:
    """Four pictures between the sentence 'heart' and everything else."""
    rows = np.zeros((4, DIMENSION), np.float32)
    rows[:, 0] = [0.2, 0.4, 0.6, 0.8]
    rows[:, 3] = np.sqrt(1 - rows[:, 0] ** 2)
    return Background(rows, np.full(4, 0.25), ("brain", "heart"), taught=3)


GUARDED = Language(WORDS, background=background())


@pytest.fixture
def asked(desk_of: Callable[..., Any]) -> Callable[..., Any]:
    """A window on two clips of one study and one of another, all read, and a model of this language."""

    def make(language: Language = GUARDED, *, identity: Any = None) -> Any:
        other = replace(make_clip(9, name="other.dcm", patient="P-002"))
        desk = desk_of(make_clip(30, name="one.dcm"), make_clip(8, name="two.dcm"), other)
        if identity is not None:
            desk.model.engine.identity = identity
        door(desk).asker.language_of = lambda request: language
        desk.start()
        desk.open("one.dcm", "two.dcm", "other.dcm")
        desk.wait_read()
        desk.session.show(desk.session.entries[0])
        return desk

    return make


def door(desk: Any) -> Asking:
    return next(feature for feature in desk.window.features if isinstance(feature, Asking))


def panel(desk: Any) -> AskPanel:
    return desk.window.findChild(AskPanel)


def rows(desk: Any) -> HitRows:
    return panel(desk).rows


def found(desk: Any) -> list[tuple[str, int]]:
    return [(hit.clip.clip.name, hit.frame_index) for hit in rows(desk).hits]


def ask(desk: Any, qtbot: QtBot, sentence: str, *, whole_study: bool = False) -> None:
    """Ask through Ctrl+K, as a person does, and wait for the answer."""
    palette = desk.window.palette_of_commands
    qtbot.keyClick(desk.window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClicks(palette.field, sentence)
    if whole_study:
        qtbot.keyClick(palette.field, Qt.Key.Key_Down)
    with qtbot.waitSignal(door(desk).asker.replied):
        qtbot.keyClick(palette.field, Qt.Key.Key_Return)


def test_the_frames_of_the_clip_are_ranked_by_the_sentence(asked, qtbot: QtBot) -> None:
    desk = asked()

    ask(desk, qtbot, "fetal heart")

    assert panel(desk).isVisible()
    assert found(desk)[0] == ("one.dcm", 0)
    assert {name for name, _ in found(desk)} == {"one.dcm"}
    values = [hit.similarity for hit in rows(desk).hits]
    assert values == sorted(values, reverse=True)
    assert rows(desk).hits[0].share_below == 1.0


def test_the_whole_study_is_ranked_and_no_other(asked, qtbot: QtBot) -> None:
    desk = asked()

    ask(desk, qtbot, "fetal femur", whole_study=True)

    assert set(found(desk)[:2]) == {("one.dcm", 29), ("two.dcm", 7)}
    assert "other.dcm" not in {name for name, _ in found(desk)}


def test_arrow_keys_go_to_the_frames_and_the_other_clip(asked, qtbot: QtBot) -> None:
    desk = asked()
    ask(desk, qtbot, "fetal femur", whole_study=True)

    qtbot.keyClick(panel(desk).field, Qt.Key.Key_Down)
    assert (desk.session.shown.clip.name, desk.window.viewer.index) == found(desk)[0]
    qtbot.keyClick(panel(desk).list, Qt.Key.Key_Down)

    assert (desk.session.shown.clip.name, desk.window.viewer.index) == found(desk)[1]
    assert panel(desk).list.hasFocus()
    spin(qtbot, 0.4)
    assert panel(desk).list.currentIndex().row() == 1


def test_return_goes_back_to_the_chosen_frame(asked, qtbot: QtBot) -> None:
    desk = asked()
    ask(desk, qtbot, "fetal heart")
    qtbot.keyClick(panel(desk).field, Qt.Key.Key_Down)
    qtbot.keyClick(panel(desk).list, Qt.Key.Key_Down)
    second = desk.window.viewer.index
    desk.window.viewer.player.seek(17)

    qtbot.keyClick(panel(desk).list, Qt.Key.Key_Return)

    assert desk.window.viewer.index == second


def test_a_click_goes_to_a_frame(asked, qtbot: QtBot) -> None:
    desk = asked()
    ask(desk, qtbot, "fetal heart")
    view = panel(desk).list

    place = view.visualRect(rows(desk).index(2)).center()
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(place))

    assert desk.window.viewer.index == found(desk)[2][1]


def test_found_frames_are_marked_on_the_timeline_and_escape_clears_all(asked, qtbot: QtBot) -> None:
    desk = asked()
    ask(desk, qtbot, "fetal heart")
    marks = door(desk).marks
    assert set(marks.frames) == {frame for _, frame in found(desk)}
    assert marks.isVisible()

    qtbot.keyClick(panel(desk).field, Qt.Key.Key_Escape)

    assert not panel(desk).isVisible()
    assert not marks.isVisible()
    assert found(desk) == []
    assert desk.window.clips.view.isVisible()


def test_it_comes_where_the_list_of_clips_is_folded_and_folds_it_again(asked, qtbot: QtBot) -> None:
    desk = asked()
    desk.press("panel_clips")
    assert not desk.window.clips.isVisible()

    ask(desk, qtbot, "fetal heart")
    assert panel(desk).isVisible()
    qtbot.keyClick(panel(desk).field, Qt.Key.Key_Escape)

    assert not desk.window.clips.isVisible()


def test_escape_over_the_picture_closes_it_too(asked, qtbot: QtBot) -> None:
    desk = asked()
    ask(desk, qtbot, "fetal heart")

    desk.window.area.frame.setFocus()
    qtbot.keyClick(desk.window.area.frame, Qt.Key.Key_Escape)

    assert not panel(desk).isVisible()


def test_words_that_were_never_learned_are_named_and_nothing_is_ranked(asked, qtbot: QtBot) -> None:
    desk = asked()

    ask(desk, qtbot, "fetal placenta of twins")

    said = panel(desk).note.text()
    assert said.startswith("The bundled model never learned: “placenta”, “of”, “twins”.")
    assert found(desk) == []
    assert door(desk).marks.frames == ()
    assert desk.model.texts_asked == []


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("fetal kidneys", "It was told of “kidneys”, and shown no such picture."),
        ("no heart", "A CLIP model reads over “no”: it would find the contrary."),
    ],
)
def test_what_was_only_told_and_what_is_turned_round_is_refused(asked, qtbot: QtBot, sentence: str, said: str) -> None:
    desk = asked()

    ask(desk, qtbot, sentence)

    assert said in panel(desk).note.text()
    assert found(desk) == []


def test_another_model_is_not_called_the_bundled_one(asked, qtbot: QtBot) -> None:
    desk = asked(identity=replace(IDENTITY, key="bundle"))

    ask(desk, qtbot, "placenta")

    assert panel(desk).note.text().startswith("This model never learned: “placenta”.")


def test_the_released_weights_are_asked_freely_without_a_background(asked, qtbot: QtBot) -> None:
    desk = asked(Language(is_free=True))

    ask(desk, qtbot, "placenta")

    assert found(desk)
    assert rows(desk).hits[0].share_below is None
    assert "No background for this model" in panel(desk).meaning.text()
    assert panel(desk).note.text() == ""


def test_a_negation_is_doubted_where_the_search_is_free(asked, qtbot: QtBot) -> None:
    desk = asked(Language(is_free=True))

    ask(desk, qtbot, "no heart")

    assert found(desk)
    assert "reads over “no”" in panel(desk).note.text()


def test_where_nobody_listed_the_words_it_is_said(asked, qtbot: QtBot) -> None:
    desk = asked(Language())

    ask(desk, qtbot, "placenta")

    assert found(desk)
    assert panel(desk).note.text() == "Nobody listed the words that this model learned."
    assert panel(desk).note.property("tone") == "doubt"


def test_no_number_is_called_a_chance(asked, qtbot: QtBot) -> None:
    desk = asked()
    ask(desk, qtbot, "fetal heart")

    spoken = rows(desk).data(rows(desk).index(1), Qt.ItemDataRole.AccessibleTextRole)
    texts = [str(spoken), panel(desk).meaning.text(), panel(desk).note.text()]

    assert not any(word in text.casefold() for text in texts for word in ("%", "probab", "chance", "confiden"))
    assert "similarity" in str(spoken)
    assert "of the background" in str(spoken)


def test_a_clip_that_is_not_read_yet_is_said_and_ranked_once_it_is(desk_of, qtbot: QtBot) -> None:
    desk = desk_of(make_clip(12, name="one.dcm"))
    door(desk).asker.language_of = lambda request: GUARDED
    desk.start()
    desk.model.gate.clear()
    desk.open("one.dcm")
    ask(desk, qtbot, "fetal heart")
    assert panel(desk).note.text() == "1 clip is not read yet."
    assert found(desk) == []

    desk.model.gate.set()
    qtbot.waitUntil(lambda: bool(found(desk)))

    assert panel(desk).note.text() == ""


def test_a_question_before_the_model_is_there_waits_for_it(desk_of, qtbot: QtBot) -> None:
    desk = desk_of(make_clip(12, name="one.dcm"))
    door(desk).asker.language_of = lambda request: GUARDED
    desk.open("one.dcm")
    desk.press("ask")
    qtbot.keyClicks(panel(desk).field, "fetal heart")
    qtbot.keyClick(panel(desk).field, Qt.Key.Key_Return)
    assert panel(desk).note.text() == "The model is not there yet."

    desk.start()

    qtbot.waitUntil(lambda: bool(found(desk)), timeout=10_000)


def test_another_clip_is_asked_the_same(asked, qtbot: QtBot) -> None:
    desk = asked()
    ask(desk, qtbot, "fetal heart")

    with qtbot.waitSignal(door(desk).asker.replied):
        desk.press("next_clip")

    assert {name for name, _ in found(desk)} == {"two.dcm"}


def test_a_late_answer_to_an_older_question_is_dropped(asked, qtbot: QtBot) -> None:
    desk = asked()
    door(desk).open(panel(desk).question)
    field = panel(desk).field
    field.setText("fetal heart")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    field.setText("fetal femur")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    spin(qtbot, 0.5)

    assert found(desk)[0] == ("one.dcm", 29)


def test_a_sentence_that_the_network_cannot_read_is_refused_in_amber(asked, qtbot: QtBot) -> None:
    desk = asked(Language(is_free=True))
    desk.press("ask")
    qtbot.keyClicks(panel(desk).field, "too long")
    with qtbot.waitSignal(door(desk).asker.failed):
        qtbot.keyClick(panel(desk).field, Qt.Key.Key_Return)

    assert panel(desk).note.property("tone") == "doubt"
    assert panel(desk).note.text()


def test_the_words_that_it_learned_are_told(asked, qtbot: QtBot) -> None:
    desk = asked()
    ask(desk, qtbot, "placenta")

    qtbot.mouseClick(panel(desk).words, Qt.MouseButton.LeftButton)

    told = panel(desk).findChild(Popover)
    assert told.texts[0].text() == "femur, fetal, heart"
    told.close()


def test_the_scope_is_changed_by_a_press(asked, qtbot: QtBot) -> None:
    desk = asked()
    ask(desk, qtbot, "fetal heart")

    with qtbot.waitSignal(door(desk).asker.replied):
        panel(desk).scopes.button(1).click()

    assert {name for name, _ in found(desk)} == {"one.dcm", "two.dcm"}


def test_found_frames_get_their_pictures(asked, qtbot: QtBot) -> None:
    desk = asked()
    ask(desk, qtbot, "fetal heart")

    qtbot.waitUntil(lambda: rows(desk).lacks_picture() is None)

    assert rows(desk).picture(rows(desk).hits[0]).width() > 0


def test_the_words_of_numbers() -> None:
    assert [similarity(value) for value in (0.434, -0.2, -0.001)] == ["0.43", "−0.20", "0.00"]
    assert [percentile(share, 595) for share in (0.0, 0.979, 0.9999, 1.0)] == ["P0", "P97", "P99", "above all 595"]


def test_the_real_model_is_guarded_by_its_own_words(asked, qtbot: QtBot) -> None:
    """The bundled model's list of words, as the program finds it."""
    from fetalclip_app.ui.asking import asker  # noqa: PLC0415

    language = asker.language_of(EngineRequest())

    assert language.vocabulary is not None
    assert language.vocabulary.unlearned("placenta, twins").unknown == ("placenta", "twins")
