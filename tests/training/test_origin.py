"""What an export says of its run: from the run's own record, and 'not stated' where that is silent."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from tiny_training import config as published_config

from fetalclip_app import resources
from fetalclip_app.model import catalog
from training import card, export, origin
from training.export import manifest_of
from training.manifest import Sample, manifest_hash
from training.manifest_file import UNSTATED
from training.recipe import save_config
from training.recipes.distill import compact_distilled
from training.run import all_samples

OWN = [
    Sample("a.png", "clinic", "p1", "train", "kidney", hc_mm=None, licence=UNSTATED),
    Sample("b.png", "clinic", "p1", "train", "brain", "trans-thalamic", licence="CC0"),
    Sample("c.png", "clinic", "p2", "test", "femur", licence="CC0"),
]


def _record(folder: Path, *, changes: dict[str, Any] | None = None, **told: Any) -> Path:
    """Write a run's record as the trainings write it, with changes to its configuration."""
    save_config(published_config(name=folder.name, simulated=0), folder)
    path = folder / origin.RECORD
    record = json.loads(path.read_text("utf-8"))
    record["config"] |= changes or {}
    path.write_text(json.dumps({**record, **told}), encoding="utf-8")
    return folder


def _nothing() -> list[Sample]:
    return []


def test_a_run_that_says_what_it_was_shown_needs_no_pictures_at_hand(tmp_path: Path) -> None:
    shown = origin.shown_of(sample for sample in OWN if sample.split == "train")
    run = _record(tmp_path / "own", shown=shown)

    def never() -> list[Sample]:
        raise AssertionError("the record says it all")

    told = origin.origin_of(run, never)

    assert told.trained_views == ("brain", "kidney", "trans-thalamic")
    assert told.data["clinic"] == f"2 training pictures of 1 patients or exams; licence: {UNSTATED}"
    assert (told.licence, told.head_sized) == (UNSTATED, False)


def test_a_run_of_the_published_sets_is_told_by_the_pictures_that_it_hashed(data: Path, tmp_path: Path) -> None:
    samples = all_samples(data)
    run = _record(tmp_path / "compact", changes={"simulated": 3}, manifest=manifest_hash(samples))

    told = origin.origin_of(run, lambda: samples)

    assert told.licence == "CC-BY-4.0"
    assert told.data.keys() == {"simulated", "hc18", "fetal_planes", "image_tower_start"}
    assert "10.1371/journal.pone.0200412" in told.data["hc18"] and "CC-BY-4.0" in told.data["hc18"]
    assert told.head_sized


@pytest.mark.parametrize("at_hand", [OWN, []])
def test_of_other_pictures_nothing_is_claimed(
    tmp_path: Path, at_hand: list[Sample], capsys: pytest.CaptureFixture[str]
) -> None:
    run = _record(tmp_path / "older", manifest="ab" * 32)

    told = origin.origin_of(run, lambda: at_hand)

    assert (told.trained_views, told.licence, told.head_sized) == ((), UNSTATED, True)
    assert told.data["pictures"] == f"pictures; licence: {UNSTATED}"
    assert "not stated" in capsys.readouterr().out


def test_a_start_and_a_teacher_are_named_by_file_and_hash_and_not_by_where_they_lay(tmp_path: Path) -> None:
    shown = origin.shown_of(OWN[1:2])
    weights = tmp_path / "secret folder" / "start.pt"
    weights.parent.mkdir()
    weights.write_bytes(b"weights")
    teacher = {"shape": "fetalclip", "weights": "/elsewhere/teacher.pt"}
    changes = {"tower": {"weights": str(weights)}, "distil": {"clip": teacher, "plane_weight": 0.5}}
    run = _record(tmp_path / "own", changes=changes, shown=shown, teacher_sha256=catalog.FETALCLIP_SHA256)

    told = origin.origin_of(run, _nothing)

    digest = hashlib.sha256(b"weights").hexdigest()
    assert told.data["start"] == f"start.pt, SHA-256 {digest}; licence: {UNSTATED}"
    assert told.data["teacher"] == f"teacher.pt, SHA-256 {catalog.FETALCLIP_SHA256}; licence: CC-BY-NC-4.0"
    assert "Apache-2.0" in told.data["teacher_of_planes"]
    assert told.licence == UNSTATED, "nobody stated that of the start"
    assert "secret folder" not in json.dumps(told.record) and "elsewhere" not in json.dumps(told.record)


def test_a_teacher_whose_file_is_gone_has_no_hash(tmp_path: Path) -> None:
    changes = {"distil": {"clip": {"weights": "/gone/teacher.pt"}, "plane_weight": 0.0}}

    told = origin.origin_of(_record(tmp_path / "own", changes=changes, shown=origin.shown_of([])), _nothing)

    assert told.data["teacher"].startswith(f"teacher.pt, SHA-256 {UNSTATED}")
    assert "teacher_of_planes" not in told.data


def test_captions_and_figures_of_files_are_named_by_hash(tmp_path: Path) -> None:
    changes = {"data": {"manifest": "aa", "written": "bb", "textbook": "cc", "shards": ""}}

    told = origin.origin_of(_record(tmp_path / "own", changes=changes, shown=origin.shown_of(OWN[1:2])), _nothing)

    assert "SHA-256 bb" in told.data["written"] and "SHA-256 cc" in told.data["textbook"]
    assert told.licence == UNSTATED


def test_figures_among_the_samples_have_their_own_licences(tmp_path: Path) -> None:
    figures = [Sample("f.png", "textbook", "f", "train", licence="CC BY 4.0")]
    changes = {"data": {"manifest": "aa", "written": "", "textbook": "cc", "shards": ""}}
    shown = origin.shown_of([*OWN[1:2], *figures])

    told = origin.origin_of(_record(tmp_path / "own", changes=changes, shown=shown), _nothing)

    assert told.data["textbook"] == "1 training pictures of 1 patients or exams; licence: CC-BY-4.0"


def test_a_run_that_went_on_from_another_was_shown_what_that_one_was(tmp_path: Path) -> None:
    first = _record(tmp_path / "first", shown=origin.shown_of(OWN[1:2]))
    (first / "last.pt").write_bytes(b"first")
    second = _record(tmp_path / "second", changes={"start": "first/last.pt"}, shown=origin.shown_of(OWN[2:]))

    told = origin.origin_of(second, _nothing)

    assert told.trained_views == ("brain", "femur", "trans-thalamic")
    assert told.record["start"]["sha256"] == hashlib.sha256(b"first").hexdigest()
    assert "image_tower_start" in told.data, "the first began with ImageNet's"
    assert "first/last.pt, SHA-256" in told.data["start of second"]


def test_a_start_whose_record_is_gone_leaves_the_views_unknown(tmp_path: Path) -> None:
    run = _record(tmp_path / "second", changes={"start": "gone/last.pt"}, shown=origin.shown_of(OWN[1:2]))

    told = origin.origin_of(run, _nothing)

    assert (told.views, told.licence) == (None, UNSTATED)
    assert told.data["start"].startswith(f"gone/last.pt, SHA-256 {UNSTATED}")


def test_random_weights_are_no_image_net(tmp_path: Path) -> None:
    changes = {"tower": {"shape": "fetalclip", "tiny": True}}

    told = origin.origin_of(_record(tmp_path / "own", changes=changes, shown=origin.shown_of(OWN[1:2])), _nothing)

    assert told.data["start"] == "random weights"
    assert told.licence == "CC0"


def test_the_record_of_a_distilled_run_is_read_as_it_is_written(tmp_path: Path) -> None:
    save_config(compact_distilled().taught_by(tmp_path / "teacher.pt"), tmp_path / "taught")

    told = origin.origin_of(tmp_path / "taught", _nothing)

    assert told.data["teacher"].startswith("teacher.pt")
    assert str(tmp_path) not in json.dumps(told.record)


def test_the_card_says_what_the_manifest_says(tmp_path: Path) -> None:
    told = origin.origin_of(_record(tmp_path / "own", shown=origin.shown_of(OWN[:1])), _nothing)

    page = card.blank(manifest_of(told, {"sha256": "ab" * 32, "bytes": 1}, export.PreprocessSpec()))

    assert "# own (abababab)" in page
    assert f"- clinic: 1 training pictures of 1 patients or exams; licence: {UNSTATED}" in page
    assert "Views: kidney." in page and "head circumferences" not in page
    for title in ("What it is for", "What it was trained on", "Measured", "Limits", "Licence"):
        assert f"## {title}" in page


def test_a_run_that_began_with_the_programs_own_weights_has_what_these_have(tmp_path: Path) -> None:
    """Also after the program's own weights are those of that run: its record names what it began with."""
    manifest = json.loads(resources.path("models/compact/manifest.json").read_text("utf-8"))
    first = {**manifest["training"]}
    while "start" in first and "weights_sha256" not in first:
        first = first["start"]
    for digest in {manifest["sha256"], first.get("weights_sha256", manifest["sha256"])}:
        changes = {"tower": {"weights": "resources/models/compact/model.safetensors"}}
        run = _record(tmp_path / "renewed", changes=changes, weights_sha256=digest, shown=origin.shown_of(OWN[:1]))

        told = origin.origin_of(run, _nothing)

        assert {*manifest["trained_views"], "kidney"} == set(told.trained_views)
        assert told.data.keys() >= {"hc18", "fetal_planes", "start", "clinic"}
        assert f"{digest}; licence: {manifest['licence']}" in told.data["start"] and told.head_sized


def test_a_text_tower_alone_brings_no_views(tmp_path: Path) -> None:
    """Else a plane that the image tower never saw would pass for a trained one."""
    digest = json.loads(resources.path("models/compact/manifest.json").read_text("utf-8"))["sha256"]
    changes = {"tower": {"weights": "resources/models/compact/model.safetensors", "text_alone": True}}
    run = _record(tmp_path / "own", changes=changes, weights_sha256=digest, shown=origin.shown_of(OWN[1:2]))

    told = origin.origin_of(run, _nothing)

    assert told.trained_views == ("brain", "trans-thalamic")
    assert told.data.keys() >= {"clinic", "start", "image_tower_start", "fetal_planes"}
    assert "Apache-2.0" in told.data["image_tower_start"]


def test_of_a_foreign_start_the_views_are_not_known(tmp_path: Path) -> None:
    changes = {"tower": {"weights": "/gone/foreign.pt"}}
    run = _record(tmp_path / "own", changes=changes, weights_sha256="ef" * 32, shown=origin.shown_of(OWN[1:2]))

    told = origin.origin_of(run, _nothing)

    assert (told.views, told.head_sized, told.licence) == (None, True, UNSTATED)
