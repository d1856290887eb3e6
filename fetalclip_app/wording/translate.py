"""The gettext door: marks a sentence for translation, looks it up, and fills in what it names."""

from __future__ import annotations

import functools
import gettext
from collections.abc import Mapping, Sequence
from string import Formatter

Parameters = Mapping[str, str | int | float]

DOMAIN = "fetalclip"
"""Name of the message catalogues. Without one, sentences stay English."""


def mark(text: str) -> str:
    """Return ``text`` unchanged; tells the extractor (``xgettext -k mark``) that it is a sentence."""
    return text


def translate(text: str) -> str:
    """Return ``text`` in the user's language."""
    return _catalogue().gettext(text)


def in_every_language(text: str) -> tuple[str, ...]:
    """Return ``text`` in English and in every language that the program speaks."""
    return (text, translate(text))


@functools.cache
def _catalogue() -> gettext.NullTranslations:
    """Return the user's catalogue, looked for once: the search asks the disk, and the window translates often."""
    return gettext.translation(DOMAIN, fallback=True)


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
