"""What the report says: true numbers, doubts with their reasons, and all that they depend on."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from unittest.mock import MagicMock

import numpy as np
import pytest
from report_pages import entry, options, pages_of, text_of
from study_tools import drawn

from fetalclip_app import RESEARCH_USE_ONLY
from fetalclip_app.domain.biometry import Measure
from fetalclip_app.domain.clip import Clip, Origin
from fetalclip_app.domain.notes import ClipNotes
from fetalclip_app.domain.reading import HeadMeasurement
from fetalclip_app.domain.views import ViewPrediction
from fetalclip_app.errors import ErrorCode, UnreadableFile
from fetalclip_app.report.build import UnreadEntry, build
from fetalclip_app.report.key_frames import key_frames


def test_one_clip_with_all_its_answers_fits_on_the_first_page(tmp_path: Path) -> None:
    one = entry()
    pages = pages_of(build([one], options()), tmp_path)
    size = one.reading.answer("head", HeadMeasurement).size
    first = text_of(pages[:1])
    for text in ("20w3d", "19w3d–21w3d", f"HC {size.hc_mm:.1f} mm", f"{size.bpd_mm:.1f} mm", f"{size.ofd_mm:.1f} mm"):
        assert text in first
    for text in ("Brain 91%", "Trans-thalamic 78%", "not trained", "Frame 3 of 5", "M. Fischer", "2026-03-14 09:30"):
        assert text in first
    assert "no second opinion" in first and "not a confidence interval" in first and "minor axis" in first
    assert len(pages[0].images) == 1  # plain and annotated copy share their pixels; the overlay is drawn


def test_an_abstention_stands_where_the_number_would_stand(tmp_path: Path) -> None:
    text = text_of(pages_of(build([entry(pixel_mm=None)], options()), tmp_path))
    assert "No scale" in text and "This file carries no scale, so lengths are in pixels." in text
    assert "Set the scale with the ruler" in text
    assert " mm/px" not in text and "No scale bar" in text


def test_one_reason_for_age_and_head_is_said_once(tmp_path: Path) -> None:
    text = text_of(pages_of(build([entry(best="femur")], options()), tmp_path))
    assert text.count("The model sees no frame of the brain in this clip.") == 1
    assert "Gestational age, head" in text


def test_everything_that_the_numbers_depend_on_is_named(tmp_path: Path) -> None:
    one = entry(heat=True)
    text = text_of(pages_of(build([one], options()), tmp_path))
    made = one.reading.provenance
    for fact in (one.clip.key, made.model.sha256, made.model.title, made.model.licence, made.preprocessing):
        assert fact in text
    for _name, sha256 in made.view_sets.values():
        assert sha256 in text
    for fact in ("cpu fp32", "0.500 mm/px", "ultrasound regions", "Ramanujan", "arXiv:2502.14807", "ICML 2021"):
        assert fact in text
    assert "Grad-CAM" in text and "not why" in text and "catalogue" in text


def test_weights_that_nobody_vouches_for_are_called_unverified(tmp_path: Path) -> None:
    one = entry()
    made = one.reading.provenance
    mine = replace(made, model=replace(made.model, verified=False), notices=("gpu_failed",))
    text = text_of(pages_of(build([replace(one, reading=replace(one.reading, provenance=mine))], options()), tmp_path))
    assert "Unverified weights" in text and "the processor (CPU) went on" in text


def test_the_summary_keeps_every_number_beside_its_unit(tmp_path: Path) -> None:
    large = [entry(name=f"{n}.dcm", pixel_mm=1.0 + n / 10, frames=1) for n in range(3)]
    first = text_of(pages_of(build(large, options()), tmp_path)[:1])
    for one in large:
        size = one.reading.answer("head", HeadMeasurement).size
        assert "Ages on one axis" in first
        for value in (size.hc_mm, size.bpd_mm, size.ofd_mm):
            assert f"{value:.1f} mm" in first


def test_a_simulated_picture_is_called_simulated(tmp_path: Path) -> None:
    one = entry(origin=Origin(is_simulated=True, is_lossy=True))
    text = text_of(pages_of(build([one], options()), tmp_path))
    assert "Simulated picture, not a patient" in text and "Compressed with loss" in text


def test_a_frame_that_has_gone_since_is_a_sentence_and_no_crash(tmp_path: Path) -> None:
    class Gone:
        def __len__(self) -> int:
            return 5

        def pixels(self, index: int) -> np.ndarray:
            raise UnreadableFile(ErrorCode.FILE_MISSING, name="clip.dcm")

    one = entry()
    gone: Clip = replace(one.clip, source=Gone())
    text = text_of(pages_of(build([replace(one, clip=gone)], options()), tmp_path))
    assert "could not be decoded again" in text and "20w3d" in text


def test_a_report_of_unread_files_only_says_why(tmp_path: Path) -> None:
    unread = UnreadEntry("x.dcm", UnreadableFile(ErrorCode.FILE_EMPTY, name="x.dcm"))
    text = text_of(pages_of(build([unread], options()), tmp_path))
    assert "x.dcm is empty." in text and RESEARCH_USE_ONLY in text


def test_a_set_of_many_views_shows_the_most_probable_and_counts_the_rest(tmp_path: Path) -> None:
    one = entry(best="femur")
    keys = tuple(f"class_{number}" for number in range(300))
    shares = np.linspace(0, 2 / 300, 300, dtype=np.float32)
    many = ViewPrediction("mine", keys, shares, np.repeat(shares[None], 5, axis=0), calibrated=False)
    findings = tuple(replace(f, answer=many) if f.task_key == "views" else f for f in one.reading.findings)
    content = build([replace(one, reading=replace(one.reading, findings=findings))], options())
    text = text_of(pages_of(content, tmp_path))
    assert "Class 299" in text and "Class 287" not in text and "288 less probable classes" in text


def test_a_report_about_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing"):
        build([])


def test_the_same_content_makes_the_same_pages(tmp_path: Path) -> None:
    content = build([entry()], options())
    assert text_of(pages_of(content, tmp_path)) == text_of(pages_of(content, tmp_path))


def test_what_a_person_drew_is_drawn_on_its_frame_with_its_length(tmp_path: Path) -> None:
    one = entry(best="femur")
    drawn_there = ClipNotes(measured=(drawn(Measure.FL, 33.0, frame_index=3),))
    text = text_of(pages_of(build([replace(one, notes=drawn_there)], options()), tmp_path))
    without = text_of(pages_of(build([one], options()), tmp_path))

    assert "FL 33.0 mm" in text and "Frame 4 of 5. Drawn by hand." in text
    assert "Drawn by hand" not in without


def test_the_frame_that_a_person_chose_is_shown_and_the_views_that_she_named_are_told(tmp_path: Path) -> None:
    one = entry(best="femur")
    plain = text_of(pages_of(build([one], options()), tmp_path))
    notes = ClipNotes(best={"femur": 1, "abdomen": 0, "heart": 99}, named={0: "abdomen", 2: "abdomen", 99: "heart"})
    text = text_of(pages_of(build([replace(one, notes=notes)], options()), tmp_path))

    assert "Frame 5 of 5: Femur" in plain and "by hand" not in plain
    assert re.search(r"Frame 2 of 5: Femur \d+%\. Chosen by hand as the best frame of: Femur\.", text)
    assert re.search(r"Frame 1 of 5: Femur \d+%\. Chosen by hand as the best frame of: Abdomen\.", text)
    assert "Frame 5 of 5" not in text and "Heart." not in text
    assert "Views named by hand: Abdomen (2 frames)." in text


def test_a_caliper_lies_on_the_pixels_that_it_was_drawn_on() -> None:
    one = replace(entry(best="femur"), notes=ClipNotes(measured=(drawn(Measure.FL, 60.0, frame_index=3),)))
    canvas = MagicMock(_fontname="NotoSans-Bold", _fontsize=7.5)
    canvas.stringWidth.return_value = 20.0
    width = 240.0
    key_frames(one, width)[-1][0]._paint(canvas)
    points = [call.args for call in canvas.beginPath().method_calls if call[0] in {"moveTo", "lineTo"}]
    line, scale = one.notes.measured[0].shape, width / one.clip.width

    for x, y in (line.first, line.last):
        on_paper = (x + 0.5) * scale, (one.clip.height - y - 0.5) * scale
        assert any(np.allclose(point, on_paper) for point in points)
