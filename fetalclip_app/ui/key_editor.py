"""Changes the keys: one table, one field, and who has a key that is wanted."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QKeySequenceEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from fetalclip_app.ui.commands import BY_NAME, COMMANDS, GROUPS, Command, shown
from fetalclip_app.ui.keys import Keys
from fetalclip_app.ui.parts import label, set_tone, text_button
from fetalclip_app.wording.translate import translate

_NAME = Qt.ItemDataRole.UserRole


class KeyEditor(QDialog):
    """Every command with its keys; what is changed here counts at once."""

    def __init__(self, keys: Keys, parent: QWidget) -> None:
        super().__init__(parent)
        self._keys = keys
        self.setWindowTitle(translate("Keys"))
        self.resize(560, 620)
        self.table = QTreeWidget()
        self.table.setAccessibleName(translate("Commands and their keys"))
        self.table.setHeaderLabels([translate("Command"), translate("Key")])
        self.table.setRootIsDecorated(False)
        self.table.setFrameShape(QFrame.Shape.NoFrame)
        self.table.setIndentation(12)
        self.table.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.table.header().setStretchLastSection(False)
        self.table.setColumnWidth(1, 150)
        self.field = QKeySequenceEdit()
        self.field.setMaximumSequenceLength(1)
        self.field.setAccessibleName(translate("New key"))
        self.use = text_button(translate("Use this key"), primary=True)
        self.remove = text_button(translate("No key"))
        self.reset = text_button(translate("As it was"))
        self.reset_all = text_button(translate("All as they were"))
        self.said = label(wrap=True)
        self.said.setMinimumHeight(2 * self.said.fontMetrics().lineSpacing())
        self._lay_out()
        self.table.currentItemChanged.connect(lambda now, before: self._look())
        self.field.keySequenceChanged.connect(lambda sequence: self._look())
        self.use.clicked.connect(self._give)
        self.remove.clicked.connect(lambda: self._change(keys.take))
        self.reset.clicked.connect(lambda: self._change(keys.reset))
        self.reset_all.clicked.connect(keys.reset_all)
        keys.changed.connect(self._fill)
        self._items: dict[str, QTreeWidgetItem] = {}
        self._fill()

    def choose(self, name: str) -> None:
        """Select a command."""
        self.table.setCurrentItem(self._items[name])

    def _lay_out(self) -> None:
        entry, rest = QHBoxLayout(), QHBoxLayout()
        entry.addWidget(label(translate("New key"), tone="muted"))
        entry.addWidget(self.field, 1)
        entry.addWidget(self.use)
        done = text_button(translate("Close"))
        done.clicked.connect(self.accept)
        for widget in (self.remove, self.reset, self.reset_all):
            rest.addWidget(widget)
        rest.addStretch(1)
        rest.addWidget(done)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(16, 16, 16, 16)
        whole.setSpacing(10)
        whole.addWidget(self.table, 1)
        whole.addLayout(entry)
        whole.addWidget(self.said)
        whole.addLayout(rest)

    @property
    def _command(self) -> Command | None:
        item = self.table.currentItem()
        return BY_NAME.get(item.data(0, _NAME) or "") if item is not None else None

    def _fill(self) -> None:
        """Write all commands with their keys of now; the same one stays selected."""
        chosen = self._command
        self.table.clear()
        self._items.clear()
        for group in (*GROUPS, ""):
            heading = QTreeWidgetItem([translate(group) if group else translate("More")])
            heading.setFlags(Qt.ItemFlag.ItemIsEnabled)
            self.table.addTopLevelItem(heading)
            for command in (one for one in COMMANDS if one.group == group):
                keys = "  ".join(shown(key) for key in self._keys.of(command))
                item = QTreeWidgetItem([command.plain, keys])
                item.setData(0, _NAME, command.name)
                font = item.font(1)
                font.setBold(self._keys.is_own(command))
                item.setFont(1, font)
                heading.addChild(item)
                self._items[command.name] = item
        self.table.expandAll()
        self.choose(chosen.name if chosen is not None else COMMANDS[0].name)
        self._look()

    def _look(self) -> None:
        """Say who has the key that is wanted."""
        command, key = self._command, self._wanted()
        holder = self._keys.holder(key) if key else None
        taken = holder is not None and command is not None and holder.name != command.name
        self.use.setEnabled(bool(key) and command is not None and holder is not command)
        self.remove.setEnabled(command is not None and bool(self._keys.of(command)))
        self.reset.setEnabled(command is not None and self._keys.is_own(command))
        set_tone(self.said, "doubt" if taken else "muted")
        if taken and holder is not None:
            said = translate("⚠ {key} is the key of “{title}”. If it is used here, that command has it no more.")
            self.said.setText(said.format(key=shown(key), title=holder.plain))
        elif command is not None and self._keys.is_own(command):
            was = ", ".join(shown(one) for one in command.keys) or translate("no key")
            self.said.setText(translate("Changed by you. It was: {was}.", was=was))
        else:
            self.said.setText("")

    def _wanted(self) -> str:
        return self.field.keySequence().toString(QKeySequence.SequenceFormat.PortableText)

    def _give(self) -> None:
        command, key = self._command, self._wanted()
        if command is not None and key:
            self.field.clear()
            self._keys.give(command, key)

    def _change(self, how: Callable[[Command], None]) -> None:
        command = self._command
        if command is not None:
            how(command)
