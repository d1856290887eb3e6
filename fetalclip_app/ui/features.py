"""What the window can do beyond showing and reading clips: each feature has its own door and knows no other.

A feature takes `Parts`, puts its cards and strips where they belong, ties its own commands, and writes what a person
does into the notebook. A new one is a line in `made`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction

from fetalclip_app.ui.asking.door import Asking
from fetalclip_app.ui.attributions import AttributionsDoor
from fetalclip_app.ui.bars_of_window import StatusStrip
from fetalclip_app.ui.best_frame_door import BestFrameDoor
from fetalclip_app.ui.calipers.door import Calipers
from fetalclip_app.ui.calipers.fetuses import Fetuses
from fetalclip_app.ui.calipers.first import MeasureFirst
from fetalclip_app.ui.checklist.door import ChecklistDoor
from fetalclip_app.ui.choices import Choices
from fetalclip_app.ui.clip_list import ClipList
from fetalclip_app.ui.clip_marks import ClipMarks
from fetalclip_app.ui.findings_panel import FindingsPanel
from fetalclip_app.ui.frame_out import FrameOut
from fetalclip_app.ui.frames import FrameStore
from fetalclip_app.ui.grid.door import GridDoor
from fetalclip_app.ui.grid.earlier_door import EarlierDoor
from fetalclip_app.ui.growth.door import Growth
from fetalclip_app.ui.jobs import Jobs
from fetalclip_app.ui.keeping.keeping import Keeping
from fetalclip_app.ui.map.door import MapDoor
from fetalclip_app.ui.note_history import NoteHistory
from fetalclip_app.ui.notebook import Notebook
from fetalclip_app.ui.operator_name import OperatorName
from fetalclip_app.ui.palette import Palette
from fetalclip_app.ui.parts_door import PartsDoor
from fetalclip_app.ui.picture_area import PictureArea
from fetalclip_app.ui.report_template import ReportTemplate
from fetalclip_app.ui.session import Session
from fetalclip_app.ui.signing import Signing
from fetalclip_app.ui.structured_reports import StructuredReports
from fetalclip_app.ui.telling import Telling
from fetalclip_app.ui.transport import Transport
from fetalclip_app.ui.undo_titles import UndoTitles
from fetalclip_app.ui.view_sets.door import ViewSets
from fetalclip_app.ui.viewer import Viewer

if TYPE_CHECKING:
    from fetalclip_app.ui.main_window import MainWindow


@dataclass(frozen=True, slots=True)
class Parts:
    """What a feature may use of the window.

    Attributes:
        window: Parent of dialogs.
        actions: Every command's action by name (`commands.COMMANDS`).
    """

    window: MainWindow
    session: Session
    notebook: Notebook
    jobs: Jobs
    palette: Palette
    choices: Choices
    actions: Mapping[str, QAction]
    area: PictureArea
    clips: ClipList
    findings: FindingsPanel
    status: StatusStrip
    store: FrameStore
    telling: Telling
    transport: Transport
    viewer: Viewer

    @classmethod
    def of(cls, window: MainWindow) -> Parts:
        """Return the parts of a window that is laid out."""
        return cls(
            window=window,
            session=window.session,
            notebook=window.notebook,
            jobs=window.jobs,
            palette=window.palette_of_commands,
            choices=window.choices,
            actions=window.actions_by_name,
            area=window.area,
            clips=window.clips,
            findings=window.findings,
            status=window.status,
            store=window.store,
            telling=window.telling,
            transport=window.transport,
            viewer=window.viewer,
        )


def made(parts: Parts) -> tuple[QObject, ...]:
    """Make every feature, in the order in which they are introduced."""
    return (
        FrameOut(parts),
        UndoTitles(parts),
        OperatorName(parts),
        ReportTemplate(parts),
        Signing(parts),
        Keeping(parts),
        NoteHistory(parts),
        MeasureFirst(parts),
        Calipers(parts),
        Fetuses(parts),
        BestFrameDoor(parts),
        PartsDoor(parts),
        Growth(parts),
        ChecklistDoor(parts),
        Asking(parts),
        MapDoor(parts),
        GridDoor(parts),
        EarlierDoor(parts),
        ViewSets(parts),
        ClipMarks(parts),
        StructuredReports(parts),
        AttributionsDoor(parts),
    )


@runtime_checkable
class Dismissable(Protocol):
    """A feature that lays something over the window."""

    def dismiss(self) -> bool:
        """Take it away; return whether there was something."""
        ...


def dismiss_one(features: Sequence[QObject]) -> bool:
    """Take one feature's cover away, the last made first; return whether there was one."""
    return any(feature.dismiss() for feature in reversed(features) if isinstance(feature, Dismissable))
