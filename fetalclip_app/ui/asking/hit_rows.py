"""The list of found frames: a small picture, where it is, how like the sentence, and where that stands."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from fetalclip_app.domain.likeness import Hit
from fetalclip_app.ui.clip_list import title_of
from fetalclip_app.ui.open_clip import OpenClip
from fetalclip_app.ui.theme import CLIPS_PX, ON_PICTURE, caption_font, text_font, tokens
from fetalclip_app.wording import frame_title
from fetalclip_app.wording.asking import hit_told, percentile, percentile_told, similarity

Index = QModelIndex | QPersistentModelIndex
FoundFrame = Hit[OpenClip]

PICTURE = QSize(72, 54)
_ROW = QSize(CLIPS_PX - 16, 66)


class HitRows(QAbstractListModel):
    """The found frames, the most like first."""

    def __init__(self) -> None:
        super().__init__()
        self.hits: tuple[FoundFrame, ...] = ()
        self.pictures: dict[tuple[int, int], QImage] = {}
        self.background_size: int = 0

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        """Return the number of frames."""
        return 0 if parent.isValid() else len(self.hits)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return the hit (user's role), or all of it in words."""
        hit = self.hits[index.row()]
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole}:
            place = "" if hit.share_below is None else percentile_told(hit.share_below, self.background_size)
            clip = hit.clip.clip
            return hit_told(clip.name, hit.frame_index, len(clip), hit.similarity, place)
        return hit if role == Qt.ItemDataRole.UserRole else None

    def show(self, hits: Sequence[FoundFrame], background_size: int) -> None:
        """Show these; pictures of those that were there before stay."""
        self.beginResetModel()
        self.hits, self.background_size = tuple(hits), background_size
        kept = {_key(hit) for hit in hits}
        self.pictures = {key: image for key, image in self.pictures.items() if key in kept}
        self.endResetModel()

    def lacks_picture(self) -> FoundFrame | None:
        """Return the first frame whose picture is not there yet."""
        return next((hit for hit in self.hits if _key(hit) not in self.pictures), None)

    def keep_picture(self, hit: FoundFrame, image: QImage) -> None:
        """Show a frame's picture."""
        self.pictures[_key(hit)] = image
        for row, one in enumerate(self.hits):
            if _key(one) == _key(hit):
                self.dataChanged.emit(self.index(row), self.index(row))

    def picture(self, hit: FoundFrame) -> QImage | None:
        """Return a frame's picture, if it is there."""
        return self.pictures.get(_key(hit))


def _key(hit: FoundFrame) -> tuple[int, int]:
    return id(hit.clip), hit.frame_index


class HitDelegate(QStyledItemDelegate):
    """Draws a row."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Return the same for each."""
        return _ROW

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw it."""
        rows = index.model()
        assert isinstance(rows, HitRows)
        hit = rows.hits[index.row()]
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box: QRect = option.rect.adjusted(4, 2, -4, -2)
        _draw_state(painter, box, option.state)
        place = QRect(box.left() + 6, box.top() + 4, PICTURE.width(), PICTURE.height())
        painter.fillRect(place, QColor(ON_PICTURE.canvas))
        picture = rows.picture(hit)
        if picture is not None:
            size = picture.size().scaled(place.size(), Qt.AspectRatioMode.KeepAspectRatio)
            target = QRect(0, 0, size.width(), size.height())
            target.moveCenter(place.center())
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(target, picture)
        _draw_words(painter, box.adjusted(PICTURE.width() + 14, 6, -6, -4), hit, rows.background_size)
        painter.restore()


def _draw_state(painter: QPainter, box: QRect, state: QStyle.StateFlag) -> None:
    is_chosen = bool(state & QStyle.StateFlag.State_Selected)
    if is_chosen or state & QStyle.StateFlag.State_MouseOver:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tokens().raised if is_chosen else tokens().base))
        painter.drawRoundedRect(box, 6, 6)
    if is_chosen:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(tokens().accent), 2 if state & QStyle.StateFlag.State_HasFocus else 1))
        painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), 6, 6)


def _draw_words(painter: QPainter, box: QRect, hit: FoundFrame, count: int) -> None:
    numbers = [similarity(hit.similarity)]
    if hit.share_below is not None:
        numbers.append(percentile(hit.share_below, count))
    lines = (
        (" · ".join(numbers), text_font(weight=QFont.Weight.DemiBold), tokens().text),
        (frame_title(hit.frame_index), caption_font(), tokens().text),
        (title_of(hit.clip) + " · " + hit.clip.clip.path.name, caption_font(), tokens().muted),
    )
    top = box.top()
    for text, font, colour in lines:
        painter.setFont(font)
        painter.setPen(QColor(colour))
        metrics = painter.fontMetrics()
        kept = metrics.elidedText(text, Qt.TextElideMode.ElideRight, box.width())
        painter.drawText(QRect(box.left(), top, box.width(), metrics.height()), Qt.AlignmentFlag.AlignLeft, kept)
        top += metrics.height() + 1
