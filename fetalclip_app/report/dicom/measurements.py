"""The same lengths for readers that know no obstetric report: a Measurement Report (TID 1500) for each fetus."""

from __future__ import annotations

from collections.abc import Iterator

from highdicom.sr import (
    ComprehensiveSR,
    Measurement,
    MeasurementReport,
    MeasurementsAndQualitativeEvaluations,
    ObservationContext,
    SourceImageForMeasurement,
    SubjectContext,
    SubjectContextFetus,
    TrackingIdentifier,
)
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes as standard
from pydicom.uid import UID, generate_uid

from fetalclip_app.domain.biometry import Measure
from fetalclip_app.domain.study_table import FetusTable, StudyRow
from fetalclip_app.domain.trace import BY_MODEL, Trace
from fetalclip_app.report.dicom import codes
from fetalclip_app.report.dicom.document import arguments, device, english, reader, signed_then
from fetalclip_app.report.dicom.drawn import coordinates, referred
from fetalclip_app.report.dicom.items import concept
from fetalclip_app.report.dicom.marks import Kind, finished
from fetalclip_app.report.dicom.numbers import algorithm
from fetalclip_app.report.dicom.sections import beside, entering
from fetalclip_app.report.dicom.sources import for_library, with_own_classes
from fetalclip_app.report.dicom.study import DicomStudy


def measurement_reports(study: DicomStudy) -> Iterator[Dataset]:
    """Yield one report for each fetus that has a length; the template knows one subject only."""
    measured = [fetus for fetus in study.table.fetuses if any(row.value is not None for row in fetus.rows)]
    for number, fetus in enumerate(measured, start=1):
        groups = [group for row in fetus.rows for group in _groups(study, fetus, row)]
        content = MeasurementReport(
            observation_context=_context(study, fetus),
            procedure_reported=concept(codes.PROCEDURE),
            imaging_measurements=groups,
            language_of_content_item_and_descendants=english(),
        )
        made = ComprehensiveSR(
            evidence=[for_library(header) for header in study.evidence],
            content=content,
            **arguments(study.marks, Kind.MEASUREMENTS, number),
        )
        yield finished(signed_then(with_own_classes(made, study.evidence), study.marks), study.header)


def _context(study: DicomStudy, fetus: FetusTable) -> ObservationContext:
    whose = SubjectContext(standard.DCM.Fetus, SubjectContextFetus(subject_id=fetus.fetus)) if fetus.fetus else None
    return ObservationContext(
        observer_device_context=device(), observer_person_context=reader(study.marks), subject_context=whose
    )


def _groups(study: DicomStudy, fetus: FetusTable, row: StudyRow) -> Iterator[MeasurementsAndQualitativeEvaluations]:
    """Yield the value that enters, each of its repeats, and the values beside it, one group each."""
    if row.value is None:
        return
    trace = entering(study, fetus, row)
    repeats = [study.traces[part] for part in trace.inputs] if len(trace.inputs) > 1 else []
    for one in (trace, *repeats, *beside(study, row)):
        yield _group(study, one, row.measure, is_mean=bool(repeats) and one is trace)


def _group(
    study: DicomStudy, trace: Trace, measure: Measure, *, is_mean: bool
) -> MeasurementsAndQualitativeEvaluations:
    made = trace.made_by if trace.by in BY_MODEL else None
    measurement = Measurement(
        name=concept(codes.MEASURES[measure]),
        value=trace.value,
        unit=concept(codes.MILLIMETRE),
        derivation=concept(codes.MEAN) if is_mean else None,
        method=None if trace.definition is None else concept(codes.EDGES[trace.definition]),
        algorithm_id=None if made is None else algorithm(made),
        referenced_images=_images(study, trace) or None,
        referenced_coordinates=coordinates(study, trace) or None,
    )
    return MeasurementsAndQualitativeEvaluations(
        tracking_identifier=TrackingIdentifier(uid=UID(generate_uid()), identifier=trace.id),
        measurements=[measurement],
    )


def _images(study: DicomStudy, trace: Trace) -> list[SourceImageForMeasurement]:
    shown = [found for picture in trace.pictures if (found := study.shown(picture)) is not None]
    return [SourceImageForMeasurement(*referred(one)) for one in shown]
