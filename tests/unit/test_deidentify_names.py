"""A person's name as a file holds it is found again: in kept words, in the bytes of the copy and in the picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from dicom_files import ULTRASOUND_CINE, cine, colour_picture, dataset_of, region, write
from pydicom import dcmread

from fetalclip_app.domain.calibration import Box
from fetalclip_app.errors import ErrorCode, NotDeidentified
from fetalclip_app.imaging.deidentify import engine
from fetalclip_app.imaging.deidentify.engine import Opened, Seen
from fetalclip_app.imaging.deidentify.identifiers import Identifiers
from fetalclip_app.imaging.deidentify.identity import Identity, Taken
from fetalclip_app.imaging.deidentify.mask import Mask, MaskSource
from fetalclip_app.imaging.deidentify.texts import TextKind, kind_of

MASK = Mask(48, 64, (Box(8, 16, 56, 48),), MaskSource.GIVEN)
JAPANESE = "Yamada^Tarou=山田^太郎=やまだ^たろう"


def opened(folder: Path, **tags: Any) -> Opened:
    """Open a picture that was written to the disk: names are bytes there, in the character set of the file."""
    data = dataset_of(colour_picture(), SequenceOfUltrasoundRegions=[region()])
    data.SpecificCharacterSet = tags.pop("charset", "ISO_IR 192")
    data.Manufacturer = "Maker"
    for keyword, value in tags.items():
        setattr(data, keyword, value)
    return engine.open_original(write(folder / "a.dcm", data), Identifiers(b"k" * 32))


def written(folder: Path, **tags: Any) -> Path:
    engine.write(opened(folder, **tags), Seen(MASK), folder / "b.dcm")
    return folder / "b.dcm"


@pytest.mark.parametrize(
    ("name", "charset", "seen"),
    [
        ("Huber^Anna", "ISO_IR 6", ("HUBER", "Huber, Anna", "Anna H", "HA", "AH", "Hubcr Anna")),
        ("Müller^Jürgen", "ISO_IR 100", ("MÜLLER", "MULLER", "MUELLER", "Mueller Juergen", "Jurgen", "MJ")),
        ("Müller^Jürgen", "ISO_IR 192", ("MÜLLER", "MULLER", "MUELLER", "JM")),
        ("Øst^Åse", "ISO_IR 192", ("OST", "Ost Ase", "ØST")),
        ("Öztürk^Ayşe", "ISO_IR 148", ("ÖZTÜRK", "OZTURK", "AYSE")),
        ("Иванова^Анна", "ISO_IR 144", ("ИВАНОВА", "Анна", "ИА")),
        (JAPANESE, ["", "ISO 2022 IR 87"], ("山田", "山田太郎", "太郎様", "やまだ", "YAMADA", "YT")),
        ("Wang^XiaoDong=王^小东", "GB18030", ("王小东", "小东", "王", "Xiaodong Wang")),
        ("Hong^Gildong=洪^吉洞=홍^길동", ["", "ISO 2022 IR 149"], ("홍길동", "길동", "洪吉洞")),
    ],
)
def test_a_name_from_a_file_is_found_in_the_picture(tmp_path: Path, name: str, charset: Any, seen: Any) -> None:
    identity = opened(tmp_path, PatientName=name, charset=charset).cleaned.identity

    assert {text: kind_of(text, identity) for text in seen} == dict.fromkeys(seen, TextKind.IDENTIFYING)


@pytest.mark.parametrize("stated", ["ISO_IR 100", "ISO_IR 192"])
@pytest.mark.parametrize("real", ["latin-1", "utf-8"])
@pytest.mark.filterwarnings("ignore:Failed to decode byte string")
def test_a_name_is_found_where_the_file_states_another_character_set(tmp_path: Path, stated: str, real: str) -> None:
    data = dataset_of(colour_picture(), SpecificCharacterSet=stated)
    data.add_new(0x00100010, "PN", "Müller^Jürgen".encode(real))
    path = write(tmp_path / "a.dcm", data)
    identity = engine.open_original(path, Identifiers(b"k" * 32)).cleaned.identity

    assert kind_of("MUELLER", identity) is TextKind.IDENTIFYING
    assert kind_of("2D", identity) is not TextKind.IDENTIFYING


@pytest.mark.parametrize(
    ("name", "repeated"),
    [
        ("Huber^Anna", ("HUBER 7", "Anna Huber", "annahuber", "MAKER HUBER")),
        ("Müller^Jürgen", ("Müller 7", "MUELLER", "Model Muller")),
        ("Иванова^Анна", ("Прибор Иванова",)),
        (JAPANESE, ("山田 7", "Yamada")),
        ("Li^Bo", ("LI 7", "Scanner Bo")),
    ],
)
def test_a_model_that_repeats_a_name_goes(tmp_path: Path, name: str, repeated: tuple[str, ...]) -> None:
    for model in repeated:
        copy = dcmread(written(tmp_path, PatientName=name, ManufacturerModelName=model, BodyPartExamined="HEAD"))

        assert "ManufacturerModelName" not in copy
        assert (copy.Manufacturer, copy.BodyPartExamined) == ("Maker", "HEAD")


@pytest.mark.parametrize(
    ("name", "left"),
    [("Huber^Anna", "huber"), ("Müller^Jürgen", "Müller"), ("Иванова^Анна", "Иванова"), (JAPANESE, "山田")],
)
def test_a_copy_that_still_holds_a_name_of_a_file_is_refused(tmp_path: Path, name: str, left: str) -> None:
    before = opened(tmp_path, PatientName=name)
    before.cleaned.dataset.ManufacturerModelName = f"Model of {left}"
    with pytest.raises(NotDeidentified) as caught:
        engine.write(before, Seen(MASK), tmp_path / "b.dcm")

    assert caught.value.code is ErrorCode.IDENTITY_LEFT
    assert not (tmp_path / "b.dcm").exists()


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("Li^Bo", ("LI", "Bo Li", "LI BO", "Li, Bo", "LiBo")),
        ("Ng^Mary", ("NG", "Ng M")),
        ("Low^Pen", ("Low", "Pen Low", "PenLow")),
        ("Mai^H", ("MAI", "MAI 3")),
        ("Wang^Fang=王^芳", ("王芳", "芳")),
    ],
)
def test_a_short_name_is_found_where_it_stands_for_itself(name: str, seen: tuple[str, ...]) -> None:
    identity = Identity.of([Taken("PN", name)])

    assert {text: kind_of(text, identity) for text in seen} == dict.fromkeys(seen, TextKind.IDENTIFYING)
    assert kind_of("Slim 3.5 cm", identity) is not TextKind.IDENTIFYING
    assert kind_of("Gain 60", identity) is TextKind.MEASUREMENT


def test_a_short_number_of_a_patient_is_found_as_a_number_of_its_own(tmp_path: Path) -> None:
    identity = opened(tmp_path, PatientID="471").cleaned.identity

    assert {kind_of(text, identity) for text in ("471", "ID 471", "ID471", "471 g")} == {TextKind.IDENTIFYING}
    assert kind_of("1471 g", identity) is TextKind.MEASUREMENT


def test_two_signs_of_a_name_that_the_header_does_not_have_ask_a_person() -> None:
    nobody = Identity.of([])

    assert kind_of("李娜", nobody) is TextKind.UNKNOWN
    assert kind_of("十", nobody) is TextKind.MARK


def test_a_title_is_nobody_s_name() -> None:
    identity = Identity.of([Taken("PN", "Huber^Anna^^Dr.")])

    assert kind_of("DR 60", identity) is TextKind.MEASUREMENT


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "utf-16-le", "utf-16-be", "iso8859-9"])
def test_a_text_is_found_in_bytes_of_each_encoding(encoding: str) -> None:
    identity = Identity.of([Taken("PN", "Zwölfaxing^Özge")])

    for before in (b"\0\1", b"\0\1\2"):
        assert identity.found_in_bytes(before + "ZWÖLFAXING".encode(encoding) + b"\0\3\4") == "zwölfaxing"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [("Иванова", "iso8859-5"), ("山田", "shift_jis"), ("山田", "iso2022_jp"), ("王芳", "gb18030"), ("길동", "euc_kr")],
)
def test_a_text_of_another_script_is_found_in_bytes(text: str, encoding: str) -> None:
    identity = Identity.of([Taken("PN", text)])

    assert identity.found_in_bytes(b"\0\0" + text.encode(encoding) + b"\0\0") == text.casefold()


@pytest.mark.parametrize(
    "tags",
    [
        {"StudyDescription": "Ultrasound"},
        {"ProtocolName": "Fetal"},
        {"SeriesDescription": "SECTOR", "TransducerType": "SECTOR_PHASED"},
        {"StudyDescription": "Primary"},
        {"StudyDescription": "REMOVED"},
        {"PatientName": "Meyer^Dina"},
        {"PatientName": "Long^Anna"},
        {"PatientName": "Remo^Pixel"},
        {"OperatorsName": "Blank"},
        {"PatientID": "112233", "StudyTime": "112233"},
    ],
    ids=str,
)
def test_a_word_that_the_program_itself_writes_holds_no_file_back(tmp_path: Path, tags: dict[str, Any]) -> None:
    copy = dcmread(written(tmp_path, **tags))

    assert copy.PatientIdentityRemoved == "YES"
    assert copy.get("TransducerType") == tags.get("TransducerType")


def test_a_name_that_a_code_s_meaning_holds_is_looked_for_still(tmp_path: Path) -> None:
    code = dataset_of(colour_picture())[0x00080060:0x00080061]
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "69536005", "SCT", "Head"
    del code.Modality
    copy = dcmread(
        written(tmp_path, PatientName="Head^Ella", ManufacturerModelName="Head 7", AnatomicRegionSequence=[code])
    )

    assert copy.AnatomicRegionSequence[0].CodeMeaning == "Head"
    assert "ManufacturerModelName" not in copy


@pytest.mark.parametrize(("keyword", "value"), [("PhysicalDeltaX", 0.3), ("PhysicalDeltaY", 0.5)])
def test_a_copy_of_another_scale_is_taken_away_again(tmp_path: Path, keyword: str, value: float) -> None:
    before = opened(tmp_path)
    setattr(before.cleaned.dataset.SequenceOfUltrasoundRegions[0], keyword, value)
    with pytest.raises(NotDeidentified) as caught:
        engine.write(before, Seen(MASK), tmp_path / "b.dcm")

    assert caught.value.parameters["reason"] == "its scale differs"
    assert not (tmp_path / "b.dcm").exists()


def test_a_copy_of_another_rate_is_taken_away_again(tmp_path: Path) -> None:
    data = dataset_of(cine(), SOPClassUID=ULTRASOUND_CINE, FrameTime="33.3")
    before = engine.open_original(write(tmp_path / "a.dcm", data), Identifiers(b"k" * 32))
    before.cleaned.dataset.FrameTime = "40"
    with pytest.raises(NotDeidentified) as caught:
        engine.write(before, Seen(MASK), tmp_path / "b.dcm")

    assert caught.value.parameters["reason"] == "its rate differs"


def test_an_original_s_uid_that_was_left_is_found(tmp_path: Path) -> None:
    """It looks like one that is made here."""
    before = opened(tmp_path, SeriesInstanceUID="2.25.329800735698586629295641978511506172918")
    before.cleaned.dataset.SeriesInstanceUID = "2.25.329800735698586629295641978511506172918"
    with pytest.raises(NotDeidentified) as caught:
        engine.write(before, Seen(MASK), tmp_path / "b.dcm")

    assert caught.value.parameters["reason"] == "a removed text is still in it"


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("ConversionType", "OTTO MAYER"),
        ("ColorSpace", "OTTO KARL"),
        ("PatientOrientation", ["OTTO", "KARL"]),
        ("LossyImageCompressionMethod", "OTTO"),
        ("SoftwareVersions", "V1 Dr Otto Mayer"),
        ("BodyPartExamined", "OTTO"),
        ("TransducerType", "OTTO"),
    ],
)
def test_a_word_on_none_of_the_standard_s_lists_goes(tmp_path: Path, keyword: str, value: Any) -> None:
    assert keyword not in opened(tmp_path, **{keyword: value}).cleaned.dataset


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("ConversionType", "WSD"),
        ("PatientOrientation", ["AL", "F"]),
        ("LossyImageCompressionMethod", ["ISO_10918_1", "ISO_15444_1"]),
        ("SoftwareVersions", ["V1.2 build 7", "EC250.3", "ver. 23.1.5.412"]),
        ("BodyPartExamined", "FETUS"),
        ("TransducerType", "CURVED LINEAR"),
    ],
)
def test_a_word_of_the_standard_s_lists_stays(tmp_path: Path, keyword: str, value: Any) -> None:
    assert opened(tmp_path, **{keyword: value}).cleaned.dataset[keyword].value == value


def study(identifiers: Identifiers, folder: Path, **tags: Any) -> tuple[str, str]:
    """Return what a file's patient and date become."""
    data = dataset_of(colour_picture(), StudyInstanceUID="1.2.3.4", StudyDate="20110525", **tags)
    dataset = engine.open_original(write(folder / "a.dcm", data), identifiers).cleaned.dataset
    return str(dataset.PatientID), str(dataset.StudyDate)


def test_one_study_becomes_one_patient_s_study(tmp_path: Path) -> None:
    """Where a file forgets the ID, respells the name, or writes the ID in other capitals."""
    made = Identifiers(b"k" * 32)
    first = study(made, tmp_path, PatientID="QX-1", PatientName="Gruenwald^M")
    others = [
        study(made, tmp_path, PatientID="", PatientName="Gruenwald^M"),
        study(made, tmp_path, PatientID="", PatientName="GRUENWALD^MARIA"),
        study(made, tmp_path, PatientID="qx-1 "),
    ]

    assert others == [first] * 3
    assert study(Identifiers(b"k" * 32), tmp_path, PatientID=" qx-1") == first


def test_a_file_that_states_another_patient_than_its_study_is_refused(tmp_path: Path) -> None:
    made = Identifiers(b"k" * 32)
    study(made, tmp_path, PatientID="QX-1")
    with pytest.raises(NotDeidentified) as caught:
        study(made, tmp_path, PatientID="QX-2")

    assert caught.value.code is ErrorCode.PATIENT_UNCLEAR


def test_a_table_of_pseudonyms_names_a_patient_in_whatever_capitals() -> None:
    made = Identifiers(b"k" * 32, {"QX-1": "CASE-1"})

    assert made.pseudonym("qx-1") == "CASE-1"
