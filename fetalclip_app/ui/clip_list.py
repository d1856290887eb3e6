"""The open clips: thumbnail, view, number of frames, and how far the reading is."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QFrame, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QVBoxLayout

from fetalclip_app.domain.views import ViewPrediction
from fetalclip_app.ui.icons import icon
from fetalclip_app.ui.open_clip import OpenClip, ReadState
from fetalclip_app.ui.parts import label
from fetalclip_app.ui.theme import CLIPS_PX, DARK, caption_font, ink_on, text_font, view_colour, view_letter
from fetalclip_app.wording import not_trained_view, percent, view_title

_Index = QModelIndex | QPersistentModelIndex

_ROW = QSize(CLIPS_PX - 16, 88)
_PICTURE = QSize(96, 72)


def title_of(entry: OpenClip) -> str:
    """Return the clip's view, or how far its reading is."""
    views = entry.reading.answer("views", ViewPrediction) if entry.reading is not None else None
    if isinstance(views, ViewPrediction):
        return view_title(views.best) if views.abstained is None else "Cannot tell"
    states = {
        ReadState.READING: "Reading …",
        ReadState.FAILED: "Not read",
        ReadState.STOPPED: "Stopped",
    }
    return states.get(entry.state, "Waiting")


def _best(entry: OpenClip) -> tuple[str, float] | None:
    views = entry.reading.answer("views", ViewPrediction) if entry.reading is not None else None
    if isinstance(views, ViewPrediction) and views.abstained is None:
        return views.best, float(views.probabilities.max())
    return None


def _share(entry: OpenClip, best: tuple[str, float] | None) -> str:
    views = entry.reading.answer("views", ViewPrediction) if entry.reading is not None else None
    if best is None or not isinstance(views, ViewPrediction):
        return ""
    return percent(best[1]) + (f", {not_trained_view()}" if best[0] in views.not_trained else "")


class _Model(QAbstractListModel):
    def __init__(self) -> None:
        super().__init__()
        self.entries: tuple[OpenClip, ...] = ()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self.entries)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        entry = self.entries[index.row()]
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole}:
            return f"{title_of(entry)}, {entry.clip.path.name}, {len(entry.clip)} frames"
        if role == Qt.ItemDataRole.ToolTipRole:
            return str(entry.clip.path)
        return entry if role == Qt.ItemDataRole.UserRole else None

    def show(self, entries: Sequence[OpenClip]) -> None:
        if tuple(entries) != self.entries:
            self.beginResetModel()
            self.entries = tuple(entries)
            self.endResetModel()
        elif self.entries:
            self.dataChanged.emit(self.index(0), self.index(len(self.entries) - 1))


class _Delegate(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return _ROW

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        entry: OpenClip = index.data(Qt.ItemDataRole.UserRole)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box: QRect = option.rect.adjusted(4, 2, -4, -2)
        state: QStyle.StateFlag = option.state
        is_chosen = bool(state & QStyle.StateFlag.State_Selected)
        if is_chosen or state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(DARK.raised if is_chosen else DARK.base))
            painter.drawRoundedRect(box, 6, 6)
        if is_chosen:
            has_focus = bool(state & QStyle.StateFlag.State_HasFocus)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(DARK.accent), 2 if has_focus else 1))
            painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), 6, 6)
        self._draw_picture(painter, QRect(box.left() + 6, box.top() + 6, _PICTURE.width(), _PICTURE.height()), entry)
        self._draw_words(painter, box.adjusted(_PICTURE.width() + 14, 8, -6, -8), entry)
        painter.restore()

    def _draw_picture(self, painter: QPainter, box: QRect, entry: OpenClip) -> None:
        painter.fillRect(box, QColor(DARK.canvas))
        size = entry.thumbnail.size().scaled(box.size(), Qt.AspectRatioMode.KeepAspectRatio)
        target = QRect(0, 0, size.width(), size.height())
        target.moveCenter(box.center())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(target, entry.thumbnail)
        best = _best(entry)
        if best is not None:
            tag = QRect(box.left() + 4, box.top() + 4, 16, 16)
            colour = view_colour(best[0])
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            painter.drawRoundedRect(tag, 3, 3)
            painter.setFont(caption_font(text_font().Weight.DemiBold))
            painter.setPen(ink_on(colour))
            painter.drawText(tag, Qt.AlignmentFlag.AlignCenter, view_letter(best[0]))

    def _draw_words(self, painter: QPainter, box: QRect, entry: OpenClip) -> None:
        best = _best(entry)
        frames = f"{len(entry.clip)} frames" if len(entry.clip) > 1 else "1 picture"
        lines = [
            (title_of(entry), text_font(weight=text_font().Weight.DemiBold), DARK.text if best else DARK.muted),
            (_share(entry, best), caption_font(), DARK.muted),
            (frames, caption_font(), DARK.muted),
            (entry.clip.path.name, caption_font(), DARK.muted),
        ]
        top = box.top()
        for text, font, colour in lines:
            painter.setFont(font)
            metrics = painter.fontMetrics()
            painter.setPen(QColor(colour))
            kept = metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, box.width())
            painter.drawText(QRect(box.left(), top, box.width(), metrics.height()), Qt.AlignmentFlag.AlignLeft, kept)
            top += metrics.height() + 2
        if entry.state is ReadState.FAILED:
            icon("warning", DARK.doubt).paint(painter, box.right() - 16, box.top(), 16, 16)


class ClipList(QFrame):
    """Shows the list.

    Signals:
        chosen: The `OpenClip` that the user wants to look at.
    """

    chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("clips")
        self.setFixedWidth(CLIPS_PX)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self._heading = label("Clips", tone="muted", caption=True)
        self._heading.setContentsMargins(12, 8, 0, 4)
        self._model = _Model()
        self._is_showing = False
        self.view = QListView()
        self.view.setAccessibleName("Clips")
        self.view.setModel(self._model)
        self.view.setItemDelegate(_Delegate(self.view))
        self.view.setFrameShape(QFrame.Shape.NoFrame)
        self.view.setMouseTracking(True)
        self.view.setUniformItemSizes(True)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.view.setStyleSheet("QListView { background: transparent; outline: none; }")
        self.view.selectionModel().currentChanged.connect(self._current_changed)
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 0, 4, 4)
        column.setSpacing(0)
        column.addWidget(self._heading)
        column.addWidget(self.view)

    def show_entries(self, entries: Sequence[OpenClip], shown: OpenClip | None) -> None:
        """Show these clips, with one chosen."""
        self._is_showing = True  # what is shown here was not chosen here
        self._model.show(entries)
        if shown is not None and shown in entries:
            index = self._model.index(list(entries).index(shown))
            if self.view.currentIndex() != index:
                self.view.setCurrentIndex(index)
                self.view.scrollTo(index)
        self._is_showing = False
        self._heading.setText(f"Clips · {len(entries)}" if entries else "Clips")
        self.view.viewport().update()

    def _current_changed(self, current: QModelIndex, before: QModelIndex) -> None:
        if current.isValid() and not self._is_showing:
            self.chosen.emit(self._model.entries[current.row()])
