"""What was found of each number of a report, in a line."""

from __future__ import annotations

from fetalclip_app.domain.biometry import BpdDefinition
from fetalclip_app.domain.trace import By, Kind
from fetalclip_app.domain.verification import Outcome, Why
from fetalclip_app.wording.ages import formula_name
from fetalclip_app.wording.by_hand import edges_name
from fetalclip_app.wording.structures import structure_title
from fetalclip_app.wording.traces import printed
from fetalclip_app.wording.translate import mark, plural, translate
from fetalclip_app.wording.views import view_title

_BY = {
    By.PERSON: mark("by hand"),
    By.OUTLINE: mark("by the model's outline"),
    By.LANDMARKS: mark("by the model's lines"),
    By.MASK: mark("by the model's mask"),
}

_AGES = {
    "age": mark("Age by the model"),
    "age_low": mark("Age by the model, first of the best days"),
    "age_high": mark("Age by the model, last of the best days"),
    "age_interval_low": mark("Age by the model, start of its interval"),
    "age_interval_high": mark("Age by the model, end of its interval"),
}

_OUTCOMES = {
    Outcome.AGREES: mark("agrees"),
    Outcome.DIFFERS: mark("differs"),
    Outcome.NOT_CHECKED: mark("cannot be checked"),
}

_WHY = {
    Why.VALUE: mark("computed again it is {found}"),
    Why.NO_VALUE: mark("computed again there is no such number"),
    Why.OTHER_MODEL: mark("it was read by another model file; the one at hand gives {found}"),
    Why.OTHER_PROMPTS: mark("it was read with another prompt set; the one at hand gives {found}"),
    Why.OTHER_HEAD: mark("it was read with another head or probe; the one at hand gives {found}"),
    Why.OTHER_PREPROCESSING: mark("the picture was prepared otherwise for the model; now it is {found}"),
    Why.FILE_CHANGED: mark("its file has another content than the one that was read, and gives {found}"),
    Why.REPORT_ITSELF: mark("the report says {found} in another place"),
    Why.TRACE: mark("{at} of its trace is {stated}, and now it is {found}"),
    Why.UNTRACED: mark("the report does not say where it comes from"),
    Why.PAGE: mark("page {page} prints {seen}"),
    Why.ARCHIVE: mark("the archive keeps {found}"),
    Why.ARCHIVE_GONE: mark("the archive keeps it no longer"),
    Why.FILE_MISSING: mark("no file with this content lies there"),
    Why.FILE_UNREADABLE: mark("its file cannot be read"),
    Why.NOT_TOLD: mark("it rests on what a person drew or stated, which neither report nor archive has"),
    Why.CLIP_MISSING: mark("a clip of its study cannot be read again"),
}


_PARTS = {
    Why.ARCHIVE: mark("of {at} the archive keeps {found}, and the report has {stated}"),
    Why.REPORT_ITSELF: mark("{at} of its trace does not fit the rest of the report"),
}
"""The same of a part of a number's trace, where its value is as it was."""


def number_name(of: str, kind: Kind, by: By, *, definition: str = "", fetus: str | None = "", place: str = "") -> str:
    """Return what a number is called: ``A HC, by hand``, ``EFW``, ``View Brain``.

    Args:
        place: In what it is: a clip's file, or a study.
    """
    edges = edges_name(BpdDefinition(definition)) if definition else ""
    name = " ".join(filter(None, [fetus or "", _thing(of, kind, by, edges)]))
    how = translate(_BY[by]) if by in _BY else ""
    return ", ".join(filter(None, [name, how, place]))


def over_whole_clip(name: str) -> str:
    """Return what is said beside a number that is of all of a clip."""
    return translate("{file}, all of it", file=name)


def _thing(of: str, kind: Kind, by: By, edges: str) -> str:
    if kind is Kind.SHARE:
        return of if by is By.LABEL else translate("View {name}", name=view_title(of))
    if kind is Kind.AREA:
        return structure_title(of)
    if kind is Kind.AGE:
        return _age(of, by)
    if kind is Kind.DIFFERENCE:
        return translate("Difference of two ages")
    size = " ".join(filter(None, [of.upper(), edges]))
    if kind is Kind.CENTILE:
        return translate("{size}, centile", size=size)
    return translate("{size}, z-score", size=size) if kind is Kind.Z_SCORE else size


def _age(of: str, by: By) -> str:
    if by is By.DATING:
        return translate("Age by the dating")
    if by is By.FORMULA:
        return formula_name(of)
    return translate(_AGES[of]) if of in _AGES else of


def outcome_said(outcome: Outcome) -> str:
    """Return what was found of a number, in a word or two."""
    return translate(_OUTCOMES[outcome])


def why_said(why: Why, kind: Kind, found: float | None, *, page: int | None = None, seen: str = "") -> str:
    """Return why a number differs or cannot be checked, with the other value where there is one."""
    other = printed(kind, found) if found is not None else translate("no number")
    return translate(_WHY[why], found=other, page=page or "", seen=seen or translate("something else"))


def other_part_said(why: Why, at: str, stated: object, found: object) -> str:
    """Return what of a number's trace is told otherwise, and how."""
    told = {name: translate("nothing") if one is None else one for name, one in (("stated", stated), ("found", found))}
    return translate(_PARTS.get(why, _WHY[why]), at=at, **told)


def other_value(place: str, at: str, stated: object, found: object) -> str:
    """Return what another value of the JSON is, and what it came out as."""
    nothing = translate("nothing")
    named = {"stated": nothing if stated is None else stated, "found": nothing if found is None else found}
    return translate(
        "differs: {place} {at}: the report has {stated}, and now it is {found}", place=place, at=at, **named
    )


def page_change(page: int, before: str, after: str) -> str:
    """Return what is changed on a page where it is no number of the report."""
    if before and after:
        return translate("Page {page}: {before} became {after}.", page=page, before=before, after=after)
    if before or after:
        sentence = mark("Page {page}: {what} is gone.") if before else mark("Page {page}: {what} was added.")
        return translate(sentence, page=page, what=before or after)
    return translate("Page {page} is not drawn as it was written.", page=page)


def verified(agree: int, differ: int, not_checked: int) -> str:
    """Return what it comes to."""
    return ", ".join(
        [
            plural("1 number agrees", "{count} numbers agree", agree),
            plural("1 differs", "{count} differ", differ),
            plural("1 cannot be checked", "{count} cannot be checked", not_checked),
        ]
    )


def archive_is_not_whole(count: int) -> str:
    """Return that the archive itself was changed or damaged."""
    return plural(
        "The archive is not whole: 1 thing in it is not as it was kept.",
        "The archive is not whole: {count} things in it are not as they were kept.",
        count,
    )
