"""What tasks keep of one clip, so that reading it again need not look at its pictures again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from fetalclip_app.domain.calibration import Box
from fetalclip_app.domain.clip import Clip
from fetalclip_app.inference.frame_bank import FrameBank
from fetalclip_app.inference.kept_arrays import Arrays


@dataclass(frozen=True, eq=False, slots=True)
class ClipShelf:
    """A clip's place in the bank, behind `tasks.base.Kept`.

    Attributes:
        made_by: Which weights and preprocessing, and where the network runs.
        device_now: Where the network runs now: what another device saw in part is not kept.
    """

    bank: FrameBank
    clip: Clip
    crop: Box
    made_by: Sequence[str]
    device_now: Callable[[], str]

    def find(self, name: str) -> Arrays | None:
        """Return what was kept under a name."""
        return self.bank.arrays(self.clip, self.crop, self.made_by, name)

    def put(self, name: str, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Keep arrays."""
        if self.device_now() == self.made_by[-1]:
            self.bank.keep_arrays(self.clip, self.crop, self.made_by, name, dict(arrays))
