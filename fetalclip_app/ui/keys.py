"""Which key does what now: the table's keys, and those that the user gave instead."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction, QKeySequence

from fetalclip_app.ui.choices import Choices
from fetalclip_app.ui.commands import BY_NAME, COMMANDS, Command, shown

_PORTABLE = QKeySequence.SequenceFormat.PortableText


class Keys(QObject):
    """Gives every command its keys. A key never means two things: who gets it takes it from who had it.

    Signals:
        changed: A command has other keys now.
    """

    changed = Signal()

    def __init__(self, choices: Choices, actions: Mapping[str, QAction], parent: QObject) -> None:
        super().__init__(parent)
        self._choices, self._actions = choices, actions
        self._bind()

    def of(self, command: Command) -> tuple[str, ...]:
        """Return a command's keys in Qt's portable form, the one that is shown first; it may have none."""
        return self._choices.now.keys.get(command.name, command.keys)

    def is_own(self, command: Command) -> bool:
        """Whether the user changed a command's keys."""
        return self.of(command) != command.keys

    def holder(self, key: str) -> Command | None:
        """Return the command that has a key, if one has."""
        return next((command for command in COMMANDS if key in self.of(command)), None)

    def give(self, command: Command, key: str) -> None:
        """Let a command be done by this key alone; who had it before has it no more."""
        key = QKeySequence(key).toString(_PORTABLE)
        own = self._own()
        holder = self.holder(key)
        if holder is not None:
            own[holder.name] = tuple(held for held in self.of(holder) if held != key)
        own[command.name] = (key,)
        self._keep(own)

    def take(self, command: Command) -> None:
        """Leave a command without a key."""
        self._keep({**self._own(), command.name: ()})

    def reset(self, command: Command) -> None:
        """Give a command the table's keys again, and take them from who has them."""
        own = self._own()
        for key in command.keys:
            holder = self.holder(key)
            if holder is not None:
                own[holder.name] = tuple(held for held in self.of(holder) if held not in command.keys)
        self._keep({**own, command.name: command.keys})

    def reset_all(self) -> None:
        """Give every command the table's keys again."""
        self._keep({})

    def _own(self) -> dict[str, tuple[str, ...]]:
        return dict(self._choices.now.keys)

    def _keep(self, own: Mapping[str, tuple[str, ...]]) -> None:
        """Keep what differs from the table; a command that is no more loses its keys."""
        self._choices.keep(
            keys={name: keys for name, keys in own.items() if name in BY_NAME and keys != BY_NAME[name].keys}
        )
        self._bind()
        self.changed.emit()

    def _bind(self) -> None:
        for command in COMMANDS:
            action = self._actions[command.name]
            action.setShortcuts([QKeySequence(key) for key in self.of(command)])
            self.tell(action)

    def tell(self, action: QAction) -> None:
        """Name an action and its key in its tooltip, after either has changed."""
        action.setToolTip(with_key(action.text().removesuffix(" …"), action))


def with_key(text: str, action: QAction) -> str:
    """Return a text with the key that an action has now, the one that is shown first; alone where it has none."""
    keys = [key.toString(_PORTABLE) for key in action.shortcuts()]
    return f"{text} ({shown(keys[0])})" if keys else text
