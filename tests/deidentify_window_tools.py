"""The window of de-identification with three files and an OCR that knows one word, for its tests."""

from __future__ import annotations

from pathlib import Path

from deidentify_files import full_dataset
from dicom_files import cine, colour_picture, dataset_of, write
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from fetalclip_app.domain.calibration import Box
from fetalclip_app.domain.clip import Pixels
from fetalclip_app.imaging.deidentify.texts import SeenText
from fetalclip_app.ui.deidentify_cases import Desk
from fetalclip_app.ui.deidentify_window import DeidentifyWindow
from fetalclip_app.ui.deidentifying import Deidentifying
from fetalclip_app.ui.jobs import Jobs

WORD = SeenText("Har-low", Box(40, 30, 50, 34))


class Reader:
    """An OCR that finds a word where it is not blanked."""

    def read(self, pixels: Pixels) -> tuple[SeenText, ...]:
        """Return the word, or nothing."""
        return (WORD,) if pixels[30:34, 40:50].any() else ()


def window_of(parent: QWidget, qtbot: QtBot, jobs: Jobs) -> DeidentifyWindow:
    """Return the window, shown, with an OCR that knows one word; it lives as long as ``parent`` is kept."""
    qtbot.addWidget(parent)
    made = DeidentifyWindow(Deidentifying(jobs, parent, lambda: Desk(Reader())), parent)
    qtbot.addWidget(made)
    made.show()
    return made


def open_three(window: DeidentifyWindow, qtbot: QtBot, folder: Path) -> None:
    """Open two files of one scanner, and one whose scan cannot be told."""
    first, second = full_dataset(cine(), FrameTime="33.3"), full_dataset()
    second.SOPInstanceUID = "1.2.3.47.11.9"
    paths = [write(folder / "a.dcm", first), write(folder / "b.dcm", second)]
    paths.append(write(folder / "c.dcm", dataset_of(colour_picture(200, 300))))
    work(window).begin(paths)
    idle(window, qtbot)


def work(window: DeidentifyWindow) -> Deidentifying:
    """Return what is at work behind the window."""
    return window._work


def idle(window: DeidentifyWindow, qtbot: QtBot) -> None:
    """Wait until no work is under way."""
    qtbot.waitUntil(lambda: not work(window).is_busy, timeout=30_000)


def button(window: DeidentifyWindow, qtbot: QtBot, name: str) -> QPushButton:
    """Return a button of the list of texts, once it is on the screen."""

    def found() -> list[QPushButton]:
        return [each for each in window.findChildren(QPushButton) if each.accessibleName() == name and each.isVisible()]

    qtbot.waitUntil(lambda: len(found()) == 1)
    return found()[0]


def write_to(folder: Path, window: DeidentifyWindow, qtbot: QtBot) -> None:
    """Have the copies written, and wait until all that can be is."""
    window.ask = lambda parent: folder
    window.write.click()
    idle(window, qtbot)


def look_and_blank(window: DeidentifyWindow, qtbot: QtBot) -> None:
    """Look for text in the file that is shown, and have the word blanked."""
    window.look.click()
    idle(window, qtbot)
    button(window, qtbot, "Blank it: Har-low").click()
