"""What is said of a structured report and of its rows."""

from __future__ import annotations

from fetalclip_app.domain.structured import SrRow, StructuredReport
from fetalclip_app.wording.numbers import with_unit
from fetalclip_app.wording.translate import plural, translate

_DIGITS = 6


def report_title(report: StructuredReport) -> str:
    """Return the report's own title with its template: ``OB-GYN Ultrasound Procedure Report, TID 5000``."""
    title = report.title or translate("Structured report")
    return f"{title}, TID {report.template}" if report.template else title


def report_about(report: StructuredReport) -> str:
    """Return whose the report is, and what made it."""
    who = " ".join(filter(None, [report.patient_name, f"({report.patient_id})" if report.patient_id else ""]))
    return " · ".join(filter(None, [who, report.study_date, report.manufacturer, report.series]))


def report_standing(report: StructuredReport) -> str:
    """Return whether a person vouches for it."""
    if report.is_verified:
        return translate("Verified by {who}, {when}.", who=report.verified_by, when=report.verified_at)
    if report.is_final:
        return translate("Nobody has verified it.")
    return translate("Preliminary: nobody has verified it.")


def cut_report() -> str:
    """Return that not all of a report is shown."""
    return translate("It is longer or deeper than any report: not all of it is shown.")


def row_value(row: SrRow) -> str:
    """Return what a row states: a number with its unit and limits, words, or why there is no number."""
    if row.value is None:
        return row.text
    value = f"{row.value:.{_DIGITS}g}"
    if row.uncertainty is not None:
        low, high = row.uncertainty
        value = f"{value} (−{low:g}, +{high:g})"
    return with_unit(value, row.unit) if row.unit else value


def row_source(row: SrRow) -> str:
    """Return by which rule, how and from where a number is."""
    frames = ", ".join(str(number) for number in row.frames)
    from_frames = plural("frame {frames}", "frames {frames}", len(row.frames), frames=frames) if row.frames else ""
    return "; ".join(filter(None, [row.equation, *row.kind, from_frames, *row.remarks]))


def row_line(row: SrRow) -> str:
    """Return a row in one line: ``A Head Circumference 175 mm · A. Sonographer · HC, Hadlock 1984``."""
    said = " ".join(filter(None, [row.fetus, row.name, row_value(row)]))
    return " · ".join(filter(None, [said, row.whose, row_source(row)]))
