"""Large sets as tar files of pictures with their labels (the layout of WebDataset), and who reads which."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from training.files import sha256_of
from training.manifest import Sample
from training.manifest_file import sample_of, sample_row
from training.pictures import frame_of, is_still, read_still

INDEX = "index.json"

WHOLE = range(2**62)
"""All places of a share, whatever its length."""

_ENDINGS = {".jpg": "jpg", ".jpeg": "jpg", ".png": "png"}
"""Files that go into a shard byte by byte; all others are decoded and stored as PNG."""


@dataclass(frozen=True, slots=True)
class Shard:
    """One tar file.

    Attributes:
        samples: How many it was written with.
        sha256: Of the file.
    """

    name: str
    samples: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """A sample that could not be used, or a shard, and why.

    Attributes:
        pictures: How many are lost with it.
    """

    name: str
    reason: str
    pictures: int = 1


@dataclass(frozen=True, slots=True)
class Reader:
    """Which of several processes reads.

    Attributes:
        rank, ranks: Process of the training.
        worker, workers: Loader process within it.
    """

    rank: int = 0
    ranks: int = 1
    worker: int = 0
    workers: int = 1

    def __post_init__(self) -> None:
        if not (0 <= self.rank < self.ranks and 0 <= self.worker < self.workers):
            raise ValueError(f"rank {self.rank} of {self.ranks}, worker {self.worker} of {self.workers}")

    @property
    def number(self) -> int:
        """Of this reader among all."""
        return self.rank * self.workers + self.worker

    @property
    def readers(self) -> int:
        """How many there are."""
        return self.ranks * self.workers


@dataclass(frozen=True, slots=True)
class ShardSize:
    """When a shard is full: whichever comes first."""

    samples: int = 1000
    megabytes: float = 256.0


def write_shards(data: Path, samples: Iterable[Sample], folder: Path, size: ShardSize | None = None) -> list[Skipped]:
    """Write the samples to ``folder`` in their order and return those that no decoder takes.

    The same samples give the same bytes: no times, no owners. Pictures keep their own bytes where they are JPEG or PNG.

    Raises:
        ValueError: The folder holds an index already, or no sample can be read.
    """
    limit = size or ShardSize()
    if (folder / INDEX).exists():
        raise ValueError(f"{folder.name} holds shards already")
    folder.mkdir(parents=True, exist_ok=True)
    shards: list[Shard] = []
    skipped: list[Skipped] = []
    waiting: list[tuple[Sample, str, bytes]] = []
    bytes_waiting = 0
    for sample in samples:
        try:
            ending, content = _content(data, sample)
        except Exception as error:  # a damaged file raises whatever its decoder happens to trip over
            skipped.append(Skipped(sample.key, f"{type(error).__name__}: {error}".replace(str(data), "")))
            continue
        if waiting and (len(waiting) == limit.samples or bytes_waiting + len(content) > limit.megabytes * 1e6):
            shards.append(_write(folder, len(shards), waiting))
            waiting, bytes_waiting = [], 0
        waiting.append((sample, ending, content))
        bytes_waiting += len(content)
    if not waiting:
        raise ValueError(f"none of {len(skipped)} samples can be read")
    shards.append(_write(folder, len(shards), waiting))
    left_out = [{"name": one.name, "reason": one.reason} for one in skipped]
    index = {"shards": [asdict(shard) for shard in shards], "skipped": left_out}
    (folder / INDEX).write_text(json.dumps(index, indent=1) + "\n", encoding="utf-8")
    return skipped


def read_index(folder: Path) -> list[Shard]:
    """Return the shards of a folder in the order in which they were written."""
    index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
    return [Shard(**shard) for shard in index["shards"]]


def damaged(folder: Path) -> list[Skipped]:
    """Return the shards that are missing or whose hash is not the index's."""
    found = []
    for shard in read_index(folder):
        path = folder / shard.name
        if not path.exists():
            found.append(Skipped(shard.name, "it is missing", shard.samples))
        elif sha256_of(path) != shard.sha256:
            found.append(Skipped(shard.name, "its hash is not the index's", shard.samples))
    return found


def shards_of(shards: list[Shard], reader: Reader, epoch: int, seed: int) -> list[Shard]:
    """Return what one reader reads in an epoch, in order.

    All shards are shuffled first and split among the readers then: each shard comes to exactly one reader, and to
    another one in the next epoch. (Split first, a rank would meet the same negatives for ever.)

    Raises:
        ValueError: There are fewer shards than readers: one of them would have nothing, and the others wait for it.
    """
    if len(shards) < reader.readers:
        raise ValueError(f"{len(shards)} shards for {reader.readers} readers: write smaller ones")
    shuffled = list(shards)
    Random(f"{seed} {epoch}").shuffle(shuffled)
    return shuffled[reader.number :: reader.readers]


def read_epoch(
    folder: Path, reader: Reader, *, epoch: int, seed: int, skipped: list[Skipped], part: range = WHOLE
) -> Iterator[tuple[Sample, NDArray[np.uint8]]]:
    """Yield sample and pixels, uint8 (H, W, 3), of one reader's share of an epoch; all epochs hold the same samples.

    Within a shard the order is drawn anew each epoch.

    Args:
        folder: With `INDEX`.
        reader: Who reads.
        epoch: From 0.
        seed: Of both orders.
        skipped: What cannot be read is added here, and reading goes on.
        part: Which places of the share, as the index counts them: those before it cost nothing, and a sample keeps
            its place whichever others can be read.
    """
    start = 0
    for shard in shards_of(read_index(folder), reader, epoch, seed):
        places = range(max(part.start - start, 0), min(part.stop - start, shard.samples))
        start += shard.samples
        if not places:
            continue
        draw = Random(f"{seed} {epoch} {shard.name}")
        try:
            with tarfile.open(folder / shard.name) as tar:
                yield from _read(tar, shard, places, draw, skipped)
        except (tarfile.TarError, OSError) as error:
            reason = f"{type(error).__name__}: {error}".replace(str(folder), "")
            skipped.append(Skipped(shard.name, reason, shard.samples))


def _read(
    tar: tarfile.TarFile, shard: Shard, places: range, draw: Random, skipped: list[Skipped]
) -> Iterator[tuple[Sample, NDArray[np.uint8]]]:
    parts: dict[str, dict[str, tarfile.TarInfo]] = {}
    for member in _members(tar, shard, skipped):
        key, _, ending = member.name.rpartition(".")
        parts.setdefault(key, {})[ending] = member
    keys = list(parts)
    draw.shuffle(keys)
    for key in keys[places.start : places.stop]:
        try:
            yield _sample(tar, parts[key])
        except Exception as error:  # whatever a decoder trips over: listed, never a crash at hour three
            skipped.append(Skipped(f"{shard.name}/{key}", f"{type(error).__name__}: {error}"))


def _members(tar: tarfile.TarFile, shard: Shard, skipped: list[Skipped]) -> Iterator[tarfile.TarInfo]:
    """Yield the members up to where a damaged file breaks off."""
    count, why = 0, ""
    try:
        for member in tar:
            count += 1
            yield member
    except (tarfile.TarError, OSError, EOFError) as error:
        why = f": {error}"
    if why or count < 2 * shard.samples:
        reason = f"it breaks off after {count} of {2 * shard.samples} files{why}"
        skipped.append(Skipped(shard.name, reason, max(shard.samples - -(-count // 2), 0)))


def _sample(tar: tarfile.TarFile, parts: dict[str, tarfile.TarInfo]) -> tuple[Sample, NDArray[np.uint8]]:
    told = json.loads(_bytes(tar, parts["json"]))
    (ending,) = parts.keys() - {"json"}
    with Image.open(io.BytesIO(_bytes(tar, parts[ending]))) as picture:
        return sample_of(told, parts["json"].name), np.asarray(picture.convert("RGB"))


def _bytes(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = tar.extractfile(member)
    if file is None:
        raise ValueError(f"{member.name} is no file")
    return file.read()


def _content(data: Path, sample: Sample) -> tuple[str, bytes]:
    """Return (ending, bytes) of a picture that has been decoded once, to prove that it can be."""
    path = data / sample.picture
    if is_still(sample):
        read_still(path)
        return _ENDINGS[path.suffix.lower()], path.read_bytes()
    stream = io.BytesIO()
    Image.fromarray(frame_of(data, sample)).save(stream, "PNG")
    return "png", stream.getvalue()


def _write(folder: Path, number: int, waiting: list[tuple[Sample, str, bytes]]) -> Shard:
    path = folder / f"{number:06d}.tar"
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as tar:
        for place, (sample, ending, content) in enumerate(waiting):
            told = json.dumps(sample_row(sample), sort_keys=True, ensure_ascii=False).encode()
            for name, part in ((f"{place:06d}.{ending}", content), (f"{place:06d}.json", told)):
                member = tarfile.TarInfo(name)
                member.size = len(part)
                tar.addfile(member, io.BytesIO(part))
    return Shard(path.name, len(waiting), sha256_of(path))
