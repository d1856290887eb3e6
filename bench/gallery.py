"""``python -m bench.gallery``: pictures of the program's main states, of scans that programs made, for docs/gallery."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from bench.gallery_scans import write_study
from bench.gallery_states import SENTENCES

ROOT = Path(__file__).parents[1] / "docs" / "gallery"

MOST_BYTES = 92_000
"""Of one picture: all of them together stay below six megabytes."""

WIDEST = 1440
_GREYS = 16
LOOKS = [(theme, percent) for theme in ("dark", "light") for percent in (100, 200)]

_HEAD = """\
# Gallery

`make gallery` makes these pictures: the program itself with the bundled compact model, on scans that programs made
(`bench/gallery_scans.py`: the bundled simulated head, the same head smaller four weeks before, and two drawings that
are like an abdomen and a femur). Nobody was scanned. What the model says of drawings shows how the window speaks, and
nothing else. At 100 % a window of 1440 x 900, at 200 % what a screen of 1920 x 1200 has room for.
Pictures are reduced to few colours to be small.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the pictures and their page."""
    options = _parser().parse_args(arguments)
    looks = [look for look in LOOKS if options.look in {"", f"{look[0]}_{look[1]}"}]
    with tempfile.TemporaryDirectory(prefix="fetalclip-gallery-") as name:
        folder = Path(name)
        scans, raw, home = (folder / part for part in ("scans", "raw", "home"))
        for one in (scans, raw, home):
            one.mkdir()
        files = write_study(scans)
        for theme, percent in looks:
            _run((theme, percent), files, raw, home, only=options.only)
        options.out.mkdir(parents=True, exist_ok=True)
        for picture in sorted(raw.glob("*.png")):
            (options.out / picture.name).write_bytes(small(Image.open(picture)))
    (options.out / "README.md").write_text(page(options.out), encoding="utf-8")
    return 0


def _run(look: tuple[str, int], files: Sequence[Path], raw: Path, home: Path, *, only: Sequence[str]) -> None:
    """Start the program in a process of its own; what the model saw before is kept, what a person did is not."""
    theme, percent = look
    for kept in ("archive.db", "settings.json"):
        (home / kept).unlink(missing_ok=True)
    shutil.rmtree(home / "prompts", ignore_errors=True)
    command = [
        sys.executable,
        "-X",
        "faulthandler",
        "-m",
        "bench.gallery_run",
        theme,
        str(percent),
        str(raw),
        ",".join(only),
    ]
    screen = {"QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": f"{percent / 100:g}"}
    env = os.environ | screen | {"FETALCLIP_STUDIO_HOME": str(home), "LC_ALL": "C.UTF-8"}
    subprocess.run([*command, *map(str, files)], check=True, env=env)


def small(picture: Image.Image) -> bytes:
    """Return a PNG below `MOST_BYTES` in the theme's own colours and some greys; much speckle costs size, too."""
    plain = _calmer(picture)
    width = min(plain.width, WIDEST)
    while True:
        now = plain.resize((width, round(plain.height * width / plain.width)), Image.Resampling.LANCZOS)
        data = BytesIO()
        now.quantize(palette=_palette(now), dither=Image.Dither.NONE).save(data, "PNG", optimize=True)
        if data.tell() <= MOST_BYTES:
            return data.getvalue()
        width = int(width * min(0.97, (MOST_BYTES / data.tell()) ** 0.5))


def _calmer(picture: Image.Image) -> Image.Image:
    """Return the picture with the scans' speckle smoothed, which costs most of its size; edges and words stay."""
    pixels = np.array(picture.convert("RGB"))
    places = getattr(picture, "text", {}).get("scans", "")
    if places:
        left, top, right, bottom = map(int, places.split(","))
        part = np.ascontiguousarray(pixels[top:bottom, left:right])
        for _ in range(2):
            part = cv2.bilateralFilter(part, 9, 42.0, 4.0)
        pixels[top:bottom, left:right] = part
    return Image.fromarray(pixels)


def _palette(plain: Image.Image) -> Image.Image:
    """Return greys for the scan, and the colours that are there most often beside them: surfaces, words, views."""
    pixels = np.asarray(plain).reshape(-1, 3).astype(np.int32)
    coloured = pixels[pixels.max(axis=1) - pixels.min(axis=1) > 5] >> 2
    counts = np.bincount(coloured @ np.array([4096, 64, 1]), minlength=1)
    numbers = np.arange(len(counts))
    bins = np.stack([numbers >> 12, numbers >> 6 & 63, numbers & 63])
    weight = np.sqrt(counts) * (bins.max(axis=0) - bins.min(axis=0))  # a small tag of a bright colour counts, too
    often = np.argsort(-weight, kind="stable")[: min(255 - _GREYS, int((counts > 0).sum()))]
    kept = np.stack([often >> 12, often >> 6 & 63, often & 63], axis=1) * 4 + 2
    steps = np.linspace(0, 255, _GREYS).round().astype(np.int64)
    table = Image.new("P", (1, 1))
    table.putpalette(np.concatenate([np.repeat(steps[:, None], 3, axis=1), kept]).astype(np.uint8).tobytes())
    return table


def page(folder: Path) -> str:
    """Return the page that shows what there is."""
    lines = [_HEAD]
    for name, sentence in SENTENCES.items():
        lines += [f"\n## {name.replace('_', ' ').capitalize()}\n", f"{sentence}\n"]
        lines += [
            f"![{name.replace('_', ' ')}, {theme}, {percent} %]({name}_{theme}_{percent}.png)\n"
            for theme, percent in LOOKS
            if (folder / f"{name}_{theme}_{percent}.png").is_file()
        ]
    return "\n".join(lines)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.gallery", description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT, help="where the pictures go")
    parser.add_argument("--only", nargs="*", default=[], choices=list(SENTENCES), help="states to be made anew")
    parser.add_argument("--look", default="", help="one look only, such as dark_100")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
