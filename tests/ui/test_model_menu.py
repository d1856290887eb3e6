"""The model menu: the licence of the released weights before their first use."""

from __future__ import annotations

from pathlib import Path

from pytestqt.qtbot import QtBot

from fetalclip_app.inference.request import EngineRequest
from fetalclip_app.settings import Settings
from fetalclip_app.ui.licence import LICENCE_SHA256, LicenceDialog
from fetalclip_app.ui.model_menu import engine_request


def test_the_licence_comes_before_the_first_use_of_the_released_weights(desk, tmp_path: Path) -> None:
    menu, asked = desk.window.model_menu, []
    menu.ask_licence = lambda parent: asked.append("licence") or False
    menu.ask_file = lambda parent, title, kinds: asked.append("file") or tmp_path / "w.pt"
    menu.choose_fetalclip()
    assert asked == ["licence"]
    assert desk.model.started[-1] == EngineRequest()
    menu.ask_licence = lambda parent: asked.append("licence") or True
    menu.choose_fetalclip()
    menu.choose_fetalclip()

    assert asked == ["licence", "licence", "file", "file"]
    assert desk.saved[-1].licence_accepted == LICENCE_SHA256
    request = engine_request(desk.saved[-1])
    assert (request.model, request.weights, request.licence_accepted) == ("fetalclip", tmp_path / "w.pt", True)


def test_another_licence_text_asks_again() -> None:
    assert not engine_request(Settings(licence_accepted="of another text")).licence_accepted


def test_accepting_the_licence_needs_a_tick(qtbot: QtBot) -> None:
    dialog = LicenceDialog(None)
    qtbot.addWidget(dialog)
    assert not dialog.accept_button.isEnabled()
    dialog.tick.setChecked(True)

    assert dialog.accept_button.isEnabled()
