"""A study's sizes, centiles, weight and ages as an entry of the JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fetalclip_app.biometry.curves import CITATIONS
from fetalclip_app.domain.abstention import Abstention
from fetalclip_app.domain.age import GestationalAge
from fetalclip_app.domain.biometry import Centile, Chart, NoCentile
from fetalclip_app.domain.dating import Dating, DatingRefused
from fetalclip_app.domain.study_table import (
    Centiles,
    Difference,
    FetusTable,
    FormulaAge,
    ModelAge,
    NoAge,
    StudyRow,
    StudySize,
    StudyTable,
    Weight,
)
from fetalclip_app.report.json_traces import numbers_of_study
from fetalclip_app.report.json_values import abstention, number
from fetalclip_app.report.traces import study_prefixes, traces_of_studies
from fetalclip_app.wording import ages as age_words
from fetalclip_app.wording import calibration_source, spread_meaning
from fetalclip_app.wording import growth as words
from fetalclip_app.wording.dating import dating_refused, no_centile
from fetalclip_app.wording.translate import SOURCE, speaking

if TYPE_CHECKING:
    from fetalclip_app.report.entries import ClipEntry


def as_study_entries(studies: Sequence[StudyTable], clips: Sequence[ClipEntry] | None = None) -> list[dict[str, Any]]:
    """Return what stands in the JSON beside the clips: one entry for each study; always in English.

    Args:
        clips: The report's, in the order by which the studies number them: with them each number has its trace.
    """
    with speaking(SOURCE):
        entries = [_study(one) for one in studies]
    if clips is None:
        return entries
    found = zip(entries, traces_of_studies(clips, studies), study_prefixes(len(studies)), strict=True)
    return [{**entry, "numbers": numbers_of_study(traces, entry, prefix)} for entry, traces, prefix in found]


def _study(one: StudyTable) -> dict[str, Any]:
    return {
        "study": one.title,
        "clips": [{"number": ref.number, "name": ref.name, "key": ref.key} for ref in one.clips],
        "growth": {
            "dating": None if one.dating is None else _dating(one.dating),
            **({} if one.refused is None else {"dating_refused": _refused(one.refused)}),
            "exam_day": None if one.exam_day is None else one.exam_day.isoformat(),
            "age": _age(one.age),
            "fetuses": [_fetus(one, table) for table in one.fetuses],
            "unassigned_clips": list(one.unassigned),
        },
    }


def _dating(dating: Dating) -> dict[str, Any]:
    return {
        "by": str(dating.dated_by),
        "day_0": dating.origin.isoformat(),
        "expected_delivery": dating.expected_delivery.isoformat(),
        "who": dating.who,
        "entered": dating.remark,
        **({} if dating.scanned is None else {"scanned": dating.scanned.isoformat()}),
    }


def _refused(refused: DatingRefused) -> dict[str, Any]:
    return {"reason": str(refused.why), "sentence": dating_refused(refused)}


def _age(age: GestationalAge | NoCentile) -> dict[str, Any]:
    if isinstance(age, GestationalAge):
        return {"days": age.days}
    return {"reason": str(age), "sentence": no_centile(age)}


def _fetus(study: StudyTable, table: FetusTable) -> dict[str, Any]:
    return {
        "fetus": table.fetus or None,
        "clips": list(table.clips),
        "sizes": [_row(row) for row in table.rows],
        "weight": None if table.weight is None else _weight(table.weight),
        "ages_by_formula": [_formula(one) for one in table.formula_ages],
        "ages_by_model": [_model(one) for one in table.model_ages],
        "differences": {
            "found": [_difference(one) for one in table.differences],
            "sentences": list(age_words.differences(table)),
            "source": age_words.REDATING,
        },
        "scales": list(age_words.scale_sources(table)),
        "depends": list(age_words.dependences(study, table)),
    }


def _row(row: StudyRow) -> dict[str, Any]:
    return {
        "measure": str(row.measure),
        "bpd_definition": None if row.bpd_definition is None else str(row.bpd_definition),
        "enters": None if row.value is None else _size(row.value),
        **({} if row.value is not None else {"why_none": _why(row)}),
        "model": None if row.model is None else _size(row.model),
        "does_not_enter": [_size(one) for one in row.others],
        "centiles": _centiles(row.centiles),
    }


def _why(row: StudyRow) -> dict[str, Any]:
    if isinstance(row.why_none, Abstention):
        return abstention(row.why_none)
    return {"reason": str(row.why_none), "sentence": words.row_reason(row)}


def _size(size: StudySize) -> dict[str, Any]:
    return {
        "mm": number(size.size_mm),
        "by": str(size.source),
        "bpd_definition": None if size.bpd_definition is None else str(size.bpd_definition),
        "repeats": size.count,
        "deviation_mm": None if size.deviation_mm is None else number(size.deviation_mm),
        "begun_by_model": size.begun_by_model,
        "read_from": [{"clip": clip, "frame": frame} for clip, frame in size.frames],
    }


def _centiles(centiles: Centiles) -> dict[str, Any]:
    return {str(chart): _centile(chart, found) for chart, found in centiles}


def _centile(chart: Chart, found: Centile | NoCentile) -> dict[str, Any]:
    if isinstance(found, NoCentile):
        return {"reason": str(found), "sentence": no_centile(found)}
    return {
        "percent": number(found.percent),
        "beyond": None if found.beyond is None else str(found.beyond),
        "z": None if found.z is None else number(found.z),
        "said": words.percentile(found),
        "citation": CITATIONS[chart],
    }


def _weight(weight: Weight) -> dict[str, Any]:
    return {
        "g": number(weight.weight_g),
        "formula": weight.citation,
        "used": {str(measure): number(size.size_mm) for measure, size in weight.used},
        "centiles": _centiles(weight.centiles),
    }


def _formula(one: FormulaAge) -> dict[str, Any]:
    is_age = not isinstance(one.days, NoAge)
    return {
        "formula": one.key,
        "citation": one.citation,
        "used": {str(measure): number(size.size_mm) for measure, size in one.used},
        "days": number(one.days) if isinstance(one.days, float) else None,
        **({} if is_age else {"why_none": str(one.days)}),
        "published_for_days": [number(one.low_days), number(one.high_days)],
    }


def _model(one: ModelAge) -> dict[str, Any]:
    estimate, fitted = one.estimate, one.estimate.interval
    return {
        "clip": one.clip.number,
        "frame": one.frame_index,
        "days": estimate.age.days,
        "low": estimate.low.days,
        "high": estimate.high.days,
        "meaning": spread_meaning(),
        "interval": None
        if fitted is None
        else {"low": fitted.low.days, "high": fitted.high.days, "level": number(fitted.level)},
        "scores": {"first_day": estimate.first_day, "values": [number(float(score)) for score in estimate.scores]},
        "learned_from_head_size": estimate.learned_from_head_size,
        "scale": calibration_source(one.calibration),
    }


def _difference(one: Difference) -> dict[str, Any]:
    return {
        "what": str(one.what),
        "formula": one.formula or None,
        "clip": one.clip,
        "days": number(one.days),
        "limit_days": one.limit_days,
    }
