"""Lays the parts out and ties them to the session; decides nothing."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QByteArray, Qt, Signal
from PySide6.QtGui import QCloseEvent, QUndoStack

from fetalclip_app.settings import Settings
from fetalclip_app.ui import controls, features, layout
from fetalclip_app.ui.appearance import Appearance
from fetalclip_app.ui.bars_of_window import StatusStrip, TopBar
from fetalclip_app.ui.cheat_sheet import CheatSheet
from fetalclip_app.ui.choices import Choices
from fetalclip_app.ui.cine_controls import CineControls
from fetalclip_app.ui.clip_list import ClipList
from fetalclip_app.ui.command_finder import CommandFinder
from fetalclip_app.ui.commands import NEEDS_CLIP, NEEDS_READING, actions
from fetalclip_app.ui.deidentify_door import DeidentifyDoor
from fetalclip_app.ui.drops import TakesDrops
from fetalclip_app.ui.exporting import Exporting
from fetalclip_app.ui.exports import Drawn
from fetalclip_app.ui.findings_panel import FindingsPanel
from fetalclip_app.ui.frames import FrameStore
from fetalclip_app.ui.icons import wear
from fetalclip_app.ui.jobs import Jobs
from fetalclip_app.ui.key_editor import KeyEditor
from fetalclip_app.ui.keys import Keys
from fetalclip_app.ui.model import Activity
from fetalclip_app.ui.model_menu import MODEL_CHOICES, ModelMenu, engine_request
from fetalclip_app.ui.notebook import Notebook, NotesStore
from fetalclip_app.ui.open_clip import OpenClip
from fetalclip_app.ui.open_menu import OpenMenu
from fetalclip_app.ui.palette import Palette
from fetalclip_app.ui.panels import Panels
from fetalclip_app.ui.picture_area import PictureArea
from fetalclip_app.ui.scale_setting import ScaleSetting
from fetalclip_app.ui.session import Session
from fetalclip_app.ui.telling import Telling
from fetalclip_app.ui.thumbnails import Thumbnails
from fetalclip_app.ui.transport import Transport
from fetalclip_app.ui.viewer import Viewer
from fetalclip_app.wording.translate import translate

SMALLEST = (720, 450)
FIRST_SIZE = (1440, 900)


class MainWindow(TakesDrops):
    """The window.

    Signals:
        settings_changed: New `Settings`, to be saved.
    """

    settings_changed = Signal(object)

    def __init__(
        self,
        session: Session,
        jobs: Jobs,
        settings: Settings,
        *,
        sample: Path | None = None,
        notes: NotesStore | None = None,
    ) -> None:
        super().__init__()
        self.session = self._session = session
        self.jobs = jobs
        self.choices = self._choices = Choices(settings, self)
        self._choices.changed.connect(self.settings_changed)
        self.setWindowTitle("FetalCLIP Studio")
        self.setMinimumSize(*SMALLEST)
        self.resize(*FIRST_SIZE)
        self.undo = QUndoStack(self)
        self.step_clip: Callable[[int], object] = session.show_neighbour
        self.notebook = Notebook(
            session, jobs, self.undo, store=notes, who=lambda: self._choices.now.operator, parent=self
        )
        self.actions_by_name = actions(self)
        self.addActions(list(self.actions_by_name.values()))
        self.keys = Keys(self.choices, self.actions_by_name, self)
        self.model_menu = ModelMenu(self, jobs, settings)
        self.open_menu = OpenMenu(self, session, self._choices, sample)
        self._build()
        self.telling = Telling(self.area.message, self)
        self.appearance.told.connect(self.telling.good)
        self.store = FrameStore(jobs, parent=self)
        self.viewer = Viewer(self.area, self.transport, self.store, self)
        self.cine = CineControls(self.viewer, self.transport, self.actions_by_name, self._choices, self.keys)
        self.thumbnails = Thumbnails(jobs, lambda: session.entries, self.clips.in_sight, self)
        self.scale = ScaleSetting(self.area, session, self.notebook, self)
        self.exporting = Exporting(jobs, session, self, self.notebook.fetus_of)
        self.exporting.heat_opacity = lambda: self._choices.now.heatmap_opacity
        self.exporting.chart = lambda: self._choices.now.growth_chart
        self.deidentify = DeidentifyDoor(jobs, session, self)
        self.cheat_sheet = CheatSheet(self.keys, self)
        self.cheat_sheet.change.clicked.connect(self.edit_keys)
        self.palette_of_commands = Palette(self)
        self.palette_of_commands.add(CommandFinder(self.actions_by_name, self.keys))
        self.panels = Panels(features.Parts.of(self))
        self.features = features.made(features.Parts.of(self))
        self._tie_session()
        self._tie_parts()
        controls.tie(self)
        self._apply(settings)
        self._show_clip(None)
        self._show_model()

    def _build(self) -> None:
        """Make the parts and lay them out."""
        by_name = self.actions_by_name
        by_name["sample"].setEnabled(self.open_menu.has_sample)
        self.appearance = Appearance(self._choices, by_name, self)
        self.top = TopBar(by_name, layout.menus(self, by_name, self.open_menu.recent, self.model_menu.menu))
        self.clips, self.findings = ClipList(), FindingsPanel()
        self.area, self.transport = PictureArea(has_sample=self.open_menu.has_sample), Transport(by_name)
        self.status = StatusStrip(by_name["cancel"])
        self.findings.scale.offer(by_name["regions"])
        self.setCentralWidget(
            layout.laid_out(self.top, (self.clips, self.area, self.transport, self.findings), self.status)
        )

    def _tie_session(self) -> None:
        session = self._session
        session.clips_changed.connect(self._show_clips)
        session.clip_shown.connect(self._show_clip)
        session.reading_changed.connect(self._show_reading)
        session.sight_changed.connect(self.viewer.show_sight)
        session.heat_ready.connect(self.viewer.heat.show)
        session.heat_lost.connect(self.viewer.heat.lose)
        session.activity_changed.connect(self.status.show_activity)
        session.model_changed.connect(self._show_model)
        session.trouble.connect(self.telling.trouble)
        session.unopened.connect(self.telling.unopened)
        session.noticed.connect(self.telling.listing)
        session.clips_changed.connect(self.thumbnails.fetch)
        session.clips_changed.connect(lambda: self.store.keep_only(entry.clip for entry in session.entries))
        self.thumbnails.arrived.connect(self.clips.show_picture)
        self.clips.scrolled.connect(self.thumbnails.fetch)

    def _tie_parts(self) -> None:
        self.clips.chosen.connect(self._session.show)
        self.viewer.heat.wanted.connect(self._session.want_heat)
        self.viewer.heat.put_away.connect(self._session.want_no_heat)
        self.viewer.frame_failed.connect(self.telling.trouble)
        self.viewer.player.playing_changed.connect(self._show_playing)
        self.viewer.player.frame_due.connect(lambda index: self._session.gaze.turn_to(self.viewer.clip, index))
        self.findings.frame_wanted.connect(self.viewer.go_to)
        self.findings.place_wanted.connect(self._show_place)
        area = self.area
        area.light.changed.connect(area.frame.set_light)
        area.heat.opacity_changed.connect(area.frame.set_opacity)
        area.heat.opacity_changed.connect(lambda value: self._choices.keep(heatmap_opacity=value))
        area.heat.method_changed.connect(self._change_method)
        self.dropped.connect(self.open_menu.open_paths)
        self.dragged_over.connect(area.empty.show_over)
        area.empty.open_wanted.connect(self.open_menu.ask_files)
        area.empty.folder_wanted.connect(self.open_menu.ask_folder)
        area.empty.sample_wanted.connect(self.open_menu.open_sample)
        area.message.asked.connect(self._session.read_again)
        self.scale.closed.connect(lambda: self.actions_by_name["ruler"].setChecked(False))
        self.scale.told.connect(self.telling.good)
        self.scale.refused.connect(self.telling.refused)
        self.exporting.started.connect(lambda text: self.status.show_activity(Activity(text, can_cancel=False)))
        self.exporting.finished.connect(lambda: self.status.show_activity(None))
        self.notebook.changed_unseen.connect(
            lambda: self.telling.good(translate("This changed a clip that is no longer open."))
        )
        self.exporting.written.connect(lambda path: self.telling.good(translate("Written: {path}", path=path)))
        self.exporting.failed.connect(self.telling.trouble)
        self.exporting.refused.connect(self.telling.refused)
        self.deidentify.activity_changed.connect(self.status.show_activity)
        self._tie_model_menu()

    def _tie_model_menu(self) -> None:
        menu = self.model_menu
        menu.chosen.connect(self._choose_model)
        menu.failed.connect(self.telling.trouble)
        menu.view_sets.failed.connect(self.telling.trouble)
        menu.view_sets.refused.connect(self.telling.refused)
        menu.progressed.connect(
            lambda done, total: self.status.show_activity(
                Activity(translate("Fetching the FetalCLIP weights, MB"), done, total)
            )
        )
        menu.finished.connect(lambda: self.status.show_activity(None))

    def _apply(self, settings: Settings) -> None:
        self.viewer.shows_outline = settings.show_outline
        self.actions_by_name["outline"].setChecked(settings.show_outline)
        self.actions_by_name["planes"].setChecked(self.area.frame.planes.is_on)
        self.area.heat.opacity.setValue(round(100 * settings.heatmap_opacity))
        if settings.window_state:
            self.restoreGeometry(QByteArray(base64.b64decode(settings.window_state)))

    def _show_clips(self) -> None:
        self.clips.show_entries(self._session.entries, self._session.shown)
        shown = self._session.shown
        self.top.show_subject(shown.clip.origin if shown is not None else None, self._session.patients)

    def _show_clip(self, entry: OpenClip | None) -> None:
        if self.actions_by_name["ruler"].isChecked():
            self.scale.close()
        self.viewer.show_clip(entry)
        self._show_clips()
        title = f"{entry.clip.name} – FetalCLIP Studio" if entry is not None else "FetalCLIP Studio"
        self.setWindowTitle(title)
        for name in NEEDS_CLIP:
            self.actions_by_name[name].setEnabled(entry is not None)
        if entry is not None:
            self.area.frame.setFocus()

    def _show_reading(self) -> None:
        self.findings.show_clip(self._session.shown, self._waiting_for())
        self.viewer.show_reading()
        is_read = any(entry.reading is not None for entry in self._session.entries)
        for name in NEEDS_READING:
            self.actions_by_name[name].setEnabled(is_read)

    def _show_model(self) -> None:
        info = self._session.info
        self.top.show_model(info, self._waiting_for() or translate("No model"))
        self.status.show_engine(info)
        self.telling.engine(info)
        self.findings.show_engine(info)
        self.model_menu.view_sets.show_engine(info)
        if info is not None:
            self.area.heat.show_methods(info.methods, self._choices.now.heatmap_method)
        self._show_reading()

    def _waiting_for(self) -> str:
        if self._session.model_error is not None:
            return translate("The model could not be started")
        return "" if self._session.info is not None else translate("The model is starting …")

    def _show_playing(self, is_playing: bool) -> None:
        wear(self.actions_by_name["play"], "pause" if is_playing else "play")

    def _show_place(self, task_key: str, view_key: str) -> None:
        self.actions_by_name["heatmap"].setChecked(True)
        self.viewer.heat.explain(task_key, view_key)

    def set_regions(self, is_on: bool) -> None:
        """Draw the regions of the file over the picture and show their card, or not."""
        self.area.frame.set_regions(is_on)
        if is_on:
            self.findings.ensureWidgetVisible(self.findings.scale, 0, 0)

    def set_picture_only(self, is_on: bool) -> None:
        """Show the picture and nothing else, or everything again."""
        for part in (self.top, self.status):
            part.setVisible(not is_on)
        self.panels.show_all(not is_on)

    def edit_keys(self) -> None:
        """Let the user change which key does what."""
        editor = KeyEditor(self.keys, self)
        editor.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        editor.open()

    def close_clip(self) -> None:
        """Close the clip that is shown; its file stays as it is."""
        if self._session.shown is not None:
            self._session.close(self._session.shown)

    def export_png(self) -> None:
        """Write the frame that is drawn, with what is drawn over it."""
        shown, viewer = self._session.shown, self.viewer
        if shown is not None:
            heat = viewer.heat.drawn
            heatmap = heat[1].heatmap if heat is not None else None
            frame, opacity = self.area.frame, self._choices.now.heatmap_opacity
            calipers = tuple((one.shape, one.text) for one in frame.hand.drawn)
            drawn = Drawn(frame.head, heatmap, opacity, _made_by(shown), frame.structures, calipers)
            self.exporting.png(shown, viewer.on_screen, drawn)

    def _choose_model(self, settings: Settings) -> None:
        self._choices.keep(**{name: getattr(settings, name) for name in MODEL_CHOICES})
        self._session.start_model(engine_request(self._choices.now))

    def set_outline(self, is_on: bool) -> None:
        """Draw the head's outline, or not."""
        self.viewer.set_outline(is_on)
        self._choices.keep(show_outline=is_on)

    def _change_method(self, key: str) -> None:
        self._choices.keep(heatmap_method=key)
        self.viewer.heat.set_on(True)

    def cancel(self) -> None:
        """Stop reading, opening and fetching."""
        self._session.cancel()
        self.model_menu.cancel()
        self.deidentify.cancel()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Remember the window's place."""
        self.viewer.player.pause()
        self._choices.keep(window_state=bytes(self.saveGeometry().toBase64().data()).decode())
        super().closeEvent(event)


def _made_by(entry: OpenClip) -> str:
    if entry.reading is None:
        return ""
    model = entry.reading.provenance.model
    return f"{model.title} · {model.sha256[:8]}"
