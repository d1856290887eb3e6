"""Growth in the window: centiles by the dating alone, charts and ages by keys, each number asked where it is from."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fakes import make_clip
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot
from study_tools import dated, drawn

from fetalclip_app.domain.biometry import BpdDefinition, Chart, Measure
from fetalclip_app.domain.clip import Origin
from fetalclip_app.settings import Settings
from fetalclip_app.ui.growth.door import Growth
from fetalclip_app.ui.popover import Popover
from fetalclip_app.ui.theme import tokens

M, INNER = Measure, BpdDefinition.OUTER_INNER
LENGTHS = ((M.HC, 175.0, None), (M.BPD, 47.0, INNER), (M.AC, 152.0, None), (M.FL, 33.0, None))


@pytest.fixture
def study(desk_of: Callable[..., Any], qtbot: QtBot) -> Any:
    """A window on two clips of one study, read, with their notes."""
    clips = [make_clip(3, name=name, height=240, width=320) for name in ("one.dcm", "two.dcm")]
    desk = desk_of(*clips, settings=Settings(operator="A. Sonographer"))
    desk.start()
    desk.open("one.dcm", "two.dcm")
    desk.wait_read()
    book = desk.window.notebook
    qtbot.waitUntil(lambda: book.study is not None and len(book.clips_of_study()) == 2)
    return desk


def growth_of(desk: Any) -> Growth:
    (found,) = [one for one in desk.window.features if isinstance(one, Growth)]
    return found


def measure(desk: Any, *lengths: tuple[Measure, float, BpdDefinition | None]) -> None:
    notes = desk.window.notebook.clip
    made = tuple(drawn(name, size, edges) for name, size, edges in lengths)
    desk.window.notebook.change_clip("Measure", replace(notes, measured=(*notes.measured, *made)))


def date_it(desk: Any, days: int = 143) -> None:
    book = desk.window.notebook
    book.change_study("Date", replace(book.study, dating=dated(days)))


def words_of(popover: Popover) -> str:
    return " ".join(one.text() for one in popover.findChildren(QLabel))


def asked(desk: Any, click: Callable[[], None]) -> str:
    """Return what a popover says that a click opens."""
    before = set(desk.window.findChildren(Popover))
    click()
    windows = [desk.window, growth_of(desk).ages, growth_of(desk).charts]
    (popover,) = {one for window in windows for one in window.findChildren(Popover)} - before
    text = words_of(popover)
    popover.close()
    return text


def test_without_a_dating_no_number_has_a_centile(study: Any) -> None:
    card = growth_of(study).card

    assert card.shown["HC"] == ("209.6\u2009mm", "No dating")
    assert "no centiles" in card.dating.text()
    assert not [text for _value, text in card.shown.values() if "P" in text and "BPD" not in text]


def test_a_dating_gives_centiles_and_undo_takes_them_back(study: Any) -> None:
    card = growth_of(study).card
    measure(study, *LENGTHS)
    date_it(study)

    assert card.shown["HC"] == ("175.0\u2009mm", "P33 (WHO, dated by LMP)")
    assert card.shown["BPD outer–inner"][1] == "P35 (WHO, dated by LMP)"
    assert card.shown["EFW"][0] == "344\u2009g" and card.shown["EFW"][1].endswith("(WHO, dated by LMP)")
    study.press("undo")
    assert card.shown["HC"][1] == "No dating"


def test_each_number_is_asked_where_it_comes_from(study: Any, qtbot: QtBot) -> None:
    card = growth_of(study).card
    measure(study, *LENGTHS, (M.HC, 179.0, None))
    date_it(study)
    size = asked(study, lambda: qtbot.mouseClick(card.figure("HC"), Qt.MouseButton.LeftButton))
    weight = asked(study, lambda: qtbot.mouseClick(card.figure("EFW"), Qt.MouseButton.LeftButton))

    assert "Compact 1.0 · 7f3a00000000" in size and "Compact 1.0" not in weight  # the weight is all by hand
    assert "by hand, mean of 2, clip 1" in size and "Kiserud 2017" in size and "Papageorghiou 2014" in size
    assert "LMP 2025-10-22" in size and "A. Sonographer" in size and "the model's outline" in size
    assert "Hadlock 1985" in weight and "177.0\u2009mm, by hand" in weight and "FL" in weight


def test_charts_open_by_a_key_and_the_chart_is_kept(study: Any, qtbot: QtBot) -> None:
    door = growth_of(study)
    measure(study, *LENGTHS)
    date_it(study)
    qtbot.keyClick(study.window, Qt.Key.Key_W)
    charts = door.charts
    assert charts.isVisible() and "HC 175.0\u2009mm: P33 (WHO, dated by LMP)" in charts.said.text()

    qtbot.waitUntil(charts.isActiveWindow)
    qtbot.keyClick(charts.whose, Qt.Key.Key_Down)
    assert "z " in charts.said.text() and "INTERGROWTH-21st" in charts.said.text()
    assert study.window.choices.now.growth_chart is Chart.INTERGROWTH
    assert "z " in door.card.shown["HC"][1]
    assert "Papageorghiou 2014" in asked(study, charts.sources[0].click)
    charts.choose(M.BPD)
    assert "The chart is of a BPD between other edges of the skull." in charts.said.text()
    assert charts.chart.accessibleName().startswith("Growth chart, BPD")
    qtbot.keyClick(charts, Qt.Key.Key_Escape)
    assert not charts.isVisible()


def test_a_size_is_drawn_as_a_dot_and_one_of_another_definition_is_not(study: Any, qtbot: QtBot) -> None:
    door = growth_of(study)
    measure(study, *LENGTHS)
    date_it(study)
    study.press("growth")
    charts = door.charts
    (dot,) = charts.chart.dots
    drawn_at = charts.chart.grab().toImage().pixelColor(charts.chart.place(dot).toPoint())
    assert (dot.size, dot.weeks) == (pytest.approx(175.0), 143 / 7)
    assert drawn_at.name() == tokens().accent.lower()

    charts.choose(M.BPD)
    assert [one.size for one in charts.chart.dots] == [pytest.approx(47.0)]
    charts.whose.setCurrentIndex(charts.whose.findData(Chart.INTERGROWTH))
    # the other clip's own, outer to outer
    assert [one.size for one in charts.chart.dots] == [pytest.approx(58.24)]


def test_a_size_without_an_age_is_a_line_across(study: Any) -> None:
    study.press("growth")
    (dot,) = growth_of(study).charts.chart.dots

    assert dot.weeks is None and dot.size == pytest.approx(209.6, abs=0.1)


def test_measure_first_hides_the_models_numbers_here_too(study: Any, qtbot: QtBot) -> None:
    door = growth_of(study)
    study.press("measure_first")
    study.press("growth")
    study.press("ages")
    told = [text for shown in door.card.shown.values() for text in shown]
    told += [door.charts.said.text(), door.ages.told, *(one.text() for one in door.ages.values)]

    assert not [text for text in told if "209.6" in text or "58.2" in text or "20w3d" in text]
    measure(study, (M.HC, 175.0, None))
    assert door.card.shown["HC"][0] == "175.0\u2009mm"


def test_ages_stand_on_one_axis_with_what_differs_and_what_depends(study: Any, qtbot: QtBot) -> None:
    door = growth_of(study)
    measure(study, *LENGTHS)
    date_it(study, 160)
    qtbot.keyClick(study.window, Qt.Key.Key_W, Qt.KeyboardModifier.ShiftModifier)
    ages = door.ages

    assert ages.isVisible()
    shown = {one.accessibleName() for one in ages.values}
    assert {"Dated by LMP: 22w6d", "Model, clip 1: 20w3d", "Hadlock, HC: 20w0d"} <= shown
    assert "More than 14\u2009days below the dating: Hadlock, HC by 20\u2009days" in ages.told
    assert "The dating lies outside what the model gives, 19w3d–21w3d" in ages.told
    assert "it is no second opinion on it" in ages.told and "names the size of a pixel" not in ages.told
    assert "prompts name the size of a pixel" in ages.told and "0.500\u2009mm/px" in ages.told
    assert "ACOG" in ages.told
    value = next(one for one in ages.values if one.accessibleName().startswith("Hadlock, HC"))
    assert "Radiology 152:497" in asked(study, value.click)


def test_two_fetuses_stay_apart_and_each_number_says_whose_it_is(study: Any, qtbot: QtBot) -> None:
    door, book = growth_of(study), study.window.notebook
    book.change_study("Twins", replace(book.study, fetuses=("A", "B"), dating=dated()))
    assert "Nobody said which fetus" in door.card.note.text()
    assert {value for value, _centile in door.card.shown.values()} == {"–"}

    book.change_clip("Fetus", replace(book.clip, fetus="A", measured=(drawn(M.HC, 175.0), drawn(M.AC, 152.0))))
    study.press("next_clip")
    qtbot.waitUntil(lambda: book.clip is not None and not book.clip.fetus)
    book.change_clip("Fetus", replace(book.clip, fetus="B", measured=(drawn(M.HC, 150.0), drawn(M.FL, 33.0))))

    assert door.card.shown["B HC"][0] == "150.0\u2009mm" and door.card.shown["B AC"][0] == "–"
    assert door.card.shown["B EFW"][0] == "–"
    study.press("growth")
    assert "A HC 175.0" in door.charts.said.text() and "B HC 150.0" in door.charts.said.text()


def test_pictures_that_name_nobody_are_no_study_until_somebody_dates_them(
    desk_of: Callable[..., Any], qtbot: QtBot
) -> None:
    clips = [make_clip(1, name=name, patient="", origin=Origin(), height=240, width=320) for name in ("a.png", "b.png")]
    desk = desk_of(*clips)
    desk.start()
    desk.open("a.png", "b.png")
    desk.wait_read()
    book = desk.window.notebook
    qtbot.waitUntil(lambda: book.study is not None and len(book.clips_of_study()) == 2)
    card = growth_of(desk).card
    alone = asked(desk, card.figure("HC").click)
    book.change_study("Date", replace(book.study, dating=dated(), exam_day=None))
    together = asked(desk, card.figure("HC").click)

    assert "Does not enter" not in alone and "Does not enter" in together
    assert "Exam date unknown" in together


def test_what_is_written_has_the_dating_and_the_persons_values(study: Any, qtbot: QtBot, tmp_path: Path) -> None:
    measure(study, *LENGTHS)
    date_it(study)
    exporting = study.window.exporting
    exporting.ask = lambda *_asked: tmp_path / "out.json"
    with qtbot.waitSignal(exporting.written):
        study.press("export_json")
    made = json.loads((tmp_path / "out.json").read_text())
    (growth,) = [row["growth"] for row in made if "growth" in row]

    assert growth["age"] == {"days": 143} and growth["dating"]["who"] == "A. Sonographer"
    assert growth["fetuses"][0]["sizes"][0]["enters"]["by"] == "person"
    assert growth["fetuses"][0]["sizes"][0]["centiles"]["who"]["said"] == "P33"


def test_ages_are_of_the_fetus_whose_clip_is_looked_at(study: Any, qtbot: QtBot) -> None:
    door, book = growth_of(study), study.window.notebook
    book.change_study("Twins", replace(book.study, fetuses=("A", "B"), dating=dated()))
    book.change_clip("Fetus", replace(book.clip, fetus="A"))
    study.press("next_clip")
    qtbot.waitUntil(lambda: book.clip is not None and not book.clip.fetus)
    book.change_clip("Fetus", replace(book.clip, fetus="B"))
    study.press("ages")

    assert door.ages.whose.currentData() == "B"
    door.ages.whose.setCurrentIndex(0)
    book.change_study("Date", replace(book.study, dating=dated(140)))
    assert door.ages.whose.currentData() == "A"  # what was chosen stays until another clip is looked at
    study.press("previous_clip")
    study.press("next_clip")
    assert door.ages.whose.currentData() == "B"


def test_a_curve_of_one_of_several_clips_says_of_which(study: Any) -> None:
    study.press("ages")
    named = [one.text() for one in growth_of(study).ages.findChildren(QLabel)]
    assert "Score by day, clip 1" in named

    study.press("next_clip")
    assert "Score by day, clip 2" in [one.text() for one in growth_of(study).ages.findChildren(QLabel)]


def test_a_bpd_of_the_models_beside_hers_says_its_edges(study: Any, qtbot: QtBot) -> None:
    measure(study, (M.BPD, 47.0, INNER))
    card = growth_of(study).card

    assert "58.2\u2009mm, outer–outer" in asked(study, card.figure("BPD outer–inner").click)


def test_lengths_that_give_no_possible_weight_are_not_called_missing(study: Any) -> None:
    measure(study, (M.HC, 20.0, None), (M.AC, 20.0, None), (M.FL, 5.0, None))
    card = growth_of(study).card

    assert card.shown["EFW"] == ("–", "The lengths give no weight that can be: one of them is wrong.")


def test_ages_are_made_anew_only_where_they_are_others(study: Any, qtbot: QtBot) -> None:
    door, book = growth_of(study), study.window.notebook
    measure(study, *LENGTHS)
    study.press("ages")
    before = list(door.ages.values)
    book.change_clip("Name", replace(book.clip, named={0: "brain"}))
    assert door.ages.values == before

    date_it(study)
    assert door.ages.values != before and len(door.ages.values) == len(before) + 1
    assert "LMP 2025-10-22" in asked(study, door.ages.values[0].click)
