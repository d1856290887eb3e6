"""Draws the icons of Windows and macOS, and the sizes that Linux wants, from the one drawing ``studio.svg``.

``python packaging/icons.py`` writes them; they are committed, so that a build needs no drawing.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from PIL import Image
from PySide6.QtCore import QBuffer, QByteArray, QIODevice
from PySide6.QtGui import QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

HERE = Path(__file__).resolve().parent

WINDOWS = (16, 20, 24, 32, 40, 48, 64, 128, 256)
LINUX = (16, 32, 48, 128, 256)
LARGEST = 1024


def drawn(size: int) -> Image.Image:
    """Return the icon as a square of so many pixels."""
    picture = QImage(size, size, QImage.Format.Format_ARGB32)
    picture.fill(0)
    painter = QPainter(picture)
    QSvgRenderer(str(HERE / "studio.svg")).render(painter)
    painter.end()
    kept = QByteArray()
    buffer = QBuffer(kept)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    picture.save(buffer, b"PNG")
    return Image.open(io.BytesIO(kept.data())).convert("RGBA")


def main() -> int:
    """Write all."""
    application = QGuiApplication(["icons", "-platform", "offscreen"])
    for folder in ("windows", "macos", "linux/icons"):
        (HERE / folder).mkdir(parents=True, exist_ok=True)
    sizes = {size: drawn(size) for size in (*WINDOWS, LARGEST)}
    others = [sizes[size] for size in WINDOWS[:-1]]
    sizes[256].save(HERE / "windows" / "studio.ico", sizes=[(size, size) for size in WINDOWS], append_images=others)
    sizes[LARGEST].save(HERE / "macos" / "studio.icns")
    for size in LINUX:
        sizes[size].save(HERE / "linux" / "icons" / f"{size}.png", optimize=True)
    sizes[128].save(HERE.parent / "resources" / "icons" / "studio.png", optimize=True)
    application.quit()
    return 0


if __name__ == "__main__":
    sys.exit(main())
