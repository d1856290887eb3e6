"""Finds commands by some of their words, in every language that the program speaks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtGui import QAction

from fetalclip_app.ui.commands import COMMANDS, NEEDS_CLIP, NEEDS_READING, Command, shown
from fetalclip_app.ui.keys import Keys
from fetalclip_app.ui.palette import Entry
from fetalclip_app.wording.translate import in_every_language, translate


class CommandFinder:
    """A `palette.Provider`."""

    def __init__(self, actions: Mapping[str, QAction], keys: Keys) -> None:
        self._actions, self._keys = actions, keys

    def entries(self, text: str) -> Sequence[Entry]:
        """Return the commands that have all words of ``text``; what begins with it stands first."""
        words = text.casefold().split()
        found = [command for command in COMMANDS if command.name != "palette" and _fits(command, words)]
        found.sort(key=lambda command: not _begins(command, text.casefold()))
        return [self._entry(command) for command in found]

    def _entry(self, command: Command) -> Entry:
        keys = self._keys.of(command)
        action = self._actions[command.name]
        why_not = "" if action.isEnabled() else why_not_now(command)
        return Entry(action.text().removesuffix(" …"), action.trigger, shown(keys[0]) if keys else "", why_not)


def why_not_now(command: Command) -> str:
    """Return why a command that is switched off can do nothing."""
    if command.name in NEEDS_CLIP:
        return translate("No clip is open")
    if command.name in NEEDS_READING:
        return translate("Nothing is read yet")
    if command.name in {"undo", "redo"}:
        return translate("Nothing was done")
    return translate("Not now")


def _titles(command: Command) -> list[str]:
    return [title.format(number=command.number).casefold() for title in in_every_language(command.title)]


def _fits(command: Command, words: Sequence[str]) -> bool:
    return any(all(word in title for word in words) for title in _titles(command))


def _begins(command: Command, text: str) -> bool:
    return any(title.startswith(text) for title in _titles(command))
