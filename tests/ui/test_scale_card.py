"""The scale card tells every region, and the picture shows them."""

from __future__ import annotations

from dataclasses import replace

import dicom_files as files
from fakes import make_clip
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPointF, QSizeF
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from fetalclip_app import resources
from fetalclip_app.domain.calibration import Calibration, CalibrationSource
from fetalclip_app.domain.measuring import measure
from fetalclip_app.imaging.readers import read_clip
from fetalclip_app.ui.scale_card import ScaleCard
from fetalclip_app.ui.tokens import DARK
from fetalclip_app.ui.viewport import Viewport


def two_regions() -> Calibration:
    spectrum = files.region((0, 80, 159, 119), spatial_format=3, data_type=3, units=(4, 7), delta=(0.004, -0.5))
    return files.calibration(files.region((10, 10, 149, 79), delta=(0.05, 0.05)), spectrum, height=120, width=160)


def test_the_card_tells_boxes_units_deltas_source_and_trust(qtbot: QtBot) -> None:
    card = ScaleCard()
    qtbot.addWidget(card)
    card.show_scale(two_regions())
    told = "\n".join(card.texts)

    assert card.source.text() == "Scale from the file's ultrasound regions: 0.500\u2009mm/px"
    assert "2-D tissue" in told and "0.5000 × 0.5000\u2009mm/px" in told and "used for lengths" in told
    assert "Spectrum, PW Doppler" in told and "y -0.5\u2009cm/s / px" in told and "its axes are no lengths" in told


def test_the_card_of_another_clip_holds_nothing_of_the_one_before(qtbot: QtBot) -> None:
    card = ScaleCard()
    qtbot.addWidget(card)
    card.show_scale(two_regions())
    card.show_scale(None)

    assert card.texts == ["Set it with the ruler."]
    assert card.source.text() == "No scale in this file"


def test_a_scale_by_hand_is_called_that_and_the_files_own_stands_beside_it(desk_of, qtbot: QtBot) -> None:
    desk = desk_of(replace(make_clip(1, name="one.dcm"), calibration=two_regions()))
    desk.open("one.dcm")
    qtbot.waitUntil(lambda: desk.window.viewer.on_screen is not None)
    desk.press("ruler")
    ruler = desk.window.area.frame.ruler
    ruler.press(20, 20, 5)
    ruler.drag(20, 70)
    desk.window.area.scale.stated.emit(20.0)
    calibration, told = desk.session.entries[0].clip.calibration, "\n".join(desk.window.findings.scale.texts)

    assert calibration.source is CalibrationSource.USER_OVERRIDE
    assert "2-D tissue: set by hand\n0.4000 × 0.4000\u2009mm/px" in told
    assert "By hand: 20.00\u2009mm over a line from (20.0, 20.0) to (20.0, 70.0)." in told
    assert "The file itself: Scale from the file's ultrasound regions: 0.500\u2009mm/px." in told


def test_after_a_second_ruler_the_scale_of_the_second_region_is_told(desk_of, qtbot: QtBot) -> None:
    halves = files.region((0, 0, 79, 119), units=(0, 0)), files.region((80, 0, 159, 119), units=(0, 0))
    calibration = files.calibration(*halves, height=120, width=160)
    desk = desk_of(replace(make_clip(1, name="one.dcm"), calibration=calibration))
    desk.open("one.dcm")
    qtbot.waitUntil(lambda: desk.window.viewer.on_screen is not None)
    area = desk.window.area
    for column, stated_mm in ((20, 20.0), (100, 10.0)):
        desk.press("ruler")
        area.frame.ruler.press(column, 20, 5)
        area.frame.ruler.drag(column, 70)
        area.scale.stated.emit(stated_mm)

    assert "0.2000 × 0.2000" in area.message.sentence.text()


def test_a_ruler_over_a_spectrum_tells_time_and_velocity_and_sets_no_scale(desk_of, qtbot: QtBot) -> None:
    desk = desk_of(replace(make_clip(1, name="one.dcm"), calibration=two_regions()))
    desk.open("one.dcm")
    qtbot.waitUntil(lambda: desk.window.viewer.on_screen is not None)
    desk.press("ruler")
    ruler = desk.window.area.frame.ruler
    ruler.press(20, 90, 5)
    ruler.drag(70, 110)
    assert "0.2\u2009s, 10\u2009cm/s" in desk.window.area.scale.told.text()
    desk.window.area.scale.stated.emit(20.0)

    assert desk.session.entries[0].clip.calibration.source is CalibrationSource.ULTRASOUND_REGION
    assert "trace or spectrum" in desk.window.area.message.sentence.text()


def test_the_regions_are_drawn_where_the_file_says_and_only_when_asked(desk_of, qtbot: QtBot) -> None:
    desk = desk_of(replace(make_clip(1, name="one.dcm"), calibration=two_regions()))
    desk.open("one.dcm")
    frame = desk.window.area.frame
    qtbot.waitUntil(lambda: desk.window.viewer.on_screen is not None)
    edge = frame.viewport.to_screen(80, 9.5).toPoint()

    def colours() -> set[str]:
        picture: QImage = frame.grab().toImage()
        return {QColor(picture.pixel(edge.x() + 5, edge.y() + step)).name() for step in (-2, -1, 0, 1, 2)}

    before = colours()
    desk.press("regions")

    assert DARK.accent.lower() not in before
    assert DARK.accent.lower() in colours()


zooms, places = st.floats(1, 16), st.floats(0, 1)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(zoom=zooms, x=places, y=places, to_x=places, to_y=places)
def test_points_taken_from_the_screen_measure_alike_at_every_zoom(
    zoom: float, x: float, y: float, to_x: float, to_y: float
) -> None:
    calibration = two_regions()
    plain = Viewport(QSizeF(160, 120), QSizeF(800, 600))
    zoomed = plain.zoomed(zoom, QPointF(400, 300))
    ends = (10 + x * 139, 10 + y * 69), (10 + to_x * 139, 10 + to_y * 69)
    expected = measure(calibration, *ends).length_mm
    seen = measure(calibration, *(zoomed.to_frame(zoomed.to_screen(*end)) for end in ends)).length_mm

    assert expected is not None and seen is not None
    assert abs(seen - expected) < 1e-9


def test_no_line_of_the_card_is_cut(desk_of) -> None:
    clip = read_clip(resources.path("samples/simulated_head.dcm"))
    desk = desk_of(clip)
    desk.start()
    desk.open(clip.path.name)
    desk.wait_read()
    desk.qtbot.wait(100)
    labels = desk.window.findings.scale.findChildren(QLabel)

    assert len(labels) > 4
    assert [one.text() for one in labels if one.height() < one.heightForWidth(one.width())] == []
