"""Where it looked: off by default, by the method and opacity that are chosen, and never without what it is not."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from fetalclip_app.imaging.blend import blend
from fetalclip_app.settings import Settings
from fetalclip_app.wording import where_not_why


@pytest.fixture
def looked(desk):
    """A window whose heatmap was asked for by its key."""
    desk.open("one.dcm")
    desk.wait_read()
    desk.qtbot.waitUntil(lambda: desk.window.viewer.on_screen == 0)
    desk.window.activateWindow()
    desk.qtbot.waitUntil(desk.window.isActiveWindow)
    QTest.keyClick(desk.window.area.frame, Qt.Key.Key_H)
    desk.qtbot.waitUntil(lambda: desk.window.area.frame.heat is not None)
    return desk


def test_no_choice_that_is_kept_turns_it_on(desk_of, looked) -> None:
    from fakes import make_clip  # noqa: PLC0415

    looked.window.area.heat.opacity.setValue(80)
    again = desk_of(make_clip(6, name="one.dcm"), settings=looked.saved[-1])
    again.start()
    again.open("one.dcm")
    again.wait_read()
    again.qtbot.wait(200)

    assert again.window.area.heat.opacity.value() == 80
    assert again.model.explained == []
    assert again.window.area.heat.isHidden()
    assert not again.window.actions_by_name["heatmap"].isChecked()


def test_the_slider_by_keys_changes_how_much_it_covers_and_is_remembered(looked) -> None:
    frame, slider = looked.window.area.frame, looked.window.area.heat.opacity
    before = frame.grab().toImage()
    slider.setFocus()
    QTest.keyClick(slider, Qt.Key.Key_Home)

    assert looked.window.viewer.index == 0
    assert looked.session.shown.clip.name == "one.dcm"
    QTest.keyClick(slider, Qt.Key.Key_Right)
    QTest.keyClick(slider, Qt.Key.Key_Left)
    assert looked.window.viewer.index == 0
    assert frame.grab().toImage() != before
    assert looked.saved[-1].heatmap_opacity == pytest.approx(0.1)
    assert len(looked.model.explained) == 1, "the model is not asked for what only looks otherwise"


def test_it_is_said_that_it_shows_where_and_not_why(looked) -> None:
    strip = looked.window.area.heat

    assert strip.isVisible()
    assert strip.remark.text() == where_not_why()
    assert "Brain" in strip.title.text()


def test_the_written_picture_has_the_heatmap_as_it_is_shown_and_says_what_it_is(looked, tmp_path: Path) -> None:
    looked.window.area.heat.opacity.setValue(30)
    looked.press("outline")
    looked.window.exporting.ask = lambda parent, title, start, kinds: tmp_path / "seen.png"
    with looked.qtbot.waitSignal(looked.window.exporting.written):
        looked.press("export_png")
    with_words = np.asarray(Image.open(tmp_path / "seen.png"))
    clip = looked.session.shown.clip
    heat = looked.window.viewer.heat.drawn[1].heatmap
    plain = clip.frame(0).pixels

    np.testing.assert_array_equal(with_words[: clip.height], blend(plain, heatmap=heat, opacity=0.3))
    looked.press("heatmap")
    looked.window.exporting.ask = lambda parent, title, start, kinds: tmp_path / "plain.png"
    with looked.qtbot.waitSignal(looked.window.exporting.written):
        looked.press("export_png")
    lines = [
        (np.asarray(Image.open(tmp_path / name)).shape[0] - clip.height) // 18 for name in ("seen.png", "plain.png")
    ]
    assert lines == [3, 2], "a line more: what the heatmap explains, and that it shows where and not why"


def test_a_copied_picture_says_it_too(looked) -> None:
    QTest.keyClick(looked.window.area.frame, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    copied = QGuiApplication.clipboard().image()
    drawn = looked.window.area.frame.grab().toImage()

    assert _hash(copied) != _hash(drawn), "words stand over the copy, for the strip that says them is not on it"
    looked.press("heatmap")
    QTest.keyClick(looked.window.area.frame, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert _hash(QGuiApplication.clipboard().image()) == _hash(looked.window.area.frame.grab().toImage())


def _hash(image) -> str:
    return hashlib.sha256(bytes(image.convertToFormat(image.Format.Format_RGB32).constBits())).hexdigest()


def test_the_report_shows_it_by_the_chosen_opacity_with_the_sentence(looked, tmp_path: Path, monkeypatch) -> None:
    from pypdf import PdfReader  # noqa: PLC0415

    from fetalclip_app.report import figures  # noqa: PLC0415

    opacities, blended = [], figures.blend

    def spy(pixels: object, **drawn: object) -> object:
        opacities.append(drawn.get("opacity"))
        return blended(pixels, **drawn)

    monkeypatch.setattr(figures, "blend", spy)
    looked.window.area.heat.opacity.setValue(25)
    looked.window.exporting.ask = lambda parent, title, start, kinds: tmp_path / "seen.pdf"
    with looked.qtbot.waitSignal(looked.window.exporting.written, timeout=30_000):
        looked.press("export_pdf")
    text = " ".join(" ".join(page.extract_text() for page in PdfReader(tmp_path / "seen.pdf").pages).split())

    assert opacities == [0.25]
    assert f"Where it looked: Brain, Grad-CAM. {where_not_why()}" in text


def test_settings_begin_with_half() -> None:
    assert Settings().heatmap_opacity == 0.5
