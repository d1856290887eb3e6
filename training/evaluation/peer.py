"""SonoNet-16 on the same pictures, over the planes that both know."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fetalclip_app.tasks.keys import VIEWS
from training.evaluate import Row, f1_row
from training.evaluation.reads import Read, said
from training.evaluation.view_rows import with_planes
from training.pictures import clip_of
from training.quick_look import STANDARD, Classes

WEIGHTS = "sononet/SonoNet16.npz"
"""Where the peer's weights are looked for in the data folder."""


def peer_rows(data: Path, reads: Sequence[Read], classes: Classes = STANDARD) -> list[Row]:
    """Return SonoNet-16's and our F1 on the same pictures; without its weights none, and a sentence says so."""
    from training.sononet import KNOWN_PLANES, SonoNet16, planes_of  # noqa: PLC0415

    if not (data / WEIGHTS).is_file():
        print(f"SonoNet-16 is not compared with: its weights ({WEIGHTS}) are not in the data folder")
        return []
    both = tuple(plane for plane in classes.planes if plane in KNOWN_PLANES)
    shown = [read for read in with_planes(reads) if read.sample.plane in both]
    if not shown:
        return []
    peer = SonoNet16(data / WEIGHTS)
    theirs: list[str] = []
    for read in shown:
        theirs += planes_of(peer.probabilities([clip_of(data, read.sample).frame(0).pixels]))
    ours = [said(read.reading, VIEWS) for read in shown]
    truth = [read.sample.plane or "" for read in shown]
    groups = [read.sample.group for read in shown]
    name = shown[0].reading.provenance.model.key
    return [
        row
        for asked in (both, *((plane,) for plane in both))
        for row in (
            f1_row(f"SonoNet-16, F1 {', '.join(asked)}", truth, theirs, groups, asked),
            f1_row(f"{name}, F1 {', '.join(asked)}", truth, ours, groups, asked),
        )
    ]
