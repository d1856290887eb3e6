"""Values that a command names for a recipe's fields: read by the field's type, refused by a sentence."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import tiny_models

from fetalclip_app.domain.clip_labels import Pooling
from training import run
from training.__main__ import main
from training.commands.catalog import RECIPES, find_recipe
from training.settings import SettingError, with_settings


@dataclass(frozen=True)
class _Inner:
    width: int = 3


@dataclass(frozen=True)
class _Told:
    name: str = "told"
    shown: bool = True
    rate: float = 0.5
    where: Path = Path("here")
    pair: tuple[float, float] = (1.0, 2.0)
    counts: tuple[int, ...] = (2, 4)
    shares: tuple[tuple[str, float], ...] = (("a", 1.0),)
    pooling: Pooling = Pooling.CONCATENATED
    inner: _Inner = field(default_factory=_Inner)
    other: _Inner | None = None


@pytest.mark.parametrize(
    ("setting", "name", "expected"),
    [
        ("name=a=b", "name", "a=b"),
        ("shown=False", "shown", False),
        ("shown=yes", "shown", True),
        ("rate=1e-3", "rate", 1e-3),
        ("rate=2", "rate", 2.0),
        ("where=there/it is", "where", Path("there/it is")),
        ("pair=0.5, 3", "pair", (0.5, 3.0)),
        ("counts=8", "counts", (8,)),
        ("counts=", "counts", ()),
        ("shares=b:0.25,c:0.75", "shares", (("b", 0.25), ("c", 0.75))),
        (f"pooling={Pooling.ATTENDED.value}", "pooling", Pooling.ATTENDED),
        ("inner.width=7", "inner", _Inner(7)),
        ("width=7", "inner", _Inner(7)),
        ("other.width=9", "other", _Inner(9)),
        ("other=none", "other", None),
    ],
)
def test_a_value_is_read_by_the_type_of_its_field(setting: str, name: str, expected: object) -> None:
    value = getattr(with_settings(_Told(), [setting]), name)

    assert value == expected
    assert type(value) is type(expected)


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("rate", r"'rate' is no KEY=VALUE"),
        ("speed=1", r"speed: there is no field 'speed'; there are name, shown, rate, where,"),
        ("inner.depth=1", r"inner\.depth: there is no field 'depth'; there are width"),
        ("inner=1", r"inner: it has fields of its own, set them one by one: width"),
        ("rate.of=1", r"rate\.of: 0\.5 has no fields"),
        ("shown=perhaps", r"shown: 'perhaps' is neither true nor false"),
        ("rate=0,3", r"rate: '0,3' is no number \(with a point, no unit\)"),
        ("rate=nan", r"rate: 'nan' is no number"),
        ("inner.width=1.5", r"inner\.width: '1\.5' is no whole number"),
        ("pair=1", r"pair: '1' are not 2 values with ',' between"),
        ("counts=1,two", r"counts: 'two' is no whole number"),
        ("shares=b=0.3", r"shares: 'b=0\.3' are not 2 values with ':' between"),
        ("pooling=mean", r"pooling: 'mean' is none of .*, "),
    ],
)
def test_what_a_recipe_does_not_take_is_refused_with_its_key(setting: str, sentence: str) -> None:
    with pytest.raises(SettingError, match=f"^{sentence}"):
        with_settings(_Told(), [setting])


def test_a_name_that_lies_in_two_places_wants_its_path() -> None:
    with pytest.raises(SettingError, match=r"width: told has several: inner\.width, other\.width"):
        with_settings(_Told(other=_Inner()), ["width=1"])


def test_the_last_value_of_a_field_holds() -> None:
    assert with_settings(_Told(), ["rate=1", "rate=2"]).rate == 2.0


def test_what_a_run_was_given_cannot_be_made_up() -> None:
    with pytest.raises(SettingError, match=r"data\.manifest: the run fills it in itself"):
        with_settings(find_recipe("compact"), ["data.manifest=abc"])
    with pytest.raises(SettingError, match="there is no field 'manifest'"):
        with_settings(find_recipe("compact"), ["manifest=abc"])


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_takes_a_value_and_refuses_another(name: str) -> None:
    config = find_recipe(name)

    assert with_settings(config, ["seed=11"]).seed == 11
    with pytest.raises(SettingError, match="there are name, "):
        with_settings(config, ["sead=11"])


@pytest.mark.parametrize(
    ("recipe", "setting"),
    [
        ("compact", "batch.told_age=0.2"),
        ("compact", "loss=siglip"),
        ("compact", "smoothing=0.1"),
        ("compact", "device=cuda"),
        ("compact_distilled", "distil.plane_weight=0"),
        ("clip_label", "table=clips.csv"),
        ("clip_label", "device=cuda"),
        ("probe_few", "probe.linear.rate=1e-4"),
        ("mask_head", "device=cuda"),
    ],
)
def test_a_field_of_a_recipe_is_set_by_its_name(recipe: str, setting: str) -> None:
    assert with_settings(find_recipe(recipe), [setting]) != find_recipe(recipe)


def test_the_resolved_configuration_tells_the_values(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "fresh_network", lambda *_, **__: tiny_models.network(tiny_models.CONVNET))
    told = ["--set", "steps=1", "--set", "batch.told_age=0.2", "--set", "batch.size=6"]

    assert main(["run", "compact", "--smoke", *told, "--data", str(data), "--out", str(tmp_path)]) == 0

    config = json.loads((tmp_path / "compact_smoke" / "config.json").read_text("utf-8"))["config"]
    assert (config["steps"], config["batch"]["told_age"], config["batch"]["size"]) == (1, 0.2, 6)


def test_the_command_refuses_by_a_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    where = ["--data", str(tmp_path), "--out", str(tmp_path)]

    with pytest.raises(SystemExit, match=r"^probe_planes does not take that: steps: there is no field 'steps'"):
        main(["run", "probe_planes", "--steps", "5", *where])
    with pytest.raises(SystemExit, match=r"^compact does not take that: batch\.size: 'many' is no whole number"):
        main(["run", "compact", "--set", "batch.size=many", *where])
    assert not list(tmp_path.iterdir())
