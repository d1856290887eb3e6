"""The frame that is drawn, as it is drawn: to the clipboard and to the printer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QGuiApplication, QPainter, QPixmap
from PySide6.QtPrintSupport import QPrintDialog, QPrinter
from PySide6.QtWidgets import QWidget

from fetalclip_app import RESEARCH_USE_ONLY
from fetalclip_app.ui.dialogs import is_accepted
from fetalclip_app.ui.overlays import draw_text
from fetalclip_app.ui.theme import ON_PICTURE, caption_font
from fetalclip_app.wording import heat_caption
from fetalclip_app.wording.pictures import caption_of
from fetalclip_app.wording.translate import translate

if TYPE_CHECKING:
    from fetalclip_app.ui.features import Parts

AskPrinter = Callable[[QWidget], QPrinter | None]

_POINTS = 10.0
"""Type size of the line below a printed frame."""


def ask_printer(parent: QWidget) -> QPrinter | None:
    """Ask by the system's dialog."""
    printer = QPrinter(QPrinter.PrinterMode.HighResolution)
    return printer if is_accepted(QPrintDialog(printer, parent)) else None


class FrameOut(QObject):
    """Copies and prints what is drawn, which has the research-use line on it."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts.window)
        self._parts = parts
        self.ask_printer: AskPrinter = ask_printer
        parts.actions["copy_frame"].triggered.connect(self._copy)
        parts.actions["print_frame"].triggered.connect(self._print)

    def _copy(self) -> None:
        picture = self._drawn()
        if picture is not None:
            QGuiApplication.clipboard().setPixmap(picture)
            self._parts.telling.good(translate("The frame is on the clipboard, as it is drawn."))

    def _print(self) -> None:
        picture, shown = self._drawn(), self._parts.session.shown
        if picture is None or shown is None:
            return
        text = f"{caption_of(shown.clip, self._parts.viewer.index, '')}\n{translate(RESEARCH_USE_ONLY)}"
        printer = self.ask_printer(self._parts.window)
        if printer is None:
            return
        if print_picture(printer, picture, text):
            self._parts.telling.good(translate("The frame was sent to the printer."))
        else:
            hint = translate("Look at the printer, or choose another.")
            self._parts.telling.refused(translate("The printer took nothing."), hint)

    def _drawn(self) -> QPixmap | None:
        frame = self._parts.area.frame
        if frame.pixels is not None:
            return self._with_remark(frame.grab())
        hint = translate("Wait until the frame is shown, or go to another one.")
        self._parts.telling.refused(translate("There is no picture to export."), hint)
        return None

    def _with_remark(self, picture: QPixmap) -> QPixmap:
        """Return a picture whose heatmap goes nowhere without the words that belong to it."""
        heat = self._parts.viewer.heat.drawn
        return picture if heat is None else _written_on(picture, heat_caption(heat[1].heatmap))


def _written_on(picture: QPixmap, text: str) -> QPixmap:
    """Write a remark over the top of a picture, where the strip that says it is not part of it."""
    painter = QPainter(picture)
    painter.setFont(caption_font())
    ratio = picture.devicePixelRatio()
    area = QRectF(12, 8, picture.width() / ratio - 24, picture.height() / ratio - 16)
    flags = Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft
    draw_text(painter, area, flags | Qt.TextFlag.TextWordWrap, text, ON_PICTURE.text)
    painter.end()
    return picture


def print_picture(printer: QPrinter, picture: QPixmap, text: str) -> bool:
    """Print a picture as large as the page allows, with its line of words below; return whether it was taken."""
    painter = QPainter()
    if not painter.begin(printer):
        return False
    page = QRectF(painter.viewport())
    font = painter.font()
    font.setPointSizeF(_POINTS)
    painter.setFont(font)
    words = painter.boundingRect(page, Qt.TextFlag.TextWordWrap, text)
    room = QSizeF(page.width(), page.height() - words.height() * 1.5)
    size = QSizeF(picture.size()).scaled(room, Qt.AspectRatioMode.KeepAspectRatio)
    place = QRectF((page.width() - size.width()) / 2, 0, size.width(), size.height())
    painter.drawPixmap(place, picture, QRectF(picture.rect()))
    painter.setPen(QColor("#000000"))
    below = QRectF(0, size.height() + words.height() * 0.4, page.width(), words.height())
    painter.drawText(below, int(Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap), text)
    return painter.end()
