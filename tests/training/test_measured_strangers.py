"""Lengths that the app gives on pictures without a fetus are recorded and counted: each is a mistake."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import pytest
from fakes import make_clip, make_reading
from line_tools import some_lines, with_lines

from fetalclip_app.domain.abstention import Abstention, Reason
from fetalclip_app.domain.reading import ClipReading
from fetalclip_app.domain.views import ViewPrediction
from training.evaluation import trust
from training.evaluation.reads import Read
from training.evaluation.strangers import Stranger, lengths_given
from training.manifest import Sample


def _without_head(reading: ClipReading) -> ClipReading:
    return replace(reading, findings=tuple(one for one in reading.findings if one.task_key != "head"))


def test_a_length_on_a_stranger_is_recorded_and_what_was_declined_is_not() -> None:
    reading = _without_head(with_lines(make_clip(frames=1)))

    assert list(lengths_given(reading)) == [("tad", 52.34)], "AC and APAD were declined"


def test_a_line_without_a_scale_is_recorded_and_one_that_is_no_length_of_a_fetus_is_not() -> None:
    _, drawn, _ = some_lines().measurements
    no_scale = replace(drawn, size_mm=Abstention(Reason.NOT_CALIBRATED, "no_scale"))
    too_long = replace(drawn, name="apad", size_mm=Abstention(Reason.OUT_OF_RANGE, "length"))
    answer = replace(some_lines(), measurements=(no_scale, too_long))

    assert list(lengths_given(_without_head(with_lines(make_clip(frames=1), answer)))) == [("tad", None)]


def test_the_outline_of_a_head_counts_too_with_a_scale_and_without() -> None:
    with_scale, without = make_reading(make_clip(frames=1)), make_reading(make_clip(frames=1, pixel_mm=None))

    ((name, hc_mm),) = lengths_given(with_scale)
    assert name == "hc" and hc_mm is not None and hc_mm > 100
    assert list(lengths_given(without)) == [("hc", None)]


def test_the_table_counts_strangers_who_were_given_a_length_and_the_json_lists_them() -> None:
    strangers = [
        Stranger("noise", "a.png", 9.0, "femur", "", (("fl", 41.5),)),
        Stranger("noise", "a.png", 9.0, "brain", "", (("hc", None), ("bpd", 50.0))),
        *(Stranger("noise", f"{number}.png", 9.0, "heart", "not_fetal_ultrasound") for number in range(2)),
        Stranger("text", "t.png", 9.0, "spine", ""),
    ]
    clip = make_clip(frames=1)
    held = Read(Sample("p.png", "mine", "p1", "test"), make_reading(clip), None, strange=1.0)

    rows = {row.measure: row for row in trust.stranger_rows(strangers, [held])}

    noise, text = (rows[f"out of distribution, given a length, share of clips: {k}"] for k in ("noise", "text screens"))
    assert (noise.count, noise.value, noise.abstained) == (4, 0.5, 2)
    assert noise.low < 0.5 < noise.high, "over clips: two of the four share a name and are two"
    assert (text.count, text.value, text.abstained) == (1, 0.0, 1)
    assert json.loads(json.dumps(asdict(strangers[1])))["lengths"] == [["hc", None], ["bpd", 50.0]]


def test_a_held_out_picture_is_refused_where_the_app_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    read = Read(Sample("a.png", "own", "p1", "test"), make_reading(make_clip(1)), None)

    assert not trust.is_foreign(read)
    monkeypatch.setattr(ViewPrediction, "is_foreign", property(lambda _: True))
    assert trust.is_foreign(read)
