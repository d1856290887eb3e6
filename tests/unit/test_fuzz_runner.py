"""Readers that are wrong on purpose are caught by the fuzzing, each for its own fault."""

from __future__ import annotations

import pickle
from pathlib import Path

import planted_readers as planted
import pytest

from bench.fuzz import seeds_dicom
from bench.fuzz.child import Desk, Outcome
from bench.fuzz.dicom_values import replaced_in
from bench.fuzz.reader import Reader, opened
from bench.fuzz.recipe import DAMAGES, Cookbook, Made
from bench.fuzz.report import Run, page, summary
from bench.fuzz.runner import Runner
from bench.fuzz.seeds import Family

pytestmark = pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="peaks of memory are Linux's")

PLAIN = Cookbook.of([seed for seed in seeds_dicom.seeds() if seed.name == "native RGB"], 1)


def number_of(damage: str) -> int:
    """Return the first number that stands for this damage."""
    return next(number for number, (_, which) in enumerate(PLAIN.pairs) if DAMAGES[which].name == damage)


def desk(reader: Reader, folder: Path) -> Desk:
    noise = folder / "noise"
    noise.touch()
    return Desk(PLAIN, reader, folder / "study", noise)


def tried(reader: Reader, damage: str, folder: Path) -> Outcome:
    """Judge one file in this process."""
    return desk(reader, folder).tried(number_of(damage), lambda made: None)


@pytest.mark.parametrize("reader", [planted.ignoring_units, planted.first_region_everywhere])
def test_scales_of_the_wrong_region_are_caught_on_undamaged_files_already(reader: Reader, tmp_path: Path) -> None:
    assert "mm" in " ".join(tried(reader, "none", tmp_path).complaints)
    assert tried(opened, "none", tmp_path).complaints == ()


def test_a_scale_of_the_wrong_region_is_caught_where_damage_changed_it(tmp_path: Path) -> None:
    wrong = desk(planted.first_region_everywhere, tmp_path)
    first = number_of("regions' deltas")
    numbers = range(first, first + 30 * len(PLAIN.pairs), len(PLAIN.pairs))
    complaints = [each for number in numbers for each in wrong.tried(number, lambda made: None).complaints]

    assert any("means something else" in each for each in complaints)


def test_millimetres_that_follow_a_lie_about_the_size_are_caught(tmp_path: Path) -> None:
    seed = next(each for each in seeds_dicom.seeds() if each.name == "native planes")
    made = Made(0, seed, "rows", "", replaced_in(seed, 0x00280010, "US", b"\xff\0"))
    wrong, right = (
        desk(reader, tmp_path).judged(made, lambda made: None) for reader in (planted.scaled_by_its_rows, opened)
    )

    assert "the calibration was not touched" in " ".join(wrong.complaints)
    assert right.complaints == ()
    assert right.lengths > 0


def test_whatever_escapes_is_caught(tmp_path: Path) -> None:
    assert "KeyError escaped" in tried(planted.raising, "none", tmp_path).complaints[0]


def test_memory_without_bound_is_caught(tmp_path: Path) -> None:
    assert "MiB of memory" in " ".join(tried(planted.hoarding, "none", tmp_path).complaints)


def outcomes_of(reader: Reader, numbers: list[int], folder: Path, limit: float = 30.0) -> dict[int, Outcome]:
    """Judge files in a child."""
    outcomes: dict[int, Outcome] = {}
    folder.mkdir()
    runner = Runner(PLAIN, reader, folder, workers=1, limit=limit)
    runner.run(numbers, lambda outcome: outcomes.update({outcome.number: outcome}))
    return outcomes


def test_a_crash_and_a_hang_end_no_run_and_are_told_with_their_place(tmp_path: Path) -> None:
    crashed = outcomes_of(planted.crashing, [3], tmp_path / "crash")[3].complaints[0]
    hung = outcomes_of(planted.hanging, [3], tmp_path / "hang", limit=0.5)[3].complaints[0]

    assert "SIGSEGV" in crashed
    assert "hang" in hung
    assert "in hanging" in hung


def test_words_on_the_terminal_and_names_in_the_log_are_caught(tmp_path: Path) -> None:
    number = number_of("none")
    chatter = outcomes_of(planted.chattering, [number], tmp_path / "chatter")[number]
    names = outcomes_of(planted.telling_names, [number], tmp_path / "names")[number]

    assert "said aloud" in chatter.complaints[0]
    assert "patient" in names.complaints[0]


def test_a_number_means_the_same_file_every_time() -> None:
    seeds = seeds_dicom.seeds()
    book, again = Cookbook.of(seeds, 5), Cookbook.of(seeds_dicom.seeds(), 5)
    other = Cookbook.of(seeds, 6)
    numbers = range(0, len(book.pairs), 97)

    assert [book.made(each).content for each in numbers] == [again.made(each).content for each in numbers]
    assert [book.made(each).content for each in numbers] != [other.made(each).content for each in numbers]
    assert pickle.loads(pickle.dumps(book)).made(7).content == book.made(7).content


def test_every_damage_is_dealt_out_before_any_comes_again() -> None:
    book = Cookbook.of(seeds_dicom.seeds(), 2)
    names = {DAMAGES[which].name for _, which in book.pairs}

    assert len(set(book.pairs)) == len(book.pairs)
    assert names == {damage.name for damage in DAMAGES if Family.DICOM in damage.families}


def test_the_page_says_what_failed_and_the_command_fails_with_it() -> None:
    run = Run(4, PLAIN)
    assert not run.is_passed
    run.outcomes.append(Outcome(0, "native RGB", Family.DICOM, "cut", "", opened=True, lengths=5, seconds=0.25))
    assert run.is_passed
    run.outcomes.append(Outcome(1, "native RGB", Family.DICOM, "cut", "", complaints=("3 mm instead of 4",)))

    assert not run.is_passed
    assert "FAIL: 1 files" in summary(run)
    assert "| cut | 2 | 1 | 1 | 1 | 0.25 | 0 | 1 |" in page(run)
    assert "3 mm instead of 4" in page(run)
