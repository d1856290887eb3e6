"""What is said of an earlier exam beside the one that is looked at. No sentence here judges growth."""

from __future__ import annotations

from datetime import date

from fetalclip_app.domain.dating import Dating
from fetalclip_app.domain.exams import Kinship
from fetalclip_app.wording.dating import dated_by
from fetalclip_app.wording.translate import plural, translate
from fetalclip_app.wording.views import view_title


def no_other_exam() -> tuple[str, str]:
    """Return why nothing can stand beside, and what helps."""
    return translate("No other exam is open."), translate("Open the earlier exam's files too.")


def refused_exam(why: Kinship) -> tuple[str, str]:
    """Return why an exam is not shown beside this one, and what helps."""
    if why is Kinship.ANOTHER:
        return (
            translate("That exam is another patient's: it is not shown beside this one."),
            translate("Only exams with the same patient identifier are."),
        )
    return (
        translate("The files do not say that both exams are of one patient."),
        translate("Both need the same patient identifier."),
    )


def day_title(day: date | None) -> str:
    """Return an exam's day as its heading."""
    return day.isoformat() if day is not None else translate("Exam without a date")


def interval_told(now: date | None, then: date | None) -> str:
    """Return how many days lie between two exams, or that it is not known."""
    if now is None or then is None:
        return translate("Interval not known: an exam has no date.")
    days = (now - then).days
    if days == 0:
        return translate("On the same day")
    if days > 0:
        return plural("{count} day before", "{count} days before", days)
    return plural("{count} day after", "{count} days after", -days)


def age_that_day(dating: Dating | None, day: date | None, *, is_own: bool) -> str:
    """Return how old the pregnancy was on an exam's day by the dating that was entered, or why that is not known.

    Args:
        is_own: The dating was entered for that exam; else for the one that is looked at.
    """
    if dating is None:
        return translate("Age that day: no dating was entered.")
    if day is None:
        return translate("Age that day: the exam has no date.")
    age = dating.age_on(day)
    if age is None:
        return translate("Age that day: the dating does not hold for it.")
    by = dated_by(dating.dated_by)
    if is_own:
        return translate("Age that day: {age}, by {by}.", age=age, by=by)
    return translate("Age that day: {age}, by {by} as entered for this exam.", age=age, by=by)


def view_missing(view_key: str, *, is_read: bool) -> str:
    """Return that no clip of an exam shows a view."""
    view = view_title(view_key)
    if not is_read:
        return translate("{view}: not every clip of that exam is read yet.", view=view)
    return translate("No clip of that exam clearly shows: {view}.", view=view)


def no_view_here(*, is_read: bool) -> str:
    """Return why there is no view to look for in the other exam."""
    if not is_read:
        return translate("The same view comes after the reading.")
    return translate("The model cannot tell this clip's view, so there is none to look for.")


def this_is_it() -> str:
    """Return that the exam beside is the one that is looked at."""
    return translate("This is the exam that is looked at now.")


def judges_nothing() -> str:
    """Return what the two columns are and are not."""
    return translate("Values as they enter each exam. What the difference means is for a person to say.")
