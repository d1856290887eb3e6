"""Which key and button does what."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from fetalclip_app.ui.commands import BEST_FRAMES
from fetalclip_app.ui.dismissing import dismiss

if TYPE_CHECKING:
    from fetalclip_app.ui.main_window import MainWindow

_FAR = 10**9


def tie(window: MainWindow) -> None:
    """Connect every command of the window."""
    for name, work in {**_cine(window), **_rest(window)}.items():
        window.actions_by_name[name].triggered.connect(lambda checked=False, work=work: work())
    for name, switch in _switches(window).items():
        window.actions_by_name[name].triggered.connect(switch)


def _cine(window: MainWindow) -> dict[str, Callable[[], object]]:
    viewer, frame = window.viewer, window.area.frame
    player = viewer.player
    return {
        "play": player.toggle,
        "previous_clip": lambda: window.step_clip(-1),
        "next_clip": lambda: window.step_clip(1),
        "back": lambda: player.step(-1),
        "forward": lambda: player.step(1),
        "back_ten": lambda: player.step(-10),
        "forward_ten": lambda: player.step(10),
        "first": lambda: player.seek(0),
        "last": lambda: player.seek(_FAR),
        "slower": lambda: window.cine.change_speed(-1),
        "faster": lambda: window.cine.change_speed(1),
        "loop": window.cine.next_mode,
        "mark_a": window.cine.mark_a,
        "mark_b": window.cine.mark_b,
        "unmark": player.unmark,
        "fit": frame.fit,
        "zoom_in": lambda: frame.zoom_by(1.25),
        "zoom_out": lambda: frame.zoom_by(0.8),
    }


def _rest(window: MainWindow) -> dict[str, Callable[[], object]]:
    best = {name: lambda at=at: window.viewer.go_to_best(at) for at, name in enumerate(BEST_FRAMES)}
    return {
        **best,
        "palette": window.palette_of_commands.toggle,
        "edit_keys": window.edit_keys,
        "measured": window.viewer.go_to_measured,
        "read_again": window.session.read_again,
        "cancel": window.cancel,
        "undo": window.undo.undo,
        "redo": window.undo.redo,
        "open": window.open_menu.ask_files,
        "open_folder": window.open_menu.ask_folder,
        "sample": window.open_menu.open_sample,
        "close_clip": window.close_clip,
        "export_pdf": window.exporting.pdf,
        "export_json": window.exporting.json,
        "export_dicom": window.exporting.dicom,
        "export_csv": window.exporting.csv,
        "export_mp4": window.exporting.movie,
        "export_png": window.export_png,
        "deidentify": window.deidentify.open,
        "keys": window.cheat_sheet.toggle,
        "dismiss": lambda: dismiss(window),
        "quit": window.close,
    }


def _switches(window: MainWindow) -> dict[str, Callable[[bool], object]]:
    return {
        "mark_next": lambda checked: window.cine.mark_next(),
        "outline": window.set_outline,
        "heatmap": window.viewer.heat.set_on,
        "light": window.area.light.set_open,
        "ruler": window.scale.set_open,
        "regions": window.set_regions,
        "planes": window.area.frame.planes.set_on,
        "picture_only": window.set_picture_only,
    }
