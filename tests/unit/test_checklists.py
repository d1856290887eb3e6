"""A checklist is a file that anybody may write; a broken one says what is wrong, and where."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from fetalclip_app import resources, wording
from fetalclip_app.domain.biometry import Measure
from fetalclip_app.domain.checklist import ItemFinding, ViewSupport
from fetalclip_app.domain.views import BRAIN_PLANES, PLANES
from fetalclip_app.errors import ErrorCode, InvalidInput
from fetalclip_app.tasks.checklists import MID_TRIMESTER, bundled, find_checklist, list_checklists, read_checklist
from fetalclip_app.wording.checklist import checklist_name, item_title
from fetalclip_app.wording.translate import speaking

SMALL: dict[str, Any] = {
    "format": 1,
    "name": "Small",
    "version": "2",
    "sections": [
        {
            "title": "Limbs",
            "items": [
                {"key": "femur", "title": "Femur", "shown_by": {"views": ["femur"]}, "measures": ["fl"]},
                {"key": "hands", "title": "Hands"},
            ],
        }
    ],
}


def _written(folder: Path, content: Any, name: str = "small.json") -> Path:
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def test_the_bundled_list_asks_only_for_views_and_lengths_that_there_are() -> None:
    views = {"views": PLANES, "brain_views": BRAIN_PLANES}
    supports = [support for item in bundled().items for support in item.supports]

    assert all(one.view in views[one.task] for one in supports if isinstance(one, ViewSupport))
    assert {one for one in supports if isinstance(one, Measure)} == {Measure.HC, Measure.AC, Measure.FL}
    assert {one.view for one in supports if isinstance(one, ViewSupport)} == {*PLANES, *BRAIN_PLANES} - {"brain"}
    assert sum(not item.supports for item in bundled().items) >= 10


def test_a_heart_that_is_seen_is_a_hint_of_four_chambers_and_no_more() -> None:
    (support,) = next(item for item in bundled().items if item.key == "four_chambers").supports

    assert support == ViewSupport("views", "heart", is_hint=True)


def test_a_file_of_the_users_own_is_read_and_named_by_its_content(tmp_path: Path) -> None:
    made = read_checklist(_written(tmp_path, SMALL))
    femur, hands = made.items

    assert femur.supports == (ViewSupport("views", "femur"), Measure.FL)
    assert hands.supports == ()
    assert checklist_name(made) == f"Small 2 · {made.sha256[:8]}"
    assert read_checklist(_written(tmp_path, {**SMALL, "version": "3"})).sha256 != made.sha256


def test_lists_are_found_by_name_in_the_users_folder_too(tmp_path: Path) -> None:
    mine = _written(tmp_path, SMALL)

    assert list_checklists([tmp_path]) == (resources.path(MID_TRIMESTER), mine)
    assert find_checklist(Path("small"), [tmp_path]) == mine
    assert find_checklist(Path("mid_trimester")) == resources.path(MID_TRIMESTER)
    assert find_checklist(Path("other"), [tmp_path]) == Path("other")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("{", "json"),
        ("[]", "object"),
        ({**SMALL, "format": 2}, "format"),
        ({**SMALL, "sections": []}, "sections"),
        ({**SMALL, "surprise": 1}, "surprise"),
        (json.dumps(SMALL).replace('"fl"', '"length"'), "sections, 1, items, 1, measures"),
        (json.dumps(SMALL).replace('"hands"', '"femur"'), "two items 'femur'"),
        (json.dumps(SMALL).replace('"hands"', '"Hands up"'), "sections, 1, items, 2, key"),
    ],
)
def test_a_broken_file_says_what_is_wrong_and_where(tmp_path: Path, change: Any, said: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_checklist(_written(tmp_path, change))

    assert refused.value.code is ErrorCode.CHECKLIST_INVALID
    assert said in wording.sentence(refused.value).lower() or said in wording.sentence(refused.value)


def test_a_pipe_or_a_folder_among_the_lists_is_neither_offered_nor_waited_for(tmp_path: Path) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("this system has no named pipes")
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "folder.json").mkdir()

    assert list_checklists([tmp_path]) == (resources.path(MID_TRIMESTER),)
    for name in ("pipe.json", "folder.json"):
        with pytest.raises(InvalidInput) as refused:
            read_checklist(tmp_path / name)
        assert wording.sentence(refused.value) == f"{name} is no checklist: it is no file."


def test_a_file_that_has_gone_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_checklist(tmp_path / "gone.json")

    assert wording.sentence(refused.value) == "The checklist gone.json is not there."


def test_the_bundled_list_is_told_in_the_language_that_is_spoken() -> None:
    item = next(item for item in bundled().items if item.key == "femur_measured")
    with speaking("de"):
        assert item_title(ItemFinding(item)).startswith("Femurlänge")

    assert item_title(ItemFinding(item)) == "Femur length"
