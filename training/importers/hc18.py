"""HC18 (van den Heuvel 2018, doi 10.1371/journal.pone.0200412): heads with outline, scale and circumference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from fetalclip_app.biometry.growth import who_median_days
from training.manifest import WHO_MEDIAN_OF_HC, Sample, table_rows


def group_of(exam: str) -> str:
    """Return the group of an exam, the finest key that the set has: by its number, so that 010 and 10 are one."""
    return f"hc18-exam-{int(exam)}"


def read_hc18(data: Path, split_of: Mapping[str, str]) -> Iterator[Sample]:
    """Yield the pictures of ``hc18/``; their ages are formula-derived."""
    for row in table_rows(data / "hc18" / "labels.csv"):
        hc_mm = float(row["head_circumference_mm"])
        group = group_of(row["exam"])
        age_days = who_median_days("HC", hc_mm)
        yield Sample(
            picture=f"hc18/images/{row['file']}",
            source="hc18",
            group=group,
            split=split_of[group],
            plane="brain",
            pixel_mm=float(row["pixel_mm"]),
            outline=f"hc18/outlines/{row['outline']}",
            hc_mm=hc_mm,
            age_days=age_days,
            age_source="" if age_days is None else WHO_MEDIAN_OF_HC,
        )
