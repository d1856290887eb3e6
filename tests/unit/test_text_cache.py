from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fetalclip_app.inference import cache
from fetalclip_app.inference.cache import TextBank
from fetalclip_app.inference.kept_arrays import write_array
from fetalclip_app.progress import Cancelled, CancelToken


class _Encoder:
    """Sends each text to a row of its own, and counts."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def __call__(self, texts: Sequence[str]) -> Any:
        self.seen += texts
        rows = [np.random.default_rng(list(text.encode())).normal(size=8) for text in texts]
        return np.array([row / np.linalg.norm(row) for row in rows], np.float32)


def _age_prompts(spacing_mm: float) -> list[str]:
    return [f"{day // 7} weeks, {day % 7} days, {spacing_mm:.2f} mm" for day in range(98, 273)]


def _expected(texts: Sequence[str]) -> Any:
    return np.concatenate([_Encoder()([text]) for text in texts])


def test_a_second_picture_with_the_same_spacing_costs_no_text() -> None:
    encoder = _Encoder()
    bank = TextBank(encoder, "weights")
    first = bank.features(_age_prompts(0.43))
    count = len(encoder.seen)

    second = bank.features(_age_prompts(0.43))

    assert count == 175
    assert len(encoder.seen) == 175
    np.testing.assert_array_equal(second, first)
    bank.features(_age_prompts(0.44))
    assert len(encoder.seen) == 350


def test_rows_come_in_the_order_asked_and_repeated_where_asked_twice() -> None:
    bank = TextBank(_Encoder(), "weights")
    bank.features(["c", "a"])
    asked = ["a", "a long text", "c", "b", "a"]

    np.testing.assert_array_equal(bank.features(asked), _expected(asked))


def test_only_what_is_missing_is_encoded() -> None:
    encoder = _Encoder()
    bank = TextBank(encoder, "weights")
    bank.features(["a", "b"])
    bank.features(["b", "c"])

    assert encoder.seen == ["a", "b", "c"]


def test_the_next_start_encodes_nothing(tmp_path: Path) -> None:
    texts = _age_prompts(0.43)
    TextBank(_Encoder(), "weights", tmp_path / "cache").features(texts)
    encoder = _Encoder()

    found = TextBank(encoder, "weights", tmp_path / "cache").features(texts)

    assert encoder.seen == []
    np.testing.assert_array_equal(found, _expected(texts))


def test_other_weights_share_nothing(tmp_path: Path) -> None:
    TextBank(_Encoder(), "weights", tmp_path).features(["a"])
    encoder = _Encoder()

    TextBank(encoder, "other weights", tmp_path).features(["a"])

    assert encoder.seen == ["a"]


def test_file_names_do_not_tell_what_was_asked(tmp_path: Path) -> None:
    TextBank(_Encoder(), "weights", tmp_path).features(_age_prompts(0.43))

    names = [path.name for path in tmp_path.iterdir()]
    assert len(names) == 1
    assert len(names[0]) == 64 + len(".npy")


@pytest.mark.parametrize("seed", range(40))
def test_a_damaged_file_is_ignored_and_written_anew(
    tmp_path: Path, seed: int, caplog: pytest.LogCaptureFixture
) -> None:
    texts = ["a", "b", "c"]
    TextBank(_Encoder(), "weights", tmp_path).features(texts)
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    dice = np.random.default_rng(seed)
    damaged = bytearray(whole)
    if seed % 4 == 0:
        damaged = damaged[: dice.integers(len(damaged))]
    else:
        for place in dice.integers(len(damaged), size=1 + seed):
            damaged[place] ^= 1 << dice.integers(8)
    path.write_bytes(damaged)
    encoder = _Encoder()

    found = TextBank(encoder, "weights", tmp_path).features(texts)
    again = _Encoder()
    TextBank(again, "weights", tmp_path).features(texts)

    np.testing.assert_array_equal(found, _expected(texts))
    assert again.seen == []


@pytest.mark.parametrize(
    "features",
    [
        np.ones((3, 8), np.float32),
        np.full((3, 8), np.nan, np.float32),
        np.eye(3, 8),
        np.eye(2, 8, dtype=np.float32),
        np.ones(3, np.float32),
    ],
    ids=["not unit", "nan", "double", "too few", "flat"],
)
def test_a_file_with_the_wrong_content_is_ignored(tmp_path: Path, features: Any) -> None:
    texts = ["a", "b", "c"]
    TextBank(_Encoder(), "weights", tmp_path).features(texts)
    (path,) = tmp_path.iterdir()
    write_array(path, features, cache.BYTES_ON_DISK)

    np.testing.assert_array_equal(TextBank(_Encoder(), "weights", tmp_path).features(texts), _expected(texts))


def test_a_pickle_in_the_folder_is_not_opened(tmp_path: Path) -> None:
    TextBank(_Encoder(), "weights", tmp_path).features(["a"])
    (path,) = tmp_path.iterdir()
    content = io.BytesIO()
    np.save(content, np.array([{"a": 1}], dtype=object))
    path.write_bytes(content.getvalue() + hashlib.blake2b(content.getvalue(), digest_size=32).digest())
    encoder = _Encoder()

    TextBank(encoder, "weights", tmp_path).features(["a"])

    assert encoder.seen == ["a"]


def test_a_folder_that_cannot_be_written_does_not_stop_a_reading(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "taken").write_text("a file, not a folder")

    found = TextBank(_Encoder(), "weights", tmp_path / "taken").features(["a"])

    np.testing.assert_array_equal(found, _expected(["a"]))
    assert "could not be stored" in caplog.text


def test_a_failed_write_leaves_nothing_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(Path, "replace", full)

    TextBank(_Encoder(), "weights", tmp_path).features(["a"])

    assert list(tmp_path.iterdir()) == []


def test_the_folder_keeps_what_was_used_last_within_its_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import os  # noqa: PLC0415

    bank = TextBank(_Encoder(), "weights", tmp_path)
    bank.features(["a"])
    (first,) = tmp_path.iterdir()
    monkeypatch.setattr(cache, "BYTES_ON_DISK", int(2.5 * first.stat().st_size))
    bank.features(["b"])
    (second,) = set(tmp_path.iterdir()) - {first}
    os.utime(second, (1, 1))
    TextBank(_Encoder(), "weights", tmp_path).features(["a"])

    bank.features(["c"])

    assert first.exists()
    assert not second.exists()
    assert len(list(tmp_path.iterdir())) == 2


def test_memory_keeps_what_was_used_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "ROWS_IN_MEMORY", 2)
    encoder = _Encoder()
    bank = TextBank(encoder, "weights")
    for text in ("a", "b", "a", "c"):
        bank.features([text])
    encoder.seen.clear()

    bank.features(["a"])
    assert encoder.seen == []
    for text in ("d", "e", "b"):
        bank.features([text])

    assert encoder.seen == ["d", "e", "b"]
    np.testing.assert_array_equal(bank.features(["d", "e", "f"]), _expected(["d", "e", "f"]))


def test_encoding_reports_and_stops_when_cancelled_and_keeps_what_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "TEXTS_AT_ONCE", 2)
    encoder, cancel, heard = _Encoder(), CancelToken(), []

    def stop_after_the_first_step(done: int, total: int) -> None:
        heard.append((done, total))
        cancel.cancel()

    bank = TextBank(encoder, "weights")
    with pytest.raises(Cancelled):
        bank.features(["a", "b", "c", "d", "e"], cancel, stop_after_the_first_step)
    bank.features(["a", "b", "c", "d", "e"])

    assert heard == [(2, 5)]
    assert sorted(encoder.seen) == ["a", "b", "c", "d", "e"]


def test_no_texts_are_no_question() -> None:
    with pytest.raises(ValueError, match="no texts"):
        TextBank(_Encoder(), "weights").features([])


def test_what_is_asked_again_as_a_whole_is_the_very_same_array_and_cannot_be_changed(tmp_path: Path) -> None:
    texts = _age_prompts(0.43)
    first = TextBank(_Encoder(), "weights", tmp_path).features(texts)
    bank = TextBank(_Encoder(), "weights", tmp_path)
    stored = bank.features(texts)

    assert bank.features(list(texts)) is stored
    np.testing.assert_array_equal(stored, first)
    for rows in (first, stored):
        with pytest.raises(ValueError, match="read-only"):
            rows[0] = 0.0


def test_stored_features_stay_on_the_disk_until_they_are_looked_at(tmp_path: Path) -> None:
    texts = _age_prompts(0.43)
    TextBank(_Encoder(), "weights", tmp_path).features(texts)

    stored: Any = TextBank(_Encoder(), "weights", tmp_path).features(texts)

    while not isinstance(stored, np.memmap):
        assert stored.base is not None, "the rows were copied into memory"
        stored = stored.base
    assert stored.mode == "r"


def test_texts_that_begin_alike_are_encoded_together() -> None:
    encoder = _Encoder()
    TextBank(encoder, "weights").features([*_age_prompts(0.43), *_age_prompts(0.44)])

    assert encoder.seen == sorted(encoder.seen, key=lambda text: (len(text), text))
    assert encoder.seen[0][:-7] == encoder.seen[1][:-7], "one day with its two spacings"


def test_one_new_sentence_beside_stored_ones_is_encoded_alone(tmp_path: Path) -> None:
    TextBank(_Encoder(), "weights", tmp_path).features(["a", "b"])
    encoder = _Encoder()
    bank = TextBank(encoder, "weights", tmp_path)
    bank.features(["a", "b"])

    bank.asked(["a", "c", "b"])

    assert encoder.seen == ["c"]


def test_many_texts_go_by_a_way_of_their_own_and_few_do_not() -> None:
    few, many, parts = _Encoder(), _Encoder(), list[int]()

    def in_parts(asked: Iterable[Sequence[str]]) -> Iterator[Any]:
        for part in asked:
            parts.append(len(part))
            yield many(part)

    bank = TextBank(few, "weights", in_parts=in_parts)
    prompts = _age_prompts(0.43)

    bank.features(prompts[:5])
    found = bank.features(prompts)

    assert few.seen == prompts[:5]
    assert parts == [128, 42]
    np.testing.assert_array_equal(found, _expected(prompts))


def test_what_is_learned_in_steps_is_known_and_on_the_disk(tmp_path: Path) -> None:
    encoder, prompts = _Encoder(), _age_prompts(0.43)
    bank = TextBank(encoder, "weights", tmp_path)

    steps = sum(1 for _ in bank.in_steps(prompts))

    assert steps == -(-175 // cache.TEXTS_IN_A_STEP)
    assert len(list(tmp_path.iterdir())) == 1
    assert len(encoder.seen) == 175
    np.testing.assert_array_equal(bank.features(prompts), _expected(prompts))
    assert len(encoder.seen) == 175
    fresh = _Encoder()
    later = TextBank(fresh, "weights", tmp_path)
    assert list(later.in_steps(prompts)) == []
    np.testing.assert_array_equal(later.features(prompts), _expected(prompts))
    assert not fresh.seen


def test_steps_that_are_left_are_kept_and_a_question_goes_on_there(tmp_path: Path) -> None:
    encoder, prompts = _Encoder(), _age_prompts(0.43)
    bank = TextBank(encoder, "weights", tmp_path)
    steps = bank.in_steps(prompts)
    next(steps)
    next(steps)
    assert not list(tmp_path.iterdir())

    bank.features(prompts)

    assert sorted(encoder.seen) == sorted(prompts), "each once"
    assert len(list(tmp_path.iterdir())) == 1
