"""Shared memory of bounded size through which frames reach the model's process."""

from __future__ import annotations

import struct
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.shared_memory import SharedMemory
from typing import Any

import numpy as np

from fetalclip_app.domain.clip import Clip, Pixels
from fetalclip_app.errors import FetalClipError

SLOTS = 8
"""Frames that may wait for the network at once."""

BUDGET_BYTES = 96 * 2**20
"""What the slots together take at most; one slot is always there, however large the picture."""

_HEAD_BYTES = 64
"""Before the first slot. Byte 0 is the flag that asks the worker to stop."""

_LOOKED_AT, _LOOKED_AT_OFFSET = struct.Struct("<q"), 8
"""The frame that a person looks at, and where in the head it stands: beside the flag, which it must not touch."""


@dataclass(frozen=True, slots=True)
class Address:
    """How the other process finds the slots."""

    name: str
    slot_bytes: int
    slots: int


def open_memory(name: str) -> SharedMemory:
    """Attach to shared memory that the other process made and will remove."""
    if sys.version_info >= (3, 13):
        return SharedMemory(name, track=False)
    return SharedMemory(name)  # both processes share one resource tracker, which counts a name once


def view(memory: SharedMemory, address: Address, slot: int, shape: tuple[int, ...]) -> Pixels:
    """Return slot ``slot`` as an array (H, W, 3) over the shared memory: copy it before the slot is used again."""
    offset = _HEAD_BYTES + slot * address.slot_bytes
    return np.ndarray(shape, np.uint8, memory.buf, offset)


def looked_at(memory: SharedMemory) -> int:
    """Return the frame that a person looks at, as the window wrote it last."""
    return int(_LOOKED_AT.unpack_from(_head(memory), _LOOKED_AT_OFFSET)[0])


def _head(memory: SharedMemory) -> memoryview:
    head = memory.buf
    assert head is not None  # open until close()
    return head


class FrameSlots:
    """The window's side: decodes what is asked for, and, while the network works, what will be asked for next."""

    def __init__(self, clip: Clip) -> None:
        slot_bytes = max(clip.height * clip.width * 3, 1)
        slots = max(1, min(SLOTS, BUDGET_BYTES // slot_bytes, len(clip)))
        self._memory = SharedMemory(create=True, size=_HEAD_BYTES + slots * slot_bytes)
        self.address = Address(self._memory.name, slot_bytes, slots)
        self._clip = clip
        self._held: dict[int, int] = {}
        self._given: int | None = None
        self._ahead: list[int] = []
        self._plan: tuple[tuple[int, ...], dict[int, int]] | None = None

    def fits(self, clip: Clip) -> bool:
        """Whether this memory serves ``clip`` too, without waste."""
        needed = clip.height * clip.width * 3
        enough = self.address.slots >= min(2, len(clip))
        return enough and needed <= self.address.slot_bytes <= 4 * max(needed, 1)

    def begin(self, clip: Clip) -> None:
        """Serve this clip from now on."""
        self._clip, self._held, self._given, self._ahead, self._plan = clip, {}, None, [], None
        self._flag(0)
        self.look_at(0)

    def ask_to_stop(self) -> None:
        """Raise the flag that the worker looks at between its steps."""
        self._flag(1)

    def look_at(self, index: int) -> None:
        """Tell the worker which frame a person looks at: it reads on from there."""
        _LOOKED_AT.pack_into(_head(self._memory), _LOOKED_AT_OFFSET, index)

    def plan(self, frames: Sequence[int]) -> None:
        """Hear which frames will be asked for, in that order; without a plan it is the next one each time."""
        self._plan = tuple(frames), {index: place for place, index in enumerate(frames)}
        self._ahead = list(self._plan[0][: self.address.slots - 1])

    def _after(self, index: int) -> list[int]:
        """Return the frames that follow one, as many as there may be beside it."""
        many = self.address.slots - 1
        if self._plan is None:
            return list(range(index + 1, min(index + 1 + many, len(self._clip))))
        order, places = self._plan
        place = places.get(index, len(order))
        return list(order[place + 1 : place + 1 + many])

    def serve(self, index: int) -> tuple[Any, ...]:
        """Return the answer to the wish for a frame: its slot and shape, or the error that decoding raised."""
        try:
            slot = self._held[index] if index in self._held else self._decode(index)
        except (FetalClipError, IndexError) as error:
            return ("no frame", error)
        self._given, self._ahead = index, self._after(index)
        return ("frame", slot, (self._clip.height, self._clip.width, 3))

    def look_ahead(self) -> bool:
        """Decode one frame that will be asked for next; return whether there was room and need for it."""
        index = next((index for index in self._ahead if index not in self._held), None)
        if index is None:
            return False
        try:
            self._decode(index)
        except FetalClipError:
            return False  # told when the frame is really asked for
        return True

    def close(self) -> None:
        """Give the memory back."""
        self._memory.close()
        self._memory.unlink()

    def _decode(self, index: int) -> int:
        pixels = self._clip.frame(index).pixels
        slot = self._free_slot()
        view(self._memory, self.address, slot, pixels.shape)[...] = pixels
        self._held[index] = slot
        return slot

    def _free_slot(self) -> int:
        """Return a slot that nobody needs; never the one that the worker may be copying from."""
        free = set(range(self.address.slots)) - set(self._held.values())
        while not free:
            need = {index: place for place, index in enumerate(self._ahead)}
            others = [index for index in self._held if index != self._given]
            leaving = max(others, key=lambda index: need.get(index, len(need)), default=self._given)
            assert leaving is not None
            free.add(self._held.pop(leaving))
        return free.pop()

    def _flag(self, value: int) -> None:
        _head(self._memory)[0] = value
