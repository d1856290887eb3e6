"""Structures in the window: a card that keeps its place, masks over their frame, and where each area comes from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes import make_clip, make_reading
from PIL import Image
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot
from structure_tools import FACTS, LICENCE, some_structures, with_structures

from fetalclip_app.domain.abstention import Abstention, Reason
from fetalclip_app.domain.reading import ClipReading
from fetalclip_app.inference.request import EngineInfo
from fetalclip_app.ui.exports import Drawn, write_png
from fetalclip_app.ui.findings_panel import FindingsPanel
from fetalclip_app.ui.frame_view import FrameView
from fetalclip_app.ui.open_clip import OpenClip
from fetalclip_app.ui.popover import Popover
from fetalclip_app.wording import abstention

HEADED = {"structures": FACTS.structures}


def _panel(
    qtbot: QtBot, reading: ClipReading | None, headed: dict[str, tuple[str, ...]] | None = None
) -> FindingsPanel:
    panel = FindingsPanel()
    qtbot.addWidget(panel)
    identity = make_reading(make_clip(1)).provenance.model
    panel.show_engine(EngineInfo(identity, "cpu fp32", headed=headed or {}))
    panel.show_clip(OpenClip(make_clip(1), QImage(), reading=reading))
    return panel


def test_a_model_without_masks_has_no_card_for_structures(qtbot: QtBot) -> None:
    assert _panel(qtbot, make_reading(make_clip(1))).structures.isHidden()


def test_the_place_is_there_before_the_reading_and_stays_as_large(qtbot: QtBot) -> None:
    panel = _panel(qtbot, None, HEADED)
    card = panel.structures
    before = card.sizeHint().height()
    assert not card.isHidden() and list(card.figures) == list(FACTS.structures)

    for answer in (some_structures(make_clip(1)), Abstention(Reason.NOT_APPLICABLE, "no_brain_frame")):
        panel.show_clip(OpenClip(make_clip(1), QImage(), reading=with_structures(make_clip(1), answer)))
        assert not card.isHidden() and card.sizeHint().height() == before


def test_another_model_without_masks_takes_the_place_away(qtbot: QtBot) -> None:
    panel = _panel(qtbot, None, HEADED)
    panel.show_engine(None)
    assert not panel.structures.isHidden(), "while the next model starts nothing jumps"

    panel.show_engine(EngineInfo(make_reading(make_clip(1)).provenance.model, "cpu fp32"))

    assert panel.structures.isHidden()


def test_the_card_shows_areas_and_why_one_is_missing(qtbot: QtBot) -> None:
    panel = _panel(qtbot, with_structures(), HEADED)
    card = panel.structures

    assert card.figures["skull"].text().endswith("mm²")
    assert card.figures["lateral_ventricle"].is_doubt
    assert card.note.text().startswith("Ventricle: No clear mask")


def test_without_a_scale_the_card_says_so(qtbot: QtBot) -> None:
    clip = make_clip(1)
    answer = some_structures(clip, mm2=False)
    shown = type(answer)(answer.structures[:2], answer.head)
    panel = _panel(qtbot, with_structures(clip, shown), HEADED)
    card = panel.structures

    assert card.figures["skull"].text().endswith("px²")
    assert "in pixels" in card.note.text()


def test_a_clip_without_a_brain_says_why(qtbot: QtBot) -> None:
    why = Abstention(Reason.NOT_APPLICABLE, "no_brain_frame")
    panel = _panel(qtbot, with_structures(make_clip(1), why), HEADED)
    card = panel.structures

    assert abstention(why) in card.note.text()
    assert card.figures["skull"].is_doubt


def test_an_area_tells_its_head_its_dice_and_its_licence_when_it_is_asked(qtbot: QtBot) -> None:
    panel = _panel(qtbot, with_structures(), HEADED)
    panel.structures.figures["csp"].click()

    words = " ".join(label.text() for label in panel.findChild(Popover).findChildren(QLabel))
    for told in (LICENCE, "masks", FACTS.sha256[:12], "Dice 0.71", "rotated box", "Frame 1 of 1", "mm/px"):
        assert told in words


def test_masks_lie_over_the_frame_and_go_again(qtbot: QtBot) -> None:
    view = FrameView()
    qtbot.addWidget(view)
    view.resize(320, 240)
    view.show_pixels(make_clip(1).frame(0).pixels)
    before = view.grab().toImage()

    view.show_structures(some_structures(make_clip(1)).on_frame(0))
    assert [one.name for one in view.structures] == ["skull", "csp"]
    assert view.grab().toImage() != before

    view.show_structures(())
    assert view.grab().toImage() == before


def test_a_written_picture_has_the_masks_on_it(tmp_path: Path) -> None:
    clip = make_clip(1)
    plain = Drawn(None, None, 0.5)
    masked = Drawn(None, None, 0.5, "", some_structures(clip).on_frame(0))

    pictures = [
        np.asarray(Image.open(write_png(tmp_path / f"{number}.png", clip, 0, drawn)))
        for number, drawn in enumerate((plain, masked))
    ]

    assert (pictures[0] != pictures[1]).any()


def test_the_outline_switch_shows_and_hides_them(desk_of: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = desk_of(make_clip(1, name="one.png"))
    desk.model.engine.headed = HEADED
    monkeypatch.setattr(desk.model.engine, "read", lambda clip, cancel, report, listener: with_structures(clip))
    desk.start()
    assert desk.window.findings.structures.isVisibleTo(desk.window.findings)

    desk.open("one.png")
    desk.wait_read()
    desk.qtbot.waitUntil(lambda: len(desk.window.area.frame.structures) == 2)
    desk.press("outline")

    assert desk.window.area.frame.structures == ()
