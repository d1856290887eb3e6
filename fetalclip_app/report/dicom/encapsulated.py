"""The report's PDF as an Encapsulated PDF object (PS3.3 A.45.1)."""

from __future__ import annotations

from datetime import datetime

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence as Items
from pydicom.uid import EncapsulatedPDFStorage, ExplicitVRLittleEndian, generate_uid

from fetalclip_app import __version__
from fetalclip_app.report.dicom import codes
from fetalclip_app.report.dicom.items import concept
from fetalclip_app.report.dicom.marks import MAKER, Kind, finished
from fetalclip_app.report.dicom.study import DicomStudy

_FROM_SOURCE = (
    *("PatientID", "PatientName", "PatientBirthDate", "PatientSex"),
    *("StudyInstanceUID", "StudyID", "StudyDate", "StudyTime", "AccessionNumber", "ReferringPhysicianName"),
)


def encapsulated_pdf(study: DicomStudy, pdf: bytes) -> Dataset:
    """Return the object that holds a PDF; it shows who the patient is, and what it was made from."""
    made, marks, now = Dataset(), study.marks, datetime.now()  # noqa: DTZ005 - DICOM's times are local
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.SpecificCharacterSet = "ISO_IR 192"
    made.SOPClassUID, made.SOPInstanceUID = EncapsulatedPDFStorage, generate_uid()
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    for keyword in _FROM_SOURCE:
        setattr(made, keyword, study.header.get(keyword, ""))
    made.Modality, made.ConversionType = "DOC", "WSD"
    made.SeriesInstanceUID, made.SeriesNumber = marks.series[Kind.DOCUMENT], marks.series_number(Kind.DOCUMENT)
    made.SeriesDescription, made.InstanceNumber = marks.description(Kind.DOCUMENT), 1
    made.Manufacturer = made.ManufacturerModelName = MAKER
    made.DeviceSerialNumber = made.SoftwareVersions = __version__
    made.InstanceCreationDate = made.ContentDate = now.strftime("%Y%m%d")
    made.InstanceCreationTime = made.ContentTime = now.strftime("%H%M%S")
    made.AcquisitionDateTime = ""
    made.BurnedInAnnotation = "YES"
    made.DocumentTitle = "Fetal ultrasound report"
    made.ConceptNameCodeSequence = Items([concept(codes.OB_GYN_REPORT)])
    made.VerificationFlag = "UNVERIFIED" if marks.signed is None else "VERIFIED"
    made.SourceInstanceSequence = Items([_instance(header) for header in study.evidence])
    made.ContributingEquipmentSequence = Items([marks.equipment()])
    made.MIMETypeOfEncapsulatedDocument = "application/pdf"
    made.EncapsulatedDocumentLength = len(pdf)
    made.EncapsulatedDocument = pdf if len(pdf) % 2 == 0 else pdf + b"\0"
    return finished(made, study.header)


def _instance(header: Dataset) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID = header.SOPClassUID
    item.ReferencedSOPInstanceUID = header.SOPInstanceUID
    return item
