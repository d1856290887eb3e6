"""Which value of a measure enters the report; what a drawn shape comes to; what is never mixed."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from fakes import head_ellipse, make_clip, make_reading
from hand_tools import by_hand, line
from hypothesis import given, settings
from hypothesis import strategies as st
from line_tools import some_lines, with_lines

from fetalclip_app.biometry.values import MEASURED, axis_ends, entering, length_of, model_values, repeats
from fetalclip_app.domain.abstention import Abstention
from fetalclip_app.domain.biometry import BpdDefinition, Measure
from fetalclip_app.domain.calibration import Box, Calibration, CalibrationSource, PixelSpacing, Region, RegionKind
from fetalclip_app.domain.measuring import Refusal
from fetalclip_app.domain.notes import ClipNotes, Enters, HandMeasurement, StudyNotes
from fetalclip_app.domain.overlay import Ellipse
from fetalclip_app.domain.values import Entering, Source

OUTER, INNER = BpdDefinition.OUTER_OUTER, BpdDefinition.OUTER_INNER


def scale(row_mm: float, column_mm: float, *boxes: Box) -> Calibration:
    """Return a scale of these regions, or of a whole picture of 800 x 600."""
    spacing = PixelSpacing(row_mm, column_mm)
    regions = [Region(box, RegionKind.TISSUE, spacing) for box in boxes or (Box(0, 0, 800, 600),)]
    return Calibration(CalibrationSource.ULTRASOUND_REGION, tuple(regions))


def walked(ellipse: Ellipse, row_mm: float, column_mm: float) -> float:
    """Return the way around an ellipse, step by step in millimetres."""
    points = ellipse.points(20_000) * np.array([column_mm, row_mm])
    return float(np.hypot(*(np.roll(points, -1, axis=0) - points).T).sum())


@settings(max_examples=60)
@given(
    a=st.floats(60, 180),
    ratio=st.floats(0.6, 1.0),
    angle=st.floats(-90, 89.9),
    row_mm=st.floats(0.1, 0.5),
    stretch=st.floats(0.5, 2.0),
)
def test_an_ellipse_is_as_long_as_the_way_around_it_whatever_the_shape_of_the_pixels(
    a: float, ratio: float, angle: float, row_mm: float, stretch: float
) -> None:
    drawn = Ellipse(400.0, 300.0, a, a * ratio, angle)

    found = length_of(drawn, scale(row_mm, row_mm * stretch))

    # Ramanujan's first formula itself is off by 0.06 % for an ellipse three times as long as wide.
    assert found.length_mm == pytest.approx(walked(drawn, row_mm, row_mm * stretch), rel=1e-3)
    assert found.length_px == pytest.approx(walked(drawn, 1.0, 1.0), rel=1e-3)


def test_an_ellipse_that_leaves_its_region_by_one_end_has_no_millimetres() -> None:
    left, right = Box(0, 0, 400, 600), Box(400, 0, 800, 600)
    two = scale(0.2, 0.2, left, right)
    inside = Ellipse(200.0, 300.0, 150.0, 100.0, 0.0)

    assert length_of(inside, two).length_mm is not None
    assert length_of(replace(inside, cx=300.0), two).refusal is Refusal.ACROSS_REGIONS
    assert length_of(replace(inside, cx=100.0), two).refusal is Refusal.OUTSIDE_REGIONS
    assert length_of(replace(inside, angle_deg=90.0, cy=500.0), two).refusal is Refusal.OUTSIDE_REGIONS
    assert length_of(inside, None).refusal is Refusal.NO_SCALE
    assert len(axis_ends(inside)) == 4


def test_repeats_are_averaged_with_their_standard_deviation() -> None:
    drawn = [by_hand(Measure.FL, line(px)) for px in (60.0, 62.0, 64.0)]
    (found,) = repeats(ClipNotes(measured=tuple(drawn)), scale(0.5, 0.5), Measure.FL)

    assert found.sizes_mm == (30.0, 31.0, 32.0)
    assert found.size_mm == pytest.approx(31.0)
    assert found.deviation_mm == pytest.approx(1.0)
    assert repeats(ClipNotes(measured=(drawn[0],)), scale(0.5, 0.5), Measure.FL)[0].deviation_mm is None


def test_biparietal_diameters_between_other_edges_are_never_averaged() -> None:
    drawn = (
        by_hand(Measure.BPD, line(100.0), bpd_definition=OUTER),
        by_hand(Measure.BPD, line(92.0), bpd_definition=INNER),
        by_hand(Measure.BPD, line(102.0), bpd_definition=OUTER),
    )
    found = entering(ClipNotes(measured=drawn), None, scale(0.5, 0.5), Measure.BPD)

    assert {one.bpd_definition: one.size_mm for one in found.person} == {INNER: 46.0, OUTER: 50.5}
    assert found.size_mm == 50.5  # the last one drawn
    assert found.chosen is found.person[-1]


def test_repeats_of_two_fetuses_are_never_averaged() -> None:
    drawn = (by_hand(Measure.FL, line(60.0), fetus="A"), by_hand(Measure.FL, line(80.0), fetus="B"))
    found = repeats(ClipNotes(measured=drawn), scale(0.5, 0.5), Measure.FL)

    assert [(one.fetus, one.size_mm) for one in found] == [("A", 30.0), ("B", 40.0)]


def test_a_repeat_without_a_scale_is_no_part_of_the_mean() -> None:
    drawn = (by_hand(Measure.FL, line(60.0)), by_hand(Measure.FL, line(60.0, x=700.0)))
    notes = ClipNotes(measured=drawn)
    part = scale(0.5, 0.5, Box(0, 0, 400, 600))

    (found,) = repeats(notes, part, Measure.FL)
    assert (found.size_mm, found.sizes_mm, len(found.values)) == (30.0, (30.0,), 2)
    (found,) = repeats(notes, None, Measure.FL)
    assert (found.size_mm, found.size_px) == (Refusal.NO_SCALE, 60.0)


def _entering(reading, *drawn: HandMeasurement, measure: Measure = Measure.HC, **notes) -> Entering:
    return entering(ClipNotes(measured=drawn, **notes), reading, make_clip(1).calibration, measure)


def test_the_persons_value_enters_unless_she_takes_the_models_and_both_are_kept() -> None:
    reading = make_reading(make_clip(1))
    drawn = by_hand(Measure.HC, Ellipse(80.0, 60.0, 40.0, 30.0, 0.0))
    (model,) = model_values(reading, Measure.HC)

    alone = _entering(reading)
    both = _entering(reading, drawn)
    taken = _entering(reading, drawn, enters={Measure.HC: Enters.MODEL})

    assert (alone.chosen, alone.size_mm) == (model, model.size_mm)
    assert both.chosen is both.person[0] and both.others == (model,)
    assert taken.chosen == model and taken.others == taken.person
    assert both.size_mm != taken.size_mm


def test_a_chosen_value_without_a_length_lets_no_other_enter_in_its_place() -> None:
    reading = make_reading(make_clip(1, pixel_mm=None))
    found = _entering(reading, by_hand(Measure.HC, head_ellipse(120, 160)), enters={Measure.HC: Enters.MODEL})

    assert found.size_mm is None
    assert isinstance(found.why_none, Abstention)
    assert found.model[0].size_px == pytest.approx(found.person[0].size_px)
    assert _entering(reading, enters={Measure.HC: Enters.PERSON}).chosen is None


def test_outline_and_landmarks_are_two_sources_of_the_model() -> None:
    clip = make_clip(1)
    lines = some_lines()
    bpd = replace(lines.measurements[1], name="bpd", structure="head", size_mm=29.0)
    reading = with_lines(clip, replace(lines, measurements=(*lines.measurements, bpd)))
    found = entering(ClipNotes(), reading, clip.calibration, Measure.BPD)

    assert [(one.source, one.bpd_definition) for one in found.model] == [
        (Source.OUTLINE, OUTER),
        (Source.LANDMARKS, OUTER),
    ]
    assert found.chosen is found.model[0] and found.others == (found.model[1],)
    (ac,) = model_values(reading, Measure.AC)
    assert ac.source is Source.LANDMARKS and isinstance(ac.size_mm, Abstention)
    assert model_values(reading, Measure.FL) == ()


def test_where_one_way_of_the_model_cannot_tell_the_other_enters() -> None:
    clip = make_clip(1)
    fl = replace(some_lines().measurements[1], name="bpd", size_mm=29.0)
    reading = with_lines(clip, replace(some_lines(), measurements=(fl,)), best="femur")
    found = entering(ClipNotes(), reading, clip.calibration, Measure.BPD)

    assert isinstance(found.model[0].size_mm, Abstention)
    assert (found.size_mm, found.chosen.source) == (29.0, Source.LANDMARKS)


def test_nobody_measured() -> None:
    assert all(entering(ClipNotes(), None, None, measure).chosen is None for measure in MEASURED)


def test_in_a_multiple_pregnancy_a_clip_is_somebodys_or_nobody_said() -> None:
    twins = StudyNotes(fetuses=("A", "B"))

    assert StudyNotes().fetus_of(ClipNotes(fetus="B")) == ""
    assert twins.fetus_of(ClipNotes(fetus="B")) == "B"
    assert twins.fetus_of(ClipNotes()) is None
    assert twins.fetus_of(ClipNotes(fetus="C")) is None


def test_a_turned_ellipse_under_tall_pixels_is_not_pixels_times_a_mean() -> None:
    turned = Ellipse(400.0, 300.0, 100.0, 60.0, 90.0)
    found = length_of(turned, scale(0.4, 0.2)).length_mm

    # Upright: 100 px times 0.4 mm by 60 px times 0.2 mm.
    assert found == pytest.approx(math.pi * (3 * 52 - math.sqrt((120 + 12) * (40 + 36))))
    assert abs(found - 0.3 * length_of(turned, None).length_px) > 20
