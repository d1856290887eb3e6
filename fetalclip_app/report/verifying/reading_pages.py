"""The numbers that a PDF's pages print now, beside those of the report that is attached to them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from fetalclip_app.domain.trace import Kind
from fetalclip_app.domain.verification import Why
from fetalclip_app.report.page_marks import PageMarks, Run, pattern_of
from fetalclip_app.report.verifying.outcome import Checked, PageChange
from fetalclip_app.report.verifying.stated import Number, Stated, StatedPages
from fetalclip_app.wording.traces import printed_forms

_NEAR_X, _NEAR_Y = 24.0, 6.0
"""Points: what is drawn nearer than that to a number is over it."""


@dataclass(frozen=True, slots=True)
class _Digits:
    """Digits of a page that are not those that were written; ``before`` or ``after`` may be empty."""

    page: int
    before: tuple[str, ...]
    after: tuple[str, ...]


def misprinted(stated: Stated) -> tuple[tuple[Checked, ...], tuple[PageChange, ...]]:
    """Return the numbers that a page prints otherwise, and what else is changed on the pages."""
    pages = stated.pages
    if pages is None:
        return (), ()
    digits = list(_changed_digits(pages))
    numbers = [one for number in stated.numbers for one in _misprint(number, pages, digits)]
    told = {(one.page, one.seen) for one in numbers}
    others = [
        PageChange(one.page, " ".join(one.before), " ".join(one.after))
        for one in digits
        if (one.page, " ".join(one.after)) not in told
    ]
    spoken_of = {one.page for one in numbers} | {one.page for one in others}
    return tuple(numbers), (*others, *_other_changes(pages, spoken_of))


def _changed_digits(pages: StatedPages) -> Iterator[_Digits]:
    for number, (now, then) in enumerate(zip(pages.now, pages.numbers, strict=False), start=1):
        if now.numbers == then:
            continue
        for tag, from_then, to_then, from_now, to_now in SequenceMatcher(
            None, then, now.numbers, autojunk=False
        ).get_opcodes():
            if tag != "equal":
                yield _Digits(number, then[from_then:to_then], now.numbers[from_now:to_now])


def _misprint(number: Number, pages: StatedPages, digits: list[_Digits]) -> Iterator[Checked]:
    """Yield the first page that does not print a number as often as it did, or not as its value is printed."""
    printed = pages.printed.get(number.id)
    if printed is None:
        return
    text, on_pages = printed
    forms = printed_forms(Kind(number.kind), number.value)
    if forms and text not in forms:
        yield Checked(number, Why.PAGE, page=min(on_pages, default=None), seen=text)
        return
    for page, count in sorted(on_pages.items()):
        now = pages.now[page - 1] if page <= len(pages.now) else None
        if now is None or now.count(text) < count:
            yield Checked(number, Why.PAGE, page=page, seen=_in_place_of(text, page, digits))
            return
        over = _laid_over(text, now, [one for one in digits if one.page == page])
        if over is not None:
            yield Checked(number, Why.PAGE, page=page, seen=over)
            return


def _laid_over(text: str, page: PageMarks, digits: list[_Digits]) -> str | None:
    """Return what was laid over a number that is still drawn beneath; None where nothing was."""
    pattern = pattern_of(text)
    places = [run for run in page.runs if pattern.search(run.text)]
    for note in page.notes:
        if any(_holds(note, place) for place in places):
            return note.text
    for added in (" ".join(one.after) for one in digits if not one.before):
        # what covers is drawn after what it covers
        covers = [run for run in page.runs if added and added in " ".join(run.text.split())][-1:]
        if any(_is_near(cover, place) for cover in covers for place in places if place is not cover):
            return added
    return None


def _holds(note: Run, place: Run) -> bool:
    across = note.x - _NEAR_X <= place.x <= note.x + note.width
    return across and note.y - _NEAR_Y <= place.y <= note.y + note.height


def _is_near(one: Run, other: Run) -> bool:
    return abs(one.x - other.x) <= _NEAR_X and abs(one.y - other.y) <= _NEAR_Y


def _in_place_of(text: str, page: int, digits: list[_Digits]) -> str:
    """Return the digits that stand where a number's stood; empty where they cannot be told."""
    for one in digits:
        if one.page == page and any(part in text for part in one.before):
            return " ".join(one.after)
    return ""


def _other_changes(pages: StatedPages, spoken_of: set[int | None]) -> Iterator[PageChange]:
    """Yield pages on which something else is drawn than when they were made, or that came, or went."""
    for number in range(1, max(len(pages.now), len(pages.sha256)) + 1):
        now: PageMarks | None = pages.now[number - 1] if number <= len(pages.now) else None
        then = pages.sha256[number - 1] if number <= len(pages.sha256) else None
        if (now is None or now.sha256 != then) and number not in spoken_of:
            yield PageChange(number)
