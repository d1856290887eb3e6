"""What is said of view sets while they are written and tested."""

from __future__ import annotations

from fetalclip_app.domain.view_draft import Flaw, SetAbout
from fetalclip_app.domain.view_scores import FEWEST_PICTURES, WEAK_BELOW, ClassScore, SetScore, Verdict
from fetalclip_app.domain.vocabulary import Unlearned
from fetalclip_app.wording.asking import never_learned
from fetalclip_app.wording.numbers import EN_DASH
from fetalclip_app.wording.translate import mark, plural, translate
from fetalclip_app.wording.views import view_title

_FLAWS: dict[Flaw, str] = {
    Flaw.NO_CLASS: mark("A set needs a class."),
    Flaw.NO_NAME: mark("A class has no name."),
    Flaw.SAME_NAME: mark("Two classes are called “{name}”."),
    Flaw.NO_PROMPT: mark("“{name}” needs a sentence."),
    Flaw.EMPTY_PROMPT: mark("A sentence of “{name}” is empty."),
}

_VERDICTS: dict[Verdict, str] = {
    Verdict.UNTESTED: mark("untested"),
    Verdict.WEAK: mark("weak"),
    Verdict.OK: mark("ok"),
}


def flaw_told(flaw: Flaw, name: str) -> str:
    """Return why a draft cannot be asked yet."""
    return translate(_FLAWS[flaw], name=name)


def verdict_title(verdict: Verdict) -> str:
    """Return what may be said of a set or a class, in a word."""
    return translate(_VERDICTS[verdict])


def verdict_meaning() -> str:
    """Return what the three words mean."""
    return translate(
        "ok: every class has at least {count} labelled pictures, and the lower end of its F1 is {limit} or more. "
        "weak: tested, and less than that. untested: fewer pictures, or other sentences or weights than were tested.",
        count=FEWEST_PICTURES,
        limit=f"{WEAK_BELOW:.2f}",
    )


def class_unlearned(key: str, unlearned: Unlearned, *, is_bundled: bool) -> str:
    """Return why a class is but a guess from words."""
    told = never_learned(unlearned, is_bundled=is_bundled).replace("\n", " ")
    return translate("{view}: {told}", view=view_title(key), told=told)


def version_told(about: SetAbout | None, name: str) -> str:
    """Return which version of which set is edited."""
    if about is None:
        return name
    made = about.made[:10]
    by = translate("by {author}", author=about.author) if about.author else ""
    parts = (translate("{name}, version {version}", name=about.name, version=about.version), made, by)
    return " · ".join(part for part in parts if part)


def f1_told(score: ClassScore) -> str:
    """Return ``0.91 (0.84–0.96)``; without pictures a dash."""
    if not score.pictures:
        return EN_DASH
    return interval_told(score.f1, score.low, score.high)


def interval_told(value: float, low: float, high: float) -> str:
    """Return a share with its interval."""
    return f"{value:.2f} ({low:.2f}{EN_DASH}{high:.2f})"


def score_told(score: SetScore) -> str:
    """Return how a set did as a whole, and how far its intervals go."""
    named = translate(
        "Named rightly: {share} of {pictures}", pictures=_pictures(score.pictures),
        share=interval_told(score.accuracy, score.low, score.high),
    )  # fmt: skip
    over = translate("Intervals of 95 % over patients.") if score.by_patient else _over_pictures()
    return f"{named}. {over} {_strange(score.strange)}".strip()


def _pictures(count: int) -> str:
    return plural("{count} picture", "{count} pictures", count)


def _over_pictures() -> str:
    return translate("Intervals of 95 % over pictures; of one patient's pictures they are too narrow.")


def _strange(count: int) -> str:
    if not count:
        return ""
    return plural("{count} has a label that is no class here.", "{count} have a label that is no class here.", count)
