"""Steps of a person who tries everything at random: commands, buttons, keys, the mouse, sizes of the window."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import TypeVar

from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QDialog,
    QLineEdit,
    QMenu,
    QSlider,
    QToolButton,
    QWidget,
)

from fetalclip_app.ui.main_window import MainWindow

_Kind = TypeVar("_Kind", bound=QWidget)

_KEYS = (
    *(Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Home, Qt.Key.Key_End),
    *(Qt.Key.Key_Tab, Qt.Key.Key_Backtab, Qt.Key.Key_Return, Qt.Key.Key_Escape, Qt.Key.Key_Space, Qt.Key.Key_Delete),
    *(Qt.Key.Key_1, Qt.Key.Key_2, Qt.Key.Key_5, Qt.Key.Key_9, Qt.Key.Key_BracketLeft, Qt.Key.Key_BracketRight),
    *(Qt.Key.Key_C, Qt.Key.Key_E, Qt.Key.Key_H, Qt.Key.Key_M, Qt.Key.Key_R, Qt.Key.Key_S, Qt.Key.Key_V, Qt.Key.Key_K),
)
_MODIFIERS = (*(Qt.KeyboardModifier.NoModifier,) * 6, Qt.KeyboardModifier.ShiftModifier)
_WORDS = ("20", "0", "-1", "heart", "1e9", "ä ⚠", "a very long text that goes on and on and on", "3.5", "20w3d")
_SIZES = ((1440, 900), (1100, 700), (1000, 640), (720, 450), (1920, 1080))
_MOST_OPEN = 5
_WAKE_MS = 400

NOT_WALKED = ("quit", "language_en", "language_de")
"""Commands that end the walk, or whose sentence speaks another language in its middle."""


class Walker:
    """Takes one step at a time; the same seed takes the same steps as far as the program answers the same.

    Args:
        files: What it opens, one or two at a time.
    """

    def __init__(self, window: MainWindow, files: Sequence[Path], chance: Random) -> None:
        self.window, self._files, self._chance = window, files, chance
        self.taken: list[str] = []
        self._waker = QTimer(window, interval=_WAKE_MS)  # a menu opened by a key waits for an answer in its own loop
        self._waker.timeout.connect(_close_popup)
        self._waker.start()
        self._steps: tuple[tuple[int, Callable[[], str]], ...] = (
            (40, self._command),
            (16, self._button),
            (18, self._key),
            (10, self._mouse),
            (4, self._menu),
            (4, self._write),
            (3, self._choose),
            (4, self._open),
            (2, self._close),
            (2, self._resize),
        )

    def step(self) -> None:
        """Do one thing, and let the window breathe for some milliseconds."""
        weights = [weight for weight, _do in self._steps]
        do = self._chance.choices([one for _weight, one in self._steps], weights)[0]
        self.taken.append(do())
        del self.taken[:-30]
        QTest.qWait(self._chance.choice((0, 1, 5, 20, 40)))
        self._leave_what_blocks()

    def rest(self) -> None:
        """Close every clip, dialog and strip."""
        self._leave_what_blocks(always=True)
        while self.window.session.entries:
            self.window.session.close(self.window.session.entries[0])
        self.window.undo.clear()
        QTest.qWait(300)

    def _command(self) -> str:
        actions = self.window.actions_by_name
        name = self._chance.choice([one for one in sorted(actions) if one not in NOT_WALKED])
        if actions[name].isEnabled():
            actions[name].trigger()
        return name

    def _button(self) -> str:
        buttons = [one for one in self._seen(QAbstractButton) if not (isinstance(one, QToolButton) and one.menu())]
        if not buttons:
            return "no button"
        button = self._chance.choice(buttons)
        name = button.accessibleName() or button.text()
        button.click()
        return f"press {name}"

    def _menu(self) -> str:
        """Choose from a menu without opening it, which would wait for an answer."""
        menus = [one for one in self.window.findChildren(QMenu) if one.isEnabled()]
        for menu in menus:
            menu.aboutToShow.emit()
        entries = [one for menu in menus for one in menu.actions() if _can_be_chosen(one)]
        entries = [one for one in entries if one not in self.window.actions_by_name.values()]
        if not entries:
            return "no menu"
        entry = self._chance.choice(entries)
        text = entry.text()
        entry.trigger()
        return f"menu {text}"

    def _key(self) -> str:
        target = QApplication.focusWidget() or self.window
        key, modifier = self._chance.choice(_KEYS), self._chance.choice(_MODIFIERS)
        QTest.keyClick(target, key, modifier)
        return f"key {key.name}"

    def _mouse(self) -> str:
        frame = self.window.area.frame
        if not frame.isVisible():
            return "no picture"
        places = [self._place_in(frame) for _ in range(3)]
        left = Qt.MouseButton.LeftButton
        QTest.mousePress(frame, left, Qt.KeyboardModifier.NoModifier, places[0])
        for place in places[1:]:
            QTest.mouseMove(frame, place)
        QTest.mouseRelease(frame, left, Qt.KeyboardModifier.NoModifier, places[-1])
        if self._chance.random() < 0.1:
            QTest.mouseDClick(frame, left, Qt.KeyboardModifier.NoModifier, places[0])
        return "drag"

    def _write(self) -> str:
        fields = self._seen(QLineEdit)
        if not fields:
            return "no field"
        field = self._chance.choice(fields)
        field.setFocus()
        word = self._chance.choice(_WORDS)
        if word.isascii():
            QTest.keyClicks(field, word)
        else:
            field.insert(word)  # as by pasting: the keys of tests know no other letters
        if self._chance.random() < 0.5:
            QTest.keyClick(field, Qt.Key.Key_Return)
        return "write"

    def _choose(self) -> str:
        widgets: list[QWidget] = [*self._seen(QComboBox), *self._seen(QSlider)]
        if not widgets:
            return "nothing to choose"
        widget = self._chance.choice(widgets)
        if isinstance(widget, QComboBox) and widget.count():
            widget.setCurrentIndex(self._chance.randrange(widget.count()))
        elif isinstance(widget, QSlider):
            widget.setValue(self._chance.randint(widget.minimum(), widget.maximum()))
        return f"choose in {widget.accessibleName()}"

    def _open(self) -> str:
        if len(self.window.session.entries) < _MOST_OPEN:
            self.window.open_menu.open_paths(self._chance.sample(list(self._files), self._chance.choice((1, 1, 2))))
        return "open"

    def _close(self) -> str:
        self.window.close_clip()
        return "close"

    def _resize(self) -> str:
        size = self._chance.choice(_SIZES)
        self.window.resize(*size)
        return f"resize {size}"

    def _leave_what_blocks(self, *, always: bool = False) -> None:
        """Leave a popup at once, and a dialog after some steps in it."""
        _close_popup()
        for one in QApplication.topLevelWidgets():
            is_other = one is not self.window and one.isVisible() and one.isWindow()
            if is_other and (always or self._chance.random() < 0.15):
                one.reject() if isinstance(one, QDialog) else one.close()

    def _seen(self, kind: type[_Kind]) -> list[_Kind]:
        dialog = QApplication.activeModalWidget() or self.window
        return [one for one in dialog.findChildren(kind) if one.isVisible() and one.isEnabled()]

    def _place_in(self, widget: QWidget) -> QPoint:
        # A picture beside others may have no height in a window that is made as low as it goes.
        width, height = max(widget.width(), 1), max(widget.height(), 1)
        return QPoint(self._chance.randrange(width), self._chance.randrange(height))


def _close_popup() -> None:
    popup = QApplication.activePopupWidget()
    if popup is not None:
        popup.close()


def _can_be_chosen(entry: QAction) -> bool:
    return entry.isEnabled() and entry.menu() is None and not entry.isSeparator()
