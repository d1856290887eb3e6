"""Where a study's numbers come from, as rows of words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fetalclip_app.biometry.curves import CITATIONS
from fetalclip_app.domain.biometry import NoCentile
from fetalclip_app.domain.reading import Provenance
from fetalclip_app.domain.study_table import (
    Centiles,
    FetusTable,
    FormulaAge,
    ModelAge,
    NoAge,
    StudyRow,
    StudySize,
    StudyTable,
    Weight,
)
from fetalclip_app.domain.values import Source
from fetalclip_app.ui.provenance import Row
from fetalclip_app.wording import (
    age_range,
    calibration_source,
    fetus_title,
    frame_number,
    interval_meaning,
    millimetres,
    spread_meaning,
)
from fetalclip_app.wording import ages as age_words
from fetalclip_app.wording import growth as words
from fetalclip_app.wording.by_hand import edges_meaning, measure_name
from fetalclip_app.wording.dating import dating_line
from fetalclip_app.wording.translate import translate

Made = Mapping[int, Provenance]
"""Number of a clip -> what its reading depended on."""


def size_rows(table: StudyTable, fetus: FetusTable, row: StudyRow, made: Made) -> list[Row]:
    """Return what a measure's size and centiles rest on."""
    told: list[Row] = [*_whose(fetus), (words.row_name(row), words.row_value(row))]
    if row.value is not None:
        told += [(translate("Whose"), words.whose_size(row.value)), (translate("Pictures"), _frames(row.value))]
    told.append((translate("Which enters"), words.entering_rule(row)))
    if row.bpd_definition is not None:
        told.append((translate("Definition"), edges_meaning(row.bpd_definition)))
    if row.model is not None:
        told.append((translate("The model's"), _size(row.model)))
    told += [(translate("Does not enter"), _size(one)) for one in row.others]
    sizes = [one for one in (row.value, row.model, *row.others) if one is not None]
    return [*told, *_centile_rows(table, row.centiles), *_read_by(sizes, made)]


def weight_rows(table: StudyTable, fetus: FetusTable, weight: Weight, made: Made) -> list[Row]:
    """Return what a weight and its centile rest on."""
    told: list[Row] = [
        *_whose(fetus),
        (translate("Weight"), words.grams(weight.weight_g)),
        (translate("Formula"), f"{words.weight_formula(weight)}. {weight.citation}"),
    ]
    told += [(measure_name(name), _size(size)) for name, size in weight.used]
    return [*told, *_centile_rows(table, weight.centiles), *_read_by([size for _name, size in weight.used], made)]


def formula_rows(fetus: FetusTable, one: FormulaAge, made: Made) -> list[Row]:
    """Return what an age by a formula rests on."""
    why = [(translate("Why"), age_words.no_formula_age(one.days))] if isinstance(one.days, NoAge) else []
    return [
        *_whose(fetus),
        (age_words.formula_name(one.key), age_words.formula_age(one)),
        *why,
        *((measure_name(name), _size(size)) for name, size in one.used),
        (translate("Range"), age_words.formula_range(one)),
        *_read_by([size for _name, size in one.used], made),
    ]


def model_rows(fetus: FetusTable, one: ModelAge, made: Made) -> list[Row]:
    """Return what the model's age rests on."""
    estimate = one.estimate
    picture = "" if one.frame_index is None else frame_number(one.frame_index)
    return [
        *_whose(fetus),
        (translate("Age"), str(estimate.age)),
        (translate("Spread"), f"{age_range(estimate.low, estimate.high)}. {spread_meaning()}"),
        *([(translate("Interval"), interval_meaning(estimate.interval))] if estimate.interval is not None else []),
        (translate("Picture"), ", ".join(filter(None, [words.clip_numbers([one.clip.number]), picture]))),
        (translate("Scale"), calibration_source(one.calibration)),
        *_models([one.clip.number], made),
    ]


def dating_rows(table: StudyTable) -> list[Row]:
    """Return what the dating rests on."""
    dating = table.dating
    day = table.exam_day.isoformat() if table.exam_day is not None else translate("not stated")
    said = dating_line(dating) if dating is not None else ""
    return [(translate("Dating"), said), (translate("Exam"), day), (translate("Age"), words.dated_age(table))]


def _whose(fetus: FetusTable) -> list[Row]:
    return [(translate("Fetus"), fetus_title(fetus.fetus))] if fetus.fetus else []


def _read_by(sizes: Sequence[StudySize], made: Made) -> list[Row]:
    """Return which model read what is the model's; nothing where all is by hand."""
    return _models([clip for size in sizes if size.source is not Source.PERSON for clip in size.clips], made)


def _models(clips: Sequence[int], made: Made) -> list[Row]:
    known = [made[clip] for clip in clips if clip in made]
    told = dict.fromkeys(f"{one.model.title} · {one.model.sha256[:12]} · {one.device}" for one in known)
    return [(translate("Model"), text) for text in told]


def _size(size: StudySize) -> str:
    return f"{millimetres(size.size_mm)}, {words.whose_sized(size)}"


def _frames(size: StudySize) -> str:
    return "; ".join(f"{words.clip_numbers([clip])}, {frame_number(frame)}" for clip, frame in size.frames)


def _centile_rows(table: StudyTable, centiles: Centiles) -> list[Row]:
    told: list[Row] = []
    for chart, found in centiles:
        if found is not NoCentile.NOT_ON_CHART:
            source = words.centile_reason(found) or CITATIONS[chart]
            told.append((words.chart_name(chart), f"{words.centile(chart, found, table.dating)}. {source}"))
    return told + (dating_rows(table) if table.dating is not None else [])
