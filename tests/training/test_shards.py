from __future__ import annotations

import json
import tarfile
from collections import Counter
from pathlib import Path

import dicom_files
import numpy as np
import pytest
from PIL import Image

from training.dataset import as_stored, load
from training.manifest import Sample
from training.shards import (
    Reader,
    Shard,
    ShardSize,
    Skipped,
    damaged,
    read_epoch,
    read_index,
    shards_of,
    write_shards,
)

SHARDS = [Shard(f"{number:06d}.tar", 10, "") for number in range(13)]


def _samples(data: Path, count: int = 11) -> list[Sample]:
    samples = []
    for number in range(count):
        name = f"{number}.png" if number % 2 else f"{number}.jpg"
        Image.fromarray(np.full((20, 30, 3), 10 * number, np.uint8)).save(data / name)
        samples.append(Sample(name, "own", f"p{number}", "train", "femur", pixel_mm=0.1 * (number + 1)))
    return samples


def _written(tmp_path: Path, per_shard: int = 2) -> tuple[list[Sample], Path]:
    samples = _samples(tmp_path)
    assert write_shards(tmp_path, samples, tmp_path / "shards", ShardSize(per_shard)) == []
    return samples, tmp_path / "shards"


@pytest.mark.parametrize(("ranks", "workers"), [(1, 1), (2, 1), (3, 2), (1, 4), (4, 3)])
def test_every_shard_comes_to_exactly_one_reader(ranks: int, workers: int) -> None:
    for epoch in range(3):
        readers = [Reader(rank, ranks, worker, workers) for rank in range(ranks) for worker in range(workers)]
        shares = [shards_of(SHARDS, reader, epoch, seed=5) for reader in readers]

        assert Counter(shard.name for share in shares for shard in share) == {shard.name: 1 for shard in SHARDS}
        assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_shards_are_shuffled_before_they_are_split_so_that_ranks_meet_new_ones() -> None:
    first = [frozenset(shard.name for shard in shards_of(SHARDS, Reader(0, 2), epoch, seed=5)) for epoch in range(6)]

    assert len(set(first)) > 3
    assert shards_of(SHARDS, Reader(0, 2), 0, seed=5) == shards_of(SHARDS, Reader(0, 2), 0, seed=5)
    assert shards_of(SHARDS, Reader(0, 2), 0, seed=5) != shards_of(SHARDS, Reader(0, 2), 0, seed=6)


def test_a_reader_without_a_shard_is_refused() -> None:
    with pytest.raises(ValueError, match="13 shards for 14 readers"):
        shards_of(SHARDS, Reader(0, 7, 0, 2), 0, 0)


def test_ranks_and_workers_together_read_every_sample_once_with_its_labels(tmp_path: Path) -> None:
    samples, folder = _written(tmp_path)
    skipped: list[Skipped] = []
    read = [
        item
        for rank in range(2)
        for worker in range(2)
        for item in read_epoch(folder, Reader(rank, 2, worker, 2), epoch=3, seed=1, skipped=skipped)
    ]

    assert sorted(sample.picture for sample, _ in read) == sorted(sample.picture for sample in samples)
    assert {sample for sample, _ in read} == set(samples)
    for sample, pixels in read:
        np.testing.assert_allclose(pixels, 10 * samples.index(sample), atol=2)
    assert skipped == []


def test_an_epoch_is_read_in_another_order_than_the_one_before_it(tmp_path: Path) -> None:
    _, folder = _written(tmp_path, per_shard=11)

    def order(epoch: int) -> list[str]:
        return [s.picture for s, _ in read_epoch(folder, Reader(), epoch=epoch, seed=1, skipped=[])]

    assert order(0) == order(0)
    assert len({tuple(order(epoch)) for epoch in range(4)}) == 4


def test_parts_of_an_epoch_are_its_pieces_in_order(tmp_path: Path) -> None:
    _, folder = _written(tmp_path, per_shard=4)

    def read(part: range) -> list[Sample]:
        return [s for s, _ in read_epoch(folder, Reader(), epoch=2, seed=1, skipped=[], part=part)]

    whole = read(range(100))
    assert len(whole) == 11
    for size in (1, 3, 4, 7):
        assert [sample for start in range(0, 11, size) for sample in read(range(start, start + size))] == whole


def test_a_sample_keeps_its_place_when_others_break(tmp_path: Path) -> None:
    _, folder = _written(tmp_path, per_shard=4)
    part = range(8, 11)
    before = [s for s, _ in read_epoch(folder, Reader(), epoch=0, seed=1, skipped=[], part=part)]
    first = shards_of(read_index(folder), Reader(), 0, 1)[0]
    (folder / first.name).unlink()

    skipped: list[Skipped] = []
    assert [s for s, _ in read_epoch(folder, Reader(), epoch=0, seed=1, skipped=skipped, part=part)] == before
    assert skipped == [], "what lies before the part is not opened"


def test_the_same_samples_give_the_same_bytes(tmp_path: Path) -> None:
    samples, folder = _written(tmp_path)
    write_shards(tmp_path, samples, tmp_path / "again", ShardSize(2))

    assert [shard.samples for shard in read_index(folder)] == [2, 2, 2, 2, 2, 1]
    assert read_index(folder) == read_index(tmp_path / "again")
    assert (folder / "000000.tar").read_bytes() == (tmp_path / "again" / "000000.tar").read_bytes()


def test_a_shard_is_full_by_size_too(tmp_path: Path) -> None:
    samples = _samples(tmp_path)
    sizes = [(tmp_path / sample.picture).stat().st_size for sample in samples]
    write_shards(tmp_path, samples, tmp_path / "shards", ShardSize(1000, megabytes=sum(sizes) / 3 / 1e6))

    counts = [shard.samples for shard in read_index(tmp_path / "shards")]
    ends = np.cumsum(counts)
    assert len(counts) >= 3
    assert ends[-1] == len(samples)
    assert max(sum(sizes[end - count : end]) for end, count in zip(ends, counts, strict=True)) <= sum(sizes) / 3


def test_an_unreadable_picture_is_listed_and_left_out(tmp_path: Path) -> None:
    samples = _samples(tmp_path, 4)
    (tmp_path / "1.png").write_bytes((tmp_path / "1.png").read_bytes()[:40])
    (tmp_path / "2.jpg").unlink()

    skipped = write_shards(tmp_path, samples, tmp_path / "shards")

    assert [one.name for one in skipped] == ["1.png", "2.jpg"]
    assert [one["name"] for one in json.loads((tmp_path / "shards/index.json").read_text())["skipped"]] == [
        "1.png",
        "2.jpg",
    ]
    assert sum(shard.samples for shard in read_index(tmp_path / "shards")) == 2


def test_a_sample_that_broke_later_is_listed_and_the_others_are_read(tmp_path: Path) -> None:
    _, folder = _written(tmp_path, per_shard=11)
    path = folder / "000000.tar"
    with tarfile.open(path) as tar:
        start = tar.getmember("000004.jpg").offset_data
    content = bytearray(path.read_bytes())
    content[start : start + 200] = bytes(200)
    path.write_bytes(content)
    skipped: list[Skipped] = []

    read = list(read_epoch(folder, Reader(), epoch=0, seed=0, skipped=skipped))

    assert len(read) == 10
    assert [one.name for one in skipped] == ["000000.tar/000004"]
    assert [one.name for one in damaged(folder)] == ["000000.tar"]


def test_a_shard_that_breaks_off_gives_what_it_has(tmp_path: Path) -> None:
    _, folder = _written(tmp_path, per_shard=11)
    path = folder / "000000.tar"
    with tarfile.open(path) as tar:
        cut = tar.getmember("000006.json").offset_data + 10
    path.write_bytes(path.read_bytes()[:cut])
    skipped: list[Skipped] = []

    read = list(read_epoch(folder, Reader(), epoch=0, seed=0, skipped=skipped))

    assert len(read) == 6
    assert any("breaks off" in one.reason for one in skipped)
    assert sum(one.pictures for one in skipped) == 5, "every lost picture is counted once"


def test_a_missing_shard_is_listed(tmp_path: Path) -> None:
    _, folder = _written(tmp_path)
    (folder / "000001.tar").unlink()
    skipped: list[Skipped] = []

    assert len(list(read_epoch(folder, Reader(), epoch=0, seed=0, skipped=skipped))) == 9
    assert [one.name for one in skipped] == ["000001.tar"]
    assert damaged(folder) == [Skipped("000001.tar", "it is missing", pictures=2)]


def test_a_folder_with_shards_is_not_written_over(tmp_path: Path) -> None:
    samples, folder = _written(tmp_path)

    with pytest.raises(ValueError, match="shards holds shards already"):
        write_shards(tmp_path, samples, folder)


def test_frames_of_a_clip_are_stored_as_the_app_decodes_them(tmp_path: Path) -> None:
    cine = dicom_files.cine(3)
    dicom_files.write(tmp_path / "clip.dcm", dicom_files.dataset_of(cine, FrameTime=40))
    samples = [Sample("clip.dcm", "own", "p", "train", frame=frame) for frame in (0, 2)]
    whole = Sample("clip.dcm", "own", "p", "train")

    skipped = write_shards(tmp_path, [*samples, whole], tmp_path / "shards")
    read = dict(read_epoch(tmp_path / "shards", Reader(), epoch=0, seed=0, skipped=[]))

    for sample in samples:
        np.testing.assert_array_equal(read[sample], cine[sample.frame])
    assert [one.reason for one in skipped] == ["ValueError: clip.dcm has 3 frames, and the manifest names none"]


def test_ranks_hold_what_plain_files_hold(tmp_path: Path) -> None:
    samples, folder = _written(tmp_path)
    plain = {item.sample: item for item in load(tmp_path, samples)}
    shares = [
        [as_stored(*read) for read in read_epoch(folder, Reader(rank, 2), epoch=0, seed=0, skipped=[])]
        for rank in range(2)
    ]

    assert sorted(map(len, shares)) == [5, 6]
    for item in [*shares[0], *shares[1]]:
        np.testing.assert_array_equal(item.grey, plain.pop(item.sample).grey)
    assert not plain


def test_the_shards_are_read_by_the_webdataset_library(tmp_path: Path) -> None:
    tar_files = pytest.importorskip("webdataset.tariterators")
    samples, folder = _written(tmp_path)
    told = []
    for shard in read_index(folder):
        with (folder / shard.name).open("rb") as stream:
            rows = tar_files.group_by_keys(tar_files.tar_file_expander([{"url": shard.name, "stream": stream}]))
            told += [json.loads(row["json"]) for row in rows]

    assert [row["picture"] for row in told] == [sample.picture for sample in samples]
