"""What Escape closes: what lies over the picture, the uppermost first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction

from fetalclip_app.ui.features import dismiss_one

if TYPE_CHECKING:
    from fetalclip_app.ui.main_window import MainWindow


def dismiss(window: MainWindow) -> None:
    """Close one thing."""
    for is_open, close in _layers(window):
        if is_open:
            close()
            return


def _layers(window: MainWindow) -> Iterator[tuple[bool, Callable[[], object]]]:
    area, actions = window.area, window.actions_by_name
    yield window.palette_of_commands.isVisible(), window.palette_of_commands.close_quietly
    yield window.cheat_sheet.isVisible(), window.cheat_sheet.hide
    yield area.scale.isVisible(), window.scale.close
    yield area.dismiss_strip(), bool  # it is closed by being asked
    yield dismiss_one(window.features), bool
    yield area.message.isVisible(), area.message.hide
    strips = [actions[name] for name in ("light", "heatmap") if actions[name].isChecked()]
    yield bool(strips), lambda: _trigger(strips)
    companion = area.companion
    yield companion is not None, companion.closed.emit if companion is not None else bool
    yield window.panels.is_over_picture, window.panels.close_over_picture
    yield actions["picture_only"].isChecked(), actions["picture_only"].trigger


def _trigger(actions: Sequence[QAction]) -> None:
    for action in actions:
        action.trigger()
