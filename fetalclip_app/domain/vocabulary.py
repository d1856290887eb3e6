"""Which words a model learned from its training captions, and what is wrong with a sentence that has others."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

NEGATIONS = frozenset(
    {"no", "not", "non", "none", "without", "never", "neither", "nor", "absent", "absence", "lacking", "lacks"}
)
"""Words that turn a sentence round. A CLIP reads over them: 'no heart' lies beside 'heart' (Alhamoud 2025, NegBench),
so that a ranking by such a sentence would say the contrary of what was asked."""

_WORD = re.compile(r"\d++(?:[.,]\d++)?+(?![^\W_])|[^\W_]+(?:[-'’][^\W_]+)*")
_ENDINGS = (("ies", "y"), ("ae", "a"), ("sses", "ss"), ("shes", "sh"), ("ches", "ch"), ("xes", "x"), ("i", "us"))
_NO_PLURAL = ("ss", "us", "is")
_SHORTEST = 4


@dataclass(frozen=True, slots=True)
class Unlearned:
    """What of a sentence a model cannot know. It is true where there is anything of it.

    Attributes:
        unknown: Words that no training caption has, as they were written; each once.
        unseen: Words of captions that were never true of a training picture: the model was told them, and never shown.
        negations: Words that turn a sentence round, which no CLIP understands.
    """

    unknown: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    negations: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.unknown or self.unseen or self.negations)

    def joined(self, other: Unlearned) -> Unlearned:
        """Return both; each word once."""
        return Unlearned(
            _once((*self.unknown, *other.unknown)),
            _once((*self.unseen, *other.unseen)),
            _once((*self.negations, *other.negations)),
        )


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words of the captions that were true of training pictures.

    Attributes:
        words: In the form of `normal`.
        unseen: Words of captions that were only ever wrong: of views that no training picture shows.
        units: A unit after a number, in the form of `normal` -> least and largest number that captions had.
    """

    words: frozenset[str]
    unseen: frozenset[str] = frozenset()
    units: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def __hash__(self) -> int:
        return hash((self.words, self.unseen, tuple(sorted(self.units.items()))))

    def unlearned(self, sentence: str) -> Unlearned:
        """Return what of a sentence the training did not teach."""
        written = words_of(sentence)
        unknown: list[str] = []
        unseen: list[str] = []
        for place, word in enumerate(written):
            following = written[place + 1] if place + 1 < len(written) else ""
            if is_negation(word) or (word[0].isdigit() and self._counts(word, following)):
                continue
            if self._has(self.words, word):
                continue
            (unseen if self._has(self.unseen, word) else unknown).append(word)
        return Unlearned(_once(unknown), _once(unseen), negations_of(sentence))

    def _counts(self, number: str, unit: str) -> bool:
        """Whether a number stands before a unit, and within what captions had of it."""
        low, high = self.units.get(normal(unit), (1.0, 0.0)) if unit else (1.0, 0.0)
        return bool(re.fullmatch(r"\d+(?:[.,]\d+)?", number)) and low <= float(number.replace(",", ".")) <= high

    @staticmethod
    def _has(words: frozenset[str], word: str) -> bool:
        return normal(word) in words or all(normal(part) in words for part in re.split(r"[-'’]", word) if part)


def words_of(text: str) -> tuple[str, ...]:
    """Return the words and numbers of a text as they are written; a hyphen joins."""
    return tuple(_WORD.findall(text))


def normal(word: str) -> str:
    """Return a word in the form that is compared: small letters, no accents or hyphens, in the singular."""
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", word) if not unicodedata.combining(sign))
    plain = re.sub(r"['’]s?$", "", plain.casefold())
    plain = re.sub(r"[-'’]", "", plain)
    if len(plain) < _SHORTEST:
        return plain
    for ending, singular in _ENDINGS:
        if plain.endswith(ending):
            return plain[: -len(ending)] + singular
    return plain[:-1] if plain.endswith("s") and not plain.endswith(_NO_PLURAL) else plain


def is_negation(word: str) -> bool:
    """Whether a word turns its sentence round."""
    small = word.casefold()
    return small in NEGATIONS or small.endswith(("n't", "n’t")) or small.startswith("non-")


def negations_of(sentence: str) -> tuple[str, ...]:
    """Return the words that turn a sentence round, as they are written; each once."""
    return _once(word for word in words_of(sentence) if is_negation(word))


def _once(words: Iterable[str]) -> tuple[str, ...]:
    """Return words in their order, without those that differ from an earlier one in large letters alone."""
    first: dict[str, str] = {}
    for word in words:
        first.setdefault(word.casefold(), word)
    return tuple(first.values())
