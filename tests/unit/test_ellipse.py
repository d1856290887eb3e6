from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ellipe

from fetalclip_app.biometry.ellipse import filled_ellipse, fit_ellipse, overlap_with
from fetalclip_app.biometry.ellipse_lengths import circumference, lengths
from fetalclip_app.domain.calibration import PixelSpacing
from fetalclip_app.domain.overlay import Ellipse


@given(b=st.floats(0.5, 1.0))
def test_the_circumference_is_right_to_a_hundredth_of_a_percent_for_heads(b: float) -> None:
    exact = 4 * ellipe(1 - b**2)

    assert circumference(1.0, b) == pytest.approx(exact, rel=1e-4)


@settings(max_examples=30)
@given(angle=st.floats(-89, 89), ratio=st.floats(0.6, 0.9), cx=st.floats(95, 105))
def test_a_drawn_ellipse_is_found_again(angle: float, ratio: float, cx: float) -> None:
    drawn = Ellipse(cx, 100.0, 70.0, 70.0 * ratio, angle)

    found = fit_ellipse(filled_ellipse(drawn, 200, 200))

    assert found is not None
    assert [found.cx, found.cy, found.a, found.b] == pytest.approx([cx, 100.0, 70.0, 70.0 * ratio], abs=0.25)
    turned = abs(found.angle_deg - angle) % 180
    assert min(turned, 180 - turned) < 1.0


def test_nothing_is_found_where_there_is_nothing() -> None:
    assert fit_ellipse(np.zeros((50, 50), bool)) is None


def test_a_square_is_no_good_ellipse() -> None:
    square = np.zeros((100, 100), bool)
    square[20:80, 20:80] = True
    ellipse = fit_ellipse(square)

    assert ellipse is not None
    assert overlap_with(ellipse, square) < 0.93


def test_lengths_of_a_circle_under_pixels_that_are_not_square() -> None:
    circle_mm = 40.0
    spacing = PixelSpacing(row_mm=0.4, column_mm=0.2)
    drawn = Ellipse(300, 200, circle_mm / 0.2, circle_mm / 0.4, 0.0)

    found = lengths(drawn, spacing)

    assert found.major_mm == pytest.approx(80.0)
    assert found.minor_mm == pytest.approx(80.0)
    assert found.circumference_mm == pytest.approx(2 * math.pi * 40.0)


def test_a_turned_ellipse_keeps_its_lengths_under_square_pixels() -> None:
    spacing = PixelSpacing.square(0.25)

    flat, turned = (lengths(Ellipse(0, 0, 120, 90, angle), spacing) for angle in (0.0, 33.0))

    assert turned.circumference_mm == pytest.approx(flat.circumference_mm)
    assert turned.minor_mm == pytest.approx(45.0)
