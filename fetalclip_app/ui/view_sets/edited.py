"""What an editor of view sets works on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fetalclip_app.domain.view_draft import SetAbout
from fetalclip_app.domain.views import ViewSet


@dataclass(frozen=True, slots=True)
class Edited:
    """What is edited.

    Attributes:
        task: Key of the question that the set answers.
        title: Its heading, such as 'Standard planes'.
        view_set: The set that the work begins with.
        path: Its own file; None for the bundled one, which is only ever a beginning.
        about: What that file tells of itself.
        bundled: The set that it is compared with.
    """

    task: str
    title: str
    view_set: ViewSet
    path: Path | None
    about: SetAbout | None
    bundled: ViewSet
