"""Batches from shards: a window of pictures in memory that moves through them, epoch by epoch."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.dataset import Batch, BatchConfig, Batches, Stored, as_stored
from training.manifest import Sample
from training.manifest_file import sample_of
from training.readable import Unreadable, read_list, refuse_too_many, write_list
from training.shards import Reader, Skipped, read_epoch, read_index, shards_of


@dataclass(frozen=True, eq=False, slots=True)
class Stock:
    """Where the pictures come from, and how many wait in memory.

    Attributes:
        folder: Of the shards.
        reader: Which of several processes reads.
        seed: Of the order of shards: the same in all processes.
        window: Largest number of pictures in memory, 83 kB each.
        beside: Pictures that every window has beside its own: simulated heads, a textbook's figures.
        run: The run's folder, for the list of what cannot be read.
        unreadable_share: Largest share of the pictures that may be unreadable.
    """

    folder: Path
    reader: Reader
    seed: int
    window: int
    beside: tuple[Stored, ...]
    run: Path
    unreadable_share: float

    def __post_init__(self) -> None:
        if self.window < 1:
            raise ValueError(f"a window of {self.window} pictures is none")

    @property
    def list_name(self) -> str:
        """Name of the list of what this reader cannot read."""
        return f"unreadable_shards_{self.reader.number}.csv"


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a reader's share of an epoch: the places from ``first`` on, ``count`` of them."""

    epoch: int
    first: int
    count: int


class ShardBatches(Batches):
    """Draws from one window after the other; which one follows from how many batches were drawn.

    An epoch is as many steps as draw as many pictures as the shards hold, for all readers alike. A reader's share of
    it is cut into windows, each drawn from for about as many steps as the others, by kind and with replacement as
    from plain files. Where there are more windows than steps, an epoch leaves some out.
    """

    def __init__(self, stock: Stock, *, samples: list[Sample], batch: BatchConfig, **drawn: Any) -> None:
        """Read no picture yet.

        Args:
            samples: Of all shards, as far as they can be read.
            drawn: As for `Batches`.

        Raises:
            ValueError: There are fewer shards than readers, or too few samples can be read.
        """
        super().__init__(stock.beside, batch=batch, **drawn)
        self._trained |= frozenset(sample.plane for sample in samples if sample.plane)
        self._stock, self._shards = stock, read_index(stock.folder)
        self._total = sum(shard.samples for shard in self._shards)
        self._refuse_untold(self._total - len(samples))
        self._steps = max(1, round(self._total / (batch.size * stock.reader.readers)))
        self._drawn = 0
        self._held: Window | None = None
        self._lost: dict[str, Skipped] = {}
        self._listed: dict[str, Unreadable] = {}
        self.window()

    def window(self, ahead: int = 0) -> Window:
        """Return what the next batch is drawn from, or the one ``ahead`` batches after it."""
        epoch, step = divmod(self._drawn + ahead, self._steps)
        share = shards_of(self._shards, self._stock.reader, epoch, self._stock.seed)
        pictures = sum(shard.samples for shard in share)
        windows = -(-pictures // self._stock.window)
        each = -(-pictures // windows)
        first = step * windows // self._steps * each
        return Window(epoch, first, min(each, pictures - first))

    def draw(self) -> Batch:
        """Return the next batch; where its window is not in memory, read that first.

        Raises:
            ValueError: Too many pictures cannot be read.
        """
        wanted = self.window()
        if wanted != self._held:
            self._restock(())  # what is not held any more goes before the next comes
            self._restock([*self._stock.beside, *self._readable()])
            self._held = wanted
        self._drawn += 1
        return super().draw()

    def state(self) -> dict[str, Any]:
        """Return where the random streams and the window stand."""
        return super().state() | {"drawn": self._drawn}

    def set_state(self, state: dict[str, Any]) -> None:
        """Go on as the batches went on that gave ``state``: the window is read again where the next batch needs it.

        Raises:
            KeyError: ``state`` is not of this kind.
        """
        super().set_state(state)
        self._drawn, self._held = state["drawn"], None
        self._listed = {one.picture: one for one in read_list(self._stock.run, self._stock.list_name)}

    def _readable(self) -> list[Stored]:
        """Return the pictures of the next batch's window or, where none of them can be read, of one that follows."""
        tried: list[Window] = []
        for ahead in range(self._steps * (self._stock.reader.readers + 1)):
            window = self.window(ahead)
            if window not in tried[-1:]:
                tried.append(window)
                if stored := self._read(window):
                    return stored
        raise ValueError(f"no picture of {self._stock.folder.name} can be read")

    def _read(self, window: Window) -> list[Stored]:
        stored: list[Stored] = []
        skipped: list[Skipped] = []
        stock, part = self._stock, range(window.first, window.first + window.count)
        told = read_epoch(stock.folder, stock.reader, epoch=window.epoch, seed=stock.seed, skipped=skipped, part=part)
        for sample, pixels in told:
            try:
                stored.append(as_stored(sample, pixels))
            except Exception as error:  # as of a plain file: what decodes may still be no scan
                skipped.append(Skipped(sample.key, f"{type(error).__name__}: {error}"))
        self._list(skipped)
        return stored

    def _list(self, skipped: list[Skipped]) -> None:
        """Write down what is newly unreadable; a run that begins makes an empty list."""
        stock, known = self._stock, len(self._listed)
        self._lost |= {one.name: one for one in skipped}
        self._listed |= {one.name: Unreadable(one.name, one.reason) for one in skipped}
        listed = list(self._listed.values())
        if len(listed) > known:
            print(f"{len(listed) - known} more names in {stock.list_name}: they cannot be read", flush=True)
        if len(listed) > known or self._drawn == 0:
            write_list(listed, stock.run, stock.list_name)
        count = sum(one.pictures for one in self._lost.values())
        refuse_too_many(listed, self._total, stock.unreadable_share, count=count, listed_in=stock.list_name)

    def _refuse_untold(self, missing: int) -> None:
        folder, largest = self._stock.folder.name, self._stock.unreadable_share
        if missing > largest * self._total:
            raise ValueError(
                f"{missing} of the {self._total} samples of {folder} cannot be read, and at most {largest:.0%} may be "
                f"so: 'python -m training shards {folder} --check' names the shards"
            )


def samples_of(folder: Path) -> list[Sample]:
    """Return the samples of all shards as they were written; of damaged ones what can be read.

    No picture is decoded.
    """
    return [sample for shard in read_index(folder) for sample in _told(folder / shard.name)]


def _told(path: Path) -> Iterator[Sample]:
    """Yield a shard's samples; whoever reads the pictures lists what is damaged."""
    try:
        with tarfile.open(path) as tar:
            for member in tar:
                if member.name.endswith(".json"):
                    yield from _readable_one(tar, member)
    except (tarfile.TarError, OSError, EOFError):
        return


def _readable_one(tar: tarfile.TarFile, member: tarfile.TarInfo) -> Iterator[Sample]:
    """Yield the sample, or nothing where it cannot be told; those behind it may be."""
    file = tar.extractfile(member)
    try:
        if file is not None:
            yield sample_of(json.loads(file.read()), member.name)
    except ValueError:
        return
