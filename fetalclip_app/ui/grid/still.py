"""One frame that does not move: with its scale, and what must be known of it."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from fetalclip_app.domain.calibration import Calibration
from fetalclip_app.domain.clip import Pixels
from fetalclip_app.ui import overlays
from fetalclip_app.ui.qimage import thumbnail_of
from fetalclip_app.ui.theme import ON_PICTURE, caption_font, text_font, view_colour
from fetalclip_app.ui.view_tag import draw_view_tag
from fetalclip_app.ui.viewport import Viewport

_LEFT, _TOP, _BOTTOM, _TAG = 8.0, 6.0, 6.0, 16.0


@dataclass(frozen=True, slots=True)
class Words:
    """What is written over a still frame.

    Attributes:
        view_key: Whose letter is drawn; empty for none.
        title: At the top: the view, whose scan it is.
        doubts: Below, in amber: what must be known before the picture is believed.
        frame: At the bottom: which frame this is.
        name: At the bottom right: the clip's file.
    """

    title: str = ""
    doubts: str = ""
    frame: str = ""
    name: str = ""
    view_key: str = ""

    @property
    def spoken(self) -> str:
        """All of it, for those who listen."""
        return ", ".join(filter(None, (self.title, self.doubts, self.frame, self.name)))


class Still(QWidget):
    """Draws what it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._pixels: Pixels | None = None
        self._fitted: QImage | None = None
        self._calibration: Calibration | None = None
        self._message = ""
        self.words = Words()

    @property
    def pixels(self) -> Pixels | None:
        """The frame that is drawn, if any."""
        return self._pixels

    @property
    def message(self) -> str:
        """What stands in the place of a frame."""
        return self._message

    def show_words(self, words: Words, calibration: Calibration | None) -> None:
        """Write this, and draw the depth of this scale."""
        if words != self.words or calibration is not self._calibration:
            self.words, self._calibration = words, calibration
            self.setAccessibleDescription(words.spoken)
            self.update()

    def show_pixels(self, pixels: Pixels | None, message: str = "") -> None:
        """Show a frame; or say in its place why there is none."""
        if pixels is not self._pixels or message != self._message:
            self._pixels, self._message, self._fitted = pixels, message, None
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw frame, scale and words."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(ON_PICTURE.canvas))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._pixels is not None:
            viewport = Viewport(QSizeF(self._pixels.shape[1], self._pixels.shape[0]), QSizeF(self.size()))
            painter.drawImage(viewport.target, self._image(viewport))
            overlays.draw_scales(painter, viewport, self._calibration, self.width() - 6.0, [])
        elif self._message:
            painter.setFont(text_font())
            painter.setPen(QColor(ON_PICTURE.muted))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(16, 40, -16, -30), flags, self._message)
        self._draw_words(painter)
        painter.end()

    def _image(self, viewport: Viewport) -> QImage:
        """Return the frame as large as it is drawn, made once for a size."""
        assert self._pixels is not None
        wanted = (viewport.target.size() * self.devicePixelRatioF()).toSize()
        made = self._fitted
        if made is None or abs(made.width() - wanted.width()) > 1 or abs(made.height() - wanted.height()) > 1:
            made = self._fitted = thumbnail_of(self._pixels, max(wanted.width(), 1), max(wanted.height(), 1))
        return made

    def _draw_words(self, painter: QPainter) -> None:
        words, right = self.words, self.width() - _LEFT
        left = _LEFT
        if words.view_key:
            tag = QRectF(left, _TOP, _TAG, _TAG)
            draw_view_tag(painter, tag, words.view_key, view_colour(words.view_key))
            left += _TAG + 6.0
        painter.setFont(text_font(weight=text_font().Weight.DemiBold))
        self._line(painter, QRectF(left, _TOP - 2.0, right - left - 48.0, _TAG + 4.0), words.title, ON_PICTURE.text)
        painter.setFont(caption_font())
        high = float(painter.fontMetrics().height())
        below = _TOP + _TAG + 4.0
        self._line(painter, QRectF(_LEFT, below, right - _LEFT - 48.0, high), words.doubts, ON_PICTURE.doubt)
        bottom = self.height() - _BOTTOM - high
        told = QRectF(_LEFT, bottom, right - _LEFT, high)
        used = painter.fontMetrics().horizontalAdvance(words.frame) + 12.0
        self._line(painter, told, words.frame, ON_PICTURE.text)
        room = QRectF(QPointF(_LEFT + used, bottom), QPointF(right, bottom + high))
        self._line(painter, room, words.name, ON_PICTURE.muted, Qt.AlignmentFlag.AlignRight)

    @staticmethod
    def _line(
        painter: QPainter,
        box: QRectF,
        text: str,
        colour: str,
        side: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
    ) -> None:
        if text and box.width() > 24.0:
            kept = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(box.width()))
            overlays.draw_text(painter, box, side | Qt.AlignmentFlag.AlignVCenter, kept, colour)
