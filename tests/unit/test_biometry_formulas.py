"""Ages, weights and centiles agree with published vectors, and nothing is extrapolated."""

from __future__ import annotations

import math
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetalclip_app.biometry.centiles import BPD_OF_CHART, WHO_SHOWN, centile
from fetalclip_app.biometry.dating import (
    HADLOCK,
    INTERGROWTH_CRL,
    INTERGROWTH_HC,
    ROBINSON_CRL,
    hadlock_mean_days,
    intergrowth_hc_fl_days,
)
from fetalclip_app.biometry.growth import who_quantile
from fetalclip_app.biometry.intergrowth import mean_and_deviation
from fetalclip_app.biometry.weight import hadlock_weight_g
from fetalclip_app.domain.age import GestationalAge
from fetalclip_app.domain.biometry import Beyond, BpdDefinition, Centile, Chart, Measure, NoCentile
from fetalclip_app.domain.dating import DatedBy, Dating

AT_20_WEEKS = GestationalAge.from_weeks(20)
M = Measure


@pytest.mark.parametrize(
    ("measure", "value_mm", "weeks"),
    [(M.BPD, 47.0, 20.21), (M.HC, 175.0, 20.02), (M.AC, 152.0, 20.42), (M.FL, 33.0, 20.32)],
)
def test_hadlock_ages_are_the_published_ones(measure: Measure, value_mm: float, weeks: float) -> None:
    days = HADLOCK[measure].days(value_mm)

    assert days is not None
    assert days / 7 == pytest.approx(weeks, abs=0.01)


@pytest.mark.parametrize(("measure", "value_mm"), [(M.HC, 60.0), (M.HC, 420.0), (M.BPD, 20.0), (M.FL, 90.0)])
def test_hadlock_gives_no_age_outside_14_to_42_weeks(measure: Measure, value_mm: float) -> None:
    assert HADLOCK[measure].days(value_mm) is None


@pytest.mark.parametrize("value", [0.0, -5.0, math.nan, math.inf])
def test_what_is_no_length_has_no_age(value: float) -> None:
    formulas = [*HADLOCK.values(), INTERGROWTH_HC, INTERGROWTH_CRL, ROBINSON_CRL]

    assert [formula.days(value) for formula in formulas] == [None] * len(formulas)
    assert intergrowth_hc_fl_days(value, 30.0) is None


def test_the_mean_of_hadlocks_ages_says_which_took_part() -> None:
    found = hadlock_mean_days({M.BPD: 47.0, M.HC: 175.0, M.AC: 152.0, M.FL: 33.0, M.OFD: 60.0})
    some = hadlock_mean_days({M.BPD: 47.0, M.HC: 20.0})

    assert found is not None and found[0] / 7 == pytest.approx((20.21 + 20.02 + 20.42 + 20.32) / 4, abs=0.01)
    assert some is not None and some[1] == (M.BPD,)
    assert hadlock_mean_days({}) is None


def test_intergrowth_ages_are_the_published_ones_and_end_where_documented() -> None:
    days = INTERGROWTH_HC.days(172.5)
    assert days is not None and days / 7 == pytest.approx(20.0, abs=0.05)
    assert INTERGROWTH_HC.days(334.0) is None  # 37.9 weeks for a head of 40: late heads are dated too young
    crl = INTERGROWTH_CRL.days(60.0)
    assert crl is not None and crl == pytest.approx(40.9041 + 3.21585 * 60**0.5 + 0.348956 * 60)
    assert INTERGROWTH_CRL.days(96.0) is None and INTERGROWTH_CRL.days(14.0) is None
    robinson = ROBINSON_CRL.days(60.0)
    assert robinson == pytest.approx(86.1, abs=0.05)


@pytest.mark.parametrize(
    ("lengths", "weights"),
    [((47.0, 175.0, 152.0, 33.0), (351, 349, 344, 347)), ((80.0, 295.0, 280.0, 62.0), (1949, 1921, 1913, 1910))],
)
def test_weights_are_the_published_ones(lengths: tuple[float, ...], weights: tuple[int, ...]) -> None:
    bpd, hc, ac, fl = lengths
    sets = ({}, {M.BPD: bpd}, {M.HC: hc}, {M.BPD: bpd, M.HC: hc})
    found = [hadlock_weight_g({**some, M.AC: ac, M.FL: fl}) for some in sets]

    assert [one and one[0] for one in found] == pytest.approx(weights, abs=0.6)


def test_no_weight_without_both_abdomen_and_femur() -> None:
    assert hadlock_weight_g({M.AC: 152.0, M.HC: 175.0}) is None
    assert hadlock_weight_g({M.FL: 33.0, M.HC: 175.0}) is None
    assert hadlock_weight_g({M.AC: 5.0, M.FL: 900.0}) is None


@pytest.mark.parametrize(
    ("weeks", "measure", "mean", "deviation"),
    [
        (20, M.HC, 172.48, 7.44),
        (20, M.BPD, 48.45, 2.30),
        (20, M.AC, 147.72, 7.63),
        (20, M.FL, 31.29, 1.78),
        (28, M.HC, 260.36, 8.94),
        (28, M.AC, 233.30, 11.30),
    ],
)
def test_intergrowth_curves_are_the_published_ones(
    weeks: float, measure: Measure, mean: float, deviation: float
) -> None:
    assert mean_and_deviation(measure, weeks) == pytest.approx((mean, deviation), abs=0.006)


def test_without_a_dating_there_is_no_centile() -> None:
    assert centile(Chart.WHO, M.HC, 175.0, None) is NoCentile.NO_DATING


@given(st.sampled_from(WHO_SHOWN), st.integers(14 * 7, 40 * 7), st.sampled_from([M.HC, M.AC, M.FL]))
def test_on_a_who_curve_the_centile_is_the_curves(quantile: float, days: int, measure: Measure) -> None:
    value = who_quantile(measure.upper(), quantile, days / 7) * (1 + 1e-12 * (1 if quantile < 0.5 else -1))
    found = centile(Chart.WHO, measure, value, GestationalAge(days))

    assert isinstance(found, Centile)
    assert (found.percent, found.beyond) == (pytest.approx(100 * quantile, abs=1e-6), None)


def test_beyond_the_outer_who_curves_no_nearer_number_is_given() -> None:
    low, high = (centile(Chart.WHO, M.HC, value, AT_20_WEEKS) for value in (120.0, 230.0))

    assert low == Centile(Chart.WHO, 2.5, Beyond.BELOW)
    assert high == Centile(Chart.WHO, 97.5, Beyond.ABOVE)


def test_intergrowth_gives_z_and_its_centile() -> None:
    mean, deviation = mean_and_deviation(M.HC, 20)
    found = centile(Chart.INTERGROWTH, M.HC, mean - 3 * deviation, AT_20_WEEKS)

    assert isinstance(found, Centile) and found.z == pytest.approx(-3)
    assert found.percent == pytest.approx(0.135, abs=0.001)


@pytest.mark.parametrize("chart", Chart)
def test_a_bpd_of_another_definition_is_refused(chart: Chart) -> None:
    other = next(one for one in BpdDefinition if one is not BPD_OF_CHART[chart])

    assert centile(chart, M.BPD, 47.0, AT_20_WEEKS, bpd_definition=other) is NoCentile.OTHER_DEFINITION
    assert centile(chart, M.BPD, 47.0, AT_20_WEEKS) is NoCentile.OTHER_DEFINITION
    assert isinstance(centile(chart, M.BPD, 47.0, AT_20_WEEKS, bpd_definition=BPD_OF_CHART[chart]), Centile)


@pytest.mark.parametrize("chart", Chart)
@pytest.mark.parametrize("days", [97, 281])
def test_outside_14_to_40_weeks_there_is_no_centile(chart: Chart, days: int) -> None:
    assert centile(chart, M.HC, 175.0, GestationalAge(days)) is NoCentile.AGE_OUTSIDE_CHART


def test_what_a_chart_does_not_have_is_refused() -> None:
    assert centile(Chart.WHO, M.OFD, 60.0, AT_20_WEEKS) is NoCentile.NOT_ON_CHART
    assert centile(Chart.INTERGROWTH, M.EFW, 340.0, AT_20_WEEKS) is NoCentile.NOT_ON_CHART


def test_datings_of_one_pregnancy_agree_and_end_with_it() -> None:
    by_lmp = Dating.by_lmp(date(2026, 3, 1), "AB")
    by_edd = Dating.by_edd(date(2026, 12, 6), "AB")
    by_scan = Dating.by_scan(date(2026, 5, 24), GestationalAge(84), "AB", by_crl=True)

    assert by_lmp.expected_delivery == date(2026, 12, 6)
    assert {one.origin for one in (by_lmp, by_edd, by_scan)} == {date(2026, 3, 1)}
    assert by_scan.dated_by is DatedBy.CRL
    assert by_lmp.age_on(date(2026, 7, 19)) == AT_20_WEEKS
    assert by_lmp.age_on(date(2026, 2, 28)) is None and by_lmp.age_on(date(2027, 6, 1)) is None


@pytest.mark.parametrize("size_mm", [1e4, 1e6, 1e150])
def test_impossible_lengths_have_no_age_and_no_weight_however_long(size_mm: float) -> None:
    values = dict.fromkeys((M.BPD, M.HC, M.AC, M.FL), size_mm)

    assert all(formula.days(size_mm) is None for formula in (*HADLOCK.values(), INTERGROWTH_HC, INTERGROWTH_CRL))
    assert intergrowth_hc_fl_days(size_mm, size_mm) is None
    assert hadlock_mean_days(values) is None
    assert hadlock_weight_g(values) is None
    assert hadlock_weight_g({M.AC: 1.0, M.FL: size_mm}) is None
    assert hadlock_weight_g({M.HC: 1.0, M.AC: size_mm, M.FL: 1.0}) is None
