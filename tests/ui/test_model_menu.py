"""The model menu: the licence of the released weights before their first use, and folders of exported models."""

from __future__ import annotations

from pathlib import Path

from pytestqt.qtbot import QtBot

from fetalclip_app import settings
from fetalclip_app.errors import ErrorCode, ModelUnavailable
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


def test_the_folder_of_an_exported_model_opens_from_the_menu_and_is_remembered(desk, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("{}", encoding="utf-8")
    menu = desk.window.model_menu
    menu.ask_folder = lambda parent, title: tmp_path
    menu.choose_bundle()
    desk.qtbot.waitUntil(lambda: desk.model.started[-1].bundle == tmp_path)

    settings.save(desk.saved[-1])
    assert engine_request(settings.load()).bundle == tmp_path
    menu.choose_compact()
    assert engine_request(desk.saved[-1]) == engine_request(Settings())


def test_a_folder_that_is_no_exported_model_is_told_and_the_model_stays(desk, tmp_path: Path) -> None:
    menu, message = desk.window.model_menu, desk.window.area.message
    for chosen in (None, tmp_path):
        menu.ask_folder = lambda parent, title, chosen=chosen: chosen
        menu.choose_bundle()
        assert message.isHidden() == (chosen is None)

    assert f"{tmp_path.name} is no exported model" in message.sentence.text()
    assert "'export --out FOLDER'" in message.hint.text()
    assert len(desk.model.started) == 1 and not desk.saved
    ticked = [action.text() for action in menu.menu.actions() if action.isChecked()]
    assert ticked == ["Compact model (bundled)", "Automatic", "Automatic: fast, with the same answers"]


def test_a_remembered_folder_that_has_vanished_is_told_as_any_trouble(desk_of, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    desk = desk_of(settings=Settings(model="bundle", weights=gone))
    request = engine_request(Settings(model="bundle", weights=gone))
    assert request.bundle == gone
    desk.model.start_errors.append(ModelUnavailable(ErrorCode.MODEL_MISSING, name="manifest.json"))
    desk.session.start_model(request)
    desk.qtbot.waitUntil(lambda: not desk.window.area.message.isHidden())

    assert "manifest.json was not found" in desk.window.area.message.sentence.text()
