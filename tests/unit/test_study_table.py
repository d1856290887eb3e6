"""A study's values: which clip's enters, centiles only by a dating, weight and ages of one fetus alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from study_tools import EXAM, dated, drawn, table, values, whole

from fetalclip_app.biometry.ages import HADLOCK_MEAN, redating_limit_days
from fetalclip_app.biometry.centiles import centile
from fetalclip_app.biometry.curves import growth_curves
from fetalclip_app.biometry.study_table import study_table
from fetalclip_app.biometry.weight import hadlock_weight_g
from fetalclip_app.domain.age import GestationalAge
from fetalclip_app.domain.biometry import Beyond, BpdDefinition, Centile, Chart, Measure, NoCentile
from fetalclip_app.domain.dating import Dating
from fetalclip_app.domain.measuring import Refusal
from fetalclip_app.domain.notes import ClipNotes, Enters
from fetalclip_app.domain.study_table import Differing, NoAge, StudyRow, StudyTable
from fetalclip_app.domain.values import Source

M, OUTER_INNER, OUTER_OUTER = Measure, BpdDefinition.OUTER_INNER, BpdDefinition.OUTER_OUTER


def row(made: StudyTable, measure: Measure, fetus: str = "") -> StudyRow:
    (found,) = [one for of in made.fetuses if of.fetus == fetus for one in of.rows if one.measure is measure]
    return found


def test_a_persons_repeats_of_several_clips_are_one_mean_and_the_models_stands_beside() -> None:
    made = table(values(1, drawn(M.HC, 170.0), drawn(M.HC, 172.0), read=True), values(2, drawn(M.HC, 180.0)))
    found = row(made, M.HC)

    assert found.value is not None and found.value.source is Source.PERSON
    assert found.value.size_mm == pytest.approx(174.0) and found.value.count == 3 and found.value.clips == (1, 2)
    assert found.value.deviation_mm == pytest.approx(5.2915, abs=1e-3)
    assert found.model is not None and found.model.source is Source.OUTLINE and found.model.clips == (1,)


def test_of_the_models_values_the_surest_picture_enters_and_the_others_are_named() -> None:
    made = table(values(1, read=True, share=0.6), values(2, read=True, share=0.9), values(3, read=True, share=0.7))
    found = row(made, M.HC)

    assert found.value is not None and found.value.clips == (2,)
    assert [one.clips for one in found.others] == [(3,), (1,)]
    assert found.model is None


def test_where_she_chose_the_models_value_hers_does_not_enter() -> None:
    chosen = ClipNotes(measured=(drawn(M.HC, 170.0),), enters={M.HC: Enters.MODEL})
    found = row(table(values(1, notes=chosen, read=True)), M.HC)

    assert found.value is not None and found.value.source is Source.OUTLINE


def test_biparietal_diameters_between_other_edges_are_other_rows_and_have_their_own_charts() -> None:
    made = table(values(1, drawn(M.BPD, 47.0, OUTER_INNER)), values(2, drawn(M.BPD, 49.0, OUTER_OUTER)))
    inner, outer = [one for one in made.fetuses[0].rows if one.measure is M.BPD]

    assert inner.value is not None and inner.value.size_mm == pytest.approx(47.0) and inner.value.count == 1
    assert outer.value is not None and outer.value.size_mm == pytest.approx(49.0)
    assert isinstance(dict(inner.centiles)[Chart.WHO], Centile)
    assert dict(inner.centiles)[Chart.INTERGROWTH] is NoCentile.OTHER_DEFINITION
    assert dict(outer.centiles)[Chart.WHO] is NoCentile.OTHER_DEFINITION
    assert isinstance(dict(outer.centiles)[Chart.INTERGROWTH], Centile)


def test_without_a_dating_there_is_no_centile_whatever_age_the_model_sees() -> None:
    made = table(values(1, drawn(M.HC, 175.0), read=True), days=None)

    assert made.fetuses[0].model_ages
    assert {found for one in made.fetuses[0].rows for _chart, found in one.centiles} <= {
        NoCentile.NO_DATING,
        NoCentile.NOT_ON_CHART,
        NoCentile.OTHER_DEFINITION,
    }
    assert dict(row(made, M.HC).centiles)[Chart.WHO] is NoCentile.NO_DATING


@pytest.mark.parametrize(
    ("dating", "exam_day", "why"),
    [
        (dated(), None, NoCentile.EXAM_DAY_UNKNOWN),
        (Dating.by_scan(EXAM, GestationalAge(143), "A."), EXAM, NoCentile.DATED_BY_THIS_EXAM),
        (dated(90), EXAM, NoCentile.AGE_OUTSIDE_CHART),
        (dated(290), EXAM, NoCentile.AGE_OUTSIDE_CHART),
        (dated(-5), EXAM, NoCentile.DATING_DOES_NOT_HOLD),
    ],
)
def test_no_centile_is_read_where_the_age_does_not_hold(dating: Dating, exam_day: object, why: NoCentile) -> None:
    made = study_table([whole()], dating=dating, exam_day=exam_day)  # type: ignore[arg-type]

    assert dict(row(made, M.HC).centiles)[Chart.WHO] is why


def test_centiles_are_those_of_the_charts_at_the_datings_age() -> None:
    made = table(whole())
    age = GestationalAge(143)

    assert made.age == age
    for one in made.fetuses[0].rows:
        assert one.value is not None
        for chart, found in one.centiles:
            expected = centile(chart, one.measure, one.value.size_mm, age, bpd_definition=one.bpd_definition)
            assert found == expected
    assert dict(row(table(whole(scale=0.8)), M.HC).centiles)[Chart.WHO] == Centile(Chart.WHO, 2.5, Beyond.BELOW)


def test_weight_is_hadlock_iii_and_says_what_went_in() -> None:
    made = table(whole())
    weight = made.fetuses[0].weight
    expected = hadlock_weight_g({M.HC: 175.0, M.AC: 152.0, M.FL: 33.0})

    assert weight is not None and [name for name, _size in weight.used] == [M.HC, M.AC, M.FL]
    assert expected is not None and weight.weight_g == pytest.approx(expected[0], rel=1e-4)
    assert isinstance(dict(weight.centiles)[Chart.WHO], Centile)


def test_a_weight_by_another_formula_than_the_charts_has_no_centile() -> None:
    lengths = drawn(M.BPD, 47.0, OUTER_INNER), drawn(M.AC, 152.0), drawn(M.FL, 33.0)
    weight = table(values(1, *lengths)).fetuses[0].weight
    outer = table(values(1, drawn(M.BPD, 49.0, OUTER_OUTER), *lengths[1:])).fetuses[0].weight

    assert weight is not None and [name for name, _size in weight.used] == [M.BPD, M.AC, M.FL]
    assert dict(weight.centiles)[Chart.WHO] is NoCentile.OTHER_FORMULA
    assert outer is not None and [name for name, _size in outer.used] == [M.AC, M.FL]


def test_no_weight_age_or_mean_goes_across_fetuses() -> None:
    of_a = values(1, drawn(M.HC, 175.0), drawn(M.AC, 152.0), fetus="A")
    of_b = values(2, drawn(M.HC, 150.0), drawn(M.FL, 28.0), fetus="B")
    nobodys = values(3, drawn(M.FL, 99.0), fetus=None)
    made = table(of_a, of_b, nobodys)

    assert [one.fetus for one in made.fetuses] == ["A", "B"] and made.unassigned == (3,)
    assert [one.weight for one in made.fetuses] == [None, None]
    assert row(made, M.HC, "A").value.size_mm == pytest.approx(175.0)  # type: ignore[union-attr]
    assert row(made, M.HC, "B").value.size_mm == pytest.approx(150.0)  # type: ignore[union-attr]
    every = [size for of in made.fetuses for one in of.formula_ages for _name, size in one.used]
    assert {size.clips for size in every} == {(1,), (2,)}
    assert all(size.size_mm != pytest.approx(99.0) for size in every)


def test_what_was_drawn_in_a_clip_follows_the_clip_to_its_fetus() -> None:
    strays = drawn(M.HC, 170.0, fetus="A"), drawn(M.HC, 172.0, fetus="B")
    made = table(values(1, *strays, fetus="B"))

    assert row(made, M.HC, "B").value.count == 2  # type: ignore[union-attr]


def test_ages_by_formula_are_refused_outside_their_range_and_for_another_definition() -> None:
    ages = {one.key: one for one in table(whole()).fetuses[0].formula_ages}
    late = {one.key: one.days for one in table(whole(scale=1.7)).fetuses[0].formula_ages}
    other = table(values(1, drawn(M.BPD, 49.0, OUTER_OUTER))).fetuses[0].formula_ages

    assert ages["hadlock_1984_hc"].days == pytest.approx(20.02 * 7, abs=0.1)
    assert ages[HADLOCK_MEAN].days == pytest.approx((20.21 + 20.02 + 20.42 + 20.32) / 4 * 7, abs=0.1)
    assert late["intergrowth_2016_hc"] is NoAge.OUTSIDE_RANGE and isinstance(late["hadlock_1984_hc"], float)
    assert [(one.key, one.days) for one in other] == [("hadlock_1984_bpd", NoAge.OTHER_DEFINITION)]


@pytest.mark.parametrize(
    ("weeks", "days", "limit"),
    [(8, 6, 5), (9, 0, 7), (15, 6, 7), (16, 0, 10), (21, 6, 10), (22, 0, 14), (27, 6, 14), (28, 0, 21), (40, 0, 21)],
)
def test_limits_are_the_published_ones(weeks: int, days: int, limit: int) -> None:
    assert redating_limit_days(GestationalAge.from_weeks(weeks, days)) == limit


def test_ages_that_differ_from_the_dating_are_told_beyond_its_limit_only() -> None:
    near, far = table(whole(), days=150), table(whole(), days=152)

    assert near.fetuses[0].differences == ()
    told = far.fetuses[0].differences
    assert {one.what for one in told} == {Differing.FORMULA_FROM_DATING}
    assert all(abs(one.days) > 10 and one.limit_days == 10 for one in told)
    assert HADLOCK_MEAN not in {one.formula for one in told}


def test_a_dating_outside_the_models_spread_and_formulas_outside_it_are_told() -> None:
    clip = values(1, drawn(M.HC, 230.0), read=True)
    dated_far = table(clip, days=170).fetuses[0].differences
    undated = table(clip, days=None).fetuses[0].differences

    assert Differing.DATING_FROM_MODEL in {one.what for one in dated_far}
    assert {one.what for one in undated} == {Differing.FORMULA_FROM_MODEL}


def test_a_measure_without_a_length_says_why() -> None:
    unscaled = values(1, replace(drawn(M.FL, 33.0), frame_index=0))
    outside = replace(unscaled.entering[M.FL].person[0].values[0].drawn, shape=drawn(M.FL, 400.0).shape)
    found = row(table(values(1, outside)), M.FL)

    assert found.value is None and found.why_none is Refusal.OUTSIDE_REGIONS and found.centiles == ()


def test_curves_pass_through_what_centiles_are_read_from() -> None:
    for chart in Chart:
        for measure in (M.HC, M.AC, M.FL, M.BPD):
            curves = growth_curves(chart, measure)
            assert curves is not None and (curves.weeks[0], curves.weeks[-1]) == (14.0, 40.0)
            edges = {Chart.WHO: OUTER_INNER, Chart.INTERGROWTH: OUTER_OUTER}[chart] if measure is M.BPD else None
            place = curves.weeks.index(20.0)
            for percent, sizes in curves.curves:
                found = centile(chart, measure, sizes[place], GestationalAge(140), bpd_definition=edges)
                assert isinstance(found, Centile) and found.percent == pytest.approx(percent, abs=1e-6)
    assert growth_curves(Chart.WHO, M.OFD) is None and growth_curves(Chart.INTERGROWTH, M.EFW) is None


def test_a_chosen_model_value_leaves_hers_beside_it() -> None:
    chosen = ClipNotes(measured=(drawn(M.HC, 170.0), drawn(M.HC, 172.0)), enters={M.HC: Enters.MODEL})
    found = row(table(values(1, notes=chosen, read=True)), M.HC)

    assert [(one.source, one.count) for one in found.others] == [(Source.PERSON, 2)]
    assert found.others[0].size_mm == pytest.approx(171.0)


def test_the_models_value_of_her_own_clip_stands_beside_hers_and_no_other_is_lost() -> None:
    hers = drawn(M.HC, 170.0)
    made = table(values(1, read=True, share=0.9), values(2, hers, read=True, share=0.6), values(3, hers, read=True))
    found = row(made, M.HC)

    assert found.model is not None and found.model.clips in {(2,), (3,)}
    assert sorted(one.clips for one in (found.model, *found.others)) == [(1,), (2,), (3,)]


def test_a_bpd_that_was_drawn_before_one_of_another_definition_is_still_named() -> None:
    made = table(values(1, drawn(M.BPD, 49.0, OUTER_OUTER), drawn(M.BPD, 47.0, OUTER_INNER)))
    found = row(made, M.BPD)

    assert found.bpd_definition is OUTER_INNER
    assert [(one.size_mm, one.bpd_definition) for one in found.others] == [(pytest.approx(49.0), OUTER_OUTER)]


def test_ages_differ_by_the_whole_days_that_are_shown() -> None:
    """HC 175.2 mm is 140.24 days by Hadlock, shown as 20w0d: ten days from 130 and no more."""
    differing = [table(values(1, drawn(M.HC, 175.2)), days=days).fetuses[0].differences for days in (130, 129)]
    at_the_limit, beyond = ([one.days for one in told if one.formula == "hadlock_1984_hc"] for told in differing)

    assert (at_the_limit, beyond) == ([], [11])
