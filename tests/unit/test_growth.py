from __future__ import annotations

import pytest

from fetalclip_app.biometry.growth import inside_who_band, who_median_days, who_quantile

VECTORS = [
    ("HC", 14, (90.6, 99.5, 107.3)),
    ("HC", 20, (162.8, 173.4, 183.3)),
    ("HC", 28, (251.2, 263.6, 276.6)),
    ("HC", 40, (325.3, 342.1, 356.7)),
    ("AC", 20, (138.7, 149.6, 160.9)),
    ("AC", 28, (224.6, 239.9, 255.7)),
    ("BPD", 20, (43.1, 46.6, 49.9)),
    ("FL", 20, (29.5, 32.2, 34.6)),
    ("FL", 28, (49.3, 52.2, 55.1)),
]
"""P10, P50, P90 as published for the WHO charts (Kiserud 2017)."""


@pytest.mark.parametrize(("measure", "weeks", "expected"), VECTORS)
def test_the_published_quantiles_come_out(measure: str, weeks: float, expected: tuple[float, ...]) -> None:
    found = [who_quantile(measure, quantile, weeks) for quantile in (0.1, 0.5, 0.9)]

    assert found == pytest.approx(expected, abs=0.06)


@pytest.mark.parametrize("weeks", [13.9, 40.1])
def test_nothing_is_extrapolated(weeks: float) -> None:
    with pytest.raises(ValueError, match="14 to 40"):
        who_quantile("HC", 0.5, weeks)


def test_the_median_can_be_read_backwards() -> None:
    for days in range(14 * 7, 40 * 7 + 1, 11):
        found = who_median_days("HC", who_quantile("HC", 0.5, days / 7))
        assert found == pytest.approx(days, abs=0.05)


@pytest.mark.parametrize("hc_mm", [60.0, 400.0])
def test_a_head_outside_the_chart_has_no_age(hc_mm: float) -> None:
    assert who_median_days("HC", hc_mm) is None


def test_the_band_holds_its_median_and_not_its_outside() -> None:
    assert inside_who_band("HC", 173.4, 20)
    assert not inside_who_band("HC", 145.0, 20)
    assert not inside_who_band("HC", 200.0, 20)
