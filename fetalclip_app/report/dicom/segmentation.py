"""The head's mask on its frame as a Segmentation, which refers to the frame of the source itself."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy

from highdicom import AlgorithmIdentificationSequence
from highdicom.seg import SegmentAlgorithmTypeValues, SegmentationTypeValues, SegmentDescription
from highdicom.seg import Segmentation as SegmentationObject
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes as standard

from fetalclip_app.domain.reading import HeadMeasurement
from fetalclip_app.domain.trace import MadeBy
from fetalclip_app.report.build import ClipEntry
from fetalclip_app.report.dicom import codes
from fetalclip_app.report.dicom.items import concept
from fetalclip_app.report.dicom.marks import Kind, finished
from fetalclip_app.report.dicom.sources import Shown, for_library, references, with_own_classes
from fetalclip_app.report.dicom.study import DicomStudy
from fetalclip_app.report.traces_of_clip import made_by
from fetalclip_app.tasks.keys import HEAD, VIEWS


def segmentations(study: DicomStudy) -> Iterator[Dataset]:
    """Yield the mask of each head that the model outlined."""
    number = 0
    for entry in study.clips:
        finding = entry.reading.finding(HEAD)
        if finding is None or not isinstance(finding.answer, HeadMeasurement) or finding.frame_index is None:
            continue
        number += 1
        yield _segmentation(study, entry, finding.answer, finding.frame_index, number)


def _segmentation(study: DicomStudy, entry: ClipEntry, head: HeadMeasurement, index: int, number: int) -> Dataset:
    shown = study.sources[entry.clip.key].shown(index)
    made = SegmentationObject(
        source_images=[_alone(shown)],
        pixel_array=head.outline.mask,
        segmentation_type=SegmentationTypeValues.BINARY,
        segment_descriptions=[_segment(made_by(entry.reading.provenance, VIEWS, HEAD))],
        content_label="FETAL_HEAD",
        content_description="Outline of the fetal head by a model",
        **study.marks.arguments(Kind.SEGMENTATION, number),
        **study.marks.device(),
    )
    made.PatientOrientation = ""
    _refer_to(made, shown)
    return finished(made, study.header)


def _segment(made: MadeBy) -> SegmentDescription:
    family = concept(standard.DCM.ArtificialIntelligence)
    version = made.head[1] if made.head is not None else made.model_sha256
    return SegmentDescription(
        segment_number=1,
        segment_label="Fetal head",
        segmented_property_category=concept(codes.STRUCTURE_CATEGORY),
        segmented_property_type=concept(codes.HEAD),
        algorithm_type=SegmentAlgorithmTypeValues.AUTOMATIC,
        algorithm_identification=AlgorithmIdentificationSequence(made.model_title, family, version),
    )


def _alone(shown: Shown) -> Dataset:
    """Return the frame as an object of one frame: the library takes no cine without a frame of reference."""
    header = deepcopy(shown.header)
    if "NumberOfFrames" in header:
        del header.NumberOfFrames
    header.PatientOrientation = ""
    return for_library(header)


def _refer_to(made: Dataset, shown: Shown) -> None:
    """Put the source's own class and frame number into every reference to it."""
    with_own_classes(made, [shown.header])
    for item in references(made):
        is_of_frame = "PurposeOfReferenceCodeSequence" in item  # the others are of the object
        if shown.frame is not None and is_of_frame and item.ReferencedSOPInstanceUID == shown.header.SOPInstanceUID:
            item.ReferencedFrameNumber = shown.frame
