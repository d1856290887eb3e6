"""What must be known beside a number stands there, whether or not the answer can be relied on."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fakes import make_clip, make_reading
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from fetalclip_app.domain.abstention import Abstention, Reason
from fetalclip_app.domain.age import AgeEstimate, LimitGround
from fetalclip_app.domain.views import ViewPrediction
from fetalclip_app.ui import provenance, theme
from fetalclip_app.ui.cards import AgeCard
from fetalclip_app.ui.findings_panel import FindingsPanel
from fetalclip_app.ui.theme import FINDINGS_PX

DOUBTS = [
    None,
    Abstention(Reason.AMBIGUOUS, "views", {"first": "trans-thalamic", "second": "trans-ventricular"}),
    Abstention(Reason.NOT_TRAINED, "view", {"view": "kidney"}),
]


@pytest.fixture
def findings(qtbot: QtBot, qapp: QApplication) -> FindingsPanel:
    theme.apply(qapp)
    panel = FindingsPanel()
    qtbot.addWidget(panel)
    panel.show()
    return panel


def seen(task_key: str, error: float, pictures: int, doubt: Abstention | None = None) -> ViewPrediction:
    views: ViewPrediction = make_reading(make_clip(2)).answer(task_key, ViewPrediction)
    return replace(views, calibration_error=error, calibration_pictures=pictures, abstained=doubt)


@pytest.mark.parametrize("doubt", DOUBTS, ids=lambda doubt: "sure" if doubt is None else str(doubt.reason))
def test_the_planes_percentages_say_how_far_they_were_off(findings: FindingsPanel, doubt: Abstention | None) -> None:
    card = findings.view
    card.show_answers(seen("views", 0.0057, 193, doubt), seen("brain_views", 0.127, 47, doubt))

    assert card.heading.text() == "View · off by 0.6% (n = 193)"
    assert card.brain.text().startswith("Brain plane")
    assert card.brain.text().endswith("off by 12.7% (n = 47)")
    assert "47 single pictures" in card.brain.toolTip() and "validation patients" in card.brain.toolTip()
    for words in (card.heading, card.brain):
        assert words.fontMetrics().horizontalAdvance(words.text()) <= FINDINGS_PX - 48, "it would be cut"


def test_a_view_that_training_never_showed_keeps_the_error_in_sight(findings: FindingsPanel) -> None:
    views = seen("views", 0.0057, 193)
    findings.view.show_answers(replace(views, not_trained=frozenset({views.best})), None)

    assert "not trained" in findings.view.best.text()
    assert "off by 0.6%" in findings.view.heading.text()


def test_percentages_that_nobody_calibrated_are_called_so(findings: FindingsPanel) -> None:
    raw = replace(seen("views", 0.1, 3), calibrated=False, calibration_error=None)
    findings.view.show_answers(raw, raw)

    assert findings.view.heading.text() == "View · uncalibrated"
    assert findings.view.brain.text() == "Brain plane · uncalibrated"


def test_without_percentages_the_headings_claim_nothing(findings: FindingsPanel) -> None:
    findings.view.show_answers(None, Abstention(Reason.NOT_APPLICABLE, "no_brain_frame"))

    assert findings.view.heading.text() == "View"
    assert findings.view.brain.text() == "Brain plane · Does not apply"


@pytest.mark.parametrize("ground", [LimitGround.PUBLISHED, LimitGround.NOT_FITTED])
def test_an_age_by_a_limit_that_was_not_validated_says_so(findings: FindingsPanel, ground: LimitGround) -> None:
    clip = make_clip(2)
    reading = make_reading(clip, learned=False)
    finding = reading.finding("gestational_age")
    assert finding is not None and isinstance(finding.answer, AgeEstimate)
    age = replace(finding.answer, limit_ground=ground)
    findings.age.show_answer(age)
    line = findings.age.interval

    assert "limit" in line.text() and "The limit of 30\N{THIN SPACE}days" in line.toolTip()
    assert line.fontMetrics().horizontalAdvance(line.text()) <= FINDINGS_PX - 48, "it would be cut"
    assert ("Limit", line.toolTip()) in provenance.age_rows(clip, reading, replace(finding, answer=age))
    findings.age.show_answer(finding.answer)
    assert "limit" not in line.text()


@pytest.mark.parametrize("ground", [LimitGround.PUBLISHED, LimitGround.NOT_FITTED])
def test_why_such_an_age_abstains_is_uncut(findings: FindingsPanel, ground: LimitGround) -> None:
    parameters = {"spread_days": 100, "limit_days": 30, "limit_ground": str(ground)}
    findings.age.show_answer(Abstention(Reason.AMBIGUOUS, "spread", parameters))
    card: AgeCard = findings.age

    assert "The limit of 30" in card.why
    assert sum(note.heightForWidth(282) for note in (card._why, card._helps)) <= card._pages.height()
