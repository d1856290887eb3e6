"""A question in words, and what comes back."""

from __future__ import annotations

from dataclasses import dataclass, field

from fetalclip_app.domain.likeness import Hit, Language
from fetalclip_app.domain.vocabulary import Unlearned
from fetalclip_app.ui.open_clip import OpenClip


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and of what.

    Attributes:
        whole_study: Of all open clips of the study that is looked at; else of the clip alone.
    """

    sentence: str
    whole_study: bool = False


# eq=False: holds arrays.
@dataclass(frozen=True, eq=False, slots=True)
class Reply:
    """What is known of a question.

    Attributes:
        hits: Frames, the most like first; none where the sentence is refused.
        unread: Clips that could not be looked into, for they are not read yet.
        refused: What of the sentence the model never learned; nothing where it was asked.
    """

    question: Question
    language: Language
    hits: tuple[Hit[OpenClip], ...] = ()
    unread: int = 0
    refused: Unlearned = field(default_factory=Unlearned)
