"""What is said of a search by a sentence: how like it a frame is, what the model never learned, and what is unknown."""

from __future__ import annotations

import math
from collections.abc import Sequence

from fetalclip_app.domain.likeness import Background, Language
from fetalclip_app.domain.vocabulary import Unlearned, negations_of
from fetalclip_app.wording.numbers import frame_number
from fetalclip_app.wording.translate import mark, plural, translate
from fetalclip_app.wording.views import view_title

MINUS = "\u2212"


def similarity(value: float) -> str:
    """Return a cosine as ``0.43``."""
    text = f"{value:.2f}"
    return text.replace("-", MINUS) if float(text) else "0.00"


def percentile(share: float, count: int) -> str:
    """Return which share of a background of ``count`` pictures is less like the sentence, as ``P97``; never P100."""
    if share >= 1 - 1e-9:
        return plural("above {count}", "above all {count}", count)
    return f"P{math.floor(100 * share + 1e-9)}"


def percentile_told(share: float, count: int) -> str:
    """Return the same for the ear."""
    return translate("{percentile} of the background", percentile=percentile(share, count))


def likeness_meaning(language: Language) -> str:
    """Return what the two numbers are, and what they are not."""
    cosine = translate("The number is the similarity of frame and sentence, a cosine from −1 to 1.")
    background = language.background
    if background is None:
        return f"{cosine} {translate('No background for this model: similarity only.')} {translate(_NO_CHANCE)}"
    return " ".join((cosine, _background_told(background), translate("Neither says how likely anything is.")))


_NO_CHANCE = mark("It does not say how likely anything is.")


def _background_told(background: Background) -> str:
    planes = ", ".join(view_title(plane) for plane in background.planes)
    return translate(
        "P is the share of {count} other pictures ({planes}, each counted alike) that are less like the sentence.",
        count=len(background),
        planes=planes,
    )


def background_source(background: Background) -> str:
    """Return whose pictures they are."""
    return translate(
        "None is of this patient. {taught} of them were in the model's training, and it likes those a little better.",
        taught=background.taught,
    )


def never_learned(unlearned: Unlearned, *, is_bundled: bool) -> str:
    """Return why a sentence is not asked, or cannot be trusted: a line for each kind of words."""
    said = []
    if unlearned.unknown:
        known = (
            translate("The bundled model never learned: {words}.")
            if is_bundled
            else translate("This model never learned: {words}.")
        )
        said.append(known.format(words=quoted(unlearned.unknown)))
    if unlearned.unseen:
        said.append(translate("It was told of {words}, and shown no such picture.", words=quoted(unlearned.unseen)))
    if unlearned.negations:
        said.append(negation_told(unlearned.negations))
    return "\n".join(said)


def negation_told(words: Sequence[str]) -> str:
    """Return why a negation is not asked."""
    return translate("A CLIP model reads over {words}: it would find the contrary.", words=quoted(words))


def captions_have(count: int) -> str:
    """Return how many words the model learned."""
    return plural("Its captions have {count} word.", "Its captions have {count} words.", count)


def language_doubt(language: Language, sentence: str) -> str:
    """Return what must be said of an answer where no list of words guards it; empty where one does."""
    if language.vocabulary is not None:
        return ""
    said = [] if language.is_free else [translate("Nobody listed the words that this model learned.")]
    negations = negations_of(sentence)
    return " ".join([*said, *([negation_told(negations)] if negations else [])])


def not_read_yet(count: int) -> str:
    """Return how many clips the search could not look into."""
    return plural("{count} clip is not read yet.", "{count} clips are not read yet.", count)


def ask_clip(sentence: str) -> str:
    """Return what asking this clip is called."""
    return translate("Ask this clip: “{sentence}”", sentence=sentence)


def ask_study(sentence: str) -> str:
    """Return what asking the whole study is called."""
    return translate("Ask the whole study: “{sentence}”", sentence=sentence)


def hit_told(clip: str, index: int, count: int, value: float, place: str) -> str:
    """Return a found frame for the ear; ``place`` is its percentile, or empty."""
    where = f"{clip}, {frame_number(index, count)}"
    like = translate("similarity {value}", value=similarity(value))
    return ", ".join(part for part in (where, like, place) if part)


def quoted(words: Sequence[str]) -> str:
    """Return words in quotation marks, with commas."""
    return ", ".join(f"“{word}”" for word in words)
