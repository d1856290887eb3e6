"""A view set while it is written: each change makes a new value, so that undo is a step back in a list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeVar

from fetalclip_app.domain.views import ViewSet

Classes = tuple[tuple[str, tuple[str, ...]], ...]
T = TypeVar("T")

ABOUT = "_about"
"""The key under which a file tells of itself; no class may be called so."""


@dataclass(frozen=True, slots=True)
class SetAbout:
    """What a written set tells of itself.

    Attributes:
        name: The same for all versions.
        version: From 1.
        parent: SHA-256 of the file that it was made from; empty for one that was made from nothing.
        made: Date and time, ISO 8601.
        author: Who wrote it; empty where nobody said.
    """

    name: str
    version: int
    parent: str
    made: str
    author: str


class Flaw(StrEnum):
    """Why a draft cannot be asked yet."""

    NO_CLASS = "no_class"
    NO_NAME = "no_name"
    SAME_NAME = "same_name"
    NO_PROMPT = "no_prompt"
    EMPTY_PROMPT = "empty_prompt"


@dataclass(frozen=True, slots=True)
class Draft:
    """Classes with their prompts, in the order shown; it need not be whole.

    Attributes:
        classes: Key and sentences of each.
    """

    classes: Classes = ()

    @classmethod
    def of(cls, prompts: Mapping[str, tuple[str, ...]]) -> Draft:
        """Return a draft of a set that is whole."""
        return cls(tuple((key, tuple(texts)) for key, texts in prompts.items()))

    def flaws(self) -> tuple[tuple[Flaw, str], ...]:
        """Return what keeps it from being asked, with the class that it is about."""
        found: list[tuple[Flaw, str]] = [] if self.classes else [(Flaw.NO_CLASS, "")]
        names: set[str] = set()
        for key, texts in self.classes:
            name = key.strip()
            if not name or name == ABOUT:
                found.append((Flaw.NO_NAME, name))
            elif name in names:
                found.append((Flaw.SAME_NAME, name))
            names.add(name)
            if not texts:
                found.append((Flaw.NO_PROMPT, name))
            elif not all(text.strip() for text in texts):
                found.append((Flaw.EMPTY_PROMPT, name))
        return tuple(found)

    def as_set(self, name: str, sha256: str = "") -> ViewSet | None:
        """Return the set, or None where it has a flaw."""
        if self.flaws():
            return None
        prompts = {key.strip(): tuple(text.strip() for text in texts) for key, texts in self.classes}
        return ViewSet(name, prompts, sha256)

    def with_class(self, key: str, prompts: tuple[str, ...] = ("",)) -> Draft:
        """Return it with another class at its end."""
        return replace(self, classes=(*self.classes, (key, prompts)))

    def without_class(self, place: int) -> Draft:
        """Return it without a class."""
        return replace(self, classes=self.classes[:place] + self.classes[place + 1 :])

    def renamed(self, place: int, key: str) -> Draft:
        """Return it with another name for a class."""
        return self._with(place, key, self.classes[place][1])

    def moved(self, place: int, step: int) -> Draft:
        """Return it with a class so many places further on, or at the end that it meets."""
        return replace(self, classes=_moved(self.classes, place, step))

    def with_prompt(self, place: int, text: str) -> Draft:
        """Return it with another sentence at the end of a class."""
        key, texts = self.classes[place]
        return self._with(place, key, (*texts, text))

    def with_prompt_changed(self, place: int, number: int, text: str) -> Draft:
        """Return it with another sentence in the place of one."""
        key, texts = self.classes[place]
        return self._with(place, key, (*texts[:number], text, *texts[number + 1 :]))

    def without_prompt(self, place: int, number: int) -> Draft:
        """Return it without a sentence."""
        key, texts = self.classes[place]
        return self._with(place, key, texts[:number] + texts[number + 1 :])

    def prompt_moved(self, place: int, number: int, step: int) -> Draft:
        """Return it with a sentence so many places further on in its class."""
        key, texts = self.classes[place]
        return self._with(place, key, _moved(texts, number, step))

    def _with(self, place: int, key: str, texts: tuple[str, ...]) -> Draft:
        return replace(self, classes=(*self.classes[:place], (key, texts), *self.classes[place + 1 :]))


def _moved(those: tuple[T, ...], place: int, step: int) -> tuple[T, ...]:
    """Return them with the one at a place so many places further on, or at the end that it meets."""
    rest = [*those[:place], *those[place + 1 :]]
    rest.insert(min(max(place + step, 0), len(rest)), those[place])
    return tuple(rest)
