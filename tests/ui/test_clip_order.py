"""The list of clips: studies under headings, thumbnails that follow, and what is said of the rest."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fakes import make_clip
from holding import held_up
from listed import in_order
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from fetalclip_app.domain.clip import Clip, FramesInMemory, Origin
from fetalclip_app.domain.listing import Listing, Notice, NoticeKind
from fetalclip_app.errors import ErrorCode, UnreadableFile
from fetalclip_app.progress import CancelToken
from fetalclip_app.ui.clip_order import ClipOrder
from fetalclip_app.ui.clip_rows import HEADING_ROLE, ClipRows
from fetalclip_app.ui.open_clip import OpenClip
from fetalclip_app.ui.thumbnails import Thumbnails, thumbnail


def of_study(name: str, patient: str = "P1", date: str = "20260314", **origin: object) -> Clip:
    made = Origin(patient_id=patient, study_date=date, study_description="Second trimester", **origin)  # type: ignore[arg-type]
    return make_clip(1, name=name, patient=patient, origin=made)


TWO_PATIENTS = [
    of_study("a1", "P1", instance_number=1),
    of_study("a2", "P1", instance_number=2),
    of_study("a3", "P1", "20260501", instance_number=1),
    of_study("b1", "P2", instance_number=1),
    make_clip(1, name="folder/x.png", origin=Origin()),
]


def headings(rows: ClipRows) -> list[object]:
    return [rows.index(row).data(HEADING_ROLE) for row in range(rows.rowCount())]


@pytest.mark.parametrize("seed", range(6))
def test_rows_follow_arrivals_one_by_one_and_end_in_one_order(seed: int, qapp: object) -> None:
    rows, order = ClipRows(lambda entry: "Waiting"), ClipOrder()
    _tester = QAbstractItemModelTester(rows, QAbstractItemModelTester.FailureReportingMode.Fatal)
    resets: list[None] = []
    rows.modelReset.connect(lambda: resets.append(None))
    arriving = [OpenClip(clip) for clip in TWO_PATIENTS]
    random.Random(seed).shuffle(arriving)
    for entry in arriving:
        assert order.add(entry)
        rows.show(order.entries)
    found = [entry.clip.path.name for entry in rows.entries]

    assert found == ["a1", "a2", "a3", "b1", "x.png"]
    assert headings(rows) == [
        ("P1", "Second trimester, 2026-03-14"),
        None,
        ("P1", "Second trimester, 2026-05-01"),
        ("P2", "Second trimester, 2026-03-14"),
        ("No patient named", "Files in folder"),
    ]
    assert resets == []
    for entry in arriving[:3]:
        order.remove(entry)
        rows.show(order.entries)
    assert len(rows.entries) == 2


def test_one_study_has_no_heading(qapp: object) -> None:
    rows = ClipRows(lambda entry: "Waiting")
    entries = [OpenClip(clip) for clip in TWO_PATIENTS[:2]]
    rows.show(entries)

    assert headings(rows) == [None, None]
    assert rows.index(0).data(Qt.ItemDataRole.AccessibleTextRole) == "Waiting, a1, 1 picture"


def test_of_one_patient_s_studies_the_headings_name_the_study_alone(qapp: object) -> None:
    rows = ClipRows(lambda entry: "Waiting")
    rows.show([OpenClip(clip) for clip in TWO_PATIENTS[:3]])

    assert headings(rows)[0] == ("", "Second trimester, 2026-03-14")


def test_headings_follow_what_files_tell_of_each_other(qapp: object) -> None:
    """Two that seem to be of two studies are of one, as soon as that is known."""
    rows, order = ClipRows(lambda entry: "Waiting"), ClipOrder()
    _tester = QAbstractItemModelTester(rows, QAbstractItemModelTester.FailureReportingMode.Fatal)
    whole, nameless = of_study("b"), of_study("a", study_uid="1.2")
    whole = replace(whole, origin=replace(whole.origin, patient_name="Doe^Jane", study_uid="1.2"))
    other = replace(whole, path=Path("c"), origin=replace(whole.origin, study_uid="1.3", study_date="20250101"))
    for clip in (nameless, other, whole):
        order.add(OpenClip(clip))
        rows.show(order.entries)

    assert [entry.clip.path.name for entry in rows.entries] == ["c", "a", "b"]
    assert headings(rows) == [("", "Second trimester, 2025-01-01"), ("", "Second trimester, 2026-03-14"), None]
    for entry in rows.entries[::2]:
        order.remove(entry)
    rows.show(order.entries)
    assert rows.entries[0].group == OpenClip(nameless).group != OpenClip(whole).group


def test_what_a_listing_tells_is_said_and_failures_beside_it_too(desk_of: Callable, qtbot: QtBot) -> None:
    desk = desk_of(make_clip(2, name="one.dcm"))
    notice = Notice(NoticeKind.INDEX_MISSES, "DICOMDIR", ("IM1", "IM2"))

    def find(paths: Sequence[Path], cancel: CancelToken) -> Listing:
        return Listing((Path("one.dcm"), Path("broken.dcm")), (notice,))

    desk.session._opening._doors = replace(desk.session._opening._doors, find=find)
    desk.window.open_menu.open_paths([Path("cd")])
    message = desk.window.area.message
    qtbot.waitUntil(lambda: not desk.session._opening.is_busy and not message.isHidden())
    qtbot.waitUntil(lambda: "DICOMDIR" in message.hint.text())

    assert message.sentence.text() == "1 file could not be opened."
    assert "2 files that DICOMDIR names are not there: IM1, IM2." in message.hint.text()
    assert "broken.dcm is damaged" in message.hint.text()


class Broken:
    """Frames none of which can be decoded."""

    def __len__(self) -> int:
        return 3

    def pixels(self, index: int) -> object:
        raise UnreadableFile(ErrorCode.FILE_DAMAGED, name="broken.dcm")


def test_a_clip_whose_middle_is_broken_is_listed_and_says_so(desk_of: Callable, qtbot: QtBot) -> None:
    desk = desk_of(make_clip(2, name="whole.dcm"), replace(make_clip(3, name="broken.dcm"), source=Broken()))
    desk.open("whole.dcm", "broken.dcm")
    qtbot.waitUntil(lambda: all(entry.thumbnail or entry.thumbnail_error for entry in desk.session.entries))
    broken, whole = desk.session.entries

    assert broken.thumbnail is None
    assert isinstance(broken.thumbnail_error, UnreadableFile)
    assert whole.thumbnail is not None
    tip = desk.window.clips.view.model().index(0, 0).data(Qt.ItemDataRole.ToolTipRole)
    assert tip.endswith("broken.dcm is damaged and cannot be read.")


def grey_clip(level: int, frames: int = 1) -> Clip:
    picture = np.full((60, 80, 3), level, np.uint8)
    return replace(make_clip(1, name=f"{level}.dcm"), source=FramesInMemory([picture] * frames), height=60, width=80)


def level_of(entry: OpenClip) -> int:
    assert entry.thumbnail is not None
    middle = entry.thumbnail.rect().center()
    return entry.thumbnail.pixelColor(middle).red()


def test_each_clip_has_its_own_thumbnail(jobs: object, qtbot: QtBot) -> None:
    """Also where clips come and go while they are fetched."""
    entries = [OpenClip(grey_clip(level)) for level in range(10, 250, 20)]
    told: list[OpenClip] = []
    thumbnails = Thumbnails(jobs, lambda: entries, lambda: entries[5:8])  # type: ignore[arg-type]

    def came(entry: OpenClip) -> None:
        told.append(entry)
        if len(told) == 3:
            entries.insert(0, OpenClip(grey_clip(251)))
            del entries[2]

    thumbnails.arrived.connect(came)
    thumbnails.fetch()
    qtbot.waitUntil(lambda: all(entry.thumbnail is not None for entry in entries))

    assert [level_of(entry) for entry in entries] == [int(entry.clip.path.stem) for entry in entries]
    assert [level_of(entry) for entry in told] == [int(entry.clip.path.stem) for entry in told]


def test_the_list_of_the_window_shows_each_clip_s_own_thumbnail(desk_of: Callable, qtbot: QtBot) -> None:
    levels = [50, 120, 190]
    desk = desk_of(*map(grey_clip, levels))
    desk.open(*(f"{level}.dcm" for level in levels))
    qtbot.waitUntil(lambda: all(entry.thumbnail is not None for entry in desk.session.entries))

    assert [level_of(entry) for entry in desk.session.entries] == levels


def test_thumbnails_in_sight_come_first_and_one_at_a_time(jobs: object, qtbot: QtBot) -> None:
    entries = [OpenClip(make_clip(1, name=f"{number}.dcm")) for number in range(12)]
    came: list[OpenClip] = []
    thumbnails = Thumbnails(jobs, lambda: entries, lambda: entries[7:10])  # type: ignore[arg-type]
    thumbnails.arrived.connect(came.append)
    for _ in range(5):
        thumbnails.fetch()
    qtbot.waitUntil(lambda: len(came) == 12)

    assert came == [*entries[7:10], *entries[:7], *entries[10:]]
    assert all(entry.thumbnail is not None for entry in entries)


def test_of_thousands_only_the_thumbnails_seen_last_are_held(
    jobs: object, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fetalclip_app.ui.thumbnails.MOST", 4)
    entries = [OpenClip(make_clip(1, name=f"{number}.dcm")) for number in range(12)]
    seen = [entries[:2]]
    thumbnails = Thumbnails(jobs, lambda: entries, lambda: seen[-1])  # type: ignore[arg-type]
    thumbnails.fetch()
    qtbot.waitUntil(lambda: sum(entry.thumbnail is not None for entry in entries) == 4)
    seen.append(entries[8:11])
    thumbnails.fetch()
    qtbot.waitUntil(lambda: all(entry.thumbnail is not None for entry in entries[8:11]))

    assert [number for number, entry in enumerate(entries) if entry.thumbnail is not None] == [3, 8, 9, 10]
    del entries[8:]
    seen.append([])
    thumbnails.fetch()
    qtbot.waitUntil(lambda: sum(entry.thumbnail is not None for entry in entries) == 4)  # closed ones leave room


def test_a_thumbnail_is_small_and_shows_the_middle() -> None:
    clip = make_clip(5, height=600, width=800)
    image = thumbnail(clip)

    assert (image.width(), image.height()) == (192, 144)
    seen = image.pixelColor(96, 40).red()
    assert abs(seen - float(clip.frame(2).pixels[155:180, 390:412].mean())) < 40


def test_the_list_tells_what_is_in_sight(desk_of: Callable, qtbot: QtBot) -> None:
    clips = [of_study(f"{number}.dcm", instance_number=number) for number in range(30)]
    desk = desk_of(*clips)
    desk.open(*(clip.path.name for clip in clips))
    seen = desk.window.clips.in_sight()

    assert 3 < len(seen) < 20
    assert list(seen) == list(desk.session.entries[: len(seen)])
    desk.window.clips.view.scrollToBottom()
    assert desk.window.clips.in_sight()[-1] is desk.session.entries[-1]


def test_clips_that_arrive_above_do_not_push_the_shown_one_out_of_sight(desk_of: Callable, qtbot: QtBot) -> None:
    clips = [of_study(f"{number}.dcm", instance_number=number) for number in range(20)]
    desk = desk_of(*clips)
    desk.open("19.dcm")
    desk.open(*(clip.path.name for clip in clips[:19]))

    assert desk.session.shown is desk.session.entries[19]
    assert desk.session.shown in desk.window.clips.in_sight()


def test_hundreds_of_clips_that_arrive_do_not_hold_the_window_up(desk_of: Callable, qtbot: QtBot) -> None:
    one = make_clip(1)
    clips = [
        replace(one, path=Path(f"{number}.dcm"), origin=Origin(patient_id=f"P{number % 7}", instance_uid=f"1.{number}"))
        for number in range(600)
    ]
    desk = desk_of(*clips)
    with held_up() as holds:
        desk.window.open_menu.open_paths([clip.path for clip in clips])
        qtbot.waitUntil(lambda: len(desk.session.entries) == len(clips), timeout=60_000)

    assert [hold for hold in holds if hold.is_too_long] == []
    ordered = in_order([entry.clip for entry in desk.session.entries])
    assert [entry.clip for entry in desk.session.entries] == ordered
