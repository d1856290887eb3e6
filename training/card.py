"""Measured numbers where a user of the weights looks: in the manifest and on the model card, copied, never typed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fetalclip_app import RESEARCH_USE_ONLY

MEASURED_BEGINS, MEASURED_ENDS = "<!-- measured begins -->", "<!-- measured ends -->"
TABLE_BEGINS, TABLE_ENDS = "<!-- table begins -->", "<!-- table ends -->"
CARD = "MODEL_CARD.md"

BLANK = """# {title}

**{research}**

## What it is for, and for whom

Researchers who want to try this model on stills and clips of fetal ultrasound in FetalCLIP Studio. Not for patient
care, not for screening.

## What it was trained on

{data}

Views: {views}. {ages}

Heads and probes in the folder `heads` say in their own JSON what they were trained on, and under which licence.

Pictures enter at {size} x {size} pixels, prepared as {fingerprint}. Weights: {sha256}.

## Measured

Without numbers here, nothing was measured.

{begins}
{ends}

## Limits

- It finds no abnormality and does not try to.
- Machines, countries and ages other than the training's were not measured, unless a table above says so.
- Percentages are calibrated by `python -m training calibrate`; the manifest has the error that remained.
- The guard against other pictures goes by their texture: ultrasound of other organs can pass it.

## Licence

{licence}. That of each part stands in the list above.
"""


def between(page: str, begins: str, ends: str, text: str) -> str:
    """Return the page with ``text`` between its two marks, whatever stood there before.

    Raises:
        ValueError: The page has no such marks.
    """
    before, rest = page.split(begins)
    _, after = rest.split(ends)
    return f"{before}{begins}\n\n{text}\n{ends}{after}"


def with_table(page: str, table: str) -> str:
    """Return the page of results with this table.

    Raises:
        ValueError: The page has no marks for it.
    """
    return between(page, TABLE_BEGINS, TABLE_ENDS, table)


def measured(results: Mapping[str, Any]) -> dict[str, Any]:
    """Return the manifest's ``measured``: which split, when, and every line with its n and interval."""
    return {
        "split": results["split"],
        "date": results["date"],
        "rows": [_line(row) for row in results["rows"]],
        "subgroups": [_line(row) for row in results.get("subgroups", ())],
    }


def as_table(said: Mapping[str, Any]) -> str:
    """Return what the card shows of a manifest's ``measured``."""
    lines = [
        f"Patients of the split '{said['split']}', {said['date']}. Intervals: 95 % bootstrap over patients.",
        "",
        *_table(said["rows"]),
    ]
    if said["subgroups"]:
        lines += ["", "By machine and by age band:", "", *_table(said["subgroups"])]
    return "\n".join(lines) + "\n"


def blank(manifest: Mapping[str, Any]) -> str:
    """Return the card of an exported model before it is measured: what its manifest knows, in words."""
    learned = "Its ages were learned from head circumferences: they are no second opinion on them."
    return BLANK.format(
        title=manifest["title"],
        research=RESEARCH_USE_ONLY,
        data="\n".join(f"- {name}: {source}" for name, source in sorted(manifest["data"].items())),
        views=", ".join(manifest["trained_views"]) or "not stated",
        ages=learned if manifest["learned_from_head_size"] else "",
        size=manifest["preprocessing"]["size"],
        fingerprint=manifest["preprocessing"]["fingerprint"],
        sha256=manifest["sha256"],
        licence=manifest["licence"],
        begins=MEASURED_BEGINS,
        ends=MEASURED_ENDS,
    )


def record(folder: Path, results: Mapping[str, Any]) -> None:
    """Write the numbers into the manifest of the weights that they were measured on, and onto its card.

    Raises:
        ValueError: The numbers are of other weights, or the card has no marks for them.
    """
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    if manifest["sha256"] != results["model"]["sha256"]:
        raise ValueError("these numbers were measured on other weights")
    said = measured(results)
    card = folder / CARD
    page = between(card.read_text(encoding="utf-8"), MEASURED_BEGINS, MEASURED_ENDS, as_table(said))
    text = json.dumps({**manifest, "measured": said}, indent=2, sort_keys=True)
    path.write_text(text + "\n", encoding="utf-8")
    card.write_text(page, encoding="utf-8")


def _line(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: row[key] for key in ("measure", "n", "patients", "value", "interval", "abstained")}


def _table(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    head = ["| measure | n | value | 95 % interval | no answer |", "|---|---|---|---|---|"]
    return head + [
        f"| {row['measure']} | {row['n']} | {_number(row['value'])} "
        f"| {_number(row['interval'][0])} to {_number(row['interval'][1])} | {row['abstained']} |"
        for row in rows
    ]


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.3f}"
