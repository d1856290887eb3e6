from __future__ import annotations

import json
from pathlib import Path

import pytest

from fetalclip_app.domain.views import BRAIN_PLANES, PLANES
from fetalclip_app.errors import ErrorCode, InvalidInput
from fetalclip_app.tasks.view_sets import (
    BRAIN_PLANES_FILE,
    PLANES_FILE,
    bundled,
    find_view_set,
    list_view_sets,
    read_view_set,
)


def test_the_bundled_sets_ask_for_the_planes_in_their_order() -> None:
    assert bundled(PLANES_FILE).keys == PLANES
    assert bundled(BRAIN_PLANES_FILE).keys == BRAIN_PLANES


def test_the_released_form_loads_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "released.json"
    path.write_text(json.dumps({"profile_patient": ["a face"], "spine": ["a back", "a row"]}), encoding="utf-8")

    view_set = read_view_set(path)

    assert view_set.keys == ("profile", "spine")
    assert view_set.prompts["spine"] == ("a back", "a row")


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"brain": []}', '{"brain": "a head"}', '{"brain": [3]}', '{"brain": [" "]}', "{", "\x00\x01"],
)
def test_another_form_is_refused_by_name(tmp_path: Path, content: str) -> None:
    path = tmp_path / "mine.json"
    path.write_text(content, encoding="utf-8")

    with pytest.raises(InvalidInput) as caught:
        read_view_set(path)

    assert caught.value.code is ErrorCode.VIEW_SET_INVALID
    assert caught.value.parameters["name"] == "mine.json"


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput):
        read_view_set(tmp_path / "none.json")


def test_a_users_file_joins_the_bundled_ones(tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_text('{"hand": ["a hand"]}', encoding="utf-8")

    assert find_view_set(Path("mine"), [tmp_path]) == tmp_path / "mine.json"
    assert find_view_set(tmp_path / "mine.json") == tmp_path / "mine.json"
    assert find_view_set(Path("none"), [tmp_path]) == Path("none")
    names = [path.stem for path in list_view_sets([tmp_path])]

    assert names == ["brain_planes", "planes", "mine"]
