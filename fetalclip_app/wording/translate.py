"""The gettext door: marks a sentence for translation, looks it up, and fills in what it names."""

from __future__ import annotations

import functools
import gettext
import locale
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from string import Formatter

from fetalclip_app import resources

Parameters = Mapping[str, str | int | float]

DOMAIN = "fetalclip"
"""Name of the message catalogues: ``resources/locale/LANGUAGE/LC_MESSAGES/fetalclip.mo``."""

SOURCE = "en"
"""The language that the sentences in the source are written in."""

LANGUAGES: dict[str, str] = {SOURCE: "English", "de": "Deutsch"}
"""What the program speaks, each by its own name."""

_NOUNS_ARE_CAPITAL = frozenset({"de"})


_ASIDE: ContextVar[str] = ContextVar("aside", default="")
"""What is spoken in one task or thread alone, whatever the others say."""


@dataclass(slots=True)
class _Spoken:
    """The language of this process: one for all that it says, as the catalogue of gettext is."""

    language: str


_spoken = _Spoken(SOURCE)


def speak(language: str = "") -> str:
    """Speak a language from now on; empty is the system's. Return the one that is spoken: English for one not known."""
    wanted = language or system_language()
    _spoken.language = wanted if wanted in LANGUAGES else SOURCE
    return _spoken.language


def spoken() -> str:
    """Return the language that is spoken now."""
    return _ASIDE.get() or _spoken.language


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Speak a language inside the block: what other programs read is the same in every language."""
    token = _ASIDE.set(language)
    try:
        yield
    finally:
        _ASIDE.reset(token)


def system_language() -> str:
    """Return the language of the user's system, two letters; English where it says nothing."""
    named = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := os.environ.get(name))), "")
    code = named or locale.getlocale()[0] or SOURCE
    return {"German": "de", "English": "en"}.get(code.partition("_")[0], code[:2].lower())


def mark(text: str) -> str:
    """Return ``text`` unchanged; says that it is a sentence, which `translate` looks up where it is shown."""
    return text


def translate(text: str, **named: object) -> str:
    """Return ``text`` in the user's language, with what it names filled in where that is given."""
    found = _catalogue(spoken()).gettext(text) if text else ""  # gettext's "" is the catalogue's heading
    return found.format(**named) if named else found


def within(title: str) -> str:
    """Return a heading, such as a view's, as it stands within a sentence."""
    return title if spoken() in _NOUNS_ARE_CAPITAL else title.lower()


def plural(one: str, many: str, count: int, **named: object) -> str:
    """Return the sentence for ``count`` things in the user's language, with ``{count}`` and the rest filled in."""
    found = _catalogue(spoken()).ngettext(one, many, count)
    return found.format(count=count, **named)


def in_every_language(text: str) -> tuple[str, ...]:
    """Return ``text`` in every language that the program speaks."""
    return tuple(_catalogue(language).gettext(text) for language in LANGUAGES)


@functools.cache
def _catalogue(language: str) -> gettext.NullTranslations:
    """Return a language's catalogue, looked for once: the search asks the disk, and the window translates often."""
    if language == SOURCE:
        return gettext.NullTranslations()
    return gettext.translation(DOMAIN, resources.path("locale"), languages=[language])


def choose(variants: Sequence[str], parameters: Parameters) -> str:
    """Return the first variant whose names are all known, translated and filled in.

    Args:
        variants: From the most telling to the plainest; the last names nothing.

    An empty text counts as not known.

    Raises:
        ValueError: Even the last variant names something that is not known.
    """
    known = {name for name, value in parameters.items() if value != ""}
    for variant in variants:
        names = {name for _, name, _, _ in Formatter().parse(variant) if name}
        if names <= known:
            return translate(variant).format_map(parameters)
    raise ValueError(f"no variant of {variants[-1]!r} can do with {sorted(parameters)}")
