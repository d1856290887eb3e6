"""``deidentify`` on the command line: folders in, nameless folders out, one sentence a file, a log without names."""

from __future__ import annotations

import contextlib
import csv
import json
import stat
from pathlib import Path

import numpy as np
import pytest
from deidentify_files import SECRET, full_dataset
from dicom_files import cine, colour_picture, dataset_of, jpeg_stream, region, write
from pydicom import dcmread
from pydicom.fileset import FileSet

from fetalclip_app import settings
from fetalclip_app.cli import deidentify as command
from fetalclip_app.cli.main import main
from fetalclip_app.domain.calibration import Box
from fetalclip_app.domain.clip import Pixels
from fetalclip_app.errors import ErrorCode, NotDeidentified
from fetalclip_app.imaging.deidentify import engine, ocr
from fetalclip_app.imaging.deidentify.identifiers import Identifiers
from fetalclip_app.imaging.deidentify.mask import Mask, MaskSource
from fetalclip_app.imaging.deidentify.mask_book import MaskBook, RememberedMask, Scanner
from fetalclip_app.imaging.deidentify.texts import SeenText

WORD = SeenText("Har-low", Box(40, 30, 50, 34))


class Reader:
    """An OCR that finds `found` where it is not blanked."""

    found: tuple[SeenText, ...] = ()

    def read(self, pixels: Pixels) -> tuple[SeenText, ...]:
        return tuple(t for t in self.found if pixels[t.box.top : t.box.bottom, t.box.left : t.box.right].any())


@pytest.fixture(autouse=True)
def _no_models(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "RapidReader", Reader)
    monkeypatch.setattr(Reader, "found", ())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two files in a folder with a patient's name, and a picture that is no DICOM."""
    inner = tmp_path / "in" / f"{SECRET} Maria"
    inner.mkdir(parents=True)
    write(inner / f"{SECRET}1.dcm", full_dataset(cine(), FrameTime="33.3"))
    second = full_dataset()
    second.SOPInstanceUID = "1.2.3.47.11.9"
    write(inner / f"{SECRET}2.dcm", second)
    (inner / "photo.jpg").write_bytes(jpeg_stream(colour_picture()))
    return tmp_path / "in"


def run(*arguments: object) -> int:
    return main(["deidentify", *map(str, arguments)], lambda paths: 0, why_no_window=lambda: "")


def copies(out: Path) -> list[Path]:
    return sorted(out.rglob("*.dcm"))


def test_a_folder_comes_out_with_other_names_and_the_picture_is_refused(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    status = run(folder, "--out", tmp_path / "out")
    said = capsys.readouterr().err

    assert status == 1
    assert len(copies(tmp_path / "out")) == 2
    assert len({path.parent for path in copies(tmp_path / "out")}) == 1
    assert "no DICOM file" in said
    assert said.count(": written as ") == 2
    assert before == {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    for path in (tmp_path / "out").rglob("*"):
        assert SECRET not in path.name
        assert path.is_dir() or SECRET.encode() not in path.read_bytes()
        assert path.is_dir() or b"4711" not in path.read_bytes()


def test_the_log_names_nobody(folder: Path, tmp_path: Path) -> None:
    run(folder, "--out", tmp_path / "out")
    text = (tmp_path / "out" / "deidentified.json").read_text()
    entries = json.loads(text)["files"]

    assert [entry["status"] for entry in entries].count("written") == 2
    assert [entry["reason"] for entry in entries if entry["status"] == "refused"] == ["not_dicom"]
    assert {entry["mask"] for entry in entries if entry["status"] == "written"} == {"regions"}
    assert all(word not in text.casefold() for word in (SECRET.casefold(), "maria", "4711", "photo"))


def test_the_same_key_makes_the_same_names_in_another_run_and_no_key_others(folder: Path, tmp_path: Path) -> None:
    key = tmp_path / "study.key"
    for name in ("one", "two"):
        run(folder, "--out", tmp_path / name, "--key", key)
    run(folder, "--out", tmp_path / "three")
    one, two, three = (
        [path.relative_to(tmp_path / n) for path in copies(tmp_path / n)] for n in ("one", "two", "three")
    )

    assert one == two
    assert set(one).isdisjoint(three)
    assert [p.read_bytes() for p in copies(tmp_path / "one")] == [p.read_bytes() for p in copies(tmp_path / "two")]
    studies = {dcmread(path).StudyInstanceUID for path in copies(tmp_path / "one")}
    assert len(studies) == 1


def test_the_crosswalk_leads_back_and_is_its_owner_s_alone(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "secret" / "crosswalk.csv"
    path.parent.mkdir()
    run(folder, "--out", tmp_path / "out", "--crosswalk", path)
    rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert {row["original_instance_uid"] for row in rows} == {"1.2.3.47.11.1", "1.2.3.47.11.9"}
    for row in rows:
        copy = dcmread(tmp_path / "out" / row["file"])
        assert (copy.PatientID, copy.SOPInstanceUID) == (row["pseudonym"], row["instance_uid"])


def test_pseudonyms_of_the_user_are_used(folder: Path, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text(f"patient_id,pseudonym\n{SECRET}-4711,CASE-7\n", encoding="utf-8")
    run(folder, "--out", tmp_path / "out", "--pseudonyms", table)

    assert {dcmread(path).PatientID for path in copies(tmp_path / "out")} == {"CASE-7"}


def test_text_that_nobody_confirmed_keeps_a_file_back(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Reader, "found", (WORD,))
    status = run(folder, "--out", tmp_path / "out", "--report", tmp_path / "proof.html")

    assert status == 1
    assert copies(tmp_path / "out") == []
    assert "“Har-low”" in capsys.readouterr().err
    page = (tmp_path / "proof.html").read_text(encoding="utf-8")
    assert page.count("Har-low") == 2
    assert SECRET not in page


@pytest.mark.parametrize("option", ["--confirm-text", "--blank-text"])
def test_text_goes_out_confirmed_or_blanked(
    option: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Reader, "found", (WORD,))
    run(folder, "--out", tmp_path / "out", option)
    pixels = [dcmread(path).pixel_array[..., 30:34, 40:50, :] for path in copies(tmp_path / "out")]
    entries = json.loads((tmp_path / "out" / "deidentified.json").read_text())["files"]

    assert len(pixels) == 2
    assert all(np.any(each) == (option == "--confirm-text") for each in pixels)
    confirmed = [entry["confirmed_by_person"] for entry in entries if entry["status"] == "written"]
    assert confirmed == [option == "--confirm-text"] * 2


def test_a_name_in_the_picture_is_blanked_even_where_text_was_confirmed(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Reader, "found", (SeenText(SECRET, WORD.box),))
    run(folder, "--out", tmp_path / "out", "--confirm-text")

    assert not any(dcmread(path).pixel_array[..., 30:34, 40:50, :].any() for path in copies(tmp_path / "out"))


def test_the_mask_remembered_for_a_scanner_is_used_and_named(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Reader, "found", (WORD,))
    scanner = Scanner(manufacturer="Maker of Scanners", model="Model 7", software="1.2", rows=48, columns=64)
    mask = Mask(48, 64, (Box(16, 24, 60, 40),), MaskSource.GIVEN)
    MaskBook().having(RememberedMask.of(scanner, mask, ("HAR-LOW",))).save(settings.masks_file())
    run(folder, "--out", tmp_path / "out")

    assert "the mask remembered for this scanner" in capsys.readouterr().err
    for path in copies(tmp_path / "out"):
        assert not dcmread(path).pixel_array[..., :24, :, :].any()


def test_a_missing_text_reader_is_named_and_nothing_is_written(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "RapidReader", ocr.RapidReader)
    monkeypatch.setattr(ocr.util, "find_spec", lambda name: None)
    status = run(folder, "--out", tmp_path / "out")

    assert status == 1
    assert "the package rapidocr is not installed" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_missing_model_is_never_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("rapidocr")
    monkeypatch.setattr(ocr, "_MODELS", {"Det": "*nowhere*.onnx"})
    with pytest.raises(NotDeidentified) as caught:
        ocr.RapidReader()

    assert caught.value.code is ErrorCode.TEXT_READER_MISSING


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["{in}", "--out", "{in}"], "among the originals"),
        (["{in}", "--out", "{in}/below"], "among the originals"),
        (["{in}", "--out", "{tmp}"], "in the folder of the copies"),
        (["{in}", "--out", "{tmp}/out", "--key", "{tmp}/out/key"], "gives the patients away"),
        (["{in}", "--out", "{tmp}/out", "--crosswalk", "{tmp}/out/x.csv"], "gives the patients away"),
        (["{in}", "--out", "{tmp}/out", "--report", "{tmp}/out/x.html"], "gives the patients away"),
        (["{in}", "--out", "{tmp}/out", "--confirm-text", "--blank-text"], "not allowed with"),
        (["{in}"], "--out"),
    ],
)
def test_a_wrong_call_is_refused_before_anything_is_read(
    arguments: list[str], words: str, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    filled = [each.replace("{in}", str(folder)).replace("{tmp}", str(tmp_path)) for each in arguments]
    with pytest.raises(SystemExit) as caught:
        run(*filled)

    assert caught.value.code == 2
    assert words in capsys.readouterr().err


def test_a_file_twice_in_a_folder_is_written_twice(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in ("a", "b"):
        write(tmp_path / "in" / name, full_dataset())
    run(tmp_path / "in", "--out", tmp_path / "out")

    assert len(copies(tmp_path / "out")) == 2


def test_a_scan_that_nobody_can_find_is_refused_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "a.dcm", dataset_of(colour_picture(200, 300)))

    assert run(path, "--out", tmp_path / "out") == 1
    assert "cannot be told from what stands around it" in capsys.readouterr().err
    assert copies(tmp_path / "out") == []


def test_a_dicomdir_among_other_inputs_lists_its_files_and_every_table_is_written(tmp_path: Path) -> None:
    medium = FileSet()
    for number in (1, 2):
        picture = dataset_of(
            colour_picture(), SequenceOfUltrasoundRegions=[region((2, 10, 61, 45))], SOPInstanceUID=f"1.2.3.{number}",
            StudyDate="20260102", StudyTime="0900", StudyID="1", AccessionNumber="", SeriesNumber=1,
            InstanceNumber=number,
        )  # fmt: skip
        medium.add(dcmread(write(tmp_path / f"{number}.dcm", picture)))
    before = medium._stage["t"]
    medium.write(tmp_path / "disc")
    for temporary in (before, medium._stage["t"]):
        temporary.cleanup()  # else it warns when it is forgotten
    (tmp_path / "in").mkdir()
    single = write(tmp_path / "in" / "x.dcm", full_dataset())
    crosswalk = tmp_path / "crosswalk.csv"
    status = run(single, tmp_path / "disc" / "DICOMDIR", "--out", tmp_path / "out", "--crosswalk", crosswalk)
    names = [path.relative_to(tmp_path / "out") for path in copies(tmp_path / "out")]

    assert status == 0
    assert len(names) == 3
    assert len(crosswalk.read_text(encoding="utf-8").splitlines()) == 4
    assert sorted(len(name.parts) for name in names)[0] == 1
    assert not any(folder.startswith(("PT", "ST", "SE", "IM")) for name in names for folder in name.parts)


@pytest.mark.parametrize("stop", [KeyboardInterrupt, RuntimeError])
def test_who_stops_halfway_has_the_log_and_the_way_back(
    stop: type[BaseException], folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, calls = engine.open_original, iter([False, False, True])  # the picture is refused

    def open_original(path: Path, identifiers: Identifiers) -> engine.Opened:
        if next(calls):
            raise stop
        return opened(path, identifiers)

    monkeypatch.setattr(engine, "open_original", open_original)
    crosswalk = tmp_path / "crosswalk.csv"
    with contextlib.suppress(KeyboardInterrupt, RuntimeError):
        run(folder, "--out", tmp_path / "out", "--crosswalk", crosswalk)
    entries = json.loads((tmp_path / "out" / "deidentified.json").read_text())["files"]
    rows = list(csv.DictReader(crosswalk.read_text(encoding="utf-8").splitlines()))

    assert [entry["status"] for entry in entries] == ["refused", "written"]
    assert [tmp_path / "out" / row["file"] for row in rows] == copies(tmp_path / "out")
