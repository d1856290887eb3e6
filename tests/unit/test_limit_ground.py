"""What a limit rests on: published data for the released weights, nothing for a stranger's, validation for ours."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from report_pages import entry, options, pages_of, text_of
from task_tools import Texts, after_views, instruments, scan_of

from fetalclip_app import wording
from fetalclip_app.domain.abstention import Abstention
from fetalclip_app.domain.age import AgeEstimate, LimitGround
from fetalclip_app.domain.backbone import ModelCalibration
from fetalclip_app.inference.calibrating import calibration_of
from fetalclip_app.model import catalog
from fetalclip_app.report.as_json import as_table
from fetalclip_app.report.build import ClipEntry, build
from fetalclip_app.tasks.gestational_age import AgeTask, spread_limit

GROUNDS = {
    LimitGround.PUBLISHED: "FetalCLIP's published scores",
    LimitGround.NOT_FITTED: "not fitted for these weights",
}


def _calibration(entry: catalog.ModelEntry) -> ModelCalibration:
    return calibration_of(entry.calibration, 50.0, entry.learned_from_head_size)


def test_the_released_weights_limit_is_called_published() -> None:
    assert spread_limit(_calibration(catalog.fetalclip())) == (30, LimitGround.PUBLISHED)


def test_a_strangers_weights_limit_is_called_not_fitted() -> None:
    custom = catalog.custom(Path("mine.pt"), Path("mine.json"))

    assert spread_limit(_calibration(custom)) == (30, LimitGround.NOT_FITTED)


@pytest.mark.weights
def test_the_bundled_weights_limit_was_fitted() -> None:
    limit_days, ground = spread_limit(_calibration(catalog.compact()))

    assert ground is LimitGround.VALIDATION and 14 < limit_days < 60


def _asked(width_days: float, **calibration: object) -> AgeEstimate | Abstention:
    """Return the age of a brain whose best 15 days lie 14 days apart."""
    tools = instruments(Texts(best_day=150, width_days=width_days), **calibration)
    answer = AgeTask(("{weeks} weeks {days} days at {spacing}",)).answer(after_views(scan_of(["brain"]), tools), tools)
    assert isinstance(answer.answer, AgeEstimate | Abstention)
    return answer.answer


@pytest.mark.parametrize("ground", GROUNDS)
def test_an_age_that_abstains_by_such_a_limit_says_what_it_rests_on(ground: LimitGround) -> None:
    fitted = {} if ground is LimitGround.NOT_FITTED else {"spread_limit_days": 10, "spread_limit_ground": ground}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fetalclip_app.tasks.gestational_age.PUBLISHED_SPREAD_LIMIT_DAYS", 10)
        why = _asked(6.0, **fitted)

    assert isinstance(why, Abstention)
    assert why.parameters == {"spread_days": 14, "limit_days": 10, "limit_ground": str(ground)}
    assert "lie 14\N{THIN SPACE}days apart; beyond 10\N{THIN SPACE}days" in wording.abstention(why)
    assert GROUNDS[ground] in wording.abstention(why)


def test_a_limit_that_was_fitted_needs_no_remark() -> None:
    why = _asked(6.0, spread_limit_days=10)

    assert isinstance(why, Abstention) and "limit_ground" not in why.parameters
    assert wording.abstention(why).endswith("the model cannot tell.")


@pytest.mark.parametrize("ground", LimitGround)
def test_a_shown_age_says_what_its_limit_rests_on_in_every_output(ground: LimitGround, tmp_path: Path) -> None:
    fitted = {} if ground is LimitGround.NOT_FITTED else {"spread_limit_days": 30, "spread_limit_ground": ground}
    age = _asked(6.0, **fitted)
    assert isinstance(age, AgeEstimate) and age.limit_ground is ground
    shown = _with_age(entry(), age)
    (table,) = as_table([shown])

    outputs = [
        " ".join(wording.answer_lines("gestational_age", age)[0].notes),
        table["gestational_age"]["spread"]["meaning"],
        text_of(pages_of(build([shown], options()), tmp_path)),
    ]
    for output in outputs:
        for other, words in GROUNDS.items():
            assert (words in output) is (other is ground)


def _with_age(shown: ClipEntry, age: AgeEstimate) -> ClipEntry:
    findings = tuple(
        replace(finding, answer=age) if finding.task_key == "gestational_age" else finding
        for finding in shown.reading.findings
    )
    return replace(shown, reading=replace(shown.reading, findings=findings))


def test_the_calibrations_number_of_pictures_reaches_the_reader() -> None:
    fitted = {"brain_views": {"temperature": 2.0, "error": 0.127, "pictures": 47}}
    calibration = calibration_of(fitted, 50.0, learned_from_head_size=False)

    assert calibration.brain_views.pictures == 47 and calibration.views.pictures is None
    said = wording.percentages_meaning(calibrated=True, error=calibration.brain_views.error, pictures=47)
    assert "47 single pictures" in said and "off by 12.7%" in said
