"""The obstetric report: TID 5000 with summary, biometry, cranium and anatomy survey, as a Comprehensive SR."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from highdicom.sr import ComprehensiveSR
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items

from fetalclip_app import RESEARCH_USE_ONLY, wording
from fetalclip_app.domain.dating import DatedBy
from fetalclip_app.report.dicom import codes
from fetalclip_app.report.dicom.anatomy import survey
from fetalclip_app.report.dicom.document import arguments, device, english, reader, signed_then
from fetalclip_app.report.dicom.items import CONTAINS, container, day, image, text, under
from fetalclip_app.report.dicom.marks import Kind, finished
from fetalclip_app.report.dicom.numbers import Written
from fetalclip_app.report.dicom.sections import biometry, cranium, fetus_summary
from fetalclip_app.report.dicom.sources import Source, for_library, with_own_classes
from fetalclip_app.report.dicom.stated_scale import scales_told
from fetalclip_app.report.dicom.study import DicomStudy
from fetalclip_app.wording import growth as growth_words
from fetalclip_app.wording.translate import SOURCE, speaking


def obstetric_report(study: DicomStudy) -> Dataset:
    """Return the report of one study; its sentences are English, as its language item says."""
    book = Written()
    with speaking(SOURCE):
        sections = list(_sections(study, book))
    who = [one for one in (device(), reader(study.marks)) if one is not None]
    return _document(study, [*english(), *(item for one in who for item in one), *sections], book)


def _document(study: DicomStudy, tree: Sequence[Dataset], book: Written) -> Dataset:
    """Return a Comprehensive SR of what stands under its root."""
    made = ComprehensiveSR(
        evidence=[for_library(header) for header in study.evidence],
        content=container(codes.OB_GYN_REPORT, tree[:1], template="5000", root=True),
        **arguments(study.marks, Kind.REPORT),
    )
    made.ContentSequence = Items(tree)  # the library knows neither empty numbers nor references between items
    book.refer(made)
    return finished(signed_then(with_own_classes(made, study.evidence), study.marks), study.header)


def _sections(study: DicomStudy, book: Written) -> Iterator[Dataset]:
    pictures = [_in_library(source, header) for source in study.sources.values() for header in source.headers]
    yield container(codes.IMAGE_LIBRARY, pictures)
    fetuses = study.table.fetuses
    yield container(codes.SUMMARY, list(_summary(study, book)))
    for section in (
        *(biometry(study, fetus, book) for fetus in fetuses),
        *(cranium(study, fetus) for fetus in fetuses),
        *(survey(study, fetus) for fetus in fetuses),
    ):
        if section is not None:
            yield section


def _in_library(source: Source, header: Dataset) -> Dataset:
    """Return a picture of the library with its file's content, whose name may be a patient's, and a scale by hand."""
    clip = source.clip
    told = [f"SHA-256 {clip.content_key.sha256()}", *scales_told(clip.calibration)]
    return under(image(header, None, CONTAINS), [text(codes.COMMENT, one, "HAS ACQ CONTEXT") for one in told])


def _summary(study: DicomStudy, book: Written) -> Iterator[Dataset]:
    """Yield the dates of the pregnancy, what must be known first, and each fetus's summary (TID 5002)."""
    dating = study.table.dating
    if dating is not None:
        if dating.dated_by is DatedBy.LMP:
            yield day(codes.LMP, dating.origin)
        yield day(codes.EDD, dating.expected_delivery)
    yield text(codes.COMMENT, RESEARCH_USE_ONLY)
    if any(entry.clip.origin.is_simulated for entry in study.clips):
        yield text(codes.COMMENT, wording.simulated())
    if study.table.unassigned:
        yield text(codes.COMMENT, growth_words.unassigned(study.table.unassigned))
    for fetus in study.table.fetuses:
        summary = fetus_summary(study, fetus, book)
        if summary is not None:
            yield summary
