"""The command line writes table, pictures and cines beside JSON and report, and says what of it could not be."""

from __future__ import annotations

import csv
from pathlib import Path

import pypdf
import pytest
from fakes import FakeEngine, fan_picture
from PIL import Image

from bench.fuzz.seeds_media import video
from fetalclip_app import cli, settings
from fetalclip_app.cli import analyze as analyze_module


@pytest.fixture(autouse=True)
def engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analyze_module, "load", lambda given=None: FakeEngine())


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    folder = tmp_path / "scans"
    folder.mkdir()
    Image.fromarray(fan_picture()).save(folder / "still.png")
    (folder / "loop.mp4").write_bytes(video("mp4", "mpeg4", "yuv420p"))
    return folder


def run(*arguments: object) -> int:
    def no_window(paths: object) -> int:
        raise AssertionError("the window opened")

    return cli.main(list(map(str, arguments)), no_window, why_no_window=lambda: "There is no display here.")


def test_table_pictures_and_cines_are_written(scans: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    status = run(
        *("analyze", scans, "--pixel-mm", 0.5, "--json", tmp_path / "a.json", "--csv", tmp_path / "a.csv"),
        *("--pictures", out / "pictures", "--movies", out / "movies"),
    )
    table = list(csv.DictReader((tmp_path / "a.csv").read_text(encoding="utf-8-sig").splitlines()))

    assert status == 0
    assert {Path(row["file"]).name for row in table if row["file"]} == {"loop.mp4", "still.png"}
    assert sorted(path.name for path in (out / "pictures").iterdir()) == ["1_loop_frame5.png", "2_still_frame1.png"]
    assert [path.name for path in (out / "movies").iterdir()] == ["1_loop.mp4"], "a still picture is no cine"
    assert "2 files in" in capsys.readouterr().err


def test_a_folder_that_cannot_be_is_said_and_is_status_1(scans: Path, tmp_path: Path, capsys) -> None:
    (tmp_path / "file").write_text("")
    status = run(
        *("analyze", scans / "still.png", "--pixel-mm", 0.5, "--json", tmp_path / "a.json"),
        *("--pictures", tmp_path / "file"),
    )

    assert status == 1 and "could not be written" in capsys.readouterr().err


def test_the_reports_template_is_named_and_read_before_anything_else(
    scans: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = tmp_path / "mine.json"
    mine.write_text('{"title": "Anomaly scan", "page": "letter"}', encoding="utf-8")
    asked = ("analyze", scans / "still.png", "--json", tmp_path / "a.json", "--report", tmp_path / "a.pdf")
    assert run(*asked, "--template", mine) == 0
    page = pypdf.PdfReader(tmp_path / "a.pdf").pages[0]
    assert "Anomaly scan" in page.extract_text() and float(page.mediabox.width) == 612.0
    assert run(*asked, "--template", mine, "--page", "a4") == 0
    assert float(pypdf.PdfReader(tmp_path / "a.pdf").pages[0].mediabox.width) == pytest.approx(595.3, abs=0.1)

    (tmp_path / "a.json").unlink()
    mine.write_text('{"sections": ["poem"]}', encoding="utf-8")
    assert run(*asked, "--template", mine) == 2
    assert "asks for a section 'poem'" in capsys.readouterr().err and not (tmp_path / "a.json").exists()


def test_ones_own_template_counts_without_being_named(scans: Path, tmp_path: Path) -> None:
    settings.template_file().parent.mkdir(parents=True, exist_ok=True)
    settings.template_file().write_text('{"institution": "St. Anna"}', encoding="utf-8")
    assert run("analyze", scans / "still.png", "--json", tmp_path / "a.json", "--report", tmp_path / "a.pdf") == 0

    assert "St. Anna" in pypdf.PdfReader(tmp_path / "a.pdf").pages[0].extract_text()
