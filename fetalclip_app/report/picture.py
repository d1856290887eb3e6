"""One annotated frame as a PNG, with the research-use line under it."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

from fetalclip_app import RESEARCH_USE_ONLY, __version__, resources
from fetalclip_app.atomic import write_bytes
from fetalclip_app.domain.clip import Pixels
from fetalclip_app.wording.translate import translate as _

_STRIP_SHARE = 24
"""The strip's height is this part of the picture's, and at least `_STRIP_LEAST` pixels."""

_STRIP_LEAST = 18


def write_annotated_png(path: Path, picture: Pixels, *, caption: str = "", remark: str = "") -> None:
    """Write a blended frame with a strip below it: the research-use line, and below what else is given.

    The picture's own pixels stay as they are.

    Args:
        picture: uint8, (H, W, 3), RGB, as `blend` returns it.

    Raises:
        ExportFailed: The file could not be written.
    """
    about = PngInfo()
    about.add_text("Software", f"FetalCLIP Studio {__version__}")
    about.add_text("Comment", RESEARCH_USE_ONLY)
    target = BytesIO()
    with_strip(picture, caption, remark).save(target, "PNG", pnginfo=about)
    write_bytes(path, target.getvalue())


def with_strip(picture: Pixels, *lines_below: str) -> Image.Image:
    """Return a picture with a strip below it: the research-use line, and the lines that are not empty."""
    lines = [_(RESEARCH_USE_ONLY), *filter(None, lines_below)]
    height, width = picture.shape[:2]
    strip = max(height // _STRIP_SHARE, _STRIP_LEAST)
    canvas = Image.new("RGB", (width, height + strip * len(lines)))
    canvas.paste(Image.fromarray(np.ascontiguousarray(picture)), (0, 0))
    pen = ImageDraw.Draw(canvas)
    for number, line in enumerate(lines):
        middle = height + strip * number + strip / 2
        pen.text((strip * 0.4, middle), line, (230, 230, 230), _fitting(line, width - 0.8 * strip, strip), anchor="lm")
    return canvas


def _fitting(line: str, width: float, strip: int) -> ImageFont.FreeTypeFont:
    """Return the font in the largest size that fits the strip and the picture's width."""
    file = str(resources.path("report/NotoSans-Regular.ttf"))
    size = max(round(strip * 0.6), 4)
    while size > 4 and ImageFont.truetype(file, size).getlength(line) > width:
        size -= 1
    return ImageFont.truetype(file, size)
