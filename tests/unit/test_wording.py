"""Sentences: complete by type, in the product's manner, and true to their numbers."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import numpy as np
import pytest

from fetalclip_app import wording
from fetalclip_app.domain.abstention import Abstention, Reason
from fetalclip_app.domain.age import AgeEstimate, AgeInterval, GestationalAge
from fetalclip_app.domain.measuring import Refusal
from fetalclip_app.domain.overlay import Ellipse, Heatmap, Segmentation
from fetalclip_app.domain.reading import HeadMeasurement, HeadSize
from fetalclip_app.domain.timing import FrameRate, RateSource
from fetalclip_app.domain.views import BRAIN_PLANES, PLANES, ViewPrediction
from fetalclip_app.errors import ErrorCode, FetalClipError

PACKAGE = Path(wording.__file__).parent

TASK_DETAILS = [
    (Reason.NOT_CALIBRATED, "no_scale"),
    (Reason.NOT_CALIBRATED, "not_square"),
    (Reason.NOT_CALIBRATED, "several_scales"),
    *((Reason.NOT_CALIBRATED, str(refusal)) for refusal in Refusal if refusal is not Refusal.NO_SCALE),
    (Reason.HELD_BACK, "measure_first"),
    (Reason.HELD_BACK, "age_by_head"),
    (Reason.OUT_OF_RANGE, "edge_of_range"),
    (Reason.OUT_OF_RANGE, "head_size"),
    (Reason.AMBIGUOUS, "spread"),
    (Reason.AMBIGUOUS, "views"),
    (Reason.AMBIGUOUS, "outline"),
    (Reason.AMBIGUOUS, "line_ends"),
    (Reason.AMBIGUOUS, "structure"),
    (Reason.AMBIGUOUS, "outside_head"),
    (Reason.NOT_TRAINED, "no_structures"),
    (Reason.NOT_TRAINED, "no_clip_label"),
    (Reason.NOT_APPLICABLE, "still"),
    (Reason.NOT_APPLICABLE, "few_frames"),
    (Reason.NOT_APPLICABLE, "few_repeats"),
    (Reason.NOT_APPLICABLE, "few_familiar_frames"),
    (Reason.NOT_APPLICABLE, "other_view"),
    (Reason.OUT_OF_RANGE, "unlike_clips"),
    (Reason.OUT_OF_RANGE, "unlike_pictures"),
    (Reason.NOT_APPLICABLE, "no_familiar_picture"),
    (Reason.NOT_APPLICABLE, "other_view_of_pictures"),
    (Reason.OUT_OF_RANGE, "length"),
    (Reason.NOT_APPLICABLE, "no_measured_plane"),
    (Reason.NOT_TRAINED, "no_measurement_head"),
    (Reason.NOT_APPLICABLE, "no_brain_frame"),
    (Reason.NOT_APPLICABLE, "no_brain_class"),
    (Reason.NOT_APPLICABLE, "not_asked"),
    (Reason.NOT_TRAINED, "no_head"),
    (Reason.NOT_TRAINED, "view"),
    (Reason.NOT_FETAL_ULTRASOUND, "unlike_training"),
]


def head(size: HeadSize | Abstention) -> HeadMeasurement:
    outline = Segmentation("head", np.zeros((8, 8), dtype=bool))
    return HeadMeasurement(outline, Ellipse(4, 4, 256, 200, 0), 0.97, size)


def views(best: str = "brain", **changes: object) -> ViewPrediction:
    probabilities = np.full(len(PLANES), 0.01, np.float32)
    probabilities[PLANES.index(best)] = 0.92
    values = {"calibrated": True, **changes}
    return ViewPrediction("planes", PLANES, probabilities, probabilities[None], **values)  # type: ignore[arg-type]


def age(**changes: object) -> AgeEstimate:
    first, low, high = (GestationalAge.from_weeks(*pair) for pair in ((20, 3), (19, 2), (21, 5)))
    values = {"head_checked": True, **changes}
    return AgeEstimate(first, low, high, 98, np.zeros(175, np.float32), 0.43, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize("code", ErrorCode)
def test_every_error_has_a_sentence_and_a_hint_even_without_parameters(code: ErrorCode) -> None:
    error = FetalClipError(code)
    for text in (wording.sentence(error), wording.hint(error)):
        assert text.endswith(".") and text[0].isupper() and "{" not in text


@pytest.mark.parametrize("code", ErrorCode)
def test_unknown_parameters_never_break_a_sentence(code: ErrorCode) -> None:
    assert wording.sentence(FetalClipError(code, anything=1, name="scan.dcm")).endswith(".")


def test_a_sentence_names_the_file_and_the_compression() -> None:
    error = FetalClipError(ErrorCode.NO_CODEC, name="scan.dcm", syntax="HTJ2K")
    assert wording.sentence(error) == "scan.dcm is compressed in a way that this program cannot decode (HTJ2K)."


def test_a_file_name_with_braces_is_no_template() -> None:
    assert wording.sentence(FetalClipError(ErrorCode.FILE_EMPTY, name="{0}.dcm")) == "{0}.dcm is empty."


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_words_also_for_an_unknown_detail(reason: Reason) -> None:
    general = wording.abstention(Abstention(reason))
    assert general.endswith(".")
    assert wording.abstention(Abstention(reason, "a_rule_of_tomorrow")) == general


def test_nothing_has_words_that_no_part_of_the_program_says() -> None:
    spoken = "".join(path.read_text("utf-8") for path in PACKAGE.parent.rglob("*.py") if PACKAGE not in path.parents)

    assert [detail for _, detail in wording.DETAILS if f'"{detail}"' not in spoken] == []
    assert [code.name for code in ErrorCode if f"ErrorCode.{code.name}" not in spoken] == []
    assert set(wording.DETAILS) == set(TASK_DETAILS)


@pytest.mark.parametrize(("reason", "detail"), TASK_DETAILS)
def test_every_detail_of_the_tasks_has_words_of_its_own_without_parameters(reason: Reason, detail: str) -> None:
    assert (reason, detail) in wording.DETAILS
    text = wording.abstention(Abstention(reason, detail))
    assert "{" not in text and text != wording.abstention(Abstention(reason))


def test_an_abstention_gives_its_numbers_with_units() -> None:
    size = wording.abstention(Abstention(Reason.OUT_OF_RANGE, "head_size", {"hc_mm": 91.24}))
    assert "91.2\u2009mm" in size
    spread = wording.abstention(Abstention(Reason.AMBIGUOUS, "spread", {"spread_days": 41, "limit_days": 30}))
    assert "41\u2009days" in spread and "30\u2009days" in spread
    pair = wording.abstention(Abstention(Reason.AMBIGUOUS, "views", {"first": "lips_nose", "second": "profile"}))
    assert pair.startswith("Lips and nose and Profile")
    assert "62%" in wording.abstention(Abstention(Reason.AMBIGUOUS, "outline", {"fit": 0.62}))


def test_without_a_scale_the_sentence_says_what_follows_and_what_helps() -> None:
    why = Abstention(Reason.NOT_CALIBRATED, "no_scale")
    assert wording.abstention(why) == "This file carries no scale, so lengths are in pixels."
    hint = wording.abstention_hint(why)
    assert "ruler" in hint and "--pixel-mm" in hint


def test_no_sentence_speaks_of_diagnosis_or_of_normal() -> None:
    texts = [
        node.value
        for file in PACKAGE.glob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    assert len(texts) > 200
    for text in texts:
        assert not re.search(r"diagnos|\b(ab)?normal|healthy|!\s*$", text, re.IGNORECASE), text


def test_every_plane_and_task_has_a_title() -> None:
    titles = [wording.view_title(key) for key in (*PLANES, *BRAIN_PLANES)]
    assert len(set(titles)) == 12 and "Lips and nose" in titles
    assert wording.view_title("four_chamber view") == "Four chamber view"
    assert wording.task_title("gestational_age") == "Gestational age"
    assert wording.method_title("eigencam") == "EigenCAM"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (wording.millimetres(175.24), "175.2\u2009mm"),
        (wording.percent(0.914), "91%"),
        (wording.percent(0.004), "<1%"),
        (wording.percent(0.0), "0%"),
        (wording.percent(0.9991), ">99%"),
        (wording.percent(1.0), "100%"),
        (wording.pixels(511.6), "512\u2009px"),
        (wording.day_count(1), "1\u2009day"),
        (wording.pixel_size(0.1874, 0.1874), "0.187\u2009mm/px"),
        (wording.pixel_size(0.2, 0.1), "0.100 × 0.200\u2009mm/px"),
        (wording.frame_number(11, 87), "frame 12 of 87"),
        (wording.person_name("Doe^Jane^Ann"), "Doe, Jane Ann"),
        (wording.person_name("Wang^XiaoDong=王^小東"), "Wang, XiaoDong (王, 小東)"),
        (wording.person_name("^"), ""),
        (wording.dicom_date("20240331"), "2024-03-31"),
        (wording.dicom_date("20241399"), "20241399"),
        (wording.dicom_date(""), ""),
        (wording.age_range(GestationalAge(135), GestationalAge(152)), "19w2d–21w5d"),
    ],
)
def test_numbers_are_written_as_clinicians_write_them(written: str, expected: str) -> None:
    assert written == expected


def test_what_is_not_finite_is_never_written() -> None:
    with pytest.raises(ValueError, match="nan"):
        wording.millimetres(float("nan"))


def test_a_view_shows_its_share_and_what_the_share_rests_on() -> None:
    (line,) = wording.answer_lines("views", views())
    assert line.value == "Brain 92%" and not line.is_doubt and "temperature" in line.notes[-1]
    (raw,) = wording.answer_lines("views", views(calibrated=False))
    assert "uncalibrated" in raw.notes[-1]


def test_a_view_that_training_never_showed_is_a_doubt() -> None:
    (line,) = wording.answer_lines("views", views("spine", not_trained=frozenset({"spine"})))
    assert line.is_doubt and "not trained" in line.notes[0]


def test_an_abstaining_view_keeps_its_best_class_and_gives_its_reason() -> None:
    why = Abstention(Reason.NOT_FETAL_ULTRASOUND, "unlike_training")
    (line,) = wording.answer_lines("views", views(abstained=why))
    assert line.value.startswith("Brain") and line.is_doubt and line.notes[0] == wording.abstention(why)


def test_an_age_says_that_its_range_is_a_spread_and_where_it_was_learned() -> None:
    interval = AgeInterval(GestationalAge(137), GestationalAge(149), 0.9, "hc_who")
    (line,) = wording.answer_lines("gestational_age", age(learned_from_head_size=True, interval=interval))
    assert line.value == "20w3d"
    notes = " ".join(line.notes)
    assert "19w2d–21w5d" in notes and "17\u2009days" in notes and "not a confidence interval" in notes
    assert (
        "no second opinion" in notes
        and "19w4d–21w2d: intervals like this held the reference age of 90% of the validation patients" in notes
    )


def test_an_age_without_a_measured_head_says_so() -> None:
    (line,) = wording.answer_lines("gestational_age", age(head_checked=False))
    assert any("could not be checked" in note for note in line.notes)


def test_a_head_without_a_scale_is_in_pixels_and_marked() -> None:
    lines = wording.answer_lines("head", head(Abstention(Reason.NOT_CALIBRATED, "no_scale")))
    assert [line.value for line in lines] == ["No scale", "400\u2009px", "512\u2009px"]
    assert all(line.is_doubt for line in lines)


def test_a_head_carries_the_definition_of_each_length() -> None:
    hc, bpd, ofd = wording.answer_lines("head", head(HeadSize(175.2, 48.0, 62.5)))
    assert hc.value == "175.2\u2009mm" and "Ramanujan" in hc.notes[0]
    assert "minor axis" in bpd.notes[0] and "outer-inner" in bpd.notes[0]
    assert (
        "outer edge" in hc.notes[0]
        and "major axis" in ofd.notes[0]
        and not any(line.is_doubt for line in (hc, bpd, ofd))
    )


def test_a_heatmap_shows_where_and_not_why() -> None:
    heatmap = Heatmap("brain", "gradcam", np.zeros((4, 4), np.float32))
    (line,) = wording.answer_lines("views", heatmap)
    assert line.value == "Brain, Grad-CAM" and "not why" in line.notes[0]


def test_a_heatmap_that_is_of_no_view_names_none() -> None:
    (line,) = wording.answer_lines("views", Heatmap("brain", "eigencam", np.ones((4, 4), np.float32)))

    assert line.value == "whatever the view, EigenCAM"
    assert "Brain" not in wording.heat_title("brain", "eigencam")


@pytest.mark.parametrize("source", RateSource)
def test_every_rate_says_where_it_comes_from(source: RateSource) -> None:
    assert wording.rate_source(FrameRate(28.57, source)).startswith("28.6\u2009frames/s, ")
    assert ("assumed" in wording.rate_source(FrameRate(30, source))) == (source is RateSource.ASSUMED)


def test_a_reason_of_a_library_stays_on_one_line_and_short() -> None:
    error = FetalClipError(ErrorCode.MODEL_WRONG_SHAPE, name="w.pt", reason="size mismatch\n\tfor visual.proj " * 40)
    text = wording.sentence(error)
    assert "\n" not in text and len(text) < 200 and text.startswith("w.pt holds weights of another network (size")


def test_a_closed_file_is_not_called_missing() -> None:
    error = FetalClipError(ErrorCode.FILE_MISSING, name="scan.dcm", reason="permission")
    assert wording.sentence(error) == "scan.dcm may not be read with your rights."
    assert "right" in wording.hint(error)


def test_an_empty_name_reads_as_no_name() -> None:
    assert wording.sentence(FetalClipError(ErrorCode.FOLDER_EMPTY, name="")).startswith("The folder")


def test_every_notice_of_the_device_is_a_sentence() -> None:
    source = (PACKAGE.parent / "model" / "device.py").read_text(encoding="utf-8")
    keys = set(re.findall(r'^GPU_\w+ = "(\w+)"', source, re.MULTILINE))
    assert len(keys) >= 3
    for key in keys:
        assert "CPU" in wording.notice(key) and wording.notice(key) != key
    assert wording.notice("A sentence of its own.") == "A sentence of its own."
