"""Measures a model by the app's own engine and writes what was found where it is looked for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from fetalclip_app.domain.probes import NamedBy
from fetalclip_app.inference.load import load_engine
from training import card, evaluate
from training.evaluate import Row
from training.evaluation import suite, trust
from training.evaluation.line_rows import line_rows, marked_lines, with_scales
from training.evaluation.peer import peer_rows
from training.evaluation.reader import Reader
from training.evaluation.reads import read_all
from training.evaluation.strangers import read_strangers
from training.evaluation.subgroups import subgroup_rows
from training.evaluation.view_rows import view_rows
from training.manifest import Sample
from training.quick_look import STANDARD, Classes
from training.readable import Unreadable
from training.shelf import Shelf


@dataclass(frozen=True, slots=True)
class Held:
    """What a model is measured on.

    Attributes:
        samples: Of ``split`` alone.
        classes: Over which F1 is averaged.
    """

    data: Path
    split: str
    samples: Sequence[Sample]
    classes: Classes = STANDARD


def evaluate_bundled(held: Held, out: Path, plots: Path | None = None, bundle: Path | None = None) -> None:
    """Measure the app's engine on held-out patients and write the table; test patients' numbers go onto the card.

    Args:
        out: The page; its numbers lie beside it in a JSON of the same name.
        plots: A folder for tables and pictures of more than the page shows; none where it is not given.
        bundle: An exported folder; the bundled model if not given.

    Raises:
        ValueError: No picture of the split can be read.
    """
    shelf = Shelf.of(bundle)
    reader = _reader(shelf)
    marked = marked_lines(reader.engine, held.data, held.samples)
    reads, lost = read_all(reader, held.data, with_scales(held.samples, marked))
    _tell(lost, len(held.samples))
    if not reads:
        raise ValueError(f"no picture of the split '{held.split}' can be read: nothing is measured")
    with TemporaryDirectory() as scratch:
        strangers = read_strangers(reader, held.samples, held.data, Path(scratch))
    rows = [
        *view_rows(reads, held.classes),
        *evaluate.size_rows(reads),
        *line_rows(reads, marked),
        *trust.calibration_rows(reads),
        *trust.stranger_rows(strangers, reads),
        *peer_rows(held.data, reads, held.classes),
    ]
    groups = subgroup_rows(reads, held.classes)
    facts: dict[str, Any] = {
        "split": held.split,
        "date": datetime.now(UTC).date().isoformat(),
        "model": asdict(reader.engine.identity),
        "probes": [] if reader.by_probe is None else [asdict(one.facts) for one in reader.by_probe.naming.values()],
        "subgroups": evaluate.listed(groups),
        "strangers": [asdict(stranger) for stranger in strangers],
        "unreadable": [asdict(one) for one in lost],
    }
    _write(out, rows, facts)
    if held.split == "test":
        card.record(shelf.model, json.loads(out.with_suffix(".json").read_text(encoding="utf-8")))
    if plots is not None:
        suite.write(plots, reader.engine, reads, [*rows, *groups])


def _reader(shelf: Shelf) -> Reader:
    """Return the model as it answers by prompts, and by the probes that it has."""
    engine = load_engine(shelf.request)
    if not engine.probes:
        return Reader.of(engine)
    by_probe = replace(shelf.request, views_by=NamedBy.PROBE, brain_views_by=NamedBy.PROBE)
    return Reader.of(engine, load_engine(by_probe))


def _tell(lost: Sequence[Unreadable], total: int) -> None:
    for one in lost:
        print(f"unreadable: {one.picture} ({one.reason})")
    if lost:
        print(f"{len(lost)} files of {total} pictures are unreadable and left out; the JSON lists them")


def _write(out: Path, rows: Sequence[Row], facts: dict[str, Any]) -> None:
    page = out.read_text(encoding="utf-8") if out.exists() else f"{card.TABLE_BEGINS}\n{card.TABLE_ENDS}\n"
    out.write_text(card.with_table(page, evaluate.as_markdown(rows)), encoding="utf-8")
    out.with_suffix(".json").write_text(evaluate.as_json(rows, facts), encoding="utf-8")
    print(evaluate.as_markdown(rows))
