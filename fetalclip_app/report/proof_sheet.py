"""A page that shows what de-identified copies look like, and every text that is left: to be looked at by a person."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from fetalclip_app import RESEARCH_USE_ONLY, __version__, wording
from fetalclip_app.atomic import write_bytes
from fetalclip_app.domain.clip import Pixels
from fetalclip_app.imaging.deidentify.engine import Opened, Seen
from fetalclip_app.imaging.deidentify.mask import shown
from fetalclip_app.imaging.deidentify.texts import FoundText
from fetalclip_app.wording.translate import translate as _

_WIDEST = 720
"""Pixels of a picture on the page."""

_DOUBT, _CALM = (230, 162, 60), (107, 191, 123)
_STYLE = (
    "body{font:14px sans-serif;margin:24px;background:#fff;color:#111}"
    "section{margin:0 0 32px;break-inside:avoid}figure{display:inline-block;margin:0 8px 8px 0}"
    "figcaption{color:#555}td{padding:2px 12px 2px 0}.doubt{color:#9a5b00;font-weight:bold}"
)


@dataclass(frozen=True, eq=False, slots=True)
class Proof:
    """What a person has to see of one copy.

    Attributes:
        pictures: (frame, pixels) as they will look.
    """

    title: str
    seen: Seen
    pictures: tuple[tuple[int, Pixels], ...]


def proof_of(opened: Opened, seen: Seen, title: str) -> Proof:
    """Return the frames on which text was found, else the first one."""
    visible = seen.mask.visible()
    frames = sorted({0, *(text.frame for text in seen.texts)})
    pictures = ((frame, shown(opened.clip.frame(frame).pixels, visible)) for frame in frames)
    return Proof(title, seen, tuple((frame, _marked(pixels, seen.texts, frame)) for frame, pixels in pictures))


def write_proof_sheet(path: Path, proofs: Sequence[Proof]) -> None:
    """Write the page, pictures inside, whole or not at all.

    Raises:
        ExportFailed: It cannot be written.
    """
    title = _("De-identified copies, to be looked at")
    head = f"<!doctype html><meta charset='utf-8'><title>{title}</title><style>{_STYLE}</style><h1>{title}</h1>"
    note = _("The pictures are what the copies show. A text in amber has to be looked at. FetalCLIP Studio {version}.")
    body = "".join(map(_section, proofs))
    write_bytes(path, f"{head}<p>{_(RESEARCH_USE_ONLY)}</p><p>{note.format(version=__version__)}</p>{body}".encode())


def _section(proof: Proof) -> str:
    pictures = "".join(_figure(frame, pixels) for frame, pixels in proof.pictures)
    rows = "".join(map(_row, proof.seen.texts)) or f"<tr><td>{_('No text was found.')}</td></tr>"
    mask = _("All is blanked outside {mask}.").format(mask=wording.mask_source(proof.seen.mask.source))
    read = _("Frames read for text: {frames}.").format(frames=", ".join(str(i + 1) for i in proof.seen.frames_read))
    title = html.escape(proof.title)
    return f"<section><h2>{title}</h2><p>{mask} {read}</p>{pictures}<table>{rows}</table></section>"


def _row(text: FoundText) -> str:
    tone = " class='doubt'" if text.needs_a_person else ""
    frame = wording.frame_number(text.frame)
    return f"<tr{tone}><td>{html.escape(text.text)}</td><td>{wording.text_kind(text.kind)}</td><td>{frame}</td></tr>"


def _figure(frame: int, pixels: Pixels) -> str:
    picture = Image.fromarray(pixels)
    picture.thumbnail((_WIDEST, _WIDEST))
    held = io.BytesIO()
    picture.save(held, "PNG")
    data = base64.b64encode(held.getvalue()).decode()
    caption = f"<figcaption>{wording.frame_number(frame)}</figcaption>"
    return f"<figure><img src='data:image/png;base64,{data}'>{caption}</figure>"


def _marked(pixels: Pixels, texts: Sequence[FoundText], frame: int) -> Pixels:
    """Return the picture with a frame around each text that was found on it."""
    picture = Image.fromarray(np.ascontiguousarray(pixels))
    draw = ImageDraw.Draw(picture)
    for text in texts:
        if text.frame == frame:
            box = text.box
            colour = _DOUBT if text.needs_a_person else _CALM
            draw.rectangle((box.left - 2, box.top - 2, box.right + 1, box.bottom + 1), outline=colour)
    return np.asarray(picture)
