"""A contrastive run on a researcher's own pictures, captions and figures, by the command that starts it."""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_models
import torch

from fetalclip_app.imaging.preprocess import PreprocessSpec
from training import own_data, run
from training.__main__ import main
from training.config import DataConfig
from training.dataset import STORED_SIDE, Batch, Batches, Stored
from training.files import sha256_of
from training.manifest import Sample, manifest_hash
from training.manifest_file import read_manifest, write_manifest
from training.origin import shown_of
from training.quick_look import Classes, look
from training.recipe import OwnFiles
from training.recipes.compact import compact
from training.shards import ShardSize, write_shards

SAID = "A caption that a model wrote"


def _own(data: Path, **changes: Any) -> list[Sample]:
    """Return the made-up patients as another hospital's: kidneys where there were femurs, and nobody's outlines."""
    samples = []
    for sample in run.all_samples(data):
        plane = "kidney" if sample.plane == "femur" else sample.plane
        told = {"source": "ours", "plane": plane, "outline": None, "age_days": None, "age_source": ""} | changes
        samples.append(replace(sample, **told))
    return samples


def _table(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as table:
        writer = csv.DictWriter(table, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


class Trained:
    """Runs the command up to the end of its two steps, and keeps the batches that it drew."""

    def __init__(self, data: Path, out: Path) -> None:
        self.data, self.out = data, out
        self.batches: list[Batch] = []

    def __call__(self, recipe: str, *options: str | Path) -> dict[str, Any]:
        """Return the run's ``config.json``."""
        arguments = ["run", recipe, "--smoke", "--data", str(self.data), "--out", str(self.out), *map(str, options)]
        assert main(arguments) == 0
        told: dict[str, Any] = json.loads((self.out / f"{recipe}_smoke" / "config.json").read_text("utf-8"))
        return told

    @property
    def log(self) -> list[dict[str, Any]]:
        (path,) = self.out.glob("*/log.jsonl")
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@pytest.fixture
def trained(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Trained:
    given = Trained(data, tmp_path / "runs")
    drawn = Batches.draw

    def draw(self: Any) -> Batch:
        given.batches.append(drawn(self))
        return given.batches[-1]

    monkeypatch.setattr(Batches, "draw", draw)
    monkeypatch.setattr(run, "TRAINING_STRIDE", 1)
    monkeypatch.setattr(run, "VALIDATION_STRIDE", 1)
    return given


def test_a_run_learns_from_the_manifest_the_captions_and_the_figures_that_it_is_given(
    trained: Trained, data: Path, tmp_path: Path
) -> None:
    samples = _own(data)
    write_manifest(tmp_path / "own.csv", samples)
    (data / "fetal_planes" / "labels.csv").unlink()
    shown = [sample for sample in samples if sample.split == "train"]
    written = _table(tmp_path / "captions.csv", [{"picture": s.picture, "caption": SAID} for s in shown if s.plane])
    (data / "book").mkdir()
    shutil.copy(data / shown[0].picture, data / "book" / "1.png")
    row = {"picture": "book/1.png", "caption": "The book's figure", "licence": "CC BY 4.0"}
    figures = _table(tmp_path / "book.csv", [row])

    files = ("--manifest", tmp_path / "own.csv", "--written", written, "--textbook", figures)
    told = trained("vit_large", *files)

    assert told["manifest"] == manifest_hash(samples) == told["config"]["data"]["manifest"]
    assert told["config"]["data"]["written"] == sha256_of(written)
    assert told["config"]["data"]["textbook"] == sha256_of(figures)
    assert told["config"]["batch"]["written"] == own_data.WRITTEN_SHARE
    assert told["shown"] == shown_of([*shown, *own_data.read_textbook(figures).figures])
    shares = dict(told["config"]["batch"]["shares"])
    assert shares["kidney"] == shares["textbook"] == own_data.KIND_SHARE
    assert str(tmp_path) not in json.dumps(told), "a run is what it read, not where that lay"
    seen = {key for batch in trained.batches for key in batch.keys if not key.startswith("simulated") and key}
    assert seen <= {sample.picture for sample in shown} | {"book/1.png"}
    texts = [text for batch in trained.batches for text in batch.planes.texts]
    assert SAID in texts
    assert [line for line in trained.log if "validation" in line][-1]["validation"].keys() == {"planes_f1", "brain_f1"}


def test_a_run_on_published_data_is_configured_as_before(trained: Trained) -> None:
    told = trained("vit_large")["config"]

    assert told["data"] == {"manifest": "", "written": "", "textbook": "", "shards": ""}
    assert told["batch"]["written"] == 0
    assert "textbook" not in dict(told["batch"]["shares"])


def test_without_validation_pictures_nothing_is_looked_at_and_the_run_says_so(
    trained: Trained, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_manifest(tmp_path / "own.csv", [s for s in _own(data) if s.split == "train"])

    trained("vit_large", "--manifest", tmp_path / "own.csv")

    assert "no validation pictures: nothing is looked at" in capsys.readouterr().out
    assert not [line for line in trained.log if "validation" in line]
    assert torch.load(trained.out / "vit_large_smoke" / "last.pt", weights_only=True)["step"] == 2


def test_pictures_without_a_plane_train_and_are_not_scored(trained: Trained, data: Path, tmp_path: Path) -> None:
    bare = _own(data, plane=None, brain_plane=None, hc_mm=None, pixel_mm=None)
    write_manifest(tmp_path / "own.csv", bare)

    trained("vit_large", "--manifest", tmp_path / "own.csv")

    assert "planes" in trained.log[0]["loss"]
    assert not [line for line in trained.log if "validation" in line], "nobody knows what these pictures show"


def test_a_resumed_run_refuses_another_manifest(trained: Trained, data: Path, tmp_path: Path) -> None:
    samples = _own(data)
    write_manifest(tmp_path / "own.csv", samples)
    told = trained("vit_large", "--manifest", tmp_path / "own.csv")
    write_manifest(tmp_path / "own.csv", samples[:-1])

    with pytest.raises(SystemExit, match="a run with another data: go on"):
        trained("vit_large", "--manifest", tmp_path / "own.csv", "--resume")
    (record,) = trained.out.glob("*/config.json")
    assert json.loads(record.read_text("utf-8")) == told, "the record stays that of the run whose checkpoint lies there"


def _sharded(data: Path, samples: list[Sample], folder: Path) -> Path:
    """Return a folder of shards of three pictures, of the side that is for training unless it is named otherwise."""
    write_shards(data, samples, folder, ShardSize(3))
    return folder


def _side(data: Path, side: str) -> list[Sample]:
    return [sample for sample in _own(data) if sample.split == side]


def test_a_run_learns_from_shards_and_looks_at_the_manifests_validation_pictures(
    trained: Trained, data: Path, tmp_path: Path
) -> None:
    samples = _own(data)
    shown = [sample for sample in samples if sample.split == "train"]
    shards = _sharded(data, shown, tmp_path / "shards")
    write_manifest(tmp_path / "own.csv", samples)
    for sample in shown:
        (data / sample.picture).unlink()

    told = trained("vit_large", "--manifest", tmp_path / "own.csv", "--shards", shards)

    assert told["config"]["data"]["shards"] == sha256_of(shards / "index.json")
    assert dict(told["config"]["batch"]["shares"])["kidney"] == own_data.KIND_SHARE
    assert str(tmp_path) not in json.dumps(told)
    seen = {key for batch in trained.batches for key in batch.keys if not key.startswith("simulated") and key}
    assert seen and seen <= {sample.picture for sample in shown}
    assert [line for line in trained.log if "validation" in line][-1]["validation"].keys() == {"planes_f1", "brain_f1"}
    folder = trained.out / "vit_large_smoke"
    for name in ("unreadable.csv", "unreadable_shards_0.csv"):
        assert (folder / name).read_text("utf-8").split() == ["picture,reason"]


def test_shards_of_published_pictures_need_no_manifest(trained: Trained, data: Path, tmp_path: Path) -> None:
    shown = [sample for sample in run.all_samples(data) if sample.split == "train"]

    told = trained("vit_large", "--shards", _sharded(data, shown, tmp_path / "shards"))

    assert told["config"]["data"]["manifest"] == ""
    assert trained.batches
    assert [line for line in trained.log if "validation" in line]


def test_a_resumed_run_refuses_other_shards(trained: Trained, data: Path, tmp_path: Path) -> None:
    write_manifest(tmp_path / "own.csv", _own(data))
    shown = _side(data, "train")
    files = ("--manifest", tmp_path / "own.csv", "--shards")
    trained("vit_large", *files, _sharded(data, shown, tmp_path / "shards"))

    trained("vit_large", *files, shutil.copytree(tmp_path / "shards", tmp_path / "moved"), "--resume")
    with pytest.raises(SystemExit, match="a run with another data: go on"):
        trained("vit_large", *files, _sharded(data, shown[::-1], tmp_path / "others"), "--resume")


def test_teachers_refuse_shards_before_anything_is_written(trained: Trained, data: Path, tmp_path: Path) -> None:
    shards = _sharded(data, _side(data, "train"), tmp_path / "shards")

    with pytest.raises(SystemExit, match="teachers look at each picture once, before the first step: train on plain"):
        trained("compact_distilled", "--shards", shards)
    assert not trained.out.exists()


def _shards_of_nothing(_: Path, folder: Path) -> tuple[str | Path, ...]:
    return "--shards", folder


def _shards_of_validation(data: Path, folder: Path) -> tuple[str | Path, ...]:
    return "--shards", _sharded(data, _side(data, "validation"), folder / "shards")


def _shards_of_a_test_patient(data: Path, folder: Path) -> tuple[str | Path, ...]:
    """The patient is for testing in the manifest, and for training in the shards."""
    samples = _own(data)
    write_manifest(folder / "own.csv", samples)
    torn = [replace(sample, split="train") for sample in samples if sample.split == "test"]
    shards = _sharded(data, [*_side(data, "train"), *torn], folder / "shards")
    return "--manifest", folder / "own.csv", "--shards", shards


def _torn(data: Path, folder: Path) -> tuple[str | Path, ...]:
    samples = _own(data)
    other = replace(samples[0], picture="again.png", split="validation" if samples[0].split == "train" else "train")
    write_manifest(folder / "own.csv", [*samples, other])
    return "--manifest", folder / "own.csv"


def _untrained(data: Path, folder: Path) -> tuple[str | Path, ...]:
    write_manifest(folder / "own.csv", [s for s in _own(data) if s.split != "train"])
    return "--manifest", folder / "own.csv"


def _unknown(_: Path, folder: Path) -> tuple[str | Path, ...]:
    return "--written", _table(folder / "captions.csv", [{"picture": "nobody.png", "caption": SAID}])


def _scan_as_figure(data: Path, folder: Path) -> tuple[str | Path, ...]:
    name = run.all_samples(data)[0].picture
    return "--textbook", _table(folder / "book.csv", [{"picture": name, "caption": SAID, "licence": "CC BY 4.0"}])


def _missing(_: Path, folder: Path) -> tuple[str | Path, ...]:
    return "--manifest", folder / "nowhere.csv"


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        (_torn, r"own\.csv, column split: 1 groups are on two sides of the split"),
        (_untrained, r"own\.csv: no picture is for training"),
        (_unknown, r"captions\.csv: 1 pictures are unknown: nobody\.png"),
        (_scan_as_figure, r"1 figures of the textbook are scans as well: hc18"),
        (_missing, r"nowhere\.csv: there is no such file"),
        (_shards_of_nothing, r"it holds no shards \(index\.json\)"),
        (_shards_of_validation, r"shards: \d+ pictures are not for training"),
        (_shards_of_a_test_patient, r"shards beside the other pictures: 1 groups are on two sides .*\(test, train\)"),
        (lambda _, folder: ("--split-table", folder), "--split-table is for a --manifest"),
    ],
)
def test_files_that_contradict_themselves_are_refused_before_anything_is_written(
    trained: Trained, data: Path, tmp_path: Path, files: Any, sentence: str
) -> None:
    with pytest.raises(SystemExit, match=sentence):
        trained("vit_large", *files(data, tmp_path))
    assert not trained.out.exists()


def test_a_recipe_that_is_no_contrastive_run_refuses_the_files(trained: Trained, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="probe_planes_smoke is no contrastive run: it does not take --manifest"):
        trained("probe_planes", "--manifest", tmp_path / "own.csv")


def test_the_share_of_written_captions_that_a_recipe_names_is_kept() -> None:
    config = replace(compact(), batch=replace(compact().batch, written=0.1))
    material = own_data.Material([Sample("a.png", "ours", "a", "train", "femur")])

    known = own_data.resolved(config, OwnFiles(split_table=Path("unread.csv")), material)

    assert known.batch == config.batch
    assert known.data == DataConfig()


def test_the_quick_look_scores_the_classes_that_occur() -> None:
    rng = np.random.default_rng(3)
    pixels = rng.integers(0, 255, (STORED_SIDE, STORED_SIDE)).astype(np.uint8)
    stored = [Stored(Sample("a.png", "ours", "a", "validation", "kidney"), pixels, STORED_SIDE)]
    network, spec = tiny_models.network(), PreprocessSpec(size=tiny_models.SIZE)

    assert Classes.of(stored) == Classes(("kidney",), ())
    assert look(network, stored, spec, Classes.of(stored)).keys() == {"planes_f1"}
    assert look(network, stored, spec, Classes((), ())) == {}


def test_the_manifest_that_the_run_hashes_is_the_one_that_lies_there(data: Path, tmp_path: Path) -> None:
    write_manifest(tmp_path / "own.csv", _own(data))

    assert own_data.read(OwnFiles(tmp_path / "own.csv"), list).samples == read_manifest(tmp_path / "own.csv")
