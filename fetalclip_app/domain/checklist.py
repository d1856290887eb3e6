"""A protocol's checklist, and what a study's clips say to each of its items. Nothing here calls a fetus healthy."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from fetalclip_app.domain.biometry import Measure
from fetalclip_app.domain.notes import ItemMark, ItemState
from fetalclip_app.domain.study import Group


@dataclass(frozen=True, slots=True)
class ViewSupport:
    """A view in which an item is seen.

    Attributes:
        task: Key of the task that names the view.
        view: The view's key in that task's answer.
        is_hint: The view may show the item and may not: it makes the item doubtful at the most.
    """

    task: str
    view: str
    is_hint: bool = False


Support = ViewSupport | Measure
"""What can answer an item: a view that is seen, or a length that was measured."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that the protocol asks for.

    Attributes:
        key: Names it in notes and outputs; unique in its checklist.
        look_for: What a person looks for; may be empty.
        supports: What can answer it, any of them; none where only a person can.
        is_shared: It is asked once for a pregnancy of several fetuses.
    """

    key: str
    title: str
    look_for: str = ""
    supports: tuple[Support, ...] = ()
    is_shared: bool = False

    def mark_key(self, fetus: str) -> str:
        """Return under which key the person's word on it is noted; ``fetus`` is empty in a single pregnancy."""
        return f"{self.key}@{fetus}" if fetus and not self.is_shared else self.key


@dataclass(frozen=True, slots=True)
class Section:
    """Items under one heading."""

    title: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Checklist:
    """A protocol as a file states it.

    Attributes:
        version: Of the file, as its author counts.
        source: What it follows.
        sha256: Of the file that it was read from: its name in every output.

    Raises:
        ValueError: No item, or two of one key.
    """

    name: str
    version: str
    source: str
    sections: tuple[Section, ...]
    sha256: str

    def __post_init__(self) -> None:
        keys = [item.key for item in self.items]
        twice = next((key for key in keys if keys.count(key) > 1), None)
        if not keys or twice is not None:
            raise ValueError("no item" if not keys else f"two items {twice!r}")

    @property
    def items(self) -> tuple[Item, ...]:
        """Every item, in the order shown."""
        return tuple(item for section in self.sections for item in section.items)


class Doubt(StrEnum):
    """Why what supports an item does not settle it, from the weakest doubt to the strongest."""

    WIDER_VIEW = "wider_view"
    """The view may show the item and may not."""

    LOW_QUALITY = "low_quality"
    """The view is clear only in frames that are blurred, or cut by the edge of the fan, beside the clip's others."""

    FEW_FRAMES = "few_frames"
    """The clip as a whole clearly shows another view."""

    FETUS_NOT_STATED = "fetus_not_stated"
    """The clip is of one of several fetuses, and nobody said of which."""

    NOT_TRAINED = "not_trained"
    """The model never saw this view in training."""

    UNCLEAR_LEAD = "unclear_lead"
    """Another view fits almost as well."""

    UNFAMILIAR = "unfamiliar"
    """The frames that seem to show it are unlike the training."""

    HELD_BACK = "held_back"
    """The model's length stays hidden until the person has measured."""

    NO_LENGTH = "no_length"
    """It was drawn or found, and has no millimetres."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one clip says to an item.

    Attributes:
        frame_index: Where to look; None where no frame was named.
        probability: Of the view in that frame, 0 to 1; None of a length, and where a person named the view.
        size_mm: The length; None of a view, and of a length without millimetres.
        doubt: None where it settles the item.
    """

    clip_key: str
    support: Support
    frame_index: int | None
    probability: float | None = None
    size_mm: float | None = None
    doubt: Doubt | None = None


@dataclass(frozen=True, slots=True)
class ItemFinding:
    """An item, what the clips say to it, and what the person says.

    Attributes:
        evidence: Of each clip that says anything, the most telling first.
        mark: The person's word, which stands in place of the clips'.
    """

    item: Item
    evidence: tuple[Evidence, ...] = ()
    mark: ItemMark | None = None

    @property
    def of_clips(self) -> ItemState | None:
        """What the clips come to; None where only a person can say."""
        if not self.item.supports:
            return None
        if not self.evidence:
            return ItemState.MISSING
        return ItemState.SEEN if self.evidence[0].doubt is None else ItemState.DOUBTFUL

    @property
    def state(self) -> ItemState | None:
        """What counts: the person's word, else what the clips come to; None where nobody has said."""
        return self.mark.state if self.mark is not None else self.of_clips

    @property
    def best(self) -> Evidence | None:
        """The most telling evidence."""
        return self.evidence[0] if self.evidence else None


@dataclass(frozen=True, slots=True)
class ChecklistFindings:
    """A checklist as a study answers it, for one fetus.

    Attributes:
        fetus: Empty in a single pregnancy.
        read, clips: How many of the study's clips are read, and how many there are.
    """

    checklist: Checklist
    fetus: str
    findings: tuple[ItemFinding, ...]
    read: int
    clips: int

    @property
    def seen(self) -> int:
        """How many items are seen."""
        return sum(one.state is ItemState.SEEN for one in self.findings)

    @property
    def marked(self) -> int:
        """How many items a person has spoken of."""
        return sum(one.mark is not None for one in self.findings)

    def of(self, item_key: str) -> ItemFinding:
        """Return the finding of an item.

        Raises:
            KeyError: There is no such item.
        """
        return {one.item.key: one for one in self.findings}[item_key]


@dataclass(frozen=True, slots=True)
class StudyChecklist:
    """A study's answer to a checklist, for one fetus.

    Attributes:
        clips: Content keys of the study's clips that are read, in their order.
    """

    study: Group
    found: ChecklistFindings
    clips: tuple[str, ...]
