"""How exactly the image tower computes is chosen in the model menu."""

from __future__ import annotations

from fetalclip_app.domain.precision import Precision
from fetalclip_app.settings import Settings, folder
from fetalclip_app.ui.model_menu import engine_request


def test_the_precision_that_is_chosen_is_the_engines_and_is_kept(desk) -> None:
    desk.open("one.dcm")
    desk.wait_read()
    offered = {action.text(): action for action in desk.window.model_menu.menu.actions()}
    assert offered["Automatic: fast, with the same answers"].isChecked()
    assert desk.model.started[-1].precision is Precision.AUTO

    offered["Eight bits (int8): faster, answers may differ"].trigger()
    desk.qtbot.waitUntil(lambda: desk.model.started[-1].precision is Precision.INT8)

    assert desk.saved[-1].precision is Precision.INT8
    assert not offered["Automatic: fast, with the same answers"].isChecked()


def test_what_was_found_of_roads_is_kept_beside_the_settings() -> None:
    request = engine_request(Settings(precision=Precision.FULL))

    assert request.precision is Precision.FULL
    assert request.road_cache == folder() / "roads"
