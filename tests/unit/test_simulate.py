"""Simulated heads: the truth that they carry is the truth that they show."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from skull_line import along, flank, room_mm

from fetalclip_app.biometry.ellipse import fit_ellipse
from fetalclip_app.biometry.ellipse_lengths import circumference, lengths
from fetalclip_app.domain.calibration import PixelSpacing
from fetalclip_app.domain.views import BRAIN_PLANES
from training.section import HeadSpec, SimulatedPicture
from training.simulate import HC_RANGE_MM, RATIO_RANGE, head, random_head, random_spec


@pytest.fixture(scope="module")
def heads() -> list[tuple[HeadSpec, SimulatedPicture]]:
    made = []
    for seed in range(24):
        rng = np.random.default_rng(seed)
        spec = random_spec(rng)
        made.append((spec, head(spec, rng)))
    return made


@pytest.fixture(scope="module")
def pictures(heads: list[tuple[HeadSpec, SimulatedPicture]]) -> list[SimulatedPicture]:
    return [picture for _, picture in heads]


def test_a_seed_makes_one_picture_and_another_seed_another() -> None:
    first, again, other = (random_head(np.random.default_rng(seed)) for seed in (5, 5, 6))

    assert np.array_equal(first.pixels, again.pixels)
    assert first.ellipse == again.ellipse
    assert not np.array_equal(first.pixels, other.pixels)


def test_pictures_are_grey_with_three_equal_channels(pictures: list[SimulatedPicture]) -> None:
    for picture in pictures:
        assert picture.pixels.shape == (480, 640, 3)
        assert picture.pixels.dtype == np.uint8
        assert (picture.pixels == picture.pixels[..., :1]).all()


def test_the_ellipse_has_the_stated_circumference(pictures: list[SimulatedPicture]) -> None:
    for picture in pictures:
        size = lengths(picture.ellipse, PixelSpacing.square(picture.pixel_mm))

        assert size.circumference_mm == pytest.approx(picture.hc_mm, abs=1e-6)
        assert HC_RANGE_MM[0] <= picture.hc_mm <= HC_RANGE_MM[1]
        assert RATIO_RANGE[0] <= size.minor_mm / size.major_mm <= RATIO_RANGE[1]


def test_the_head_lies_wholly_inside_the_picture(pictures: list[SimulatedPicture]) -> None:
    for picture in pictures:
        x, y = picture.ellipse.points().T

        assert x.min() >= 0 and x.max() <= 639
        assert y.min() >= 0 and y.max() <= 479


def test_the_skulls_outer_edge_lies_wholly_inside_the_fan() -> None:
    rooms = [room_mm(random_spec(np.random.default_rng(seed))) for seed in range(1200)]

    assert min(rooms) > 2.9


def test_a_bright_line_runs_along_the_ellipse(heads: list[tuple[HeadSpec, SimulatedPicture]]) -> None:
    middle = [-spec.bone.thickness_mm / 2 for spec, _ in heads]
    on_line = np.array([along(p, m).mean() for m, (_, p) in zip(middle, heads, strict=True)])
    away = [0.08 * spec.outline.b_mm + 1 for spec, _ in heads]
    beside = np.array(
        [[along(p, m + s * d).mean() for s in (-1, 1)] for m, d, (_, p) in zip(middle, away, heads, strict=True)]
    )

    assert (on_line > 1.5 * beside[:, 0]).all()
    assert np.median(on_line / beside.max(axis=1)) > 2
    assert (on_line > beside.max(axis=1)).mean() > 0.95


def test_the_brightest_ring_lies_half_a_thickness_inside_the_ellipse(
    heads: list[tuple[HeadSpec, SimulatedPicture]],
) -> None:
    off = [flank(picture)[0] + spec.bone.thickness_mm / 2 for spec, picture in heads]

    assert abs(np.median(off)) <= 0.1
    assert np.max(np.abs(off)) <= 0.6


def test_the_ellipse_lies_on_the_outer_flank_of_the_visible_line(
    heads: list[tuple[HeadSpec, SimulatedPicture]],
) -> None:
    """Its half-maximum, where the beam meets it squarely: 0.1 mm beyond the ellipse, in some heads up to 0.8 mm."""
    edge = np.array([flank(picture)[1] for _, picture in heads])

    assert abs(np.median(edge) - 0.1) <= 0.15
    assert edge.min() > -0.4 and edge.max() < 0.9


def test_bone_that_fills_the_head_is_refused() -> None:
    spec = random_spec(np.random.default_rng(0))

    with pytest.raises(ValueError, match="fills a head"):
        replace(spec, hc_mm=90.0, bone=replace(spec.bone, thickness_mm=30.0))


def test_the_skull_fades_where_the_beam_runs_along_it() -> None:
    spec = replace(random_spec(np.random.default_rng(1)), angle_deg=0.0, x_mm=0.0)
    spec = replace(spec, bone=replace(spec.bone, dropout_db=50.0, gaps_db=0.0, sutures=0))
    picture = head(spec, np.random.default_rng(1))
    grey, ellipse = along(picture, -spec.bone.thickness_mm / 2, facing=False), picture.ellipse
    phase = np.linspace(0, 360, 720, endpoint=False)
    top_and_bottom, sides = np.abs(np.abs(phase - 180) - 90) < 20, np.abs(np.abs(phase - 180) - 90) > 75

    assert ellipse.angle_deg == 0
    assert grey[top_and_bottom].mean() > 2 * grey[sides].mean()


def test_pictures_are_black_outside_the_fan() -> None:
    for seed in range(4):
        rng = np.random.default_rng(seed)
        spec = random_spec(rng)
        picture, fan, view = head(spec, rng), spec.fan, spec.view
        x = np.arange(view.width) * view.pixel_mm + view.left_mm
        y = (np.arange(view.height) * view.pixel_mm + view.top_mm + fan.radius_mm)[:, None]
        radius, angle = np.hypot(x, y), np.abs(np.arctan2(x, y))
        outside = (radius < fan.radius_mm - 1) | (radius > fan.radius_mm + fan.depth_mm + 1)
        outside |= angle > fan.half_angle + 0.015

        assert picture.pixels[outside].max(initial=0) == 0
        assert picture.pixels[~outside].mean() > 5


def test_every_section_shows_other_landmarks() -> None:
    spec = random_spec(np.random.default_rng(2))
    spec = replace(spec, hc_mm=220.0, brain=replace(spec.brain, detail=1.0))
    shown = [head(replace(spec, plane=plane), np.random.default_rng(2)) for plane in BRAIN_PLANES]

    assert [picture.plane for picture in shown] == list(BRAIN_PLANES)
    assert not np.array_equal(shown[0].pixels, shown[1].pixels)
    assert not np.array_equal(shown[1].pixels, shown[2].pixels)


def test_an_unknown_section_and_an_impossible_head_are_refused() -> None:
    spec = random_spec(np.random.default_rng(0))

    with pytest.raises(ValueError, match="no section"):
        replace(spec, plane="abdomen")
    with pytest.raises(ValueError, match="a head of"):
        replace(spec, hc_mm=0.0)


def test_the_mask_is_the_filled_ellipse(pictures: list[SimulatedPicture]) -> None:
    fitted = fit_ellipse(pictures[0].mask)

    assert fitted is not None
    assert circumference(fitted.a, fitted.b) * pictures[0].pixel_mm == pytest.approx(pictures[0].hc_mm, rel=0.005)
