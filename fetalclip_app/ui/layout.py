"""Where the parts of the window lie, and what stands in its menus."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QSplitter, QVBoxLayout, QWidget

from fetalclip_app.ui.appearance import THEME_COMMANDS
from fetalclip_app.ui.commands import CLIP_OF_FETUS, FETUSES_IN_STUDY, GRIDS, SIZES
from fetalclip_app.ui.icons import wear
from fetalclip_app.wording.translate import LANGUAGES, translate


@dataclass(frozen=True, slots=True)
class Menus:
    """The menus of the top bar."""

    opening: QMenu
    study: QMenu
    export: QMenu
    model: QMenu
    window: QMenu


def menus(window: QWidget, actions: Mapping[str, QAction], recent: QMenu, model: QMenu) -> Menus:
    """Return the menus of the top bar."""
    opening, export = QMenu(window), QMenu(window)
    opening.addActions([actions["open"], actions["open_folder"]])
    wear(recent.menuAction(), "recent")
    opening.addMenu(recent)
    opening.addAction(actions["find_study"])
    opening.addSeparator()
    opening.addActions([actions["sample"], actions["close_clip"]])
    opening.addSeparator()
    opening.addAction(actions["quit"])
    export.addActions([actions[name] for name in ("export_pdf", "export_dicom", "export_json", "export_csv")])
    export.addActions([actions[name] for name in ("export_png", "export_mp4")])
    export.addActions([actions[name] for name in ("copy_frame", "print_frame")])
    export.addSeparator()
    export.addAction(actions["deidentify"])
    return Menus(opening, _study_menu(window, actions), export, model, _window_menu(window, actions))


def _study_menu(window: QWidget, actions: Mapping[str, QAction]) -> QMenu:
    """Return what is said of a study as a whole, and whose scan a clip is."""
    menu = QMenu(window)
    menu.addAction(actions["date"])
    menu.addSeparator()
    menu.addActions([actions[name] for name in FETUSES_IN_STUDY])
    menu.addSeparator()
    menu.addActions([actions[name] for name in CLIP_OF_FETUS])
    menu.addSeparator()
    menu.addAction(actions["measure_first"])
    menu.addSeparator()
    menu.addAction(actions["sign_report"])
    return menu


def _window_menu(window: QWidget, actions: Mapping[str, QAction]) -> QMenu:
    """Return what concerns the window and not the scan."""
    menu = QMenu(window)
    menu.addActions([actions[name] for name in ("undo", "redo")])
    menu.addSeparator()
    menu.addActions([actions[name] for name in ("panel_clips", "panel_findings", "picture_only")])
    menu.addSeparator()
    menu.addActions([actions[name] for name in (*GRIDS.values(), "earlier", "map")])
    menu.addSeparator()
    worn = menu.addMenu(translate("Theme"))
    worn.addActions([actions[name] for name in THEME_COMMANDS.values()])
    sizes = menu.addMenu(translate("Size of text and controls"))
    sizes.addActions([actions[name] for name in SIZES.values()])
    languages = menu.addMenu(translate("Language"))
    languages.addActions([actions[f"language_{language}"] for language in LANGUAGES])
    menu.addSeparator()
    menu.addActions([actions[name] for name in ("palette", "keys", "edit_keys", "operator", "report_template")])
    menu.addSeparator()
    menu.addActions([actions[name] for name in ("check_archive", "licences")])
    return menu


def laid_out(top: QWidget, middle: tuple[QWidget, QWidget, QWidget, QWidget], bottom: QWidget) -> QWidget:
    """Return the bar, then clips, picture over transport, and findings, then the strip."""
    clips, picture, transport, findings = middle
    column = QVBoxLayout()
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    column.addWidget(picture, 1)
    column.addWidget(transport)
    centre = QWidget()
    centre.setLayout(column)
    across = QSplitter()
    across.setHandleWidth(1)
    across.setChildrenCollapsible(False)
    for widget in (clips, centre, findings):
        across.addWidget(widget)
    across.setStretchFactor(1, 1)
    whole = QWidget()
    rows = QVBoxLayout(whole)
    rows.setContentsMargins(0, 0, 0, 0)
    rows.setSpacing(0)
    rows.addWidget(top)
    rows.addWidget(across, 1)
    rows.addWidget(bottom)
    return whole
