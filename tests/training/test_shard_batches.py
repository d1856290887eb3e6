"""Batches from shards: which pictures wait in memory at which step, and what happens to those that cannot be read."""

from __future__ import annotations

import tarfile
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fetalclip_app.imaging.preprocess import PreprocessSpec
from training import shard_batches
from training.augment import AugmentConfig
from training.dataset import Batch, BatchConfig, Stored, as_stored
from training.manifest import Sample
from training.readable import read_list
from training.shard_batches import ShardBatches, Stock, samples_of
from training.shards import Reader, ShardSize, read_index, write_shards

PICTURES, PER_SHARD = 22, 4
BATCH = BatchConfig(size=4, shares=(("femur", 0.6), ("heart", 0.4)), ladder=2, aged=0)
BESIDE = "simulated.png"


def _shards(data: Path, count: int = PICTURES, per_shard: int = PER_SHARD) -> Path:
    samples = []
    for number in range(count):
        Image.fromarray(np.full((20, 30, 3), 5 * number, np.uint8)).save(data / f"{number}.png")
        samples.append(Sample(f"{number}.png", "own", f"p{number}", "train", ("femur", "heart")[number % 2]))
    write_shards(data, samples, data / "shards", ShardSize(per_shard))
    return data / "shards"


def _batches(folder: Path, reader: Reader | None = None, *, window: int = 5, **changes: Any) -> ShardBatches:
    stock = {"reader": reader or Reader(), "seed": 3, "window": window, "beside": (), "unreadable_share": 0.05}
    return ShardBatches(
        Stock(folder, run=folder.parent, **stock | changes),
        samples=samples_of(folder),
        batch=BATCH,
        spec=PreprocessSpec(size=32),
        augmentation=AugmentConfig(),
        seed=7,
    )


def _held(batches: ShardBatches) -> set[str]:
    return {item.sample.picture for pool in batches._pools.values() for item in pool}


def _epochs(batches: ShardBatches, count: int) -> list[list[set[str]]]:
    """Return what was held at each step of each epoch."""
    epochs: list[list[set[str]]] = []
    for _ in range(count):
        epochs.append([])
        for _ in range(batches._steps):
            assert set(batches.draw().keys) <= _held(batches)
            epochs[-1].append(_held(batches))
    return epochs


def _same(one: Batch, other: Batch) -> bool:
    return one.keys == other.keys and one.planes.texts == other.planes.texts and (one.pictures == other.pictures).all()


def _break(folder: Path, pictures: Sequence[str]) -> None:
    """Overwrite the pictures where they lie in their shards."""
    told = {sample.picture: place for place, sample in enumerate(samples_of(folder))}
    for picture in pictures:
        shard, place = divmod(told[picture], PER_SHARD)
        path = folder / f"{shard:06d}.tar"
        with tarfile.open(path) as tar:
            member = tar.getmember(f"{place:06d}.png")
        content = bytearray(path.read_bytes())
        content[member.offset_data : member.offset_data + member.size] = bytes(member.size)
        path.write_bytes(content)


def test_an_epoch_holds_every_picture_once_and_the_next_one_in_another_order(tmp_path: Path) -> None:
    first, second, third = _epochs(_batches(_shards(tmp_path)), 3)

    for epoch in (first, second, third):
        windows = list(dict.fromkeys(map(frozenset, epoch)))
        assert len(windows) == 5
        assert sum(map(len, windows)) == len(frozenset.union(*windows)) == PICTURES
    assert first != second != third != first


def test_two_readers_hold_different_pictures_and_meet_the_others_later(tmp_path: Path) -> None:
    folder = _shards(tmp_path)
    one, other = (_epochs(_batches(folder, Reader(rank, 2)), 4) for rank in range(2))

    shares = [(set.union(*first), set.union(*second)) for first, second in zip(one, other, strict=True)]
    assert all(not first & second and len(first | second) == PICTURES for first, second in shares)
    assert len({frozenset(first) for first, _ in shares}) > 1


@pytest.mark.parametrize(("window", "readers"), [(1, 1), (3, 1), (3, 2), (5, 3), (100, 1), (100, 3)])
def test_never_more_pictures_wait_than_the_window_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, window: int, readers: int
) -> None:
    made: list[weakref.ref[Any]] = []
    most = 0

    def counted(sample: Sample, pixels: Any) -> Stored:
        nonlocal most
        stored = as_stored(sample, pixels)
        made.append(weakref.ref(stored.grey))
        most = max(most, sum(grey() is not None for grey in made))
        return stored

    monkeypatch.setattr(shard_batches, "as_stored", counted)
    _epochs(_batches(_shards(tmp_path), Reader(0, readers), window=window), 3)

    assert 0 < most <= window, "while the next window is read, the one before is gone"


def test_readers_with_unequal_shares_draw_equally_often(tmp_path: Path) -> None:
    folder = _shards(tmp_path, count=9)
    readers = [_batches(folder, Reader(rank, 2), window=2) for rank in range(2)]

    shares = [[len(set.union(*epoch)) for epoch in _epochs(batches, 3)] for batches in readers]

    assert readers[0]._steps == readers[1]._steps == 1
    assert readers[0]._drawn == readers[1]._drawn == 3
    assert {(len(read_index(folder)), shard.samples) for shard in read_index(folder)} == {(3, 4), (3, 1)}
    assert all(0 < held <= 2 for share in shares for held in share), "of five windows in one step, four are left out"


def test_batches_go_on_from_where_they_stood_in_the_middle_of_a_window(tmp_path: Path) -> None:
    folder = _shards(tmp_path)
    whole = _batches(folder)
    for stopped in range(8):
        state = whole.state()
        goes_on = _batches(folder)
        goes_on.set_state(state)

        ahead = [goes_on.draw() for _ in range(3)]
        here = [whole.draw() for _ in range(3)]
        assert all(map(_same, ahead, here)), stopped
        whole.set_state(state)
        whole.draw()


def test_what_lies_beside_the_shards_is_in_every_window(tmp_path: Path) -> None:
    sample = Sample(BESIDE, "own", "s", "train", "femur")
    beside = (as_stored(sample, np.zeros((20, 30, 3), np.uint8)),)
    (steps,) = _epochs(_batches(_shards(tmp_path), beside=beside), 1)

    assert all(BESIDE in held for held in steps)
    assert len(set.union(*steps)) == PICTURES + 1


def test_planes_of_other_windows_are_no_unseen_planes(tmp_path: Path) -> None:
    batches = _batches(_shards(tmp_path), window=1)

    batches.draw()

    assert len(batches._pools) == 1
    assert batches._trained == {"femur", "heart"}


def test_a_picture_that_cannot_be_read_is_listed_once_and_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = _shards(tmp_path)
    _break(folder, ["6.png"])
    held = _epochs(_batches(folder), 3)

    assert all(set.union(*epoch) == {f"{number}.png" for number in range(PICTURES) if number != 6} for epoch in held)
    (one,) = read_list(tmp_path, "unreadable_shards_0.csv")
    assert one.picture == "000001.tar/000002"
    assert one.reason.startswith("UnidentifiedImageError")
    assert capsys.readouterr().out == "1 more names in unreadable_shards_0.csv: they cannot be read\n"


def test_a_picture_that_decodes_and_is_no_scan_is_listed_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def trips(sample: Sample, pixels: Any) -> Stored:
        if sample.picture == "3.png":
            raise ValueError("no fan")
        return as_stored(sample, pixels)

    monkeypatch.setattr(shard_batches, "as_stored", trips)
    _epochs(_batches(_shards(tmp_path)), 1)

    assert [(one.picture, one.reason) for one in read_list(tmp_path, "unreadable_shards_0.csv")] == [
        ("3.png", "ValueError: no fan")
    ]


def test_a_run_that_can_read_everything_has_an_empty_list_and_one_that_goes_on_keeps_its_list(tmp_path: Path) -> None:
    folder = _shards(tmp_path)
    batches = _batches(folder)
    batches.draw()
    assert (tmp_path / "unreadable_shards_0.csv").exists()
    assert read_list(tmp_path, "unreadable_shards_0.csv") == []

    _break(folder, ["6.png"])
    _epochs(_batches(folder), 1)
    goes_on = _batches(folder)
    goes_on.set_state(batches.state())
    _break(folder, ["11.png"])
    with pytest.raises(ValueError, match="2 of 22 pictures cannot be read"):
        _epochs(goes_on, 1)

    listed = [one.picture for one in read_list(tmp_path, "unreadable_shards_0.csv")]
    assert listed == ["000001.tar/000002", "000002.tar/000003"]


def test_more_unreadable_pictures_than_may_be_stop_the_run(tmp_path: Path) -> None:
    folder = _shards(tmp_path)
    _break(folder, ["6.png", "9.png"])

    with pytest.raises(ValueError, match=r"2 of 22 pictures cannot be read, and at most 5% may be so: the first is 0"):
        _epochs(_batches(folder), 1)
    assert len(read_list(tmp_path, "unreadable_shards_0.csv")) == 2


def test_a_missing_shard_counts_with_all_its_pictures_before_the_first_step(tmp_path: Path) -> None:
    folder = _shards(tmp_path)
    (folder / "000002.tar").unlink()

    with pytest.raises(ValueError, match=r"4 of the 22 samples of shards cannot be read, and at most 5% may be so"):
        _batches(folder)


@pytest.mark.parametrize("readers", [1, 2, 6])
def test_where_a_whole_window_is_unreadable_the_next_one_takes_its_place(tmp_path: Path, readers: int) -> None:
    folder = _shards(tmp_path)
    (folder / "000002.tar").unlink()
    batches = [_batches(folder, Reader(rank, readers), window=4, unreadable_share=0.9) for rank in range(readers)]
    again = [_batches(folder, Reader(rank, readers), window=4, unreadable_share=0.9) for rank in range(readers)]

    for step in range(12):
        drawn = [one.draw() for one in batches]
        assert all(len(batch.keys) == BATCH.size for batch in drawn)
        if step >= 6:
            for one, other, batch in zip(batches, again, drawn, strict=True):
                assert _same(other.draw(), batch), "it is the same one after a stop"
                assert _held(other) == _held(one)
        if step == 5:
            for one, other in zip(batches, again, strict=True):
                other.set_state(one.state())


def test_where_nothing_can_be_read_the_run_stops_and_does_not_search_for_ever(tmp_path: Path) -> None:
    folder = _shards(tmp_path)
    batches = _batches(folder, unreadable_share=2.0)
    for shard in read_index(folder):
        (folder / shard.name).unlink()

    with pytest.raises(ValueError, match="22 of 22 pictures cannot be read"):
        batches.draw()


def test_more_readers_than_shards_and_a_window_of_nothing_are_refused(tmp_path: Path) -> None:
    folder = _shards(tmp_path, count=5)

    with pytest.raises(ValueError, match="2 shards for 3 readers"):
        _batches(folder, Reader(0, 3))
    with pytest.raises(ValueError, match="a window of 0 pictures"):
        _batches(folder, window=0)


def test_a_label_that_broke_hides_no_other_sample_of_its_shard(tmp_path: Path) -> None:
    folder = _shards(tmp_path)
    path = folder / "000001.tar"
    with tarfile.open(path) as tar:
        start = tar.getmember("000001.json").offset_data
    content = bytearray(path.read_bytes())
    content[start : start + 5] = b"\xff" * 5
    path.write_bytes(content)

    told = [sample.picture for sample in samples_of(folder)]

    assert told == [f"{number}.png" for number in range(PICTURES) if number != 5]
