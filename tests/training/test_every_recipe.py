"""Every recipe runs by the command line in seconds, on data that the tests make, and writes what it depended on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from training.__main__ import main
from training.commands.catalog import RECIPES, find_recipe
from training.finetune.clips import GENERATED
from training.recipe import Recipe
from training.recipes.heads import WEIGHTS


@pytest.mark.parametrize("name", RECIPES)
def test_a_smoke_run_leaves_its_configuration_data_and_revision(
    name: str, everything: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(WEIGHTS, raising=False)
    arguments = ["run", name, "--smoke", "--seed", "5", "--data", str(everything), "--out", str(tmp_path)]

    assert isinstance(find_recipe(name), Recipe)
    assert main(arguments) == 0

    (folder,) = tmp_path.glob("*_smoke")
    told = json.loads((folder / "config.json").read_text("utf-8"))
    assert folder.name == f"{find_recipe(name).name}_smoke"
    assert (told["config"]["name"], told["config"]["seed"]) == (folder.name, 5)
    assert told["revision"]
    assert told.get("clips") == GENERATED or len(told["manifest"]) == 64, "what it generates itself has no manifest"
    assert len([path for path in folder.iterdir() if path.is_file()]) > 1, "and what came of it"


@pytest.mark.parametrize("name", [name for name in RECIPES if not hasattr(find_recipe(name), "tower")])
def test_several_processes_of_a_recipe_that_has_one_are_refused_by_a_sentence(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")

    with pytest.raises(SystemExit, match="is trained in one process, and 2 were started: start it without torchrun"):
        main(["run", name, "--smoke", "--data", str(tmp_path), "--out", str(tmp_path)])
    assert not list(tmp_path.glob("*_smoke"))
