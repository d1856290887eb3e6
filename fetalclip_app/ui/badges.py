"""What must be known of a clip before it is believed, as small words above the picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRect, QSize
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from fetalclip_app.domain.calibration import CalibrationSource
from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.timing import RateSource
from fetalclip_app.ui.theme import ON_PICTURE, caption_font
from fetalclip_app.wording import (
    calibration_source,
    frames_missing,
    lossy,
    missing_frames,
    rate_source,
    simulated,
    trim_offered,
)
from fetalclip_app.wording.translate import translate

_SIDE, _GAP, _INSIDE = 12, 4, 2
"""Pixels: beside the line, around each badge, and above and below its words (as the style sheet has it)."""


@dataclass(frozen=True, slots=True)
class Badge:
    """A word and what it means."""

    text: str
    tip: str
    is_doubt: bool = True


def badges_of(clip: Clip) -> tuple[Badge, ...]:
    """Return what must be known of this clip."""
    found: list[Badge] = []
    if clip.origin.is_simulated:
        found.append(Badge(simulated(), translate("Made by a program: nobody was scanned.")))
    if clip.missing_frames:
        found.append(Badge(frames_missing(clip.missing_frames), missing_frames(clip.missing_frames)))
    found += _scale_badges(clip)
    if clip.rate is not None and clip.rate.source is RateSource.ASSUMED:
        found.append(Badge(translate("{rate:.1f}/s assumed", rate=clip.rate.hz), rate_source(clip.rate)))
    if clip.playback.trim is not None:
        first, last = clip.playback.trim
        found.append(
            Badge(
                translate("File shows {first}–{last}", first=first + 1, last=last + 1),
                trim_offered(first, last),
                is_doubt=False,
            )
        )
    if clip.origin.is_lossy:
        found.append(Badge(lossy(), translate("Fine texture may be an artefact of the compression."), is_doubt=False))
    return tuple(found)


def _scale_badges(clip: Clip) -> list[Badge]:
    tip = calibration_source(clip.calibration)
    if not clip.is_calibrated or clip.calibration is None:
        return [Badge(translate("No scale"), translate("{source}. Set it with the ruler.", source=tip))]
    words = {
        CalibrationSource.USER: translate("Scale set by hand"),
        CalibrationSource.USER_OVERRIDE: translate("Scale overridden by hand"),
    }
    source = clip.calibration.source
    return [Badge(words[source], tip)] if source in words else []


class Badges(QWidget):
    """Shows them in a line of their own above the picture, whose corners hold the scanner's words.

    The line is there without badges too, so that the next clip's picture stands where this one's does; where it is too
    narrow for them all, there is a second one.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setObjectName("badges")
        self.labels: list[QLabel] = []
        self._of_clip: tuple[Badge, ...] = ()
        self._whose: tuple[Badge, ...] = ()

    def show_badges(self, badges: Sequence[Badge]) -> None:
        """Show these of a clip in place of the ones before."""
        self._of_clip = tuple(badges)
        self._show()

    def show_whose(self, badge: Badge | None) -> None:
        """Show before the others whose scan it is, or nothing of it."""
        whose = (badge,) if badge is not None else ()
        if whose != self._whose:
            self._whose = whose
            self._show()

    def _show(self) -> None:
        for old in self.labels:
            old.hide()
            old.deleteLater()
        self.labels = []
        for badge in (*self._whose, *self._of_clip):
            made = QLabel(f"⚠ {badge.text}" if badge.is_doubt else badge.text, self)
            made.setFont(caption_font())
            made.setProperty("badge", "doubt" if badge.is_doubt else "true")
            made.setToolTip(badge.tip)
            made.setAccessibleDescription(badge.tip)
            made.show()
            self.labels.append(made)
        self._place()
        self.updateGeometry()

    def hasHeightForWidth(self) -> bool:
        """Return that it does."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Return the height of the lines that these badges take."""
        places = self._places(width)
        bottom = places[-1].bottom() + 1 if places else _GAP + QFontMetrics(caption_font()).lineSpacing() + 2 * _INSIDE
        return bottom + _GAP

    def sizeHint(self) -> QSize:
        """Return one line, or those that it has now."""
        return QSize(0, self.heightForWidth(self.width()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fill the lines anew."""
        super().resizeEvent(event)
        self._place()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Be as black as what the picture lies on."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(ON_PICTURE.canvas))
        painter.end()

    def _place(self) -> None:
        for made, place in zip(self.labels, self._places(self.width()), strict=True):
            made.setGeometry(place)

    def _places(self, width: int) -> list[QRect]:
        """Return where each badge lies, from left to right and from line to line."""
        places: list[QRect] = []
        left, top = _SIDE, _GAP
        for made in self.labels:
            size = made.sizeHint()
            if left > _SIDE and left + size.width() > width - _SIDE:
                left, top = _SIDE, places[-1].bottom() + 1 + _GAP
            places.append(QRect(QPoint(left, top), size))
            left += size.width() + 2 * _GAP
        return places
