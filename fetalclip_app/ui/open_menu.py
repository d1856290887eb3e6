"""How files come into the window: by dialog, from the recent ones, by a drop, or the sample."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from fetalclip_app.settings import RECENT_LIMIT
from fetalclip_app.ui.choices import Choices
from fetalclip_app.ui.session import Session
from fetalclip_app.wording.translate import mark, translate

_FILES = mark(
    "Scans (*.dcm *.dicom *.ima *.png *.jpg *.jpeg *.tif *.tiff *.bmp "
    "*.mp4 *.avi *.mov *.mkv *.mpg *.zip DICOMDIR);;All files (*)"
)


class OpenMenu(QObject):
    """Asks for paths, remembers them, and hands them to the session."""

    def __init__(self, window: QWidget, session: Session, choices: Choices, sample: Path | None) -> None:
        super().__init__(window)
        self._window, self._session, self._choices, self._sample = window, session, choices, sample
        self.recent = QMenu(translate("Recent"), window)
        self._show_recent()

    @property
    def has_sample(self) -> bool:
        """Whether the installation has the sample."""
        return self._sample is not None

    def open_paths(self, paths: Sequence[Path]) -> None:
        """Open files and folders, and remember them."""
        kept = self._choices.now
        for path in reversed(list(dict.fromkeys(reversed(paths)))[:RECENT_LIMIT]):
            kept = kept.with_recent(path.absolute())
        self._choices.keep(recent=kept.recent)  # once: they are written to disk
        self._show_recent()
        self._session.open(paths)

    def open_sample(self) -> None:
        """Open the bundled sample."""
        if self._sample is not None:
            self._session.open([self._sample])

    def ask_files(self) -> None:
        """Ask which files to open."""
        chosen, _kind = QFileDialog.getOpenFileNames(
            self._window, translate("Open files"), self._last_folder(), translate(_FILES)
        )
        self.open_paths([Path(name) for name in chosen])

    def ask_folder(self) -> None:
        """Ask which folder to open."""
        chosen = QFileDialog.getExistingDirectory(self._window, translate("Open a folder"), self._last_folder())
        if chosen:
            self.open_paths([Path(chosen)])

    def _last_folder(self) -> str:
        recent = self._choices.now.recent
        return str(recent[0].parent) if recent else ""

    def _show_recent(self) -> None:
        self.recent.clear()
        for path in self._choices.now.recent:
            action = self.recent.addAction(f"{path.name}   ({path.parent.name})")
            action.setToolTip(str(path))
            action.triggered.connect(lambda checked=False, path=path: self.open_paths([path]))
        self.recent.setEnabled(bool(self._choices.now.recent))
