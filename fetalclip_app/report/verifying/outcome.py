"""What is found of a number: it agrees, it differs, or it cannot be checked, and why."""

from __future__ import annotations

from dataclasses import dataclass

from fetalclip_app.domain.verification import NOT_COMPARED, Outcome, Why
from fetalclip_app.report.verifying.stated import Number
from fetalclip_app.report.verifying.traced import OtherPart


@dataclass(frozen=True, eq=False, slots=True)
class Checked:
    """What was found of one number.

    Attributes:
        why: None where it agrees.
        found: The other value; None where there is none.
        page: Where the page says otherwise, from 1.
        seen: What the page prints in its place, as far as it can be told.
        part: What of its trace differs, where the value does not.
    """

    number: Number
    why: Why | None = None
    found: float | None = None
    page: int | None = None
    seen: str = ""
    part: OtherPart | None = None

    @property
    def outcome(self) -> Outcome:
        """Whether it agrees."""
        if self.why is None:
            return Outcome.AGREES
        return Outcome.NOT_CHECKED if self.why in NOT_COMPARED else Outcome.DIFFERS


@dataclass(frozen=True, slots=True)
class PageChange:
    """A page that is not as it was made, where no number of the report is what changed.

    Attributes:
        before, after: The digits that differ; both empty where something else does.
    """

    page: int
    before: str = ""
    after: str = ""
