"""The open clips under the headings of their studies: thumbnail, view, number of frames, and how far the reading is."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QModelIndex, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QImage, QPainter, QPen
from PySide6.QtWidgets import QFrame, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QVBoxLayout

from fetalclip_app.ui.clip_rows import FETUS_ROLE, HEADING_ROLE, NOTED_ROLE, ClipRows, Heading, Index, frame_count
from fetalclip_app.ui.icons import paint_sign
from fetalclip_app.ui.open_clip import OpenClip, ReadState
from fetalclip_app.ui.parts import label
from fetalclip_app.ui.theme import (
    CLIPS_PX,
    ON_PICTURE,
    caption_font,
    text_font,
    tokens,
    view_colour,
)
from fetalclip_app.ui.view_tag import draw_view_tag
from fetalclip_app.wording import not_trained_view, percent, view_title
from fetalclip_app.wording.translate import translate

_ROW = QSize(CLIPS_PX - 16, 88)
_PICTURE = QSize(80, 60)


def title_of(entry: OpenClip) -> str:
    """Return the clip's view, or how far its reading is."""
    if entry.views is not None:
        return view_title(entry.best_view) if entry.best_view else translate("Cannot tell")
    states = {
        ReadState.READING: translate("Reading …"),
        ReadState.FAILED: translate("Not read"),
        ReadState.STOPPED: translate("Stopped"),
    }
    return states.get(entry.state, translate("Waiting"))


def _share(entry: OpenClip) -> str:
    views, best = entry.views, entry.best_view
    if views is None or not best:
        return ""
    return percent(float(views.probabilities.max())) + (f", {not_trained_view()}" if best in views.not_trained else "")


class _Delegate(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return _ROW + QSize(0, _heading_height(index.data(HEADING_ROLE)))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        entry: OpenClip = index.data(Qt.ItemDataRole.UserRole)
        heading: Heading | None = index.data(HEADING_ROLE)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box: QRect = option.rect.adjusted(4, 2 + _heading_height(heading), -4, -2)
        if heading is not None:
            self._draw_heading(painter, QRect(box.left() + 6, option.rect.top(), box.width() - 12, 0), heading)
        state: QStyle.StateFlag = option.state
        is_chosen = bool(state & QStyle.StateFlag.State_Selected)
        if is_chosen or state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(tokens().raised if is_chosen else tokens().base))
            painter.drawRoundedRect(box, 6, 6)
        if is_chosen:
            has_focus = bool(state & QStyle.StateFlag.State_HasFocus)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(tokens().accent), 2 if has_focus else 1))
            painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), 6, 6)
        picture = QRect(box.topLeft() + QPoint(6, (box.height() - _PICTURE.height()) // 2), _PICTURE)
        self._draw_picture(painter, picture, entry)
        self._draw_fetus(painter, picture, index.data(FETUS_ROLE))
        words = box.adjusted(_PICTURE.width() + 14, 8, -4, -8)
        self._draw_words(painter, words, entry)
        if index.data(NOTED_ROLE):
            paint_sign(painter, QRect(words.right() - 14, words.bottom() - 29, 14, 14), "noted", "accent")
        painter.restore()

    def _draw_heading(self, painter: QPainter, place: QRect, heading: Heading) -> None:
        """Draw a line, and below it whose clips follow and of which study."""
        top = place.top() + 4
        painter.setPen(QPen(QColor(tokens().edge), 1))
        painter.drawLine(place.left() - 6, top, place.right() + 6, top)
        who, study = heading
        lines = ((who, caption_font(QFont.Weight.DemiBold), tokens().text), (study, caption_font(), tokens().muted))
        kept = [line for line in lines if line[0]]
        # The date at its end tells two exams apart: what has no room goes from the middle.
        _draw_lines(painter, place.adjusted(0, 10, 0, 0), kept, Qt.TextElideMode.ElideMiddle)

    def _draw_picture(self, painter: QPainter, box: QRect, entry: OpenClip) -> None:
        painter.fillRect(box, QColor(ON_PICTURE.canvas))
        if entry.thumbnail is not None:
            self._draw_thumbnail(painter, box, entry.thumbnail)
        elif entry.thumbnail_error is not None:
            place = QRect(box.center().x() - 8, box.center().y() - 20, 16, 16)
            paint_sign(painter, place, "warning", ON_PICTURE.doubt)
            painter.setFont(caption_font())
            painter.setPen(QColor(ON_PICTURE.doubt))
            painter.drawText(box.adjusted(2, 24, -2, 0), Qt.AlignmentFlag.AlignCenter, translate("No picture"))
        self._draw_letter(painter, box, entry)

    def _draw_thumbnail(self, painter: QPainter, box: QRect, thumbnail: QImage) -> None:
        size = thumbnail.size().scaled(box.size(), Qt.AspectRatioMode.KeepAspectRatio)
        target = QRect(0, 0, size.width(), size.height())
        target.moveCenter(box.center())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(target, thumbnail)

    def _draw_letter(self, painter: QPainter, box: QRect, entry: OpenClip) -> None:
        best = entry.best_view
        if best:
            draw_view_tag(painter, QRectF(box.left() + 4, box.top() + 4, 16, 16), best, view_colour(best))

    def _draw_fetus(self, painter: QPainter, box: QRect, fetus: str | None) -> None:
        """Draw whose scan it is in the picture's lower corner; amber where nobody said in a multiple pregnancy."""
        if fetus == "":
            return
        tag = QRect(box.right() - 19, box.bottom() - 19, 16, 16)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(ON_PICTURE.text if fetus else ON_PICTURE.doubt))
        painter.drawRoundedRect(tag, 8, 8)
        painter.setFont(caption_font(text_font().Weight.DemiBold))
        painter.setPen(QColor(ON_PICTURE.canvas))
        painter.drawText(tag, Qt.AlignmentFlag.AlignCenter, fetus or "?")

    def _draw_words(self, painter: QPainter, box: QRect, entry: OpenClip) -> None:
        is_named = bool(entry.best_view)
        frames = frame_count(entry)
        lines = [
            (
                title_of(entry),
                text_font(weight=text_font().Weight.DemiBold),
                tokens().text if is_named else tokens().muted,
            ),
            (_share(entry), caption_font(), tokens().muted),
            (frames, caption_font(), tokens().muted),
            (entry.clip.path.name, caption_font(), tokens().muted),
        ]
        _draw_lines(painter, box, lines[:-1], Qt.TextElideMode.ElideRight)
        below = sum(_line_height(font) for _text, font, _colour in lines[:-1])
        _draw_lines(painter, box.adjusted(0, below, 0, 0), lines[-1:], Qt.TextElideMode.ElideMiddle)
        if entry.state is ReadState.FAILED:
            paint_sign(painter, QRect(box.right() - 16, box.top(), 16, 16), "warning", "doubt")


def _draw_lines(
    painter: QPainter, place: QRect, lines: Sequence[tuple[str, QFont, str]], elide: Qt.TextElideMode
) -> None:
    """Write texts, each with its font and colour, below each other from the top of a place, and as wide as it."""
    top = place.top()
    for text, font, colour in lines:
        painter.setFont(font)
        metrics = painter.fontMetrics()
        painter.setPen(QColor(colour))
        kept = metrics.elidedText(text, elide, place.width())
        painter.drawText(QRect(place.left(), top, place.width(), metrics.height()), Qt.AlignmentFlag.AlignLeft, kept)
        top += metrics.height() + 2


def _line_height(font: QFont) -> int:
    return QFontMetrics(font).height() + 2


def _heading_height(heading: Heading | None) -> int:
    """Return the pixels that a heading takes above its row."""
    if heading is None:
        return 0
    return 10 + sum(bool(text) for text in heading) * _line_height(caption_font())


class ClipList(QFrame):
    """Shows the list.

    Signals:
        chosen: The `OpenClip` that the user wants to look at.
        scrolled: Other clips are in sight.
    """

    chosen = Signal(object)
    scrolled = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("clips")
        self.setMinimumWidth(CLIPS_PX)
        self.setMaximumWidth(2 * CLIPS_PX)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self._heading = label(translate("Clips"), tone="muted", caption=True)
        self._heading.setContentsMargins(12, 8, 0, 4)
        self._model = ClipRows(title_of)
        self._is_showing = False
        self.view = QListView()
        self.view.setAccessibleName(translate("Clips"))
        self.view.setModel(self._model)
        self.view.setItemDelegate(_Delegate(self.view))
        self.view.setFrameShape(QFrame.Shape.NoFrame)
        self.view.setMouseTracking(True)
        self.view.setUniformItemSizes(True)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.view.setStyleSheet("QListView { background: transparent; outline: none; }")
        self.view.verticalScrollBar().valueChanged.connect(self.scrolled)
        self.view.selectionModel().currentChanged.connect(self._current_changed)
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 0, 4, 4)
        column.setSpacing(0)
        column.addWidget(self._heading)
        column.addWidget(self.view)

    def show_entries(self, entries: Sequence[OpenClip], shown: OpenClip | None) -> None:
        """Show these clips, with one chosen."""
        self._is_showing = True  # what is shown here was not chosen here
        stays = shown is not None and shown in self.in_sight()
        stays = self._model.show(entries) and stays
        self.view.setUniformItemSizes(not self._model.has_headings)
        if shown is not None and shown in entries:
            index = self._model.index(list(entries).index(shown))
            if self.view.currentIndex() != index:
                self.view.setCurrentIndex(index)
                stays = True
            if stays:  # others that arrive above it do not push it away
                self.view.scrollTo(index)
        self._is_showing = False
        self._heading.setText(translate("Clips · {count}", count=len(entries)) if entries else translate("Clips"))
        self.view.viewport().update()

    def show_fetuses(self, fetus_of: Callable[[OpenClip], str | None]) -> None:
        """Mark each clip with the fetus that it shows, as ``fetus_of`` says."""
        self._model.fetus_of = fetus_of
        self.view.viewport().update()

    def show_notes(self, noted_of: Callable[[OpenClip], str]) -> None:
        """Mark each clip of which ``noted_of`` says in words what a person noted."""
        self._model.noted_of = noted_of
        self.view.viewport().update()

    def in_sight(self) -> Sequence[OpenClip]:
        """Return the clips whose rows can be seen now."""
        bottom = self.view.viewport().height() - 1
        first, last = (self.view.indexAt(QPoint(8, y)).row() for y in (1, bottom))
        return self._model.entries[max(first, 0) : last + 1 if last >= 0 else None]

    def show_picture(self, entry: OpenClip) -> None:
        """Draw a clip anew: its thumbnail has come."""
        self.view.viewport().update()

    def _current_changed(self, current: QModelIndex, before: QModelIndex) -> None:
        if current.isValid() and not self._is_showing:
            self.chosen.emit(self._model.entries[current.row()])
