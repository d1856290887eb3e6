"""Who names the views, prompts or the model's probe: chosen in the menu, seen on the card, remembered, reversible."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from fakes import FakeEngine, make_clip, make_reading
from probe_tools import FACTS, by_probe
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from fetalclip_app import settings
from fetalclip_app.domain.abstention import Abstention, Reason
from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.probes import NamedBy, ProbeFacts
from fetalclip_app.domain.reading import ClipReading
from fetalclip_app.domain.views import BRAIN_PLANES, ViewPrediction
from fetalclip_app.errors import ErrorCode, ModelUnavailable
from fetalclip_app.inference.listening import NOBODY, Listener
from fetalclip_app.inference.request import EngineInfo, EngineRequest
from fetalclip_app.progress import CancelToken, Report
from fetalclip_app.settings import Settings
from fetalclip_app.tasks.keys import BRAIN_VIEWS, VIEWS
from fetalclip_app.ui import provenance, theme
from fetalclip_app.ui.findings_panel import FindingsPanel
from fetalclip_app.ui.model_menu import engine_request
from fetalclip_app.wording import no_probe

OF_BRAIN = replace(FACTS, task=BRAIN_VIEWS, name="compact_probe_brain_views", classes=BRAIN_PLANES)
VIEWS_BY, BRAIN_BY = "views_by", "brain_views_by"


class ProbedEngine(FakeEngine):
    """Answers by its probes where the request says so, and tells of those that it lacks."""

    wanted: tuple[str, ...] = ()

    def asked(self, request: EngineRequest) -> None:
        by = {VIEWS: request.views_by, BRAIN_VIEWS: request.brain_views_by}
        self.wanted = tuple(task for task, named in by.items() if named is NamedBy.PROBE)
        has = {probe.task for probe in self.probes}
        self.notices = tuple(no_probe(task) for task in self.wanted if task not in has)

    def read(self, clip: Clip, cancel: CancelToken, report: Report, listener: Listener = NOBODY) -> ClipReading:
        reading = super().read(clip, cancel, report, listener)
        for probe in self.probes:
            reading = by_probe(reading, probe) if probe.task in self.wanted else reading
        return replace(reading, provenance=replace(reading.provenance, notices=self.notices))


@pytest.fixture
def desk_with(desk_of: Callable) -> Callable:
    """Return a function that makes a window whose model has these probes."""

    def make(*probes: ProbeFacts, chosen: Settings = Settings()):  # noqa: B008 - frozen
        made = desk_of(make_clip(3, name="one.dcm"), settings=chosen)
        made.model.engine = ProbedEngine(probes=probes)
        start = made.model.start

        def start_by(request: EngineRequest, cancel: CancelToken) -> EngineInfo:
            made.model.engine.asked(request)
            return start(request, cancel)

        made.model.start = start_by
        made.session.start_model(engine_request(chosen))
        made.open("one.dcm")
        made.wait_read()
        return made

    return make


@pytest.fixture
def desk(desk_with: Callable):
    """A window whose model has a probe of the nine planes and none of the brain's."""
    return desk_with(FACTS)


def entry(desk, key: str, choice: NamedBy | Path | None) -> QAction:
    """Return the entry as it is when the menu shows."""
    menu = desk.window.model_menu.view_sets
    menu.menu.aboutToShow.emit()
    found = menu.entry(key, choice)
    assert found is not None
    return found


def wait_started(desk, count: int) -> None:
    desk.qtbot.waitUntil(lambda: len(desk.model.started) == count)
    desk.wait_read()


def test_prompts_name_the_views_until_the_probe_is_chosen_and_again_after(desk) -> None:
    card = desk.window.findings.view
    assert entry(desk, VIEWS_BY, NamedBy.PROMPTS).isChecked()
    assert (card.how.text(), card.brain_how.text()) == ("by prompts", "by prompts")
    probe = entry(desk, VIEWS_BY, NamedBy.PROBE)
    assert probe.isEnabled() and probe.text() == "Named by probe compact_probe_views"
    assert "CC-BY-4.0" in probe.toolTip() and "201 single pictures" in probe.toolTip()
    probe.trigger()
    wait_started(desk, 2)

    assert desk.model.started[-1].views_by is NamedBy.PROBE
    assert not desk.model.started[-1].must_probe, "a probe that has gone takes no prompts away"
    assert card.how.text() == "by probe compact_probe_views"
    assert card.brain_how.text() == "by prompts"
    assert desk.session.entries[0].reading.answer(VIEWS, ViewPrediction).probe == "compact_probe_views"
    settings.save(desk.saved[-1])
    assert engine_request(settings.load()).views_by is NamedBy.PROBE
    entry(desk, VIEWS_BY, NamedBy.PROMPTS).trigger()
    wait_started(desk, 3)
    assert card.how.text() == "by prompts"
    assert engine_request(desk.saved[-1]).views_by is NamedBy.PROMPTS


def test_each_question_has_a_choice_of_its_own_and_another_device_keeps_both(desk_with: Callable) -> None:
    desk = desk_with(FACTS, OF_BRAIN)
    entry(desk, VIEWS_BY, NamedBy.PROBE).trigger()
    entry(desk, BRAIN_BY, NamedBy.PROBE).trigger()
    desk.window.model_menu.choose_device("cpu")
    desk.qtbot.waitUntil(lambda: desk.model.started[-1].device == "cpu")
    desk.wait_read()
    last = desk.model.started[-1]

    assert (last.views_by, last.brain_views_by) == (NamedBy.PROBE, NamedBy.PROBE)
    assert desk.window.findings.view.brain_how.text() == "by probe compact_probe_brain_views"
    assert desk.window.area.message.isHidden()


def test_a_set_that_is_chosen_is_asked_also_where_a_probe_named_the_views(desk) -> None:
    entry(desk, VIEWS_BY, NamedBy.PROBE).trigger()
    wait_started(desk, 2)
    assert not entry(desk, VIEWS, None).isChecked(), "its sentences are not asked now"
    assert entry(desk, BRAIN_VIEWS, None).isChecked()
    entry(desk, VIEWS, None).trigger()
    wait_started(desk, 3)

    assert desk.model.started[-1].views_by is NamedBy.PROMPTS
    assert entry(desk, VIEWS, None).isChecked() and entry(desk, VIEWS_BY, NamedBy.PROMPTS).isChecked()
    assert desk.window.findings.view.how.text() == "by prompts"


def test_a_probe_that_the_model_lacks_stands_grey_and_says_so(desk) -> None:
    lacking = entry(desk, BRAIN_BY, NamedBy.PROBE)
    assert not lacking.isEnabled()
    assert lacking.text() == "Named by a probe (none for this model)"
    assert "heads" in lacking.toolTip()


def test_probes_are_offered_while_their_model_starts_anew_and_not_while_another_does(desk, tmp_path: Path) -> None:
    menu = desk.window.model_menu
    desk.model.start_errors = [ModelUnavailable(ErrorCode.MODEL_DAMAGED)] * 2
    menu.choose_device("cpu")
    desk.qtbot.waitUntil(lambda: desk.session.model_error is not None)
    assert desk.session.info is None and entry(desk, VIEWS_BY, NamedBy.PROBE).isEnabled()
    (tmp_path / "manifest.json").touch()
    menu.ask_folder = lambda parent, title: tmp_path
    menu.choose_bundle()

    assert entry(desk, VIEWS_BY, NamedBy.PROBE).text() == "Named by a probe (the model is not known yet)"


def test_a_chosen_probe_that_is_not_there_is_told_wherever_prompts_answer(desk_with: Callable) -> None:
    desk = desk_with(OF_BRAIN, chosen=Settings(views_by=NamedBy.PROBE, brain_views_by=NamedBy.PROBE))
    window, said = desk.window, no_probe(VIEWS)
    card = window.findings.view

    assert window.area.message.sentence.text() == said
    assert "View sets" in window.area.message.hint.text() and "longer" not in window.area.message.hint.text()
    assert (card.how.text(), card.how.property("tone")) == ("by prompts: no usable probe", "doubt")
    assert said in card.how.toolTip()
    assert (card.brain_how.text(), card.brain_how.property("tone")) == ("by probe compact_probe_brain_views", "muted")
    assert said in window.status.device.accessibleName()
    assert entry(desk, VIEWS_BY, NamedBy.PROBE).isChecked() and not entry(desk, VIEWS_BY, NamedBy.PROBE).isEnabled()
    assert entry(desk, VIEWS, None).isChecked(), "its sentences are asked now"
    reading = desk.session.entries[0].reading
    rows = provenance.view_rows(desk.session.entries[0].clip, reading, reading.finding(VIEWS), "brain")
    assert ("Mind", said) in rows
    entry(desk, VIEWS_BY, NamedBy.PROMPTS).trigger()
    wait_started(desk, 2)
    assert (card.how.text(), card.how.property("tone")) == ("by prompts", "muted")
    assert window.status.device.text() == "cpu fp32"


def test_what_is_wrong_with_a_probe_stands_in_the_strip_and_makes_nothing_slower(desk) -> None:
    desk.model.engine.asked = lambda request: None
    desk.model.engine.notices = ("planes.safetensors is damaged. It is left out.",)
    desk.start()
    message = desk.window.area.message
    desk.qtbot.waitUntil(lambda: not message.isHidden())

    assert "planes.safetensors is damaged" in message.sentence.text()
    assert "longer" not in message.hint.text()
    assert "planes.safetensors" in desk.window.status.device.accessibleName()


def test_the_tooltip_of_a_probe_says_what_it_cannot_name(desk_with: Callable) -> None:
    limbs = replace(FACTS, name="hand&foot", classes=("hand", "foot"), temperature=None)
    shown = entry(desk_with(limbs), VIEWS_BY, NamedBy.PROBE)

    assert shown.text() == "Named by probe hand&&foot"
    assert "Hand, Foot" in shown.toolTip() and "no class 'brain'" in shown.toolTip()
    assert "uncalibrated" in shown.toolTip()


def test_a_view_that_the_probe_does_not_know_is_no_longer_explained(desk_with: Callable, qtbot: QtBot) -> None:
    desk = desk_with(replace(FACTS, classes=("brain", "femur")))
    desk.window.viewer.heat.explain(VIEWS, "kidney")
    qtbot.waitUntil(lambda: desk.model.explained[-1:] == [(0, VIEWS, "kidney", "gradcam")])
    entry(desk, VIEWS_BY, NamedBy.PROBE).trigger()
    wait_started(desk, 2)
    qtbot.waitUntil(lambda: len(desk.model.explained) == 2)

    assert desk.model.explained[-1] == (0, VIEWS, "brain", "gradcam")


def test_cards_keep_their_places_whoever_names(desk_with: Callable, qtbot: QtBot) -> None:
    desk = desk_with(FACTS, OF_BRAIN)
    findings = desk.window.findings
    parts = (findings.view.best, findings.view.planes, findings.view.brain_planes, findings.age, findings.head)

    def places() -> list:
        qtbot.wait(20)
        return [part.geometry() for part in parts]

    by_prompts = places()
    findings.show_clip(None)
    assert places() == by_prompts
    entry(desk, VIEWS_BY, NamedBy.PROBE).trigger()
    entry(desk, BRAIN_BY, NamedBy.PROBE).trigger()
    qtbot.waitUntil(lambda: findings.view.brain_how.text() == "by probe compact_probe_brain_views")

    assert places() == by_prompts


@pytest.fixture
def findings(qtbot: QtBot, qapp: QApplication) -> FindingsPanel:
    theme.apply(qapp)
    panel = FindingsPanel()
    qtbot.addWidget(panel)
    panel.show()
    return panel


def test_a_long_name_is_cut_in_its_middle_and_whole_in_the_tooltip(findings: FindingsPanel) -> None:
    long = replace(OF_BRAIN, name="a_probe_that_somebody_gave_a_very_long_name_indeed")
    reading = by_probe(by_probe(make_reading(make_clip(2))), long)
    card = findings.view
    card.show_answers(reading.answer(VIEWS, ViewPrediction), reading.answer(BRAIN_VIEWS, ViewPrediction))

    assert (card.heading.text(), card.how.text()) == ("View · off by 1.2% (n = 201)", "by probe compact_probe_views")
    assert card.brain_how.text().startswith("by probe a_probe") and "…" in card.brain_how.text()
    shown = card.brain_how.fontMetrics().horizontalAdvance(card.brain_how.text())
    assert shown <= card.brain_how.contentsRect().width()
    assert card.brain_how.accessibleName() == f"by probe {long.name}"
    assert long.name in card.brain_how.toolTip() and "model menu" in card.brain_how.toolTip()


def test_nothing_named_is_named_by_nobody(findings: FindingsPanel) -> None:
    findings.view.show_answers(None, Abstention(Reason.NOT_APPLICABLE, "no_brain_frame"), {VIEWS, BRAIN_VIEWS})

    assert (findings.view.how.text(), findings.view.brain_how.text()) == ("", "")
    assert (findings.view.how.toolTip(), findings.view.brain_how.toolTip()) == ("", "")


def test_the_probe_stands_where_a_number_says_where_it_comes_from() -> None:
    clip = make_clip(2)
    reading = by_probe(make_reading(clip))
    of_views, of_brain = reading.finding(VIEWS), reading.finding(BRAIN_VIEWS)
    assert of_views is not None and of_brain is not None
    rows = dict(provenance.view_rows(clip, reading, of_views, "brain"))

    assert rows["Probe"] == f"compact_probe_views · {'ef' * 6}"
    assert rows["Its licence"] == "CC-BY-4.0"
    assert "trained on labelled pictures" in rows["How"] and "201" in rows["Meaning"]
    assert "Prompts" not in rows
    by_prompts = dict(provenance.view_rows(clip, reading, of_brain, "trans-thalamic"))
    assert "Prompts" in by_prompts and "Probe" not in by_prompts
