"""What identifies is gone from the data set, whatever attribute it stood in, and what measures is there still."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from deidentify_files import SECRET, add, full_dataset, listed_tags
from dicom_files import colour_picture, dataset_of
from pydicom.datadict import dictionary_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from fetalclip_app.imaging.deidentify import profile
from fetalclip_app.imaging.deidentify.attributes import Cleaned, clean
from fetalclip_app.imaging.deidentify.identifiers import Identifiers

IDENTIFIERS = Identifiers(b"k" * 32)


def cleaned(original: Dataset) -> Cleaned:
    return clean(original, IDENTIFIERS)


def elements(dataset: Dataset) -> Iterator[DataElement]:
    for element in dataset:
        if element.VR == "SQ":
            for item in element.value:
                yield from elements(item)
        else:
            yield element


def code_item(value: str, scheme: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def test_the_table_is_the_standard_s() -> None:
    """Spot checks against PS3.15 Table E.1-1."""
    table = profile.table()

    assert len(table) > 600
    assert table[0x00100010] == table[0x00080050] == table[0x00080020] == "Z"
    assert table[0x00080018] == table[0x00200052] == "U"
    assert table[0x00104000] == table[0x0008103E] == table[0x00321030] == "X"
    assert (table[0x00100020], table[0x00080080], table[0x00081140]) == ("Z/D", "X/Z/D", "X/Z/U*")


@pytest.mark.parametrize("tag", listed_tags(), ids=dictionary_keyword)
def test_no_listed_attribute_keeps_its_value(tag: int) -> None:
    original = dataset_of(colour_picture())
    add(original, tag)
    kept = cleaned(original).dataset
    was = original[tag]

    assert SECRET not in str(kept)
    assert "4711" not in str(kept)
    if tag in kept and was.VR not in ("SQ", "TM"):
        assert kept[tag].value != was.value


def test_a_data_set_full_of_names_keeps_none_of_them() -> None:
    kept = cleaned(full_dataset()).dataset

    assert SECRET.lower() not in str(kept).lower()
    assert "secret" not in str(kept).lower()
    assert all(element.tag.group % 2 == 0 for element in elements(kept))
    assert not [element for element in elements(kept) if element.tag.group & 0xFF00 in (0x5000, 0x6000)]
    assert not [element for element in elements(kept) if element.VR == "UN"]


def test_what_measures_stays() -> None:
    original = full_dataset(FrameTime="33.3", TransducerFrequency=3500, Rows=48)
    kept = cleaned(original).dataset

    assert kept.SequenceOfUltrasoundRegions == original.SequenceOfUltrasoundRegions
    assert (kept.FrameTime, kept.TransducerFrequency, kept.Rows) == (33.3, 3500, 48)
    assert (kept.Manufacturer, kept.ManufacturerModelName, kept.Modality) == ("Maker of Scanners", "Model 7", "US")


def test_the_references_of_an_object_point_where_its_neighbours_went() -> None:
    original = dataset_of(colour_picture())
    reference = Dataset()
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = original.SOPClassUID, "1.2.3.99"
    original.SourceImageSequence = [reference]
    kept = cleaned(original).dataset

    assert kept.SOPClassUID == original.SOPClassUID
    assert kept.SourceImageSequence[0].ReferencedSOPInstanceUID == IDENTIFIERS.uid("1.2.3.99")
    assert kept.SourceImageSequence[0].ReferencedSOPClassUID == original.SOPClassUID


def test_the_scanner_s_name_goes_where_it_is_the_hospital_s() -> None:
    original = dataset_of(colour_picture())
    original.InstitutionName, original.Manufacturer = "Saint Nowhere", "Maker for Saint Nowhere"
    original.ManufacturerModelName, original.StationName = "Saint Nowhere 7", "S7"
    kept = cleaned(original).dataset

    assert kept.Manufacturer == ""
    assert "ManufacturerModelName" not in kept


def test_a_number_s_field_with_words_in_it_is_removed() -> None:
    original = dataset_of(colour_picture())
    original.add(DataElement("HeartRate", "IS", "72"))
    original.add(DataElement("StageNumber", "SH", f"Stage {SECRET}"))
    original.add(DataElement("BodyPartExamined", "CS", "Frau " + SECRET, validation_mode=0))
    kept = cleaned(original).dataset

    assert kept.HeartRate == 72
    assert "StageNumber" not in kept
    assert "BodyPartExamined" not in kept


def test_a_code_keeps_the_standard_s_meaning_and_not_the_file_s() -> None:
    original = dataset_of(colour_picture())
    original.AnatomicRegionSequence = [
        code_item("69536005", "SCT", f"Head of {SECRET}"),
        code_item("T-D1100", "SRT", f"Head of {SECRET}"),
        code_item("4711", "99HOME", f"Child of {SECRET}"),
    ]
    kept = cleaned(original).dataset.AnatomicRegionSequence

    assert [(item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning) for item in kept] == 2 * [
        ("69536005", "SCT", "Head")
    ]


def test_image_type_keeps_the_standard_s_words_only() -> None:
    original = dataset_of(colour_picture(), ImageType=["ORIGINAL", "PRIMARY", "OBSTETRICAL", "0001", "FRAU MUELLER"])

    assert cleaned(original).dataset.ImageType == ["ORIGINAL", "PRIMARY", "OBSTETRICAL", "0001"]


def test_an_endless_nest_of_sequences_ends() -> None:
    original = dataset_of(colour_picture())
    inner = original
    for _ in range(60):
        item = Dataset()
        inner.SourceImageSequence = [item]
        inner = item
    inner.PatientName = SECRET

    assert SECRET not in str(cleaned(original).dataset)
