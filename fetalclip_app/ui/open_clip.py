"""One clip as the window knows it: its picture, its reading, and how far that is."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto

from PySide6.QtGui import QImage

from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.overlay import Heatmap, Where
from fetalclip_app.domain.reading import ClipReading
from fetalclip_app.domain.sight import Sight
from fetalclip_app.domain.study import Group, Key, groups_of, identifier_of, place_of
from fetalclip_app.domain.views import ViewPrediction


class ReadState(Enum):
    """How far the reading of a clip is."""

    WAITING = auto()
    READING = auto()
    READ = auto()
    STOPPED = auto()
    FAILED = auto()


@dataclass(frozen=True, eq=False, slots=True)
class Heat:
    """A heatmap, and how it looks.

    Attributes:
        is_blank: It covers nothing.
    """

    heatmap: Heatmap
    image: QImage
    is_blank: bool = False


@dataclass(eq=False, slots=True)
class OpenClip:
    """Changes while it is open: the session and its `Readings` alone write to it.

    Made off the window's thread: the identifier may be the key of the whole content.

    Attributes:
        clip: Replaced when the user sets the scale; a reading belongs to one such value.
        thumbnail: None until it is fetched.
        thumbnail_error: Why there is none.
        error: Why the reading failed.
        sight: What is known of the frames, while the clip is read and where its reading was stopped.
        so_far: What is answered already while the rest of the reading is under way, or was stopped.
        identifier: What no two contents should share (`identifier_of`).
        place, group: Place among what it is listed with, and that; `ClipOrder` writes the group, which depends on what
            else is open.

    Raises:
        UnreadableFile: The content's key is needed, and the file has gone or changed.
    """

    clip: Clip
    thumbnail: QImage | None = None
    thumbnail_error: Exception | None = None
    state: ReadState = ReadState.WAITING
    reading: ClipReading | None = None
    error: Exception | None = None
    heat: dict[Where, Heat] = field(default_factory=dict)
    sight: Sight | None = None
    so_far: ClipReading | None = None
    identifier: str = field(init=False)
    place: Key = field(init=False)
    group: Group = field(init=False)

    def __post_init__(self) -> None:
        self.identifier = identifier_of(self.clip)
        self.place, (self.group,) = place_of(self.clip), groups_of([self.clip])

    @property
    def known(self) -> ClipReading | None:
        """What can be shown now: the reading, or what is answered of it so far."""
        return self.reading if self.reading is not None else self.so_far

    @property
    def views(self) -> ViewPrediction | None:
        """What the reading says of its views; None before it is read, or where no task named views."""
        found: ViewPrediction | None = (
            self.reading.answer("views", ViewPrediction) if self.reading is not None else None
        )
        return found

    @property
    def best_view(self) -> str:
        """The view that it shows; empty where it is not read, or the model cannot tell."""
        views = self.views
        return views.best if views is not None and views.abstained is None else ""

    def forget(self) -> None:
        """Drop what was read: the clip's scale or the model is another."""
        self.state, self.reading, self.error = ReadState.WAITING, None, None
        self.sight = self.so_far = None
        self.heat.clear()
