"""Structured reports that were opened: what each says, row by row, beside who vouches for it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from fetalclip_app.domain.structured import SrRow, StructuredReport
from fetalclip_app.errors import ErrorCode, FetalClipError
from fetalclip_app.progress import CancelToken, Report
from fetalclip_app.ui.jobs import Lane
from fetalclip_app.ui.parts import label, set_tone, text_button
from fetalclip_app.wording.structured import (
    cut_report,
    report_about,
    report_standing,
    report_title,
    row_source,
    row_value,
)
from fetalclip_app.wording.translate import translate

if TYPE_CHECKING:
    from fetalclip_app.ui.features import Parts

_WIDTH, _HEIGHT = 1040, 640


class StructuredReports(QObject):
    """Shows a structured report when one is opened among the files."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts.window)
        self._parts = parts
        self.window: ReportsWindow | None = None
        parts.session.unopened.connect(self._opened)

    def _opened(self, path: Path, error: Exception) -> None:
        if isinstance(error, FetalClipError) and error.code is ErrorCode.STRUCTURED_REPORT:
            job = self._parts.jobs.start(Lane.FILE, lambda cancel, report: _read(path, cancel, report))
            job.succeeded.connect(lambda found: self._add(path, found), Qt.ConnectionType.QueuedConnection)
            job.failed.connect(self._parts.telling.trouble, Qt.ConnectionType.QueuedConnection)

    def _add(self, path: Path, found: StructuredReport) -> None:
        self.window = self.window or ReportsWindow(self._parts.window)
        self.window.add(path, found)


def _read(path: Path, cancel: CancelToken, report: Report) -> StructuredReport:
    from fetalclip_app.imaging.dicom.structured import read_structured_report  # noqa: PLC0415 - pydicom waits for a file

    cancel.check()
    return read_structured_report(path)


class ReportsWindow(QDialog):
    """Shows one of the reports at a time; a box above lets another one be chosen."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(translate("Structured reports"))
        self.which = QComboBox()
        self.which.setAccessibleName(translate("Report"))
        self.which.currentIndexChanged.connect(self._show)
        self.title, self.about = label(wrap=True), label(tone="muted", wrap=True)
        self.standing = label(wrap=True)
        self.rows = QTreeWidget()
        self.rows.setAccessibleName(translate("What the report says"))
        heads = translate("Statement"), translate("Value"), translate("Fetus"), translate("By whom")
        self.rows.setHeaderLabels([*heads, translate("Rule and source")])
        self.rows.setFrameShape(QFrame.Shape.NoFrame)
        self.rows.setUniformRowHeights(True)
        head = self.rows.header()
        head.setStretchLastSection(True)
        head.setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
        for column, width in enumerate((270, 140, 60, 230)):
            self.rows.setColumnWidth(column, width)
        self._lay_out()
        self.resize(_WIDTH, _HEIGHT)

    def add(self, path: Path, report: StructuredReport) -> None:
        """Show a report that was read."""
        self.which.addItem(path.name, report)
        self.which.setVisible(self.which.count() > 1)
        self.which.setCurrentIndex(self.which.count() - 1)
        self._show()
        self.show()
        self.raise_()

    def _lay_out(self) -> None:
        foot = QHBoxLayout()
        close = text_button(translate("Close"))
        close.clicked.connect(self.close)
        foot.addStretch(1)
        foot.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(8)
        column.addWidget(self.which, 0, Qt.AlignmentFlag.AlignLeft)
        for widget in (self.title, self.about, self.standing):
            column.addWidget(widget)
        column.addWidget(self.rows, 1)
        column.addLayout(foot)

    def _show(self) -> None:
        report = self.which.currentData()
        if not isinstance(report, StructuredReport):
            return
        self.title.setText(report_title(report))
        self.about.setText(report_about(report))
        told = [report_standing(report), *([] if report.is_whole else [cut_report()])]
        self.standing.setText(" ".join(told))
        set_tone(self.standing, "" if report.is_verified and report.is_whole else "doubt")
        self.rows.clear()
        headings: dict[tuple[str, ...], QTreeWidgetItem] = {}
        for row in report.rows:
            _under(self.rows, headings, row.section).addChild(_item(row))
        self.rows.expandAll()


def _under(
    tree: QTreeWidget, headings: dict[tuple[str, ...], QTreeWidgetItem], section: tuple[str, ...]
) -> QTreeWidgetItem:
    """Return the heading of a row; one that was left and comes again is another one."""
    if section not in headings:
        heading = QTreeWidgetItem([" › ".join(section)])
        tree.addTopLevelItem(heading)
        heading.setFirstColumnSpanned(True)
        headings[section] = heading
    return headings[section]


def _item(row: SrRow) -> QTreeWidgetItem:
    item = QTreeWidgetItem([row.name, row_value(row), row.fetus, row.whose, row_source(row)])
    for column in range(item.columnCount()):
        item.setToolTip(column, item.text(column))
    return item
