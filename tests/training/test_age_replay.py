"""Stored scores become ages by the app's own rule."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest

from fetalclip_app.biometry.growth import who_median_days
from fetalclip_app.tasks.gestational_age import CANDIDATES
from training.__main__ import main
from training.evaluation import age_replay

DAYS = np.array([age.days for age in CANDIDATES])


def _scores(*days: float) -> np.ndarray:
    """A bell around each day."""
    return np.exp(-(((DAYS - np.array(days)[:, None]) / 12) ** 2)).astype(np.float32)


def test_a_bell_is_read_at_its_top() -> None:
    (item,) = age_replay.replay(_scores(150), [("a", 180.0)])

    assert (item.days, item.spread_days) == (150, 14)


@pytest.mark.parametrize("day", [DAYS[168], DAYS[174]])
def test_the_last_days_of_the_table_are_days_like_others(day: int) -> None:
    """A table of 24 weeks of 7 days ends at 168 candidates: a rule that looks days up there fails beyond."""
    (item,) = age_replay.replay(_scores(day), [("a", 335.0)])

    assert item.days >= DAYS[160]
    assert age_replay.table([item])[1].value < 40


def test_heads_of_their_median_age_are_inside_the_band_and_without_error() -> None:
    heads = [120.0, 180.0, 240.0, 300.0]
    days = [round(who_median_days("HC", head) or 0) for head in heads]

    rows = age_replay.table(age_replay.replay(_scores(*days), [(str(n), head) for n, head in enumerate(heads)]))

    validity, error = rows[:2]
    assert (validity.count, validity.value) == (4, 1.0)
    assert error.value < 0.6
    assert [row.count for row in rows[2::2]] == [1, 2, 1]


def test_heads_outside_the_published_range_do_not_count() -> None:
    rows = age_replay.table(age_replay.replay(_scores(150, 150, 150), [("a", 99.0), ("b", 342.0), ("c", 343.0)]))

    assert [row.count for row in rows[::2]] == [1, 1]


def test_the_interval_knows_whose_pictures_they_are() -> None:
    labels = [(patient, 180.0) for patient in "aaaabbbb"]
    wrong = _scores(*[145] * 4, *[230] * 4)

    validity = age_replay.table(age_replay.replay(wrong, labels))[0]

    assert (validity.groups, validity.value, validity.low, validity.high) == (2, 0.5, 0.0, 1.0)


@pytest.fixture
def stored(tmp_path: Path) -> tuple[Path, Path]:
    np.savez(tmp_path / "map.npz", scores=_scores(140, 150))
    (tmp_path / "labels.csv").write_text("file,exam,head_circumference_mm\na,1,175\nb,2,185\n", encoding="utf-8")
    return tmp_path / "map.npz", tmp_path / "labels.csv"


def test_the_command_prints_the_table_and_writes_it(
    stored: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "ages.md"
    call = ["evaluate", "age", "--scores", str(stored[0]), "--labels", str(stored[1]), "--out", str(out)]

    assert main(call) == 0
    assert "(VPR), share: HC 100 to 342 mm | 2 | 2 | 1.000" in capsys.readouterr().out
    assert "(VPR)" in out.read_text("utf-8") and out.with_suffix(".json").exists()


@pytest.mark.parametrize("scores", [np.zeros((2, 168)), np.zeros(175), np.full((2, 175), np.nan)])
def test_a_table_that_is_none_is_refused_in_words(stored: tuple[Path, Path], scores: np.ndarray) -> None:
    np.savez(stored[0], scores=scores)

    with pytest.raises(ValueError, match=r"^map\.npz: (scores are|a score is not finite)"):
        age_replay.read_scores(stored[0])


def _damaged(path: Path, table: np.ndarray) -> None:
    np.savez(path, scores=table)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


def _squeezed_and_damaged(path: Path, table: np.ndarray) -> None:
    np.savez_compressed(path, scores=table)
    content = bytearray(path.read_bytes())
    content[60:100] = bytes(40)
    path.write_bytes(content)


def _of_unknown_compression(path: Path, table: np.ndarray) -> None:
    np.savez(path, scores=table)
    with ZipFile(path) as archive:
        start = archive.start_dir
    content = bytearray(path.read_bytes())
    content[8] = content[start + 10] = 99
    path.write_bytes(content)


def _of_objects(path: Path, table: np.ndarray) -> None:
    np.savez(path, scores=table.astype(object))


def _of_texts(path: Path, table: np.ndarray) -> None:
    np.savez(path, scores=table.astype(str))


def _of_words(path: Path, table: np.ndarray) -> None:
    np.savez(path, scores=np.full(table.shape, "high"))


def _without_a_header(path: Path, table: np.ndarray) -> None:
    with ZipFile(path, "w") as archive:
        archive.writestr("scores.npy", table.tobytes())


def _of_complex_numbers(path: Path, table: np.ndarray) -> None:
    np.savez(path, scores=table.astype(complex))


@pytest.mark.parametrize(
    "write",
    [
        *(_damaged, _squeezed_and_damaged, _of_unknown_compression, _without_a_header),
        *(_of_objects, _of_texts, _of_words, _of_complex_numbers),
    ],
)
def test_a_table_that_cannot_be_read_is_a_sentence_with_the_files_name(
    write: Callable[[Path, np.ndarray], None], stored: tuple[Path, Path]
) -> None:
    write(stored[0], _scores(140, 150))

    with pytest.raises(SystemExit, match=r"^map\.npz: (the table 'scores' is damaged|scores are \S+, not numbers)"):
        main(["evaluate", "age", "--scores", str(stored[0]), "--labels", str(stored[1])])


def test_labels_that_are_no_text_are_a_sentence_with_the_files_name(stored: tuple[Path, Path]) -> None:
    stored[1].write_bytes(b"\xff\xfe\x00")

    with pytest.raises(SystemExit, match=r"^labels\.csv is no table of UTF-8 text$"):
        main(["evaluate", "age", "--scores", str(stored[0]), "--labels", str(stored[1])])


@pytest.mark.parametrize("text", ["file\na\n", "head_circumference_mm\n-3\n", "head_circumference_mm\nnan\n"])
def test_labels_without_heads_are_refused(stored: tuple[Path, Path], text: str) -> None:
    stored[1].write_text(text, encoding="utf-8")

    with pytest.raises(ValueError, match=r"^labels\.csv.*head"):
        age_replay.read_labels(stored[1])


def test_as_many_labels_as_scores() -> None:
    with pytest.raises(ValueError, match="2 rows of scores, 1 labels"):
        age_replay.replay(_scores(140, 150), [("a", 180.0)])


def test_no_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="--labels"):
        main(["evaluate", "age", "--scores", str(tmp_path / "no.npz")])
