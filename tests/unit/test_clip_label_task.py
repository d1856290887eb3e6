"""Which clips get a label, which do not, and what is told of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from fakes import make_clip, make_reading
from label_tools import FACTS, LICENCE, FakeLabeller, some_labels, with_labels
from report_pages import options, pages_of, text_of
from task_tools import after_views, instruments, scan_of

from fetalclip_app.cli.analyze import summary
from fetalclip_app.domain.abstention import Abstention, Reason
from fetalclip_app.domain.clip_labels import ClipLabel, ClipLabels, frames_taken
from fetalclip_app.report.as_json import as_table
from fetalclip_app.report.build import ClipEntry, build
from fetalclip_app.tasks.clip_labels import ClipLabelTask
from fetalclip_app.wording import abstention, abstention_hint, answer_lines
from fetalclip_app.wording.clip_labels import labels_title

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "analyze.schema.json").read_text(encoding="utf-8"))


PICTURES = replace(FACTS, label="Quality", view="", frames=1, is_of_pictures=True, generated=True)


def _answer(views: list[str], labeller: FakeLabeller | None = None, **calibration: Any) -> Any:
    tools = replace(instruments(**calibration), labellers=(labeller or FakeLabeller(),))
    scan = after_views(scan_of(views, make_clip(frames=len(views))), tools)
    return ClipLabelTask().answer(scan, tools).answer


def _only(answer: ClipLabels) -> Any:
    (one,) = answer.labels
    return one.probability


def test_a_clip_gets_the_probability_of_the_frames_at_equal_distances() -> None:
    labeller = FakeLabeller()

    assert _only(_answer(["brain"] * 9, labeller)) == 0.73
    assert labeller.asked is not None and len(labeller.asked) == 4
    assert frames_taken(80, 4) == [10, 30, 50, 70]


@pytest.mark.parametrize(
    ("views", "detail"),
    [(["brain"], "still"), (["brain"] * 3, "few_frames"), (["heart"] * 9, "other_view")],
    ids=["a still", "too short", "another view"],
)
def test_other_clips_get_none(views: list[str], detail: str) -> None:
    why = _only(_answer(views))

    assert isinstance(why, Abstention) and (why.reason, why.detail) == (Reason.NOT_APPLICABLE, detail)


def test_a_clip_unlike_the_trainings_gets_none() -> None:
    assert _only(_answer(["brain"] * 9, FakeLabeller(strange=2.1))) == Abstention(Reason.OUT_OF_RANGE, "unlike_clips")


@pytest.mark.parametrize("head", [{"strange": float("nan")}, {"share": float("nan")}], ids=["strangeness", "share"])
def test_what_is_no_number_is_never_shown(head: dict[str, float]) -> None:
    assert _only(_answer(["brain"] * 9, FakeLabeller(**head))) == Abstention(Reason.OUT_OF_RANGE, "unlike_clips")


def test_a_label_of_pictures_speaks_of_pictures_where_it_has_no_answer() -> None:
    strange = FakeLabeller(facts=PICTURES, strange=2.1)
    elsewhere = FakeLabeller(facts=replace(PICTURES, view="brain"))

    for labeller, views in ((strange, ["brain"] * 9), (elsewhere, ["heart"] * 9)):
        (label,) = _answer(views, labeller).labels
        told = f"{abstention(label.probability)} {abstention_hint(label.probability)}"
        assert "picture" in told and "clip" not in told
    (label,) = _answer(["brain"] * 9, strange).labels
    assert label.frame_index == 4, "which one was looked at is told all the same"


def test_labels_are_headed_by_what_they_are_of() -> None:
    of_clip, of_picture = ClipLabel(FACTS, 0.7), ClipLabel(PICTURES, 0.7, 4)

    assert labels_title(ClipLabels((of_clip,))) == "Clip labels"
    assert labels_title(ClipLabels((of_picture,))) == "Picture labels"
    assert labels_title(ClipLabels((of_clip, of_picture))) == labels_title(None) == "Labels"


def test_what_is_no_fetal_ultrasound_gets_none() -> None:
    answer = _answer(["brain"] * 9, familiar_similarity=1.1)

    assert answer == Abstention(Reason.NOT_FETAL_ULTRASOUND, "unlike_training")


def test_a_label_of_any_view_asks_for_none() -> None:
    any_view = FakeLabeller(facts=replace(FACTS, view=""))

    assert _only(_answer(["heart"] * 9, any_view)) == 0.73


@pytest.mark.parametrize("text", ["Normal heart", "abnormal", "Diagnosis of CHD", "healthy"])
def test_no_label_judges_anybodys_health(text: str) -> None:
    with pytest.raises(ValueError, match="say what is seen"):
        replace(FACTS, label=text)
    with pytest.raises(ValueError, match="say what is seen"):
        replace(FACTS, meaning=text)


def test_a_label_is_told_with_its_training_and_for_research_only() -> None:
    (line,) = answer_lines("clip_labels", some_labels())

    assert (line.label, line.value, line.is_doubt) == ("CHD", "0.73", False)
    assert line.notes[0] == "Trained on 60 clips, AUROC 0.81 (0.70 to 0.90); research use only."
    assert LICENCE in " ".join(line.notes) and "20 of the 60 clips, of 45 patients" in " ".join(line.notes)


def test_no_probability_is_told_as_certain() -> None:
    assert answer_lines("clip_labels", some_labels(0.9999))[0].value == "0.99"
    assert answer_lines("clip_labels", some_labels(0.0))[0].value == "0.01"


def test_a_head_of_generated_clips_says_so_first() -> None:
    (line,) = answer_lines("clip_labels", some_labels(generated=True))

    assert line.is_doubt and "says nothing about patients" in line.notes[0]


def test_the_json_has_the_label_with_its_training_and_its_licence() -> None:
    clip = make_clip(6)
    entry = ClipEntry(clip, with_labels(clip), "a.dcm")
    (row,) = json.loads(json.dumps(as_table([entry]), allow_nan=False))
    jsonschema.validate([row], SCHEMA, jsonschema.Draft202012Validator)

    (label,) = row["clip_labels"]["labels"]
    assert (label["label"], label["probability"], label["licence"]) == ("CHD", 0.73, LICENCE)
    assert label["training"] == {"clips": 60, "patients": 45, "positive": 20, "generated": False}
    assert (label["of_pictures"], label["frame"]) == (False, None)
    assert row["provenance"]["heads"]["clip_label CHD"]["name"] == FACTS.name
    assert "clip_labels" not in as_table([ClipEntry(clip, make_reading(clip))])[0]


def test_report_and_terminal_tell_it_too(tmp_path: Path) -> None:
    clip = make_clip(6)
    entry = ClipEntry(clip, with_labels(clip))
    text = text_of(pages_of(build([entry], options()), tmp_path))

    for words in ("Clip labels", "CHD", "0.73", "Trained on 60 clips", "research use only", LICENCE):
        assert words in text
    assert "CHD 0.73" in summary(entry)


@pytest.mark.parametrize(("frames", "middle"), [(1, 0), (9, 4)], ids=["a still", "a clip"])
def test_a_label_of_pictures_is_given_a_stills_own_row_and_that_of_a_clips_middle_frame(
    frames: int, middle: int
) -> None:
    seen: list[np.ndarray] = []

    def encode(batch: np.ndarray) -> np.ndarray:
        seen.append(batch)
        return np.full((len(batch), 3), 7.0, np.float32)

    labeller = FakeLabeller(facts=PICTURES, encode=encode)
    scan = scan_of(["brain"] * frames, make_clip(frames=frames))

    assert _only(_answer(["brain"] * frames, labeller)) == 0.73
    assert labeller.asked is not None and labeller.asked.tolist() == [[7.0, 7.0, 7.0]], "its own rows"
    np.testing.assert_array_equal(seen[0], scan.prepared([middle]))
    (label,) = _answer(["brain"] * frames, labeller).labels
    assert label.frame_index == middle


def test_a_label_of_pictures_is_told_of_pictures(tmp_path: Path) -> None:
    clip = make_clip(1)
    answer = ClipLabels((ClipLabel(PICTURES, 0.73, 0),))
    entry = ClipEntry(clip, with_labels(clip, answer), "a.dcm")
    (line,) = answer_lines("clip_labels", answer)
    told = " ".join(line.notes)

    assert line.is_doubt and line.notes[0].startswith("Trained on pictures made poor on purpose")
    assert (
        "Trained on 60 pictures" in told
        and "20 of the 60 pictures" in told
        and "the middle of its familiar frames" in told
    )
    assert "clips" not in told and "cross-validation" not in told and "It looked at frame 1." in told
    (row,) = json.loads(json.dumps(as_table([entry]), allow_nan=False))
    jsonschema.validate([row], SCHEMA, jsonschema.Draft202012Validator)
    (label,) = row["clip_labels"]["labels"]
    assert "60 pictures" in label["remark"] and (label["of_pictures"], label["frame"]) == (True, 0)
    text = text_of(pages_of(build([entry], options()), tmp_path))
    assert "made poor on purpose" in text and "Trained on 60 pictures" in text and "It looked at frame 1." in text
    assert "Picture labels" in text and "Clip labels" not in text


def test_a_label_of_pictures_looks_at_one() -> None:
    with pytest.raises(ValueError, match="single pictures that looks at 4"):
        replace(FACTS, is_of_pictures=True)


def test_frames_without_an_order_are_never_asked_for() -> None:
    assert all(np.diff(frames_taken(count, 8)).min() > 0 for count in range(8, 40))
