"""Wrong input to ``python -m training`` ends in one sentence and a status, never in a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_models
import torch

from fetalclip_app.errors import ErrorCode, UnreadableFile
from training import run
from training.__main__ import main
from training.commands.catalog import RECIPES, find_recipe
from training.commands.refusals import sentence_of
from training.limits import refuse_impossible
from training.manifest import read_split
from training.settings import SettingError, with_settings

ROOT = Path(__file__).parents[2]


def _numbers(config: Any, before: str = "") -> Iterator[str]:
    """Yield the path of every field of a configuration that holds one number."""
    for field in fields(config):
        value = getattr(config, field.name)
        if is_dataclass(value) and field.name != "data":
            yield from _numbers(value, f"{before}{field.name}.")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield f"{before}{field.name}"


@pytest.mark.parametrize("name", RECIPES)
def test_no_recipe_takes_a_negative_number_for_any_of_its_fields(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    for path in _numbers(find_recipe(name)):
        with pytest.raises(SettingError, match=rf"^{path}: -1(\.0)? is "):
            refuse_impossible(with_settings(find_recipe(name), [f"{path}=-1"]))


@pytest.mark.parametrize("name", RECIPES)
def test_what_the_recipes_themselves_say_is_possible(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)

    refuse_impossible(find_recipe(name))
    refuse_impossible(find_recipe(name).smoke())


@pytest.mark.parametrize(
    ("recipe", "settings", "sentence"),
    [
        ("compact", ["loss=foo"], r"loss: 'foo' is none of nce, siglip"),
        ("compact", ["loss=siglip", "smoothing=0.1"], r"smoothing: labels are smoothed with loss=nce only"),
        ("compact", ["smoothing=1"], r"smoothing: 1\.0 is no share below 1"),
        ("compact", ["precision=fp8"], r"step\.precision: 'fp8' is none of fp32, bf16"),
        ("compact", ["device=gpu"], r"step\.device: 'gpu' is no device that torch knows"),
        ("compact", ["device=cuda:63"], r"step\.device: 'cuda:63' is not here: \d+ GPUs are found"),
        ("compact", ["device=mps"], r"step\.device: 'mps' is not here$"),
        ("compact", ["device=meta"], r"step\.device: 'meta' is not here$"),
        ("compact", ["device=xpu"], r"step\.device: 'xpu' is not here$"),
        ("compact", ["tower.text_alone=true"], r"tower\.text_alone: nothing gives the text tower: name tower\.weights"),
        ("compact", ["shape=huge"], r"tower\.shape: 'huge' is none of compact, fetalclip"),
        ("compact", ["batch.told_age=1.5"], r"batch\.told_age: 1\.5 is no share from 0 to 1"),
        ("compact", ["batch.shares=brain:0,heart:0"], r"batch\.shares: nothing has a share"),
        ("compact", ["batch.shares=brain:1,brain:2"], r"batch\.shares: brain stands twice"),
        ("compact", ["batch.shares=brian:1"], r"batch\.shares: 'brian' is none of .*brain"),
        ("compact", ["batch.size=0"], r"batch\.size: 0 is less than 1"),
        ("compact", ["evaluate_every=0"], r"evaluate_every: 0 is less than 1"),
        ("compact", ["augmentation.zoom=1.2,0.8"], r"augmentation\.zoom: 1\.2 to 0\.8 is no range above 0"),
        ("compact_distilled", ["distil.softness=0"], r"distil\.softness: 0\.0 is not above 0"),
        ("probe_planes", ["task=planes"], r"task: 'planes' is none of views, brain_views"),
        ("probe_planes", ["folds=1"], r"folds: 1 is less than 2"),
        ("probe_few", ["counts=2,0"], r"counts: 0 is less than 1"),
        ("clip_label", ["view=hart"], r"view: 'hart' is none of abdomen"),
        ("finetune_full", ["held=train"], r"held: 'train' is none of validation, test"),
        ("measurement_head", ["landmarks.shares=leg:1"], r"landmarks\.shares: 'leg' is none of head, abdomen, femur"),
        ("measurement_head", ["held_out=1"], r"held_out: 1\.0 is no share below 1"),
        ("outline_head", ["shares=own:0"], r"shares: nothing has a share"),
    ],
)
def test_a_value_that_cannot_be_is_refused_before_anything_is_read(
    recipe: str, settings: list[str], sentence: str, tmp_path: Path
) -> None:
    told = [part for setting in settings for part in ("--set", setting)]

    with pytest.raises(SystemExit, match=rf"^{find_recipe(recipe).name}_smoke does not take that: {sentence}"):
        main(["run", recipe, "--smoke", *told, "--data", str(tmp_path), "--out", str(tmp_path)])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["run", "compact", "--steps", "-1"], "argument --steps: -1 is less than 1"),
        (["run", "compact", "--seed", "x"], "argument --seed: 'x' is no whole number"),
        (["head", "--steps", "0"], "argument --steps: 0 is less than 1"),
        (["shards", "here", "--samples", "0"], "argument --samples: 0 is less than 1"),
        (["ablate", "--seeds", "7", "-8"], "argument --seeds: -8 is less than 0"),
    ],
)
def test_a_number_that_cannot_be_is_a_mistake_of_usage(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as refused:
        main(arguments)
    assert refused.value.code == 2
    assert sentence in capsys.readouterr().err


def test_the_program_says_one_line_and_shows_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "split.csv").write_text("group,split\np1,train\np1,test\n", "utf-8")
    (tmp_path / "own.csv").write_text("picture,group\na.png,p1\n", "utf-8")
    own = ["--manifest", str(tmp_path / "own.csv"), "--split-table", str(tmp_path / "split.csv")]

    done = subprocess.run(
        [sys.executable, "-m", "training", "run", "compact", "--smoke", *own, "--data", str(tmp_path)],
        cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert (done.returncode, done.stderr) == (1, "split.csv: the group 'p1' stands twice\n")


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        (b"group,split\np1,train\np1,test\n", r"split\.csv: the group 'p1' stands twice"),
        (b"group,split\np1,training\n", r"split\.csv: p1 -> training, which is none of train, validation, test"),
        (b"patient,side\np1,train\n", r"split\.csv: there is no column group, split"),
        (b"", r"split\.csv: there is no column group, split"),
        (b"\xff\xfe", r"split\.csv: it is no UTF-8 text"),
        (b"group,split\np2,train\n", r"own\.csv, line 2, column split: 'p1' has no split"),
        (b"group,split\np1,validation\n", r"own\.csv: no picture is for training"),
    ],
)
@pytest.mark.parametrize("command", [["run", "compact", "--smoke"], ["head", "measurements"], ["head", "outline"]])
def test_a_split_table_that_cannot_be_is_refused_by_name(
    command: list[str], table: bytes, sentence: str, tmp_path: Path
) -> None:
    (tmp_path / "split.csv").write_bytes(table)
    (tmp_path / "own.csv").write_text("picture,group\na.png,p1\n", "utf-8")
    own = ["--manifest", str(tmp_path / "own.csv"), "--split-table", str(tmp_path / "split.csv")]

    with pytest.raises(SystemExit, match=sentence):
        main([*command, *own, "--data", str(tmp_path), "--out", str(tmp_path / "runs")])


def test_patients_who_are_too_few_for_folds_are_told_by_a_sentence(data: Path, tmp_path: Path) -> None:
    told = ["--set", "folds=400", "--data", str(data), "--out", str(tmp_path / "runs")]

    with pytest.raises(SystemExit, match=r"^\d+ patients cannot make 400 folds$"):
        main(["run", "probe_planes", "--smoke", *told])


def test_a_network_of_another_loss_is_no_start(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "fresh_network", lambda *_, **__: tiny_models.network(tiny_models.CONVNET))
    settled = ["--set", "start=first/last.pt", "--data", str(data), "--out", str(tmp_path)]
    (tmp_path / "first").mkdir()
    begun = tiny_models.network(tiny_models.CONVNET).state_dict() | {"logit_bias": torch.zeros(())}

    with pytest.raises(SystemExit, match=r"^first/last\.pt is not there: it is of a run that comes before"):
        main(["run", "compact_settled", "--smoke", *settled])
    torch.save({"network": begun}, tmp_path / "first" / "last.pt")
    with pytest.raises(SystemExit, match=r"^first/last\.pt is of another network: logit_bias differ$"):
        main(["run", "compact_settled", "--smoke", *settled])


def test_pictures_without_a_share_are_no_batch(data: Path, tmp_path: Path) -> None:
    told = ["--set", "batch.shares=lips_nose:1", "--set", "simulated=0", "--data", str(data), "--out", str(tmp_path)]

    with pytest.raises(SystemExit, match=r"^no kind of picture that is there has a share of the batch: hc18$"):
        main(["run", "compact", "--smoke", *told])


def _raised_by(call: Any) -> Exception:
    try:
        call()
    except Exception as error:
        return error
    raise AssertionError("it raises")


def test_only_errors_that_this_program_raises_itself_are_sentences(tmp_path: Path) -> None:
    refused = replace(find_recipe("compact"), loss="foo")

    assert sentence_of(_raised_by(lambda: refuse_impossible(refused))) == "loss: 'foo' is none of nce, siglip"
    assert sentence_of(_raised_by(lambda: {}["a"])) is None
    missing = tmp_path / "no.csv"
    assert sentence_of(_raised_by(lambda: read_split(missing))) == f"{missing}: No such file or directory"
    told = sentence_of(UnreadableFile(ErrorCode.FILE_EMPTY, name="a.png"))
    assert told is not None
    assert told.startswith("a.png is empty.")


def _raised_in_own_module(source: str) -> Exception:
    """Return what lines raise in a module whose name is one of this program's."""
    return _raised_by(lambda: exec(source, {"__name__": "training.x", "np": np, "torch": torch}))


@pytest.mark.parametrize(
    "mistake",
    [
        "np.zeros(3) + np.zeros(4)",
        "np.zeros(3).reshape(2, 2)",
        "np.concatenate([])",
        "list(zip([1], [], strict=True))",
        "for one, other in zip([1], [], strict=True): pass",
        "one, other = 1, 2, 3",
        "int('x')",
        "b'\\xff'.decode()",
        "torch.zeros(3).numpy().reshape(2, 2)",
        "with np.errstate(divide='raise'): np.ones(1) / 0",
        "try:\n    int('x')\nfinally:\n    done = True",
        "try:\n    int('x')\nexcept ValueError:\n    raise",
        "try:\n    int('x')\nexcept ValueError as error:\n    raise error",
        "from contextlib import suppress\nwith suppress(KeyError):\n    int('x')",
    ],
)
def test_what_compiled_code_raises_for_this_program_is_a_mistake_of_the_program(mistake: str) -> None:
    error = _raised_in_own_module(mistake)

    assert isinstance(error, ValueError | FloatingPointError)
    assert sentence_of(error) is None


@pytest.mark.parametrize(
    "refusal",
    [
        "raise ValueError('so')",
        "raise FloatingPointError('so') from None",
        "try:\n    int('x')\nexcept ValueError as error:\n    raise ValueError('so') from error",
        "try:\n    raise ValueError('so')\nfinally:\n    done = True",
        "try:\n    raise ValueError('so')\nexcept ValueError:\n    raise",
        "from contextlib import suppress\nwith suppress(KeyError):\n    raise ValueError('so')",
        "def step():\n    yield\n    raise ValueError('so')\nlist(step())",
    ],
)
def test_what_this_program_raises_by_hand_is_a_sentence(refusal: str) -> None:
    assert sentence_of(_raised_in_own_module(refusal)) == "so"


def test_what_another_module_raises_by_hand_is_no_sentence() -> None:
    assert sentence_of(_raised_by(lambda: exec("raise ValueError", {"__name__": "trainings.x"}))) is None
