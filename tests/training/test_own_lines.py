"""Lines of one's own: columns of the manifest, refused by line and column, teach and measure a measurement head."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import dicom_files
import made_up_scans
import numpy as np
import pytest
import tiny_bundle

from fetalclip_app.inference.load import load_engine
from fetalclip_app.inference.request import EngineRequest
from training import measurement, run
from training.__main__ import main
from training.evaluation.line_rows import marked_lines
from training.landmark_head import stored_lines
from training.landmarks import read_landmarks
from training.manifest import Sample, manifest_hash
from training.manifest_file import ManifestError, read_manifest, write_manifest

MIDDLE = np.array([made_up_scans.WIDTH, made_up_scans.HEIGHT]) / 2

LINES = {
    "brain": {"line:bpd": (0, 40), "line:ofd": (50, 0)},
    "abdomen": {"line:tad": (50, 0), "line:apad": (0, 45)},
    "femur": {"line:fl": (45, 5)},
}


def _ends(half: tuple[int, int]) -> str:
    x, y = half
    return f"{MIDDLE[0] - x} {MIDDLE[1] - y} {MIDDLE[0] + x} {MIDDLE[1] + y}"


def _own(data: Path, *, name: str = "own") -> Path:
    """Six pictures of three planes, half of them for training, each with its lines."""
    columns = sorted({column for lines in LINES.values() for column in lines})
    rows = [",".join(["picture", "group", "split", "plane", "pixel_mm", "licence", *columns])]
    pictures = sorted((data / "fetal_planes" / "images").iterdir())
    for number in range(6):
        plane, side = list(LINES)[number % 3], "train" if number < 3 else "validation"
        shutil.copyfile(pictures[number], data / f"mine{number}.jpg")
        ends = {column: _ends(half) for column, half in LINES[plane].items()}
        cells = [f"mine{number}.jpg", f"p{number}", side, plane, "0.4", "CC0", *(ends.get(c, "") for c in columns)]
        rows.append(",".join(cells))
    path = data / f"{name}.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def _manifest(folder: Path, columns: str, cells: str) -> Path:
    path = folder / "own.csv"
    path.write_text(f"picture,group,split,{columns}\na.png,p1,train,{cells}\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_lines_are_written_as_they_are_read(tmp_path: Path, ending: str) -> None:
    path = _manifest(tmp_path, "plane,line:ofd,line:bpd", "brain,0 1.5 100 2,50.25 0 50 1e2")
    (sample,) = read_manifest(path)

    write_manifest(tmp_path / f"again.{ending}", [sample])

    assert sample.lines == (("bpd", (50.25, 0.0, 50.0, 100.0)), ("ofd", (0.0, 1.5, 100.0, 2.0)))
    (again,) = read_manifest(tmp_path / f"again.{ending}")
    assert replace(again, source=sample.source) == sample


@pytest.mark.parametrize(
    ("columns", "cells", "sentence"),
    [
        ("line:bpd", "1 2 3", r"column line:bpd: '1 2 3' are not four numbers x1 y1 x2 y2 with spaces between"),
        ("line:bpd", "1 2 3 four", r"column line:bpd: '1 2 3 four' are not four numbers"),
        ("line:bpd", "1 2 3 nan", r"column line:bpd: '1 2 3 nan' are not four numbers"),
        ("line:bpd", "1 2 1 2", r"column line:bpd: '1 2 1 2' is no line: both ends are the same"),
        ("line:hc", "1 2 3 4", r"column line:hc: no such column; there are .* line:fl and label:NAME"),
        ("plane,line:fl", "brain,1 2 3 4", r"column line:fl: a line of the femur, but the plane is brain"),
        ("line:fl,line:bpd", "1 2 3 4,5 6 7 8", r"column line:bpd: lines of femur and head on one picture"),
    ],
)
def test_a_line_that_cannot_be_is_refused_by_line_and_column(
    tmp_path: Path, columns: str, cells: str, sentence: str
) -> None:
    with pytest.raises(ManifestError, match=sentence):
        read_manifest(_manifest(tmp_path, columns, cells))


def test_a_manifest_without_lines_has_the_hash_that_earlier_records_hold() -> None:
    plain = Sample("a.png", "mine", "p1", "train")

    assert manifest_hash([plain]) == "3b9868e1d783b323322e8ab2d4449a713b0d1830cc3a19013e51d8c0e831fd0e"
    assert manifest_hash([replace(plain, lines=(("fl", (0.0, 0.0, 9.0, 9.0)),))]) != manifest_hash([plain])


def test_lines_of_a_section_of_which_one_lacks_are_left_out_and_counted(tmp_path: Path) -> None:
    samples = read_manifest(_manifest(tmp_path, "line:bpd", "10 10 10 90"))

    assert read_landmarks(tmp_path, samples) == ([], {"incomplete": 1})


def test_lengths_that_no_fetus_has_are_left_out_here_too(tmp_path: Path) -> None:
    samples = read_manifest(_manifest(tmp_path, "pixel_mm,line:fl", "0.4,0 0 300 0"))

    assert read_landmarks(tmp_path, samples) == ([], {"fl is no length of a fetus": 1})


def test_a_head_is_learned_from_ones_own_lines_and_says_whose_they_are(data: Path, tmp_path: Path) -> None:
    folder = tiny_bundle.write(tmp_path / "model")
    own, out = _own(data), tmp_path / "runs"

    told = ["--steps", "1", "--bundle", str(folder), "--data", str(data), "--out", str(out)]
    main(["head", "measurements", "--manifest", str(own), *told])

    facts = json.loads((folder / "heads" / f"{measurement.HEAD_NAME}.json").read_text("utf-8"))
    assert (facts["data"], facts["licence"]) == ("own, training patients", "CC0")
    assert facts["pictures"] == {"abdomen": 1, "femur": 1, "head": 1}
    lines = {line: facts["validation"][line]["pictures"] + count for line, count in facts["declined"].items()}
    assert lines == dict.fromkeys(("bpd", "ofd", "tad", "apad", "ac", "fl"), 1)
    assert "CC-BY-NC-SA" not in (folder / "heads" / f"{measurement.HEAD_NAME}.md").read_text("utf-8")
    engine = load_engine(EngineRequest(weights=folder))
    assert engine.instruments.landmarker is not None
    held = [sample for sample in read_manifest(own) if sample.split == "validation"]
    assert len(marked_lines(engine, data, held)) == 3, "and the evaluation measures by them"


def test_a_line_on_a_frame_of_a_clip_lies_where_it_lies_in_the_stored_picture(tmp_path: Path) -> None:
    frames = np.zeros((3, 240, 320, 3), np.uint8)
    frames[:, 30:230, 60:260] = 60
    first, second = (100, 80), (220, 190)
    for x, y in (first, second):
        frames[2, y - 2 : y + 3, x - 2 : x + 3] = 255
    dicom_files.write(tmp_path / "a.dcm", dicom_files.dataset_of(frames))
    ends = " ".join(map(str, (*first, *second)))
    (tmp_path / "own.csv").write_text(f"picture,frame,group,split,line:fl\na.dcm,2,p1,train,{ends}\n", "utf-8")

    marked, _ = read_landmarks(tmp_path, read_manifest(tmp_path / "own.csv"))
    (lined,), lost = stored_lines(tmp_path, marked)

    assert not lost
    for x, y in lined.ends.reshape(-1, 2).round().astype(int):
        assert lined.stored.grey[y, x] > 200, "the bright spot of that end, and of frame 2"


def test_without_lines_of_any_kind_a_sentence_says_so(data: Path, tmp_path: Path) -> None:
    (data / "own.csv").write_text("picture,group,split\na.png,p1,train\n", encoding="utf-8")

    with pytest.raises(SystemExit, match=r"no landmarks to learn from: .*, and no sample has a line:NAME"):
        main(["head", "measurements", "--manifest", str(data / "own.csv"), "--data", str(data), "--out", str(tmp_path)])


def test_the_published_landmarks_say_nothing_of_a_manifest_with_lines(data: Path) -> None:
    landmark_samples = read_manifest(_own(data))

    kept, left_out = read_landmarks(data, [*landmark_samples, *run.all_samples(data)])

    assert len(kept) == 6 and not left_out
