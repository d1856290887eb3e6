"""Files as bad disks and broken transfers leave them: only `UnreadableFile` ever escapes."""

from __future__ import annotations

import random
from pathlib import Path

import dicom_files as files
import pytest
from PIL import Image
from pydicom import uid

from bench.fuzz.seeds_media import video
from fetalclip_app.errors import UnreadableFile
from fetalclip_app.imaging.readers import read_clip

CINE = files.cine(4)


def _moved_about(content: bytes, seed: str) -> bytes:
    """Return a file as a bad disk would: cut somewhere, some bytes changed, most of them near the front."""
    chance = random.Random(seed)
    damaged = bytearray(content[: chance.randrange(len(content))] if chance.random() < 0.3 else content)
    for _ in range(chance.choice((0, 1, 2, 5, 20, 100))):
        if damaged:
            reach = min(len(damaged), chance.choice((400, 1500, len(content))))
            damaged[chance.randrange(reach)] = chance.choice((0, 255, 128, chance.randrange(256)))
    return bytes(damaged)


def _cine(path: Path, kind: str) -> Path:
    if kind == "regions":
        data = files.dataset_of(CINE, SequenceOfUltrasoundRegions=[files.region()], FrameTimeVector=[0, 30, 30, 30])
        return files.write(path, data, uid.ImplicitVRLittleEndian)
    if kind == "tiff":
        first, *rest = (Image.fromarray(frame) for frame in CINE)
        first.save(path, "TIFF", save_all=True, append_images=rest)
        return path
    if kind.startswith("video"):
        written = ("avi", "mjpeg", "yuvj420p") if "avi" in kind else ("mp4", "libx264", "yuv420p")
        path.write_bytes(video(*written, CINE))
        return path
    return files.stills()[kind](path)


@pytest.mark.parametrize("kind", [*files.stills(), "regions", "tiff", "video mp4", "video avi"])
def test_nothing_but_unreadable_file_ever_escapes(kind: str, tmp_path: Path) -> None:
    whole = _cine(tmp_path / "whole", kind).read_bytes()
    path = tmp_path / "scan"
    opened = refused = 0
    for number in range(60):
        path.write_bytes(_moved_about(whole, f"{kind} {number}"))
        try:
            clip = read_clip(path)
            for index in range(min(len(clip), 4)):
                assert clip.frame(index).pixels.shape == (clip.height, clip.width, 3)
            opened += 1
        except UnreadableFile:
            refused += 1

    assert opened > 0
    assert refused > 5
