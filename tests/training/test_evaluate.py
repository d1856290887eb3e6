"""`evaluate` on a tiny exported folder: what reaches the page, for the published sets and a researcher's own."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import landmark_scans
import made_up_scans
import numpy as np
import pytest
import tiny_bundle

from fetalclip_app.domain.landmarks import LINES, LineEnds
from fetalclip_app.domain.probes import NamedBy
from fetalclip_app.domain.views import BRAIN_PLANES, PLANES, ViewPrediction
from fetalclip_app.inference.engine import Engine
from fetalclip_app.inference.load import load_engine
from fetalclip_app.inference.request import EngineRequest
from fetalclip_app.progress import CancelToken, silent
from fetalclip_app.tasks.keys import BRAIN_VIEWS, VIEWS
from fetalclip_app.tasks.landmarks import MeasureTask
from training import run
from training.__main__ import main
from training.evaluation import measured, strangers
from training.evaluation.reader import Reader
from training.evaluation.reads import read_all
from training.evaluation.view_rows import BY_PROBE, BY_PROMPTS, LEAD_OF_PROBE
from training.pictures import clip_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tiny_bundle.write(tmp_path / "model")


@pytest.fixture(autouse=True)
def few_strangers(monkeypatch: pytest.MonkeyPatch) -> None:
    def paths(data: Path, scratch: Path) -> Iterator[tuple[str, Path]]:
        yield "noise", strangers._saved(scratch / "n.png", strangers._noise(0, np.random.default_rng(0)))

    monkeypatch.setattr(strangers, "paths", paths)


def _evaluate(data: Path, folder: Path, *options: str) -> tuple[str, Any]:
    page = folder.parent / "results.md"
    main(["evaluate", "--data", str(data), "--bundle", str(folder), "--out", str(page), *options])
    return page.read_text("utf-8"), json.loads(page.with_suffix(".json").read_text("utf-8"))


def _rows(told: Any) -> dict[str, Any]:
    return {row["measure"]: row for row in told["rows"]}


def test_results_of_one_split_are_a_page_and_its_numbers(data: Path, folder: Path) -> None:
    page = folder.parent / "results.md"
    page.write_text("# Ours\n\n<!-- table begins -->\nold\n<!-- table ends -->\n\nWords.\n", encoding="utf-8")

    text, told = _evaluate(data, folder, "--plots", str(folder.parent / "plots"))

    held = [s for s in run.all_samples(data) if s.split == "validation"]
    rows = _rows(told)
    assert text.startswith("# Ours\n") and text.endswith("\n\nWords.\n") and "old" not in text
    assert (told["split"], told["model"]["sha256"]) == ("validation", tiny_bundle.sha256_of(folder))
    assert rows["macro-F1 of four planes among nine classes"]["n"] == 5, "HC18's heads and 'Other' are no such pictures"
    assert rows["HC absolute error, mm"]["n"] == rows["Dice of the filled outline"]["n"] == 1
    assert len(told["rows"]) == text.count("|\n") - 2
    assert len((folder.parent / "plots" / "pictures.csv").read_text("utf-8").splitlines()) == 1 + len(held)
    assert not told["probes"] and not any(BY_PROBE in name for name in rows)


def test_without_the_peers_weights_its_rows_are_left_out_with_a_sentence(
    data: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, told = _evaluate(data, folder)

    assert "SonoNet-16 is not compared with: its weights (sononet/SonoNet16.npz)" in capsys.readouterr().out
    assert not any("SonoNet" in name for name in _rows(told))


def test_one_run_measures_prompts_and_probe_and_how_far_the_probe_leads(data: Path, folder: Path) -> None:
    tiny_bundle.write_probe(folder / "heads", tiny_bundle.sha256_of(folder), always="brain")

    text, told = _evaluate(data, folder)

    rows = _rows(told)
    by_probe = rows["macro-F1 of four planes among nine classes" + BY_PROBE]
    by_prompts = rows["macro-F1 of four planes among nine classes" + BY_PROMPTS]
    assert by_probe["value"] == pytest.approx(2 * 2 / (2 + 5) / 4), "two of five are brains, and all are called so"
    lead = rows["macro-F1 of four planes" + LEAD_OF_PROBE]
    assert lead["value"] == pytest.approx(by_probe["value"] - by_prompts["value"])
    assert rows["expected calibration error, planes" + BY_PROBE]["value"] == pytest.approx(0.5, abs=0.01)
    assert [probe["task"] for probe in told["probes"]] == ["views"]
    assert rows["F1 trans-thalamic"]["n"] == 2, "no probe of these"
    assert text.index(BY_PROMPTS) < text.index(BY_PROBE) < text.index(LEAD_OF_PROBE)


def test_a_picture_goes_through_the_network_once_for_both(
    data: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny_bundle.write_probe(folder / "heads", tiny_bundle.sha256_of(folder), always="brain")
    asked: list[int] = []

    def counting(request: Any) -> Engine:
        engine = load_engine(request)
        encode = engine.backbone.encode_frames

        def encode_frames(batch: Any) -> Any:
            asked.append(len(batch))
            return encode(batch)

        monkeypatch.setattr(engine.backbone, "encode_frames", encode_frames)
        return engine

    monkeypatch.setattr(measured, "load_engine", counting)

    _evaluate(data, folder)

    held = [s for s in run.all_samples(data) if s.split == "validation"]
    assert len(asked) == len(held) + 1, "each held-out picture, and one stranger"


def test_what_is_measured_by_probe_is_what_a_user_gets_who_asks_for_it(data: Path, folder: Path) -> None:
    """With a layer that depends on the picture: an echo of another picture, or of none, would answer otherwise."""
    for task, classes in ((VIEWS, PLANES), (BRAIN_VIEWS, BRAIN_PLANES)):
        tiny_bundle.write_layer(folder / "heads", tiny_bundle.sha256_of(folder), task, classes)
    by_probe = EngineRequest(weights=folder, views_by=NamedBy.PROBE, brain_views_by=NamedBy.PROBE, must_probe=True)
    users = load_engine(by_probe)
    held = [s for s in run.all_samples(data) if s.split != "test"]

    reads, _ = read_all(Reader.of(load_engine(EngineRequest(weights=folder)), load_engine(by_probe)), data, held)

    told = {str(read.by_probe.answer(VIEWS, ViewPrediction).probabilities) for read in reads}  # type: ignore[union-attr]
    assert len(told) > 1
    for read in reads:
        given = users.read(clip_of(data, read.sample), CancelToken(), silent)
        assert read.by_probe is not None
        for task in (VIEWS, BRAIN_VIEWS):
            ours, theirs = read.by_probe.answer(task, ViewPrediction), given.answer(task, ViewPrediction)
            assert (ours is None) == (theirs is None)
            if ours is not None and theirs is not None:
                assert np.array_equal(ours.probabilities, theirs.probabilities)


def _own(data: Path) -> Path:
    """A manifest of other names: one set, heads and planes in it, a frame of which cannot be read."""
    (data / "mine").mkdir()
    lines = ["picture,group,split,plane,brain_plane,pixel_mm,hc_mm,outline,machine,licence"]
    for number, (plane, sub, hc) in enumerate(
        [("brain", "trans-thalamic", "170"), ("brain", "", "175"), ("abdomen", "", ""), ("kidney", "", "")]
    ):
        shutil.copyfile(data / "hc18" / "images" / f"{number:03d}_HC.png", data / "mine" / f"{number}.png")
        outline = f"hc18/outlines/{number:03d}_HC.png" if hc else ""
        lines.append(f"mine/{number}.png,p{number},test,{plane},{sub},0.8,{hc},{outline},Mine,CC0")
    (data / "mine" / "broken.png").write_bytes(b"no picture")
    lines.append("mine/broken.png,p9,test,brain,,,,,Mine,CC0")
    path = data / "own.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_a_manifest_of_ones_own_is_measured_by_what_is_known_of_its_pictures(
    data: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = _own(data)

    text, told = _evaluate(data, folder, "--manifest", str(own), "--split", "test")

    rows = _rows(told)
    assert rows["macro-F1 of three planes among nine classes"]["n"] == 4
    assert rows["F1 kidney"]["n"] == 4 and "F1 femur" not in rows
    assert rows["macro-F1 of one brain sub-planes"]["n"] == 1
    assert rows["HC absolute error, mm"]["n"] == rows["Dice of the filled outline"]["n"] == 2
    assert "measured" in json.loads((folder / "manifest.json").read_text("utf-8")), "test patients reach the card"
    assert [one["picture"] for one in told["unreadable"]] == ["mine/broken.png"]
    assert "unreadable: mine/broken.png" in capsys.readouterr().out
    assert str(data) not in text + json.dumps(told)


def test_a_patient_on_two_sides_is_refused_before_anything_is_read(data: Path, folder: Path) -> None:
    own = _own(data)
    own.write_text(own.read_text("utf-8").replace("p0,test", "p1,train"), encoding="utf-8")

    with pytest.raises(SystemExit, match="p1"):
        _evaluate(data, folder, "--manifest", str(own))


def test_a_split_without_pictures_is_said(data: Path, folder: Path) -> None:
    own = _own(data)

    with pytest.raises(SystemExit, match="no picture is of the split 'validation'"):
        _evaluate(data, folder, "--manifest", str(own))


class _Finder:
    """Finds the lines of the made-up landmarks where they were marked: in the middle of the picture."""

    identity, licence = ("finder", "00"), "none"

    def spread_limit(self, structure: str) -> float:
        return 1.0

    def error(self, name: str) -> None:
        return None

    def find(self, batch: Any, structure: str) -> LineEnds:
        count = len(LINES[structure])
        shown = max(made_up_scans.WIDTH, made_up_scans.HEIGHT)
        middle, halves = np.full(2, tiny_bundle.SPEC.size / 2), np.array([[0, 40], [50, 0]])[:count]
        halves = halves * tiny_bundle.SPEC.size / shown
        ends = np.stack([middle - halves, middle + halves], axis=1).astype(np.float32)
        return LineEnds(np.repeat(ends[None], len(batch), axis=0), np.zeros((len(batch), count), np.float32))


def test_lengths_stand_among_the_rows_where_the_model_measures(
    data: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    landmark_scans.write(data)
    tiny_bundle.write_probe(folder / "heads", tiny_bundle.sha256_of(folder), always="brain")

    def measuring(request: Any) -> Engine:
        engine = load_engine(replace(request, views_by=NamedBy.PROBE))
        tools = replace(engine.instruments, landmarker=_Finder())
        return replace(engine, instruments=tools, tasks=(*engine.tasks, MeasureTask()), probes=())

    monkeypatch.setattr(measured, "load_engine", measuring)

    text, told = _evaluate(data, folder)

    rows = _rows(told)
    bpd = rows["BPD absolute error, mm"]
    assert (bpd["n"], bpd["abstained"]) == (1, 0), "the one validation head with marked lines"
    assert bpd["value"] < 80 * landmark_scans.PIXEL_MM
    assert (rows["AC absolute error, mm"]["n"], rows["AC absolute error, mm"]["abstained"]) == (1, 1)
    assert "| FL signed error, mm | 1 |" in text
