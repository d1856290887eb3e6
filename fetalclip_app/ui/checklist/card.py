"""The checklist's card: folded it is one line, open it is every item under its heading."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QMenu, QToolButton, QVBoxLayout, QWidget

from fetalclip_app.domain.checklist import Checklist, ChecklistFindings, ItemFinding
from fetalclip_app.ui.checklist.rows import ItemRow, next_of
from fetalclip_app.ui.icons import wear
from fetalclip_app.ui.parts import INDENT_PX, Card, Elided, indented, label
from fetalclip_app.ui.theme import caption_font
from fetalclip_app.wording.checklist import (
    checklist_count,
    checklist_meaning,
    checklist_name,
    checklist_title,
    not_all_read,
    section_title,
)
from fetalclip_app.wording.translate import translate

Tell = Callable[[ItemFinding], str]
"""Returns all that is known of an item, in sentences."""


class ChecklistCard(Card):
    """Shows what the door found; decides nothing.

    Signals:
        folded: It was opened (False) or folded (True) by hand.
        item_wanted: The `ItemFinding` whose best frame is wanted.
        marks_wanted: (where on the screen): the marks of the current item are wanted.
        fetus_chosen: The fetus that the list is about.
    """

    folded = Signal(bool)
    item_wanted = Signal(object)
    marks_wanted = Signal(object)
    fetus_chosen = Signal(str)

    def __init__(self, lists: QMenu) -> None:
        super().__init__(checklist_title())
        self.heading.hide()
        self.rows: list[ItemRow] = []
        self.current: ItemRow | None = None
        self._shown: Checklist | None = None
        self.fold = QToolButton()
        self.fold.setProperty("compact", True)
        self.fold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.fold.setIconSize(QSize(16, 16))
        self.fold.setFont(caption_font())
        self.fold.setStyleSheet("padding: 2px 4px 2px 0px;")
        self.fold.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.fold.clicked.connect(lambda: self.folded.emit(self.is_open))
        self.lists = QToolButton()
        self.lists.setProperty("compact", True)
        wear(self.lists, "more", "muted")
        self.lists.setAccessibleName(translate("Choose a checklist"))
        self.lists.setToolTip(self.lists.accessibleName())
        self.lists.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.lists.setMenu(lists)
        head = QHBoxLayout()
        head.setSpacing(4)
        head.addWidget(self.fold)
        head.addStretch(1)
        head.addWidget(self.lists)
        self.column.addLayout(head)
        self._body = QWidget()
        inside = QVBoxLayout(self._body)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(0)
        self.name = Elided()
        self.name.setProperty("tone", "muted")
        self.name.setFont(caption_font())
        indented(self.name)
        self.note = indented(label(tone="muted", caption=True, wrap=True))
        self.note.setContentsMargins(INDENT_PX, 8, INDENT_PX, 0)
        self._fetuses = QHBoxLayout()
        self._fetuses.setSpacing(4)
        self._fetuses.addStretch(1)
        self._buttons = QButtonGroup(self)
        self._list = QVBoxLayout()
        self._list.setSpacing(0)
        inside.addWidget(self.name)
        inside.addLayout(self._fetuses)
        inside.addLayout(self._list)
        inside.addWidget(self.note)
        self.column.addWidget(self._body)
        self.set_open(False)
        self._say(checklist_title())

    @property
    def is_open(self) -> bool:
        """Whether the items are shown."""
        return not self._body.isHidden()

    def set_open(self, is_open: bool) -> None:
        """Show the items, or the heading alone."""
        self._body.setVisible(is_open)
        wear(self.fold, "down" if is_open else "forward", "muted")
        told = translate("Fold the checklist") if is_open else translate("Open the checklist")
        self.fold.setToolTip(told)

    def show_findings(self, found: ChecklistFindings, fetuses: Sequence[str], tell: Tell) -> None:
        """Show a checklist as a study answers it; ``fetuses`` are those of a multiple pregnancy."""
        self._say(checklist_count(found))
        self.name.show_text(checklist_name(found.checklist), tip=found.checklist.source)
        self.note.setProperty("tone", "muted")
        self.note.setText(" ".join(filter(None, [not_all_read(found), checklist_meaning()])))
        self._show_fetuses(fetuses, found.fetus)
        if found.checklist != self._shown:
            self._lay_out(found)
        for row, finding in zip(self.rows, found.findings, strict=True):
            row.show_finding(finding, tell(finding))

    def show_problem(self, sentence: str) -> None:
        """Say why there is no checklist."""
        self._clear()
        self._say(checklist_title())
        self.name.show_text("")
        self.note.setProperty("tone", "doubt")
        self.note.setText(sentence)
        self._show_fetuses((), "")

    def set_current(self, row: ItemRow | None) -> None:
        """Make an item the one that the keys are about."""
        self.current = row
        for one in self.rows:
            one.set_current(one is row)

    def step(self, by: int) -> None:
        """Go to the next item, or the one before, and give it the focus."""
        row = next_of(self.rows, self.current, by)
        if row is not None:
            self.set_current(row)
            row.setFocus(Qt.FocusReason.TabFocusReason)

    def _say(self, text: str) -> None:
        self.fold.setText(text)
        self.fold.setAccessibleName(text)
        self.setAccessibleName(text)

    def _show_fetuses(self, fetuses: Sequence[str], chosen: str) -> None:
        known = [button.property("fetus") for button in self._buttons.buttons()]
        if known != list(fetuses):
            for button in self._buttons.buttons():
                self._buttons.removeButton(button)
                button.deleteLater()
            for fetus in fetuses:
                self._fetuses.insertWidget(self._fetuses.count() - 1, self._button_of(fetus))
        for button in self._buttons.buttons():
            button.setChecked(button.property("fetus") == chosen)

    def _button_of(self, fetus: str) -> QToolButton:
        button = QToolButton()
        button.setText(translate("Fetus {fetus}").format(fetus=fetus))
        button.setCheckable(True)
        button.setProperty("fetus", fetus)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(lambda: self.fetus_chosen.emit(fetus))
        self._buttons.addButton(button)
        return button

    def _clear(self) -> None:
        self._shown, self.rows, self.current = None, [], None
        while self._list.count():
            taken = self._list.takeAt(0)
            widget = taken.widget() if taken is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()

    def _lay_out(self, found: ChecklistFindings) -> None:
        self._clear()
        self._shown = found.checklist
        for section in found.checklist.sections:
            heading = label(section_title(section), tone="muted", caption=True)
            heading.setContentsMargins(INDENT_PX, 8, INDENT_PX, 2)
            self._list.addWidget(heading)
            for item in section.items:
                row = self._row(found.of(item.key))
                self.rows.append(row)
                self._list.addWidget(row)

    def _row(self, finding: ItemFinding) -> ItemRow:
        row = ItemRow(finding)
        row.clicked.connect(lambda checked=False: self._press(row))
        row.stepped.connect(lambda by: self._step_from(row, by))
        row.marks_wanted.connect(lambda where: self._ask_marks(row, where))
        return row

    def _press(self, row: ItemRow) -> None:
        self.set_current(row)
        self.item_wanted.emit(row.finding)

    def _step_from(self, row: ItemRow, by: int) -> None:
        self.set_current(row)
        self.step(by)

    def _ask_marks(self, row: ItemRow, where: object) -> None:
        self.set_current(row)
        self.marks_wanted.emit(where)
