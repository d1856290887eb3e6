"""Versions of view sets, drafts of them, and how they did on labelled pictures."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetalclip_app.domain.view_draft import Draft, Flaw, SetAbout
from fetalclip_app.domain.view_scores import Verdict, score
from fetalclip_app.domain.views import ViewSet
from fetalclip_app.errors import ExportFailed
from fetalclip_app.tasks.view_set_files import (
    about_of,
    digest_of,
    newest,
    plain_name,
    save_score,
    save_version,
    score_of,
    verdict_of,
)
from fetalclip_app.tasks.view_sets import own_view_sets, read_view_set

NOW = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)
HANDS = ViewSet("hands", {"hand": ("a hand",), "foot": ("a foot", "Füße")}, "")
WEIGHTS = "7f" * 32


def save(folder: Path, name: str = "hands", parent: str = "") -> Path:
    return save_version(folder, name, HANDS, parent=parent, author="Dr. A", now=NOW)[0]


def test_a_saved_set_is_a_new_version_and_the_old_one_stays(tmp_path: Path) -> None:
    first = save(tmp_path)
    content = first.read_bytes()
    second = save(tmp_path, parent=read_view_set(first).sha256)

    assert [path.name for path in own_view_sets([tmp_path])] == ["hands-v1.json", "hands-v2.json"]
    assert first.read_bytes() == content
    assert about_of(second) == SetAbout("hands", 2, read_view_set(first).sha256, "2026-03-14T09:26:53+00:00", "Dr. A")
    assert dict(read_view_set(second).prompts) == dict(HANDS.prompts)
    assert read_view_set(second).name == "hands-v2"


def test_saving_a_version_goes_on_with_its_name(tmp_path: Path) -> None:
    save(tmp_path)

    assert save(tmp_path, "hands-v1").name == "hands-v2.json"


def test_the_menu_needs_the_newest_alone(tmp_path: Path) -> None:
    paths = [save(tmp_path), save(tmp_path), save(tmp_path, "feet")]
    (tmp_path / "mine.json").write_text("{}")

    assert newest([*paths, tmp_path / "mine.json"]) == (paths[1], paths[2], tmp_path / "mine.json")


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [("../../hands", "hands"), ("a/b\\c", "abc"), ("hands-v3", "hands"), (" . ", ""), ("Füße", "Füße")],
)
def test_a_name_stays_in_the_folder(given_name: str, kept: str) -> None:
    assert plain_name(given_name) == kept


def test_a_set_without_a_name_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ExportFailed):
        save(tmp_path, "/")

    assert not list(tmp_path.iterdir())


def test_a_file_of_old_tells_nothing_of_itself(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.write_text('{"hand": ["a hand"]}')

    assert about_of(path) is None


def test_flaws_are_told_with_their_class() -> None:
    draft = Draft((("hand", ("a hand", " ")), ("", ("x",)), ("hand", ()), ("_about", ("y",))))

    assert draft.flaws() == (
        (Flaw.EMPTY_PROMPT, "hand"),
        (Flaw.NO_NAME, ""),
        (Flaw.SAME_NAME, "hand"),
        (Flaw.NO_PROMPT, "hand"),
        (Flaw.NO_NAME, "_about"),
    )
    assert draft.as_set("x") is None
    assert Draft().flaws() == ((Flaw.NO_CLASS, ""),)


def test_a_draft_changes_by_values() -> None:
    draft = Draft.of(HANDS.prompts)

    assert draft.moved(0, 1).classes[1][0] == "hand"
    assert draft.moved(0, -5) == draft
    assert draft.renamed(0, "fist").classes[0] == ("fist", ("a hand",))
    assert draft.with_prompt(0, "fingers").classes[0][1] == ("a hand", "fingers")
    assert draft.with_prompt_changed(1, 0, "a toe").classes[1][1] == ("a toe", "Füße")
    assert draft.prompt_moved(1, 0, 1).classes[1][1] == ("Füße", "a foot")
    assert draft.without_prompt(1, 0).without_class(0).classes == (("foot", ("Füße",)),)
    assert draft == Draft.of(HANDS.prompts)


@given(st.lists(st.sampled_from("ab"), min_size=1, max_size=40), st.data())
def test_a_score_lies_in_its_interval_and_a_perfect_one_is_one(labels: list[str], data: st.DataObject) -> None:
    said = data.draw(st.lists(st.sampled_from("ab"), min_size=len(labels), max_size=len(labels)))

    found = score(labels, said, ("a", "b"))

    assert found.accuracy == pytest.approx(sum(a == b for a, b in zip(labels, said, strict=True)) / len(labels))
    assert score(labels, labels, ("a", "b")).accuracy == 1.0
    assert [one.pictures for one in found.classes] == [labels.count("a"), labels.count("b")]


def test_verdicts_follow_the_stated_thresholds() -> None:
    labels = ["hand"] * 30 + ["foot"] * 30

    assert score(labels, labels, ("hand", "foot")).verdict is Verdict.OK
    assert score(labels, ["hand"] * 60, ("hand", "foot")).verdict is Verdict.WEAK
    assert score(labels, labels, ("hand", "foot", "knee")).verdict is Verdict.UNTESTED
    assert score(labels[:45], labels[:45], ("hand", "foot")).verdict is Verdict.UNTESTED


def test_one_patients_pictures_are_drawn_together() -> None:
    labels, said = ["hand", "foot"] * 30, ["hand", "hand"] * 15 + ["hand", "foot"] * 15
    groups = ["one"] * 30 + ["two"] * 30

    by_picture, by_patient = (score(labels, said, ("hand", "foot"), units) for units in ((), groups))

    assert by_patient.by_patient
    assert by_patient.high - by_patient.low > by_picture.high - by_picture.low


def test_labels_that_are_no_class_are_counted() -> None:
    assert score(["hand", "nose"], ["hand", "hand"], ("hand",)).strange == 1


def test_results_are_of_this_very_file_and_these_very_weights(tmp_path: Path) -> None:
    path = save(tmp_path)
    view_set = read_view_set(path)
    found = score(["hand"] * 20 + ["foot"] * 20, ["hand"] * 20 + ["foot"] * 20, view_set.keys)
    save_score(path, view_set, WEIGHTS, found, pictures="ab", now=NOW)

    assert score_of(path, view_set, WEIGHTS) == found
    assert verdict_of(path, view_set, WEIGHTS) is Verdict.OK
    assert verdict_of(path, view_set, "other") is Verdict.UNTESTED
    path.write_text(json.dumps({"hand": ["another sentence"], "foot": ["a foot"]}))
    assert verdict_of(path, read_view_set(path), WEIGHTS) is Verdict.UNTESTED
    assert own_view_sets([tmp_path]) == (path,)


def test_a_digest_knows_pictures_and_labels_and_not_their_order() -> None:
    assert digest_of([("a", "x"), ("b", "y")]) == digest_of([("b", "y"), ("a", "x")])
    assert digest_of([("a", "x")]) != digest_of([("a", "y")])
