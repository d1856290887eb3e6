"""The command line: what it reads, what it writes, how it ends."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from fakes import FakeEngine, fan_picture, make_clip, make_reading
from PIL import Image

from fetalclip_app import cli
from fetalclip_app.cli import analyze as analyze_module
from fetalclip_app.cli import demo
from fetalclip_app.cli.analyze import read_one, summary
from fetalclip_app.cli.manifest import Wanted, from_manifest
from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.reading import ClipReading
from fetalclip_app.errors import ErrorCode, InvalidInput, ModelUnavailable
from fetalclip_app.progress import CancelToken, Report
from fetalclip_app.report import as_json
from fetalclip_app.report.build import ClipEntry
from fetalclip_app.wording import missing_frames

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "analyze.schema.json").read_text(encoding="utf-8"))


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    """Put the fake engine where the network would be built."""
    fake = FakeEngine()
    monkeypatch.setattr(analyze_module, "load", lambda given=None: fake)
    monkeypatch.setattr(demo, "load", lambda given=None: fake)
    return fake


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    path = tmp_path / "scan.png"
    Image.fromarray(fan_picture()).save(path)
    return path


def run(*arguments: object) -> int:
    """Return the exit status of a command line."""

    def no_window(paths: object) -> int:
        raise AssertionError("the window opened")

    return cli.main(
        [str(argument) for argument in arguments], no_window, why_no_window=lambda: "There is no display here."
    )


def usage_error(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """Return the one line that a wrong call gets."""
    with pytest.raises(SystemExit) as stopped:
        run(*arguments)
    assert stopped.value.code == 2
    text = capsys.readouterr().err
    assert text.count("\n") == 1
    return text


def test_a_scan_gives_a_valid_json_and_a_line_of_progress(
    engine: FakeEngine, scan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.json"
    assert run("analyze", scan, "--pixel-mm", 0.2, "--json", out) == 0
    table = json.loads(out.read_text(encoding="utf-8"))
    jsonschema.validate(table, SCHEMA, jsonschema.Draft202012Validator)
    assert table[0]["file"] == str(scan) and table[0]["calibration"]["source"] == "user"
    progress = capsys.readouterr().err.splitlines()
    assert progress[0].startswith(f"[1/1] {scan}: 1 frame, View Brain 91%")


def test_a_file_that_cannot_be_read_is_an_error_entry_and_the_others_go_on(
    engine: FakeEngine, scan: Path, tmp_path: Path
) -> None:
    empty, out = tmp_path / "a_empty.dcm", tmp_path / "out.json"
    empty.touch()
    assert run("analyze", empty, tmp_path / "nowhere.dcm", scan, "--json", out) == 1
    first, second, third = json.loads(out.read_text(encoding="utf-8"))
    assert first["error"]["code"] == "file_empty" and second["error"]["code"] == "file_missing"
    assert first["error"]["sentence"] and first["error"]["hint"]
    assert third["views"]["best"] == "brain"


def test_a_folder_is_read_file_by_file(engine: FakeEngine, scan: Path, tmp_path: Path) -> None:
    folder = tmp_path / "study"
    folder.mkdir()
    for name in ("b.png", "a.png"):
        (folder / name).write_bytes(scan.read_bytes())
    assert run("analyze", folder, "--json", tmp_path / "out.json") == 0
    rows = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert [Path(row["file"]).name for row in rows] == ["a.png", "b.png"]


def test_rows_of_a_manifest_keep_their_own_scale_and_their_own_words(
    engine: FakeEngine, scan: Path, tmp_path: Path
) -> None:
    rows, out = tmp_path / "rows.csv", tmp_path / "out.json"
    rows.write_text("\ufefffile,pixel_mm\nscan.png,0.3\n\nscan.png,\n", encoding="utf-8")
    assert run("analyze", scan, "--pixel-mm", 0.1, "--manifest", rows, "--json", out) == 0
    table = json.loads(out.read_text(encoding="utf-8"))
    assert [row["file"] for row in table] == [str(scan), "scan.png", "scan.png"]
    assert table[0]["calibration"]["regions"][0]["row_mm"] == 0.1
    assert table[1]["calibration"]["regions"][0]["row_mm"] == 0.3
    assert table[2]["calibration"] is None and table[2]["head"]["abstained"]["reason"] == "not_calibrated"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("file\nscan.png\n", "pixel_mm is missing"),
        ("file,pixel_mm\nscan.png,-1\n", "'-1' is no positive number"),
        ("file,pixel_mm\nscan.png,nan\n", "'nan' is no positive number"),
        ("file,pixel_mm\nscan.png,0,3\n", "decimal comma"),
        ("file,pixel_mm\n,0.3\n", "not named"),
        ("file,pixel_mm\n", "no rows"),
        ("", "missing"),
    ],
)
def test_a_wrong_manifest_names_its_problem(tmp_path: Path, text: str, problem: str) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInput) as raised:
        from_manifest(rows)
    assert raised.value.code is ErrorCode.MANIFEST_INVALID
    assert problem in str(raised.value.parameters["problem"])


def test_a_wrong_manifest_is_a_usage_error_before_anything_is_read(
    engine: FakeEngine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_bytes(b"\xff\xfe\x00")
    assert run("analyze", "--manifest", rows, "--json", tmp_path / "out.json") == 2
    text = capsys.readouterr().err
    assert text.count("\n") == 1 and "rows.csv" in text and "Traceback" not in text
    assert not (tmp_path / "out.json").exists()


@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf", "0,187", "wide"])
def test_a_pixel_is_a_positive_finite_number(capsys: pytest.CaptureFixture[str], value: str) -> None:
    assert "no positive number" in usage_error(capsys, "analyze", "a.png", f"--pixel-mm={value}", "--json", "o.json")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["analyze", "--json", "out.json"], "PATH or --manifest"),
        (["analyze", "a.png"], "--json"),
        (["analyze", "a.png", "--override-calibration", "--json", "out.json"], "needs --pixel-mm"),
        (["analyze", "--manifest", "r.csv", "--pixel-mm", "1", "--json", "o.json"], "for PATHs"),
        (["analyze", "a.png", "--json", "no/such/folder/o.json"], "there is no folder"),
        (["analyze", "a.png", "--json", "o.json", "--report", "o.json"], "same file"),
        (["analyze", "a.png", "--model", "gpt", "--json", "o.json"], "gpt"),
        (["nonsense"], "nonsense"),
        ([], "COMMAND"),
    ],
)
def test_a_wrong_call_gets_one_clear_line(capsys: pytest.CaptureFixture[str], arguments: list[str], words: str) -> None:
    assert words in usage_error(capsys, *arguments)


def test_an_input_is_never_overwritten(scan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = scan.read_bytes()
    assert "one of the inputs" in usage_error(capsys, "analyze", scan, "--json", scan)
    assert scan.read_bytes() == before


def test_a_model_that_cannot_be_had_is_one_line_and_status_1(
    scan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(given: object = None) -> None:
        raise ModelUnavailable(ErrorCode.LICENCE_NOT_ACCEPTED, title="FetalCLIP", licence="CC-BY-NC-4.0")

    monkeypatch.setattr(analyze_module, "load", refuse)
    assert run("analyze", scan, "--json", tmp_path / "out.json") == 1
    text = capsys.readouterr().err
    assert text.count("\n") == 1 and "CC-BY-NC-4.0" in text and "--accept-licence" in text


class LacksMemory(FakeEngine):
    def read(self, clip: Clip, cancel: CancelToken, report: Report) -> ClipReading:
        raise MemoryError


def test_lack_of_memory_is_an_entry_like_any_other(scan: Path) -> None:
    entry = read_one(LacksMemory(), Wanted(str(scan), scan))
    assert "not enough memory" in summary(entry)


def test_frames_that_a_file_lacks_stand_in_its_line() -> None:
    clip = make_clip(3, name="cut.dcm")
    whole, cut = (ClipEntry(one, make_reading(one), "cut.dcm") for one in (clip, replace(clip, missing_frames=5)))
    assert summary(cut) == f"{summary(whole)}. {missing_frames(5)}"


def test_stopping_by_hand_writes_nothing(
    engine: FakeEngine, scan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(engine, "read", stop)
    assert run("analyze", scan, "--json", tmp_path / "out.json") == 130
    assert "stopped" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["scan.png"]


def test_a_report_is_written_beside_the_json(engine: FakeEngine, scan: Path, tmp_path: Path) -> None:
    out, report = tmp_path / "out.json", tmp_path / "out.pdf"
    assert run("analyze", scan, "--pixel-mm", 0.2, "--json", out, "--report", report, "--page", "letter") == 0
    assert report.read_bytes().startswith(b"%PDF")


def test_an_output_that_cannot_be_written_is_a_sentence(
    engine: FakeEngine, scan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(path: Path, content: bytes) -> None:
        raise as_json_error

    from fetalclip_app.errors import ExportFailed  # noqa: PLC0415

    as_json_error = ExportFailed(ErrorCode.EXPORT_FAILED, name="out.json", problem="no space left on device")
    monkeypatch.setattr(as_json, "write_bytes", full)
    assert run("analyze", scan, "--json", tmp_path / "out.json") == 1
    assert "no space left on device" in capsys.readouterr().err


def test_without_a_display_the_demo_says_what_it_saw_and_where_the_report_lies(
    engine: FakeEngine, scan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demo, "sample", lambda: scan)
    assert run("demo", "--out", tmp_path / "made") == 0
    text, told = capsys.readouterr()
    assert told.startswith("There is no display here. The bundled sample is analysed instead.")
    assert str(tmp_path / "made" / "scan.pdf") in text and "Brain 91%" in text and "simulated" in text
    assert (tmp_path / "made" / "scan.pdf").exists() and (tmp_path / "made" / "scan.json").exists()


def test_with_a_display_the_demo_opens_the_window_on_the_sample(scan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[object] = []
    monkeypatch.setattr(demo, "sample", lambda: scan)
    assert cli.main(["demo"], lambda paths: opened.extend(paths) or 0, why_no_window=lambda: "") == 0
    assert opened == [scan]


def test_open_hands_its_paths_to_the_window(scan: Path) -> None:
    opened: list[object] = []
    assert cli.main(["open", str(scan)], lambda paths: opened.extend(paths) or 7, why_no_window=lambda: "") == 7
    assert opened == [scan]


def test_the_weights_are_not_fetched_before_the_licence_is_accepted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("fetch-weights", tmp_path / "w.pt") == 1
    assert "CC-BY-NC-4.0" in capsys.readouterr().err
    assert list(tmp_path.glob("w.pt*")) == []


def test_help_is_quick_and_loads_neither_the_network_nor_the_window() -> None:
    code = (
        "import sys\nfrom fetalclip_app.__main__ import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "heavy = {'torch', 'PySide6', 'open_clip', 'cv2', 'reportlab', 'pydicom', 'av'} & set(sys.modules)\n"
        "sys.exit(f'loaded {heavy}' if heavy else 0)"
    )
    started = time.monotonic()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "analyze" in done.stdout and time.monotonic() - started < 5


def test_progress_survives_a_terminal_without_the_letters() -> None:
    code = "from fetalclip_app.cli.speak import tell\ntell('HC 175.2\\u2009mm \\u738b')"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, env={"PYTHONIOENCODING": "ascii"}, check=False
    )
    assert done.stdout.strip() == b"HC 175.2 mm ?"
