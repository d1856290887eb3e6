"""The numbers of a DICOM structured report beside what the archive keeps of the same clips and their study."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

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
from fetalclip_app.report.verifying.stated import Number
from fetalclip_app.report.verifying.structured import PRINTED, FoundClip, number_in
from fetalclip_app.report.verifying.structured_notes import CLIP_KEY
from fetalclip_app.report.verifying.structured_rows import EDIT
from fetalclip_app.report.verifying.traced import OtherPart
from fetalclip_app.wording.trace_lines import edit_told
from fetalclip_app.wording.translate import SOURCE, speaking


def compare_structured_with_kept(
    report: StructuredReport, found: Sequence[FoundClip], kept: Sequence[KeptClip], study: StudyNotes | None
) -> tuple[Checked, ...]:
    """Return the numbers of which the archive keeps something else; nothing of what it does not keep.

    Args:
        kept: Of each clip that was found, in their order.
        study: What is kept of the study; None where nothing is.
    """
    pairs = tuple((one, each) for one, each in zip(found, kept, strict=True) if one.entry is not None)
    stated = ((one.stated.key, stated_otherwise(_entry_of(one), each)) for one, each in pairs)
    others = {key: part for key, part in stated if part is not None}
    beside = _Beside(pairs, study, _traces_kept(pairs, study), _traces_kept(pairs, study, with_history=False), others)
    rows = (row for row in report.rows if row.tracking and row.value is not None)
    return tuple(checked for row in rows for checked in beside.of_row(row))


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


def _traces_kept(pairs: Sequence[Pair], study: StudyNotes | None, *, with_history: bool = True) -> dict[str, Trace]:
    """Return the traces of the clips with the notes that are kept, in place of those that the report states."""
    entries = [
        replace(
            one.entry,
            notes=one.entry.notes if each.notes is None else each.notes,
            history=each.history if with_history else (),
            study_notes=one.entry.study_notes if study is None else study,
        )
        for one, each in pairs
        if one.entry is not None
    ]
    return {one.id: one for one in traces(entries)}


@dataclass(frozen=True, eq=False, slots=True)
class _Beside:
    """The archive beside a report.

    Attributes:
        study: What is kept of the study.
        known, plain: Id -> trace by what is kept, with and without the history of what was done.
        others: Key of a clip -> what is kept of it as a whole otherwise than it is stated.
    """

    pairs: tuple[Pair, ...]
    study: StudyNotes | None
    known: Mapping[str, Trace]
    plain: Mapping[str, Trace]
    others: Mapping[str, OtherPart]

    def of_row(self, row: SrRow) -> Iterator[Checked]:
        """Yield what of a row's number the archive keeps otherwise."""
        trace = self.known.get(row.tracking)
        number = number_in(row, trace)
        part = next((self.others[key] for key in self._keys_of(row.tracking) if key in self.others), None)
        if part is not None:
            yield Checked(number, Why.ARCHIVE, part=part)
        elif row.tracking == "dating":
            yield from self._dating(number, trace)
        elif str(By.PERSON) in row.tracking.split("."):
            yield from self._drawn(row, number, trace)
        else:
            yield from self._read(row, number, trace)

    def _keys_of(self, name: str) -> list[str]:
        match, trace = CLIP_KEY.match(name), self.known.get(name)
        if match is not None or trace is None:
            return [] if match is None else [match[1]]
        pictures = {picture.clip_key for picture in trace.pictures}
        return sorted(pictures.union(*(self._keys_of(one) for one in trace.inputs)))

    def _dating(self, number: Number, trace: Trace | None) -> Iterator[Checked]:
        if self.study is None:
            return
        if trace is None:
            yield Checked(number, Why.ARCHIVE_GONE)
        elif trace.value != number.value:
            yield Checked(number, Why.ARCHIVE, trace.value)

    def _drawn(self, row: SrRow, number: Number, trace: Trace | None) -> Iterator[Checked]:
        if all(each.notes is None for _one, each in self.pairs):
            return
        if trace is None:
            yield Checked(number, Why.ARCHIVE_GONE)
            return
        if abs(trace.value - number.value) > max(tolerance(number), PRINTED):
            yield Checked(number, Why.ARCHIVE, trace.value)
            return
        alike = [trace, *([self.plain[row.tracking]] if row.tracking in self.plain else [])]
        with speaking(SOURCE):
            known = {edit_told(one, edit) for one in alike for edit in one.edits}
        unknown = next((told for told in row.remarks if EDIT.match(told) and told not in known), None)
        when = {observed(one) for one in alike}
        if unknown is not None:
            yield Checked(number, Why.ARCHIVE, part=OtherPart("/edits", unknown, None))
        elif row.observed and row.observed not in when:
            yield Checked(number, Why.ARCHIVE, part=OtherPart("/observed", row.observed, observed(trace)))

    def _read(self, row: SrRow, number: Number, trace: Trace | None) -> Iterator[Checked]:
        """Yield a number of the model of which a kept reading by the same algorithm says otherwise."""
        name = row.tracking if CLIP_KEY.match(row.tracking) else next(iter(() if trace is None else trace.inputs), "")
        match = CLIP_KEY.match(name)
        if match is None or not row.algorithm:
            return
        readings = [
            reading
            for one, kept in self.pairs
            for reading in kept.readings
            if one.stated.key == match[1] and _is_at_its_scale(reading, one) and _is_alike(reading, row)
        ]
        for told in (told for reading in readings for told in reading.get("numbers", ())):
            if told["id"] == name and abs(float(told["value"]) - number.value) > max(tolerance(number), PRINTED):
                yield Checked(number, Why.ARCHIVE, float(told["value"]))
                return


def _is_at_its_scale(reading: Row, one: FoundClip) -> bool:
    return one.entry is not None and reading.get("calibration") == calibration(one.entry.clip.calibration)


def _is_alike(reading: Row, row: SrRow) -> bool:
    """Whether a kept reading is by the algorithm that a row names: its weights, input, prompts and head."""
    made = reading["provenance"]
    digests = {
        "prompts": {one["sha256"] for one in made.get("view_sets", {}).values()},
        "head": {one["sha256"] for one in made.get("heads", {}).values()},
    }
    told = [one.split() for one in row.algorithm]
    named = ((words[0], words[-1]) for words in told if words and words[0] in digests)
    is_same = ["SHA-256", made["model"]["sha256"]] in told and ["preprocessing", made["preprocessing"]] in told
    return is_same and all(sha256 in digests[role] for role, sha256 in named)
