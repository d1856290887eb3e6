"""What the bench prints and writes: tables, the page's places, the machine, and how its parts end."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import bench.__main__ as program
from bench import machine, rows, section, sides
from bench.rows import Row

FAST = Row("Age of one picture", 8.0, 0.05, "150 and 150 days", same=True, scaled="64 of 875 prompts", asked=100.0)


def test_the_table_shows_times_side_by_side_and_says_what_was_scaled() -> None:
    text = rows.table([FAST])

    assert "| Age of one picture (1) | 8.0 s | 50 ms | 160x | 100x: reached | 150 and 150 days |" in text
    assert "(1) 64 of 875 prompts." in text
    assert FAST.is_reached


@pytest.mark.parametrize("change", [{"ours_s": 0.081}, {"same": False}])
def test_what_is_missed_is_called_so(change: dict[str, Any]) -> None:
    missed = replace(FAST, **change)

    assert "NOT" in rows.table([missed])
    assert not missed.is_reached


def test_the_tables_replace_those_of_the_page_and_nothing_else(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    other = "<!-- card: begin -->\nkept\n<!-- card: end -->"
    begin, end = "<!-- bench: begin -->", "<!-- bench: end -->"
    page.write_text(f"# Before\n\n{begin}\nold\n{end}\n\n{other}\n", encoding="utf-8")
    rows.write(page, "new")

    assert page.read_text(encoding="utf-8") == f"# Before\n\n{begin}\n\nnew\n\n{end}\n\n{other}\n"
    page.write_text("no marks", encoding="utf-8")
    with pytest.raises(ValueError, match="no place"):
        rows.write(page, "new")


@pytest.mark.parametrize("name", [*program.PLACES, "card"])
def test_the_page_of_this_program_has_a_place_for_them(name: str, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    shutil.copyfile(Path(program.__file__).parents[1] / "docs" / "performance.md", page)

    rows.write(page, "new tables", name)

    assert "new tables" in page.read_text(encoding="utf-8")


def test_the_numbers_stand_under_the_machine_and_the_versions() -> None:
    text = program.heading(1.5, 90.0)

    for part in ("threads", "load 1.5", "torch 2.", "open_clip_torch", "Python 3.", "in 1.5 minutes"):
        assert part in text


def test_a_page_is_only_written_by_the_whole_bench(tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        program.main(["--only", "views", "--write", str(tmp_path / "page.md")])


def test_a_machine_of_another_kind_has_its_own_place_on_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program, "_section", lambda module, arguments: (" ".join([module, *arguments]), 0))
    page = tmp_path / "page.md"
    page.write_text("<!-- bench: begin -->\nold\n<!-- bench: end -->\n<!-- tiles: begin -->\n<!-- tiles: end -->\n")

    assert program.main(["--model", "vit_l_14", "--place", "tiles", "--write", str(page)]) == 0

    kept, written = page.read_text(encoding="utf-8").split("<!-- tiles: begin -->")
    assert "old" in kept
    assert "Machine: " in written and "--model vit_l_14" in written


def test_a_machine_is_told_by_its_cores_and_by_what_it_multiplies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    facts = "processor\t: 0\nmodel name\t: A Processor\nflags\t\t: fpu avx512f amx_bf16 avx512_bf16\n\n"
    cpuinfo.write_text(facts + facts.replace("A Processor", "Another"))
    monkeypatch.setattr(machine, "_CPUINFO", cpuinfo)
    monkeypatch.setattr(machine.os, "cpu_count", lambda: 16)
    monkeypatch.setattr(machine.os, "sched_getaffinity", lambda _: {3, 5}, raising=False)

    assert machine.processor() == "A Processor (AVX-512, AVX-512 BF16, AMX BF16)"
    assert machine.cores() == "2 of 16 cores"


@pytest.mark.parametrize(("ended", "code"), [(0, 0), (rows.NOT_REACHED, rows.NOT_REACHED), (1, 2), (-9, 2)])
def test_a_part_that_breaks_is_not_taken_for_one_that_misses(
    monkeypatch: pytest.MonkeyPatch, ended: int, code: int
) -> None:
    monkeypatch.setattr(program.subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], ended, "### half"))

    text, found = program._section("bench.section", [])

    assert found == code
    assert ("failed" in text) == (code == 2)


def test_each_usual_model_has_its_effort_and_a_section() -> None:
    assert set(program.USUAL) <= set(sides.EFFORTS)
    assert set(section.PARTS) == {"views", "age", "cam", "study", "cine"}
