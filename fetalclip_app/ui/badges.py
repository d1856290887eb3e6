"""What must be known of a clip before it is believed, as small words in the picture's corner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from fetalclip_app.domain.calibration import CalibrationSource
from fetalclip_app.domain.clip import Clip, RateSource
from fetalclip_app.ui.theme import caption_font
from fetalclip_app.wording import calibration_source, frames_missing, lossy, missing_frames, rate_source, simulated


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
        found.append(Badge(simulated(), "Made by a program: nobody was scanned."))
    if clip.missing_frames:
        found.append(Badge(frames_missing(clip.missing_frames), missing_frames(clip.missing_frames)))
    found += _scale_badges(clip)
    if clip.rate is not None and clip.rate.source is RateSource.ASSUMED:
        found.append(Badge(f"{clip.rate.hz:.1f}/s assumed", rate_source(clip.rate)))
    if clip.origin.is_lossy:
        found.append(Badge(lossy(), "Fine texture may be an artefact of the compression.", is_doubt=False))
    return tuple(found)


def _scale_badges(clip: Clip) -> list[Badge]:
    tip = calibration_source(clip.calibration)
    if not clip.is_calibrated or clip.calibration is None:
        return [Badge("No scale", f"{tip}. Set it with the ruler (R).")]
    words = {CalibrationSource.USER: "Scale set by hand", CalibrationSource.USER_OVERRIDE: "Scale overridden by hand"}
    source = clip.calibration.source
    return [Badge(words[source], tip)] if source in words else []


class Badges(QWidget):
    """Shows them, one below the other."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        self.labels: list[QLabel] = []

    def show_badges(self, badges: Sequence[Badge]) -> None:
        """Show these in place of the ones before."""
        for old in self.labels:
            self._column.removeWidget(old)
            old.deleteLater()
        self.labels = []
        for badge in badges:
            made = QLabel(f"⚠ {badge.text}" if badge.is_doubt else badge.text, self)
            made.setFont(caption_font())
            made.setProperty("badge", "doubt" if badge.is_doubt else "true")
            made.setToolTip(badge.tip)
            made.setAccessibleDescription(badge.tip)
            self._column.addWidget(made, 0, Qt.AlignmentFlag.AlignLeft)
            made.show()  # else it counts for nothing in the size below
            self.labels.append(made)
        self.setVisible(bool(badges))
        self.adjustSize()
