"""Clip labels in the window: a card that keeps its place, and where each probability comes from."""

from __future__ import annotations

from fakes import make_clip, make_reading
from label_tools import FACTS, LICENCE, some_labels, with_labels
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from fetalclip_app.domain.abstention import Abstention, Reason
from fetalclip_app.domain.reading import Answer, ClipReading
from fetalclip_app.inference.request import EngineInfo
from fetalclip_app.ui.findings_panel import FindingsPanel
from fetalclip_app.ui.open_clip import OpenClip
from fetalclip_app.ui.popover import Popover

FOREIGN = Abstention(Reason.NOT_FETAL_ULTRASOUND, "unlike_training")


def _panel(qtbot: QtBot, reading: ClipReading | None, labels: tuple[str, ...] = ("CHD",)) -> FindingsPanel:
    panel = FindingsPanel()
    qtbot.addWidget(panel)
    headed = {"clip_labels": labels} if labels else {}
    panel.show_engine(EngineInfo(make_reading(make_clip(1)).provenance.model, "cpu fp32", headed=headed))
    panel.show_clip(OpenClip(make_clip(6), QImage(), reading=reading))
    return panel


def _with(answer: Answer) -> ClipReading:
    return with_labels(make_clip(6), answer)


def test_a_model_without_labels_has_no_card_for_them(qtbot: QtBot) -> None:
    panel = _panel(qtbot, make_reading(make_clip(6)), ())

    assert panel.labels.isHidden()


def test_the_place_is_there_before_the_reading_and_stays_as_large(qtbot: QtBot) -> None:
    panel = _panel(qtbot, None)
    before = panel.labels.sizeHint().height()
    assert not panel.labels.isHidden()

    for answer in (some_labels(), some_labels(FOREIGN), some_labels(generated=True), FOREIGN):
        panel.show_clip(OpenClip(make_clip(6), QImage(), reading=_with(answer)))
        assert panel.labels.sizeHint().height() == before


def test_the_card_says_how_probable_and_what_it_was_trained_on(qtbot: QtBot) -> None:
    panel = _panel(qtbot, with_labels())

    assert panel.labels.figures["CHD"].text() == "0.73"
    assert panel.labels.notes["CHD"].text().endswith("research use only.")
    assert "60 clips, AUROC 0.81" in panel.labels.notes["CHD"].text()


def test_a_head_of_generated_clips_says_so_beside_the_number(qtbot: QtBot) -> None:
    panel = _panel(qtbot, _with(some_labels(generated=True)))

    assert "says nothing about patients" in panel.labels.notes["CHD"].text()
    assert panel.labels.notes["CHD"].property("tone") == "doubt"


def test_a_clip_that_gets_no_label_says_why(qtbot: QtBot) -> None:
    still = Abstention(Reason.NOT_APPLICABLE, "still")
    for answer in (some_labels(still), FOREIGN):
        panel = _panel(qtbot, _with(answer))

        assert panel.labels.figures["CHD"].is_doubt
        assert panel.labels.notes["CHD"].text()


def test_a_label_tells_its_head_and_its_licence_when_it_is_asked(qtbot: QtBot) -> None:
    panel = _panel(qtbot, with_labels())
    panel.labels.figures["CHD"].click()

    words = " ".join(label.text() for label in panel.findChild(Popover).findChildren(QLabel))
    for told in (LICENCE, FACTS.name, FACTS.sha256[:12], "20 of the 60 clips", "4 frames", "Brain"):
        assert told in words


def test_a_label_of_pictures_is_offered_and_shown_for_a_still(qtbot: QtBot) -> None:
    pictures = some_labels(view="", frames=1, is_of_pictures=True, generated=True)
    clip = make_clip(1)
    panel = _panel(qtbot, None)
    assert not panel.labels.isHidden()

    panel.show_clip(OpenClip(clip, QImage(), reading=with_labels(clip, pictures)))

    assert panel.labels.figures["CHD"].text() == "0.73"
    note = panel.labels.notes["CHD"].text()
    assert "no sonographer graded them" in note and "60 pictures, AUROC 0.81" in note


def test_a_label_of_pictures_names_its_frame_and_goes_there(qtbot: QtBot) -> None:
    pictures = some_labels(frame_index=2, view="", frames=1, is_of_pictures=True)
    panel = _panel(qtbot, None)
    assert panel.labels.heading.text() == "Labels"
    panel.show_clip(OpenClip(make_clip(6), QImage(), reading=_with(pictures)))

    assert panel.labels.heading.text() == panel.labels.accessibleName() == "Picture labels"
    assert panel.labels.captions["CHD"].accessibleName().endswith("frame 3")
    panel.labels.figures["CHD"].click()
    popover = panel.findChild(Popover)
    assert "Frame 3 of 6" in [label.text() for label in popover.findChildren(QLabel)]
    offer = next(button for button in popover.findChildren(QPushButton) if button.text() == "Go to frame 3")
    wanted: list[int] = []
    panel.frame_wanted.connect(wanted.append)
    offer.click()
    qtbot.wait(10)  # the popover that was closed is deleted by the loop, while its window is still there
    assert wanted == [2]
    panel.show_clip(OpenClip(make_clip(6), QImage(), reading=with_labels()))
    assert panel.labels.heading.text() == "Clip labels"
