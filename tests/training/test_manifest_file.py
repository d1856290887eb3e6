from __future__ import annotations

import json
from pathlib import Path

import pytest

from training.manifest import Sample, manifest_hash
from training.manifest_file import ManifestError, read_groups, read_manifest, write_manifest

SAMPLES = [
    Sample(
        picture="scans/a.dcm",
        source="own",
        group="patient-1",
        split="train",
        plane="brain",
        brain_plane="trans-thalamic",
        pixel_mm=0.1 + 0.2,
        outline="masks/a.png",
        hc_mm=173.25,
        age_days=141.0,
        machine='Scanner, "large"',
        licence="CC0",
        age_source="stated",
        frame=0,
        site="Süd",
        labels=(("chd", "no"), ("quality", "good")),
    ),
    Sample("scans/b.png", "own", "patient-2", "test", augmented=True, licence="not stated"),
]


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_a_manifest_comes_back_as_it_was_written(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"own.{ending}"
    write_manifest(path, SAMPLES)

    again = read_manifest(path)

    assert again == SAMPLES
    assert manifest_hash(again) == manifest_hash(SAMPLES)
    assert again[0].label("quality") == "good"
    assert again[0].key == "scans/a.dcm#0"


@pytest.mark.parametrize(
    ("column", "value", "problem"),
    [
        ("pixel_mm", "0,3", "'0,3' is no number (with a point, no unit)"),
        ("pixel_mm", "0", "'0' is no number above 0"),
        ("hc_mm", "nan", "'nan' is no number above 0"),
        ("plane", "Brain", "'Brain' is none of abdomen, brain"),
        ("split", "val", "'val' is none of train, validation, test, unused"),
        ("age_days", "400", "400 days is no gestational age"),
        ("age_source", "", "an age without it"),
        ("brain_plane", "trans-orbital", "'trans-orbital' is none of"),
        ("picture", "/data/a.png", "no path inside the data folder"),
        ("picture", "../a.png", "no path inside the data folder"),
        ("picture", "C:a.png", "no path inside the data folder"),
        ("frame", "-1", "'-1' is no frame"),
        ("augmented", "perhaps", "'perhaps' is neither 0 nor 1"),
        ("group", "", "it is empty"),
    ],
)
@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_what_cannot_be_is_refused_by_line_and_column(
    tmp_path: Path, column: str, value: str, problem: str, ending: str
) -> None:
    good = {
        **{"picture": "a.png", "group": "p", "split": "train", "plane": "brain", "brain_plane": "trans-thalamic"},
        **{"pixel_mm": "0.3", "hc_mm": "170", "age_days": "140", "age_source": "stated", "frame": "", "augmented": "0"},
    }
    rows = [good, good | {"picture": "b.png"} | {column: value}]
    path = tmp_path / f"own.{ending}"
    lines = [",".join(good), *(",".join(f'"{cell}"' for cell in row.values()) for row in rows)]
    path.write_text("\n".join(lines if ending == "csv" else map(json.dumps, rows)), encoding="utf-8")

    with pytest.raises(ManifestError) as refused:
        read_manifest(path)
    assert str(refused.value).startswith(f"own.{ending}, line {3 if ending == 'csv' else 2}, column {column}: ")
    assert problem in str(refused.value)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("picture,split\na.png,train\n", "line 1, column group: it is missing"),
        ("picture,group,spilt\na.png,p,train\n", "line 1, column spilt: no such column; there are picture, "),
        ("picture,group,group\na.png,p,p\n", "line 1, column group: it stands twice"),
        ("picture;group\na.png;p\n", "line 1, column picture;group: no such column"),
        ("picture,group,split\na.png,p\n", "line 2: 2 cells, not 3"),
        ("picture,group,split\n", "it has no rows"),
        ("picture,group\na.png,p\n", "line 2, column split: 'p' has no split; draw one"),
        (
            "picture,group,split\na.png,p,train\nb.png,p,train\na.png,p,train\n",
            "line 4, column picture: 'a.png' stands in line 2 already",
        ),
        (
            "picture,group,split\na.png,p,train\nb.png,p,test\n",
            "column split: 1 groups are on two sides of the split: p (test, train)",
        ),
    ],
)
def test_a_table_that_contradicts_itself_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "own.csv").write_text(text, encoding="utf-8")

    with pytest.raises(ManifestError) as refused:
        read_manifest(tmp_path / "own.csv")
    assert problem in str(refused.value)


def test_frames_of_one_clip_may_stand_side_by_side(tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text("picture,group,split,frame\na.dcm,p,train,0\na.dcm,p,train,5\n", encoding="utf-8")

    assert [sample.frame for sample in read_manifest(tmp_path / "own.csv")] == [0, 5]


def test_a_split_of_its_own_table_is_taken_where_the_manifest_has_none(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text("\ufeffpicture,group\na.png,p\nb.png,q\n", encoding="utf-8")

    assert read_groups(path) == ["p", "q"]
    assert [s.split for s in read_manifest(path, {"p": "test", "q": "train"})] == ["test", "train"]


def test_nobody_is_said_to_have_given_a_licence(tmp_path: Path) -> None:
    (tmp_path / "own.jsonl").write_text('{"picture": "a.png", "group": "p", "split": "train"}\n', encoding="utf-8")

    (sample,) = read_manifest(tmp_path / "own.jsonl")
    assert (sample.licence, sample.source) == ("not stated", "own")
