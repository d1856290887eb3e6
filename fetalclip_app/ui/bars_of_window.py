"""The bar at the top and the strip at the bottom: whose scan this is, which model reads it, how far it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QAction, QColor, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QToolButton, QWidget

from fetalclip_app.domain.clip import Origin
from fetalclip_app.inference.request import EngineInfo
from fetalclip_app.ui.icons import wear
from fetalclip_app.ui.layout import Menus
from fetalclip_app.ui.model import Activity
from fetalclip_app.ui.parts import Elided, icon_button, label, set_tone
from fetalclip_app.ui.theme import STATUS_PX, TOP_BAR_PX, caption_font, text_font, tokens
from fetalclip_app.wording import dicom_date, notice, person_name, simulated
from fetalclip_app.wording.translate import plural, translate


def subject_of(origin: Origin) -> tuple[str, str]:
    """Return whom a clip shows, and the study with its date; what the file does not say is said to be missing."""
    if origin.is_simulated:
        return simulated(), origin.study_description
    name = person_name(origin.patient_name)
    who = " · ".join(part for part in (name, origin.patient_id) if part)
    date = dicom_date(origin.study_date) if origin.study_date else ""
    what = " · ".join(part for part in (origin.study_description, date) if part)
    return who or translate("No patient in this file"), what or translate("No study in this file")


_WORDS_FROM_PX = 1000
"""From this width on the buttons of the top bar are named; below it their tooltips name them."""


class TopBar(QWidget):
    """Open, patient and study, export, model."""

    def __init__(self, actions: Mapping[str, QAction], menus: Menus) -> None:
        super().__init__()
        self.setObjectName("topBar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(TOP_BAR_PX)
        self.patient = Elided()
        self.patient.setFont(text_font(weight=text_font().Weight.DemiBold))
        self.study = Elided()
        self.study.setProperty("tone", "muted")
        self.warning = QLabel()
        self.warning.setProperty("badge", "alarm")
        self.warning.hide()
        self.model = _menu_button(translate("Model"), "model", menus.model)
        line = QHBoxLayout(self)
        line.setContentsMargins(8, 0, 8, 0)
        line.setSpacing(8)
        line.addWidget(_menu_button(translate("Open"), "open", menus.opening))
        line.addSpacing(8)
        line.addWidget(self.patient)
        line.addWidget(self.study)
        line.addWidget(_menu_button("", "down", menus.study, name=translate("Study")))
        line.addWidget(self.warning, 0, Qt.AlignmentFlag.AlignVCenter)
        line.addStretch(1)
        self._worded = (
            icon_button(actions["palette"], text=True),
            _menu_button(translate("Export"), "export", menus.export),
            self.model,
        )
        for button in self._worded:
            line.addWidget(button)
        line.addWidget(_menu_button("", "window", menus.window, name=translate("Window")))
        for name in ("panel_clips", "panel_findings", "keys"):
            line.addWidget(icon_button(actions[name]))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Say in words what the buttons are where there is room."""
        super().resizeEvent(event)
        style_of = Qt.ToolButtonStyle
        style = style_of.ToolButtonTextBesideIcon if self.width() >= _WORDS_FROM_PX else style_of.ToolButtonIconOnly
        for button in self._worded:
            button.setToolButtonStyle(style)

    def show_subject(self, origin: Origin | None, patients: Sequence[str]) -> None:
        """Say whose clip is looked at; warn where clips of several patients are open."""
        who, what = subject_of(origin) if origin is not None else ("", "")
        self.patient.show_text(who)
        self.study.show_text(what)
        self.warning.setVisible(len(patients) > 1)
        self.warning.setText(plural("⚠ {count} patient is open", "⚠ {count} patients are open", len(patients)))
        self.warning.setToolTip(translate("Clips of different patients are open: {names}", names=", ".join(patients)))

    def show_model(self, info: EngineInfo | None, waiting_for: str) -> None:
        """Say which weights read: title and the first digits of their hash."""
        if info is None:
            self.model.setText(waiting_for)
            self.model.setToolTip(translate("Model and device"))
            return
        identity = info.identity
        mark = "" if identity.verified else " · unverified"
        self.model.setText(f"{identity.title} · {identity.sha256[:8]}{mark}")
        licence = translate("Licence {licence}", licence=identity.licence)
        self.model.setToolTip(f"{identity.title}\nSHA-256 {identity.sha256}\n{licence}\n{info.device}")


def _menu_button(text: str, icon_name: str, menu: QMenu, *, name: str = "") -> QToolButton:
    button = QToolButton()
    button.setText(text)
    wear(button, icon_name)
    button.setIconSize(QSize(20, 20))
    if text:
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    else:
        button.setProperty("compact", True)
    button.setToolTip(name or text)
    button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    button.setMenu(menu)
    button.setAccessibleName(name or text)
    return button


class _ProgressLine(QWidget):
    """How far something is. Qt's own bar repaints the whole window at once with each step, and moves by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.share = 0.0
        self.setFixedSize(140, 6)
        self.setAccessibleName(translate("Progress"))

    def show_share(self, done: int, total: int) -> None:
        """Show a part of the whole; nothing where the whole is not known."""
        self.share = min(done / total, 1.0) if total else 0.0
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the line."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tokens().groove))
        painter.drawRoundedRect(self.rect(), 3, 3)
        if self.share:
            painter.setBrush(QColor(tokens().accent))
            painter.drawRoundedRect(QRectF(0, 0, max(self.width() * self.share, 6.0), self.height()), 3, 3)
        painter.end()


class StatusStrip(QWidget):
    """What is under way and how far, with cancel; where the model runs; whether what was done is kept."""

    def __init__(self, cancel: QAction) -> None:
        super().__init__()
        self.setObjectName("statusStrip")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(STATUS_PX + 4)
        self.text = label(tone="muted", caption=True)
        self.bar = _ProgressLine()
        self.cancel = QToolButton()
        self.cancel.setDefaultAction(cancel)
        self.cancel.setFont(caption_font())
        self.cancel.setStyleSheet("padding: 0px 6px;")
        self.device = Elided()
        self.device.setProperty("tone", "muted")
        self.device.setFont(caption_font())
        self.archive = Elided()
        self.archive.setFont(caption_font())
        line = QHBoxLayout(self)
        line.setContentsMargins(12, 0, 12, 0)
        line.setSpacing(12)
        for widget in (self.text, self.bar, self.cancel):
            line.addWidget(widget)
        line.addStretch(1)
        line.addWidget(self.device, 10)
        line.addWidget(self.archive)
        self.show_activity(None)

    def show_activity(self, activity: Activity | None) -> None:
        """Say it; its places are there all the time."""
        is_there = activity is not None
        for widget in (self.bar, self.cancel):
            policy = widget.sizePolicy()
            policy.setRetainSizeWhenHidden(True)
            widget.setSizePolicy(policy)
        self.bar.setVisible(is_there)
        self.cancel.setVisible(activity is not None and activity.can_cancel)
        if activity is None:
            self.text.setText(translate("Ready"))
            return
        said = translate("{what}, {done} of {total}") if activity.total else "{what} …"
        self.text.setText(said.format(what=activity.text, done=activity.done, total=activity.total))
        self.bar.show_share(activity.done, activity.total)

    def show_archive(self, text: str, *, why: str = "") -> None:
        """Say that what was done is kept; or in amber that it is not, with the reason in the tooltip."""
        set_tone(self.archive, "doubt" if why else "muted")
        self.archive.show_text(("⚠ " if why else "") + text, tip=why)

    def show_engine(self, info: EngineInfo | None) -> None:
        """Say where the model runs, and in amber what has happened to the device; the tooltip has all of it."""
        notices = [notice(key) for key in info.notices] if info is not None else []
        set_tone(self.device, "doubt" if notices else "muted")
        parts = [info.device, *notices] if info is not None else []
        self.device.show_text(("⚠ " if notices else "") + " · ".join(parts))
