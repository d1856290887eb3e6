"""The numbers of a DICOM structured report beside what the archive keeps of the same clips and their study."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from fetalclip_app.domain.notes import StudyNotes
from fetalclip_app.domain.structured import SrRow, StructuredReport
from fetalclip_app.domain.trace import By, Trace
from fetalclip_app.domain.verification import Why
from fetalclip_app.imaging.dicom.structured import person_read
from fetalclip_app.report.dicom.items import as_person_name
from fetalclip_app.report.dicom.numbers import observed
from fetalclip_app.report.json_calibration import calibration
from fetalclip_app.report.traces import traces
from fetalclip_app.report.verifying.comparing import tolerance
from fetalclip_app.report.verifying.kept import KeptClip, stated_otherwise
from fetalclip_app.report.verifying.other_values import OtherValue
from fetalclip_app.report.verifying.outcome import Checked
from fetalclip_app.report.verifying.rebuilding import Row
from fetalclip_app.report.verifying.structured import FoundClip, number_in
from fetalclip_app.report.verifying.structured_notes import CLIP_KEY
from fetalclip_app.report.verifying.structured_rows import EDIT
from fetalclip_app.report.verifying.traced import OtherPart
from fetalclip_app.wording.trace_lines import edit_told
from fetalclip_app.wording.translate import SOURCE, speaking

_PRINTED = 1e-3


def compare_structured_with_kept(
    report: StructuredReport, found: Sequence[FoundClip], kept: Sequence[KeptClip], study: StudyNotes | None
) -> tuple[Checked, ...]:
    """Return the numbers of which the archive keeps something else; nothing of what it does not keep.

    Args:
        kept: Of each clip that was found, in their order.
        study: What is kept of the study; None where nothing is.
    """
    pairs = [(one, each) for one, each in zip(found, kept, strict=True) if one.entry is not None]
    stated_others = {
        one.stated.key: part for one, each in pairs if (part := stated_otherwise(_entry_of(one), each)) is not None
    }
    known = _traces_kept(pairs, study)
    checked: list[Checked] = []
    for row in report.rows:
        if row.tracking and row.value is not None:
            checked += _of_row(row, known, pairs, stated_others, study)
    return tuple(checked)


def other_signature(report: StructuredReport, study: StudyNotes | None) -> tuple[OtherValue, ...]:
    """Return who verified a report where the archive keeps the study and another signature, or none."""
    if study is None or not report.is_verified:
        return ()
    signed = None if study.signed is None else person_read(as_person_name(study.signed.name))
    return () if signed == report.verified_by else (OtherValue(0, "/verified_by", report.verified_by, signed),)


Pair = tuple[FoundClip, KeptClip]


def _entry_of(one: FoundClip) -> Row:
    assert one.entry is not None
    fetus = one.entry.fetus
    return {**({} if fetus == "" else {"fetus": fetus}), "calibration": calibration(one.entry.clip.calibration)}


def _traces_kept(pairs: Sequence[Pair], study: StudyNotes | None) -> dict[str, Trace]:
    """Return the traces of the clips with the notes that are kept, in place of those that the report states."""
    entries = [
        replace(
            one.entry,
            notes=one.entry.notes if each.notes is None else each.notes,
            history=each.history,
            study_notes=one.entry.study_notes if study is None else study,
        )
        for one, each in pairs
        if one.entry is not None
    ]
    return {one.id: one for one in traces(entries)}


def _of_row(
    row: SrRow,
    known: Mapping[str, Trace],
    pairs: Sequence[Pair],
    others: Mapping[str, OtherPart],
    study: StudyNotes | None,
) -> Iterator[Checked]:
    trace = known.get(row.tracking)
    number = number_in(row, trace)
    part = next((others[key] for key in _keys_of(row, trace, known) if key in others), None)
    if part is not None:
        yield Checked(number, Why.ARCHIVE, part=part)
    elif row.tracking == "dating":
        yield from _dating(row, trace, study)
    elif str(By.PERSON) in row.tracking.split("."):
        yield from _drawn(row, trace, is_kept=any(each.notes is not None for _one, each in pairs))
    else:
        yield from _read(row, trace, pairs)


def _keys_of(row: SrRow, trace: Trace | None, known: Mapping[str, Trace]) -> list[str]:
    match = CLIP_KEY.match(row.tracking)
    if match is not None:
        return [match[1]]
    pictures = [] if trace is None else [picture.clip_key for picture in trace.pictures]
    inputs = [] if trace is None else [known[name] for name in trace.inputs if name in known]
    return sorted({*pictures, *(key for one in inputs for key in _keys_of(row, one, known))})


def _dating(row: SrRow, trace: Trace | None, study: StudyNotes | None) -> Iterator[Checked]:
    if study is None:
        return
    if trace is None:
        yield Checked(number_in(row, trace), Why.ARCHIVE_GONE)
    elif trace.value != row.value:
        yield Checked(number_in(row, trace), Why.ARCHIVE, trace.value)


def _drawn(row: SrRow, trace: Trace | None, *, is_kept: bool) -> Iterator[Checked]:
    number = number_in(row, trace)
    if not is_kept:
        return
    if trace is None:
        yield Checked(number, Why.ARCHIVE_GONE)
        return
    if abs(trace.value - number.value) > max(tolerance(number), _PRINTED):
        yield Checked(number, Why.ARCHIVE, trace.value)
        return
    with speaking(SOURCE):
        known = {edit_told(trace, edit) for edit in trace.edits}
    unknown = next((told for told in row.remarks if EDIT.match(told) and told not in known), None)
    when = observed(trace)
    if unknown is not None:
        yield Checked(number, Why.ARCHIVE, part=OtherPart("/edits", unknown, None))
    elif when and row.observed and when != row.observed:
        yield Checked(number, Why.ARCHIVE, part=OtherPart("/observed", row.observed, when))


def _read(row: SrRow, trace: Trace | None, pairs: Sequence[Pair]) -> Iterator[Checked]:
    """Yield a number of the model of which a kept reading by the same algorithm says otherwise."""
    name = row.tracking if CLIP_KEY.match(row.tracking) else next(iter(() if trace is None else trace.inputs), "")
    match = CLIP_KEY.match(name)
    if match is None or not row.algorithm:
        return
    number = number_in(row, trace)
    readings = [each for _one, kept in pairs if _one.stated.key == match[1] for each in kept.readings]
    for told in (told for reading in readings if _is_alike(reading, row) for told in reading.get("numbers", ())):
        if told["id"] == name and abs(float(told["value"]) - number.value) > max(tolerance(number), _PRINTED):
            yield Checked(number, Why.ARCHIVE, float(told["value"]))
            return


def _is_alike(reading: Row, row: SrRow) -> bool:
    made = reading["provenance"]
    told = [one.split() for one in row.algorithm]
    return ["SHA-256", made["model"]["sha256"]] in told and ["preprocessing", made["preprocessing"]] in told
