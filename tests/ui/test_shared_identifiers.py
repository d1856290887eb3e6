"""Files that bear one identifier: copies stand once, all others are shown, and either is said."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import dicom_files
import pytest
from fakes import make_clip
from pytestqt.qtbot import QtBot

from fetalclip_app.domain.clip import Clip, Origin
from fetalclip_app.domain.listing import Listing, NoticeKind
from fetalclip_app.imaging.files.content import FileContent
from fetalclip_app.imaging.readers import read_clip
from fetalclip_app.ui.clip_order import ClipOrder
from fetalclip_app.ui.open_clip import OpenClip
from fetalclip_app.ui.opening import Doors

SHARED = "2 files share a DICOM identifier though their content differs; none is left out: "


def written(folder: Path, name: str, seed: int = 1, **tags: object) -> Path:
    folder.mkdir(exist_ok=True)
    data = dicom_files.dataset_of(dicom_files.colour_picture(seed=seed), SOPInstanceUID="1.2.3.9", **tags)
    return dicom_files.write(folder / name, data)


def at_files(desk: Any) -> Any:
    """Let a desk read real files, and note which threads take the names of their content."""
    desk.hashed = []
    taken = FileContent._digits

    def noted(content: FileContent) -> str:
        desk.hashed.append(threading.current_thread())
        return taken(content)

    desk.session._opening._doors = Doors(find=lambda paths, cancel: Listing(tuple(paths)), read_clip=read_clip)
    desk.noted = noted
    return desk


OTHERS = {
    "pixels": {"seed": 2},
    "patient": {"PatientID": "P2", "PatientName": "Other^Woman", "StudyInstanceUID": "9.9"},
    "study": {"StudyInstanceUID": "9.8"},
    "description": {"StudyDescription": "x"},
}


@pytest.mark.parametrize("differs", OTHERS)
def test_files_that_differ_are_all_shown_whatever_identifier_they_share(
    differs: str, desk_of: Callable, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [written(tmp_path, "a.dcm"), written(tmp_path, "b.dcm", **OTHERS[differs])]  # type: ignore[arg-type]
    orders = []
    for arriving in (paths, paths[::-1]):
        desk = at_files(desk_of())
        monkeypatch.setattr(FileContent, "_digits", desk.noted)
        desk.window.open_menu.open_paths(arriving)
        qtbot.waitUntil(lambda desk=desk: not desk.window.area.message.isHidden())  # type: ignore[misc]
        orders.append([entry.clip.path.name for entry in desk.session.entries])

        assert desk.window.area.message.sentence.text() == f"{SHARED}{', '.join(orders[-1])}."
        assert threading.main_thread() not in desk.hashed

    assert orders[0] == orders[1]
    assert sorted(orders[0]) == ["a.dcm", "b.dcm"]


def test_a_copy_is_known_by_its_content_and_that_is_compared_off_the_window_s_thread(
    desk_of: Callable, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [written(tmp_path, "a.dcm"), written(tmp_path, "copy.dcm"), written(tmp_path / "x", "a.dcm", seed=2)]
    desk = at_files(desk_of())
    monkeypatch.setattr(FileContent, "_digits", desk.noted)
    desk.window.open_menu.open_paths(paths)
    message = desk.window.area.message
    qtbot.waitUntil(lambda: not message.isHidden())
    here = tmp_path.name

    assert message.sentence.text() == "1 file holds what is open already and is shown once: copy.dcm."
    assert message.hint.text() == f"{SHARED}{here}/a.dcm, x/a.dcm."
    assert [entry.clip.path for entry in desk.session.entries] == [paths[0], paths[2]]
    assert desk.hashed and threading.main_thread() not in desk.hashed


def test_the_window_goes_on_while_files_are_compared(
    desk_of: Callable, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [written(tmp_path, "a.dcm"), written(tmp_path, "b.dcm", seed=2)]
    desk, entered, go = at_files(desk_of()), threading.Event(), threading.Event()

    def slowly(content: FileContent) -> str:
        entered.set()
        go.wait(10)
        return desk.noted(content)  # type: ignore[no-any-return]

    monkeypatch.setattr(FileContent, "_digits", slowly)
    desk.window.open_menu.open_paths(paths)
    try:
        qtbot.waitUntil(entered.is_set)
        assert len(desk.session.entries) == 1
        desk.press("cancel")
    finally:
        go.set()
    qtbot.waitUntil(lambda: not desk.session._opening.is_busy)
    assert len(desk.session.entries) == 1
    desk.window.open_menu.open_paths(paths[1:])
    qtbot.waitUntil(lambda: len(desk.session.entries) == 2)


def test_a_file_that_goes_before_it_is_compared_is_told_and_one_that_went_hides_nothing(
    desk_of: Callable, qtbot: QtBot, tmp_path: Path
) -> None:
    paths = [written(tmp_path, "a.dcm"), written(tmp_path, "b.dcm", seed=2), written(tmp_path, "c.dcm", seed=3)]
    desk = at_files(desk_of())

    def gone(path: Path) -> Clip:
        clip = read_clip(path)
        if path.name == "b.dcm":
            path.unlink()
        return clip

    desk.session._opening._doors = replace(desk.session._opening._doors, read_clip=gone)
    desk.window.open_menu.open_paths(paths[:2])
    qtbot.waitUntil(lambda: not desk.window.area.message.isHidden())
    assert "b.dcm" in desk.window.area.message.sentence.text()
    paths[0].unlink()
    desk.window.open_menu.open_paths(paths[2:])
    qtbot.waitUntil(lambda: len(desk.session.entries) == 2)

    assert [entry.clip.path.name for entry in desk.session.entries] == ["a.dcm", "c.dcm"]


def test_opened_again_the_very_clip_is_shown_that_holds_the_content(
    desk_of: Callable, qtbot: QtBot, tmp_path: Path
) -> None:
    paths = [written(tmp_path, name, seed) for seed, name in enumerate(("a.dcm", "b.dcm", "c.dcm"), start=1)]
    desk = at_files(desk_of())
    desk.window.open_menu.open_paths(paths)
    qtbot.waitUntil(lambda: len(desk.session.entries) == 3 and not desk.session._opening.is_busy)
    desk.session.show(desk.session.entries[2])
    desk.window.open_menu.open_paths([written(tmp_path / "x", "again.dcm", 2)])
    qtbot.waitUntil(lambda: desk.session.shown is desk.session.entries[1])

    assert len(desk.session.entries) == 3


def an_instance(name: str) -> OpenClip:
    return OpenClip(make_clip(1, name=name, origin=Origin(patient_id="P1", instance_uid="1.2.3")))


def test_a_clip_that_was_closed_is_no_reason_to_leave_its_copy_out(qapp: object) -> None:
    order = ClipOrder()
    first, copy = an_instance("a"), an_instance("copy")
    order.add(first)
    assert order.alike(copy) == (first,)
    order.remove(first)

    assert order.alike(copy) == ()
    assert order.add(copy, first)
    assert order.told_apart() == ((), None)


def test_what_is_told_of_identifiers_is_told_once(qapp: object) -> None:
    order = ClipOrder()
    first, copy, other = map(an_instance, ("a", "copy", "other"))

    assert [order.add(first), order.add(copy, first), order.add(other)] == [True, False, True]
    notices, known = order.told_apart()
    assert [(notice.kind, notice.names) for notice in notices] == [
        (NoticeKind.COPIES, ("copy",)),
        (NoticeKind.SHARED_IDENTIFIER, ("a", "other")),
    ]
    assert known is None  # something new came as well
    assert order.told_apart() == ((), None)
    order.add(copy, first)
    assert order.told_apart()[1] is first


def test_files_with_the_same_content_stand_once_and_are_named(desk_of: Callable, qtbot: QtBot) -> None:
    one = make_clip(2, name="one.png", origin=Origin())
    desk = desk_of(one, replace(one, path=Path("copy.png")), make_clip(1, name="two.png", origin=Origin()))
    message = desk.window.area.message
    desk.window.open_menu.open_paths([Path("one.png"), Path("copy.png"), Path("two.png")])
    qtbot.waitUntil(lambda: not message.isHidden())

    assert message.sentence.text() == "1 file holds what is open already and is shown once: copy.png."
    assert [entry.clip.path.name for entry in desk.session.entries] == ["one.png", "two.png"]
    assert desk.session.shown is desk.session.entries[0]
