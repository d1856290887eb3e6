"""Which clips a label is learned from: a table, or a manifest's further label; refusals, and what the record keeps."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
import tiny_models

from training.__main__ import main
from training.files import sha256_of
from training.finetune import clips
from training.finetune.labelled import clips_of_manifest, clips_of_table
from training.manifest import manifest_hash
from training.manifest_file import ManifestError, read_manifest
from training.recipe import OwnFiles

PICTURES = tuple(f"hc18/images/00{number}_HC.png" for number in range(4))
TOLD = ["--set", "label=chd", "--set", "meaning=the patient was listed with a heart defect"]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clips, "open_backbone", lambda _: tiny_models.backbone(tiny_models.CONVNET))


def _written(path: Path, header: str, rows: Sequence[Sequence[str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as table:
        csv.writer(table).writerows([header.split(","), *rows])
    return path


def _manifest(path: Path, *more: Sequence[str]) -> Path:
    rows = [(PICTURES[number], f"p{number}", "train", str(number % 2)) for number in range(4)]
    return _written(path, "picture,group,split,label:chd", [*rows, *more])


def _config(out: Path) -> dict[str, object]:
    told: dict[str, object] = json.loads((out / "clip_label_smoke" / "config.json").read_text("utf-8"))
    return told


def test_the_record_has_the_hash_of_the_table(data: Path, tmp_path: Path) -> None:
    rows = [(PICTURES[number], f"p{number}", str(number % 2)) for number in range(4)]
    table = _written(data / "clips.csv", "file,group,label", rows)
    told = ["--set", "table=clips.csv", *TOLD]

    assert main(["run", "clip_label", "--smoke", *told, "--data", str(data), "--out", str(tmp_path)]) == 0

    assert _config(tmp_path)["clips"] == "clips.csv"
    assert _config(tmp_path)["clips_sha256"] == sha256_of(table)


def test_a_label_of_a_manifest_is_learned_from_its_training_clips(data: Path, tmp_path: Path) -> None:
    manifest = _manifest(tmp_path / "own.csv", ("never_opened.png", "p9", "test", "1"))
    own = ["--manifest", str(manifest), *TOLD]

    assert main(["run", "clip_label", "--smoke", *own, "--data", str(data), "--out", str(tmp_path)]) == 0

    assert _config(tmp_path)["clips"] == "own.csv"
    assert _config(tmp_path)["manifest"] == manifest_hash(read_manifest(manifest))
    page = json.loads(next((tmp_path / "clip_label_smoke").glob("*_clip_chd.json")).read_text("utf-8"))
    assert page["training"] == {"clips": 4, "patients": 4, "positive": 2}
    assert (page["label"], page["generated"], page["data_licence"]) == ("chd", False, "not stated")
    assert not (tmp_path / "clip_label_smoke" / "unreadable.txt").exists()


def test_clips_that_nobody_labelled_are_left_out(tmp_path: Path) -> None:
    manifest = _manifest(tmp_path / "own.csv", ("other.avi", "p8", "train", ""))

    listed = clips_of_manifest(OwnFiles(manifest=manifest), "chd")

    assert [clip.file for clip in listed.clips] == list(PICTURES)
    assert [clip.label for clip in listed.clips] == [0, 1, 0, 1]


def test_the_split_may_come_from_a_table_of_patients(tmp_path: Path) -> None:
    manifest = _written(tmp_path / "own.csv", "picture,group,label:chd", [("a.avi", "p", "1"), ("b.avi", "q", "0")])
    split = _written(tmp_path / "split.csv", "group,split", [("p", "train"), ("q", "test")])

    listed = clips_of_manifest(OwnFiles(manifest=manifest, split_table=split), "chd")

    assert [clip.group for clip in listed.clips] == ["p"]


@pytest.mark.parametrize(
    ("row", "label", "sentence"),
    [
        (("b.avi", "q", "train", "yes", ""), "chd", r"own\.csv: label:chd of b\.avi is neither 0 nor 1"),
        (("b.avi", "q", "train", "1", "3"), "chd", r"label:chd of b\.avi#3 is told of a frame"),
        (("b.avi", "p", "test", "1", ""), "chd", r"p \(test, train\)"),
        (("b.avi", "q", "train", "1", ""), "CHD", r"there is no label:CHD; there are the labels chd"),
    ],
)
def test_a_manifest_that_contradicts_itself_is_refused(
    row: tuple[str, ...], label: str, sentence: str, tmp_path: Path
) -> None:
    rows = [("a.avi", "p", "train", "0", ""), row]
    manifest = _written(tmp_path / "own.csv", "picture,group,split,label:chd,frame", rows)

    with pytest.raises(ManifestError, match=sentence):
        clips_of_manifest(OwnFiles(manifest=manifest), label)


def test_a_label_that_no_training_clip_has_is_refused(tmp_path: Path) -> None:
    manifest = _written(tmp_path / "own.csv", "picture,group,split,label:chd", [("a.avi", "p", "test", "0")])

    with pytest.raises(ManifestError, match="no clip is for training"):
        clips_of_manifest(OwnFiles(manifest=manifest), "chd")


@pytest.mark.parametrize(
    ("header", "rows", "sentence"),
    [
        ("file,patient,label", [("a.avi", "p", "1")], "there is no column group; there are file, patient, label"),
        ("file,group,label", [], "it has no rows"),
        ("file,group,label", [("a.avi", "p")], "row 1: it has not 3 cells"),
        ("file,group,label,split", [("a", "p", "1", "train"), ("b", "p", "1", "test")], r"p \(test, train\)"),
    ],
)
def test_a_table_that_contradicts_itself_is_refused(
    header: str, rows: list[tuple[str, ...]], sentence: str, tmp_path: Path
) -> None:
    _written(tmp_path / "clips.csv", header, rows)

    with pytest.raises(ManifestError, match=rf"^clips\.csv.*{sentence}"):
        clips_of_table(tmp_path, "clips.csv")


@pytest.mark.parametrize(
    ("recipe", "told", "sentence"),
    [
        ("clip_label", ["table=none.csv"], r"none\.csv: there is no such file"),
        ("quality_lora", ["table=none.csv"], r"none\.csv: there is no such file"),
        ("clip_label", ["table=clips.csv"], r"a label needs a name and what yes means \(--set label="),
    ],
)
def test_the_command_refuses_by_a_sentence_and_leaves_nothing(
    recipe: str, told: list[str], sentence: str, tmp_path: Path
) -> None:
    _written(tmp_path / "clips.csv", "file,group,label", [("a.avi", "p", "1")])
    where = ["--data", str(tmp_path), "--out", str(tmp_path / "runs")]

    with pytest.raises(SystemExit, match=sentence):
        main(["run", recipe, *(word for setting in told for word in ("--set", setting)), *where])
    assert not (tmp_path / "runs").exists()


def test_a_manifest_needs_the_name_of_its_label_and_no_table_beside_it(tmp_path: Path) -> None:
    own = ["--manifest", str(_manifest(tmp_path / "own.csv")), "--data", str(tmp_path), "--out", str(tmp_path)]

    with pytest.raises(SystemExit, match=r"name the manifest's label:NAME by --set label=NAME"):
        main(["run", "clip_label", *own])
    with pytest.raises(SystemExit, match=r"those of clips\.csv or those of --manifest: name one"):
        main(["run", "clip_label", *own, "--set", "table=clips.csv"])
    with pytest.raises(SystemExit, match=r"does not take --textbook$"):
        main(["run", "clip_label", *own, "--textbook", "figures.csv"])
