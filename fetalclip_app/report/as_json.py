"""Readings as the command line's JSON; docs/analyze.schema.json says the same in a schema."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fetalclip_app import RESEARCH_USE_ONLY, wording
from fetalclip_app.atomic import write_bytes
from fetalclip_app.domain.abstention import Abstention, Reason
from fetalclip_app.domain.age import AgeEstimate
from fetalclip_app.domain.probes import NamedBy, ProbeFacts
from fetalclip_app.domain.reading import Finding, HeadMeasurement, Provenance
from fetalclip_app.domain.views import ViewPrediction
from fetalclip_app.report.entries import ClipEntry, Entry, UnreadEntry
from fetalclip_app.report.json_by_hand import by_hand
from fetalclip_app.report.json_calibration import box, calibration
from fetalclip_app.report.json_heads import clip_labels, measurements, structures
from fetalclip_app.report.json_pooled import whole_clip
from fetalclip_app.report.json_traces import numbers_of_clip
from fetalclip_app.report.json_values import abstention, ellipse, number
from fetalclip_app.report.traces import clip_traces
from fetalclip_app.wording.translate import SOURCE, speaking


def write_json(path: Path, entries: Sequence[Entry]) -> None:
    """Write one object for each entry, in their order.

    Raises:
        ExportFailed: The file could not be written.
    """
    write_table(path, as_table(entries))


def write_table(path: Path, table: Sequence[dict[str, Any]]) -> None:
    """Write what `as_table` returned, also where it was gathered piece by piece.

    Raises:
        ExportFailed: The file could not be written.
    """
    text = json.dumps(list(table), ensure_ascii=False, indent=1, allow_nan=False)
    write_bytes(path, (text + "\n").encode("utf-8", errors="backslashreplace"))


def as_table(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """Return the JSON's list: plain dicts, lists, strings, finite numbers, booleans and None; always in English."""
    with speaking(SOURCE):
        return [_unread(entry) if isinstance(entry, UnreadEntry) else _clip(entry) for entry in entries]


def _unread(entry: UnreadEntry) -> dict[str, Any]:
    error = entry.error
    described = {"code": str(error.code), "sentence": wording.sentence(error), "hint": wording.hint(error)}
    return {"file": entry.file, "error": described}


def _clip(entry: ClipEntry) -> dict[str, Any]:
    reading = entry.reading
    seen = reading.answer("views", ViewPrediction)
    if seen is None:
        raise ValueError("a reading without views")
    planes = reading.answer("brain_views", ViewPrediction)
    row = {
        "file": entry.file or str(entry.clip.path),
        **({} if entry.fetus == "" else {"fetus": entry.fetus}),
        "frames": reading.frame_count,
        **({"missing_frames": entry.clip.missing_frames} if entry.clip.missing_frames else {}),
        "calibration": calibration(reading.calibration),
        "views": _views(seen),
        "brain_views": None if planes is None else _views(planes),
        "gestational_age": _age(reading.finding("gestational_age")),
        "head": _head(reading.finding("head")),
        **measurements(reading.finding("measurements")),
        **whole_clip(reading.finding("whole_clip")),
        **structures(reading.finding("structures")),
        **clip_labels(reading.finding("clip_labels")),
        **by_hand(entry.notes.of_fetus(entry.fetus or ""), entry.clip.calibration),
        "provenance": _provenance(entry),
    }
    return {**row, "numbers": numbers_of_clip(clip_traces(entry), row)}


def _views(seen: ViewPrediction) -> dict[str, Any]:
    return {
        "best": seen.best,
        "abstained": None if seen.abstained is None else abstention(seen.abstained),
        "probabilities": _shares(seen.keys, seen.probabilities),
        "per_frame": [
            None if any(math.isnan(value) for value in row) else _shares(seen.keys, row) for row in seen.per_frame
        ],
        "calibrated": seen.calibrated,
        "calibration_error": None if seen.calibration_error is None else number(seen.calibration_error),
        "frequencies": None if seen.frequencies is None else _shares(seen.keys, seen.frequencies),
        "not_trained": sorted(seen.not_trained),
        "unfamiliar": sorted(seen.unfamiliar),
        "view_set": seen.view_set,
        "named_by": str(NamedBy.PROBE if seen.probe else NamedBy.PROMPTS),
    }


def _shares(keys: Sequence[str], row: Any) -> dict[str, float]:
    return {key: number(value) for key, value in zip(keys, row, strict=True)}


def _age(finding: Finding | None) -> dict[str, Any]:
    answer = _not_asked() if finding is None else finding.answer
    if isinstance(answer, Abstention):
        return {"abstained": abstention(answer)}
    if not isinstance(answer, AgeEstimate) or finding is None:
        raise ValueError(f"an age that is a {type(answer).__name__}")
    fitted = answer.interval
    return {
        "days": answer.age.days,
        "low": answer.low.days,
        "high": answer.high.days,
        "spread": {"days": answer.spread_days, "meaning": _spread_meaning(answer)},
        "interval": None
        if fitted is None
        else {
            "low": fitted.low.days,
            "high": fitted.high.days,
            "level": number(fitted.level),
            "reference": fitted.reference,
        },
        "frame": finding.frame_index,
        "learned_from_head_size": answer.learned_from_head_size,
        "head_checked": answer.head_checked,
    }


def _spread_meaning(age: AgeEstimate) -> str:
    return f"{wording.spread_meaning()} {wording.spread_limit(age.limit_ground)}".strip()


def _head(finding: Finding | None) -> dict[str, Any]:
    answer = _not_asked() if finding is None else finding.answer
    if isinstance(answer, Abstention):
        return {"abstained": abstention(answer)}
    if not isinstance(answer, HeadMeasurement) or finding is None:
        raise ValueError(f"a head that is a {type(answer).__name__}")
    where = {"ellipse": ellipse(answer.ellipse), "fit": number(answer.fit), "frame": finding.frame_index}
    if isinstance(answer.size, Abstention):
        return {"abstained": abstention(answer.size), **where}
    size = answer.size
    lengths = {"hc_mm": number(size.hc_mm), "bpd_mm": number(size.bpd_mm), "ofd_mm": number(size.ofd_mm)}
    return {**lengths, **where}


def _not_asked() -> Abstention:
    return Abstention(Reason.NOT_APPLICABLE, "not_asked")


def _provenance(entry: ClipEntry) -> dict[str, Any]:
    made, model = entry.reading.provenance, entry.reading.provenance.model
    origin = entry.clip.origin
    return {
        "app_version": made.app_version,
        "research_use_only": RESEARCH_USE_ONLY,
        "model": {
            "key": model.key,
            "title": model.title,
            "sha256": model.sha256,
            "verified": model.verified,
            "licence": model.licence,
        },
        "preprocessing": made.preprocessing,
        "view_sets": {task: {"name": name, "sha256": sha256} for task, (name, sha256) in made.view_sets.items()},
        "heads": {task: _head_file(made, task) for task in made.heads},
        "probes": {probe.task: _probe(probe) for probe in made.probes},
        "device": made.device,
        "notices": list(made.notices),
        "clip": {
            "key": entry.clip.key,
            "sha256": entry.clip.content_key.sha256(),
            **({} if not origin.instance_uid else {"sop_instance_uid": origin.instance_uid}),
            "frame_count": entry.reading.frame_count,
            "crop": box(entry.reading.crop),
            "simulated": origin.is_simulated,
            "lossy": origin.is_lossy,
        },
    }


def _head_file(made: Provenance, task: str) -> dict[str, str]:
    name, sha256 = made.heads[task]
    licence = made.head_licences.get(task)
    return {"name": name, "sha256": sha256, **({} if licence is None else {"licence": licence})}


def _probe(probe: ProbeFacts) -> dict[str, Any]:
    fitted = (probe.temperature, probe.calibration_error, probe.calibration_pictures)
    numbers = zip(("temperature", "error", "pictures"), fitted, strict=True)
    return {
        "name": probe.name,
        "sha256": probe.sha256,
        "licence": probe.licence,
        "classes": list(probe.classes),
        "calibration": None if probe.temperature is None else {key: number(v) for key, v in numbers if v is not None},
    }
