"""View sets in the window: one JSON file is enough to ask about other classes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeBackbone, fan_picture, made_up_quality, make_clip
from PIL import Image
from PySide6.QtCore import QUrl
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from fetalclip_app import settings
from fetalclip_app.domain.backbone import ModelCalibration
from fetalclip_app.domain.sight import Sight
from fetalclip_app.domain.views import PLANES, ViewPrediction
from fetalclip_app.imaging.preprocess import PreprocessSpec
from fetalclip_app.inference.cache import TextBank
from fetalclip_app.inference.engine import Engine
from fetalclip_app.inference.request import EngineInfo, EngineRequest
from fetalclip_app.progress import CancelToken
from fetalclip_app.settings import Settings, view_sets_folder
from fetalclip_app.tasks.base import Instruments
from fetalclip_app.tasks.best_frames import of_sight
from fetalclip_app.tasks.catalog import all_tasks
from fetalclip_app.tasks.keys import BRAIN_VIEWS, VIEWS
from fetalclip_app.tasks.view_sets import BRAIN_PLANES_FILE, PLANES_FILE, bundled, read_view_set
from fetalclip_app.ui import theme
from fetalclip_app.ui.app import Studio
from fetalclip_app.ui.model_menu import engine_request
from fetalclip_app.ui.popover import Popover

LIMBS = json.dumps({"hand": ["a hand"], "foot": ["a foot"]})


def engine_of(request: EngineRequest) -> Engine:
    """Return the real engine with the sets of a request, on a network whose answers are made up."""
    backbone = FakeBackbone()
    planes = read_view_set(request.views) if request.views else bundled(PLANES_FILE)
    brain = read_view_set(request.brain_views) if request.brain_views else bundled(BRAIN_PLANES_FILE)
    texts = TextBank(backbone.encode_texts, "fake")
    tools = Instruments(backbone.identity, backbone.logit_scale, ModelCalibration(), texts.features)
    return Engine(
        backbone=backbone,
        spec=PreprocessSpec(),
        texts=texts,
        instruments=tools,
        tasks=all_tasks(planes, brain),
        view_sets={VIEWS: planes, BRAIN_VIEWS: brain},
        explainer=None,  # type: ignore[arg-type] - nobody asks where
        methods=(),
        current_notices=lambda: (),
    )


@pytest.fixture
def desk_with(desk_of: Callable) -> Callable:
    """Return a function that makes a window whose model reads by the sets that were chosen."""

    def make(chosen: Settings = Settings()):  # noqa: B008 - frozen
        desk = desk_of(make_clip(4, name="one.dcm"), settings=chosen)

        def start(request: EngineRequest, cancel: CancelToken) -> EngineInfo:
            desk.model.started.append(request)
            desk.model.engine = engine_of(request)
            return desk.model.info

        desk.model.start = start
        desk.session.start_model(engine_request(chosen))
        desk.open("one.dcm")
        return desk

    return make


@pytest.fixture
def folder() -> Path:
    made = view_sets_folder()
    made.mkdir(parents=True)
    return made


def write(path: Path, text: str = LIMBS) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def entry(desk, key: str, path: Path | None) -> QAction:
    """Return the entry as it is when the menu shows."""
    menu = desk.window.model_menu.view_sets
    menu.menu.aboutToShow.emit()
    found = menu.entry(key, path)
    assert found is not None
    return found


def wait_read_anew(desk, started: int) -> ViewPrediction:
    """Return the views, once an engine was started ``started`` times and has read the clip."""
    desk.qtbot.waitUntil(lambda: len(desk.model.started) == started)
    desk.wait_read()
    return desk.session.entries[0].reading.answer(VIEWS, ViewPrediction)


def test_a_stranger_adds_a_view_set_with_one_json_file(desk_with: Callable, folder: Path) -> None:
    desk = desk_with()
    desk.wait_read()
    assert [row.bar.key for row in desk.window.findings.view.planes.rows] == list(PLANES)
    assert desk.window.findings.view.heading.text() == "View · uncalibrated"
    limbs = write(folder / "limbs.json")
    entry(desk, VIEWS, limbs).trigger()
    views = wait_read_anew(desk, started=2)

    card = desk.window.findings.view
    assert views.keys == ("hand", "foot")
    assert [(row.bar.key, row.bar.is_trained) for row in card.planes.rows] == [("hand", False), ("foot", False)]
    assert card.heading.text() == "View · limbs · uncalibrated"
    assert desk.saved[-1].views == limbs
    card.planes.rows[0].click()
    popover = desk.window.findings.findChild(Popover)
    told = "\n".join(text.text() for text in popover.texts)
    popover.close()
    assert f"limbs · {hashlib.sha256(LIMBS.encode()).hexdigest()[:12]}" in told
    assert "uncalibrated" in told and "never shown this view" in told


def test_a_set_without_the_brain_says_so_where_the_age_would_stand(desk_with: Callable, folder: Path) -> None:
    desk = desk_with(Settings(views=write(folder / "limbs.json")))
    desk.wait_read()

    assert "no class 'brain'" in desk.window.findings.age.why
    assert "no class 'brain'" in entry(desk, VIEWS, folder / "limbs.json").toolTip()
    assert "no class 'brain'" not in entry(desk, BRAIN_VIEWS, folder / "limbs.json").toolTip()


def test_the_bundled_set_is_one_press_away(desk_with: Callable, folder: Path) -> None:
    limbs = write(folder / "limbs.json")
    desk = desk_with(Settings(views=limbs))
    assert entry(desk, VIEWS, limbs).isChecked() and not entry(desk, VIEWS, None).isChecked()
    entry(desk, VIEWS, None).trigger()

    assert wait_read_anew(desk, started=2).keys == PLANES
    assert desk.saved[-1].views is None
    assert entry(desk, VIEWS, None).isChecked()


def test_each_question_has_a_set_of_its_own_and_another_device_keeps_both(desk_with: Callable, folder: Path) -> None:
    limbs, depths = write(folder / "limbs.json"), write(folder / "depths.json", '{"deep": ["deep"]}')
    desk = desk_with()
    entry(desk, VIEWS, limbs).trigger()
    entry(desk, BRAIN_VIEWS, depths).trigger()
    desk.window.model_menu.choose_device("cpu")
    desk.qtbot.waitUntil(lambda: desk.model.started[-1].device == "cpu")

    assert (desk.model.started[-1].views, desk.model.started[-1].brain_views) == (limbs, depths)
    settings.save(desk.saved[-1])
    assert engine_request(settings.load()).brain_views == depths


def test_a_set_that_cannot_be_read_stands_grey_with_its_reason(desk_with: Callable, folder: Path) -> None:
    broken = write(folder / "broken.json", '{"hand": "a hand"}')
    found = entry(desk_with(), VIEWS, broken)

    assert not found.isEnabled()
    assert found.text() == "broken (cannot be used)"
    assert "class 'hand' is no list of sentences" in found.toolTip()


def test_a_chosen_set_that_has_vanished_is_told_and_nothing_is_read_in_its_place(
    desk_with: Callable, folder: Path, qtbot: QtBot
) -> None:
    gone = folder / "limbs.json"
    desk = desk_with(Settings(views=gone))
    message = desk.window.area.message
    qtbot.waitUntil(lambda: not message.isHidden())

    assert message.sentence.text() == "The view set limbs.json is not there."
    assert "model menu" in message.hint.text()
    assert desk.session.entries[0].reading is None and desk.session.info is None
    found = entry(desk, VIEWS, gone)
    assert (found.text(), found.isChecked(), found.isEnabled()) == ("limbs (not there)", True, False)
    write(gone)
    desk.press("read_again")
    assert wait_read_anew(desk, started=2).keys == ("hand", "foot")


def test_a_file_from_elsewhere_is_read_with_and_listed(desk_with: Callable, tmp_path: Path) -> None:
    desk = desk_with()
    menu = desk.window.model_menu.view_sets
    menu.ask_file = lambda parent, folder: None
    menu.choose_file(VIEWS)
    menu.ask_file = lambda parent, folder: write(tmp_path / "broken.json", "{")
    menu.choose_file(VIEWS)
    assert "broken.json is not a set of views" in desk.window.area.message.sentence.text()
    assert desk.saved[-1].views is None and entry(desk, VIEWS, None).isChecked()
    limbs = write(tmp_path / "limbs.json")
    menu.ask_file = lambda parent, folder: limbs
    menu.choose_file(VIEWS)

    assert wait_read_anew(desk, started=2).keys == ("hand", "foot")
    assert entry(desk, VIEWS, limbs).isChecked()


def test_the_folder_is_made_with_a_word_on_its_form_and_shown(desk_with: Callable) -> None:
    desk, opened = desk_with(), []
    menu = desk.window.model_menu.view_sets
    menu.open_url = lambda url: opened.append(url) or True
    menu.open_folder()
    assert opened == [QUrl.fromLocalFile(str(view_sets_folder()))]
    readme = (view_sets_folder() / "README.txt").read_text(encoding="utf-8")
    example = write(view_sets_folder() / "example.json", readme[readme.index("{") : readme.rindex("}") + 1])

    assert read_view_set(example).keys == ("hand", "foot")
    menu.open_url = lambda url: False
    menu.open_folder()
    assert str(view_sets_folder()) in desk.window.area.message.hint.text()


def test_a_folder_that_cannot_be_made_is_told(desk_with: Callable) -> None:
    desk = desk_with()
    view_sets_folder().parent.mkdir(parents=True, exist_ok=True)
    write(view_sets_folder(), "a file in its place")
    desk.window.model_menu.view_sets.open_folder()

    assert "could not be written" in desk.window.area.message.sentence.text()


def test_a_view_that_no_frame_shows_clearly_has_no_best_frame() -> None:
    rows = np.array([[0.50, 0.45, 0.05]] * 3 + [[0.05, 0.05, 0.90]] * 9, np.float32)
    views = ViewPrediction("mine", ("hand", "foot", "arm"), rows.mean(axis=0), rows, calibrated=False)
    best = of_sight(Sight(views, made_up_quality(len(rows))), {})

    assert "hand" not in best.frames
    assert best.frames["arm"] >= 3


@pytest.fixture
def studio(qapp: QApplication, qtbot: QtBot) -> Iterator[Studio]:
    theme.apply(qapp)
    made = Studio(Settings(device="cpu"))
    qtbot.addWidget(made.window)
    made.window.show()
    yield made
    made.end()


@pytest.mark.weights
def test_the_compact_model_reads_by_a_file_dropped_into_the_folder(
    studio: Studio, qtbot: QtBot, folder: Path, tmp_path: Path
) -> None:
    picture = tmp_path / "one.png"
    Image.fromarray(fan_picture()).save(picture)
    limbs = write(folder / "limbs.json", json.dumps({"brain": ["a fetal head"], "hand": ["a fetal hand"]}))
    menu, session = studio.window.model_menu.view_sets, studio.session
    menu.menu.aboutToShow.emit()
    chosen = menu.entry(VIEWS, limbs)
    assert chosen is not None
    chosen.trigger()
    session.open([picture])
    qtbot.waitUntil(lambda: bool(session.entries) and session.entries[0].reading is not None, timeout=120_000)
    reading = session.entries[0].reading
    assert reading is not None
    views = reading.answer(VIEWS, ViewPrediction)

    assert views.keys == ("brain", "hand")
    assert views.not_trained == {"hand"} and not views.calibrated
    assert reading.provenance.view_sets[VIEWS][0] == "limbs"
