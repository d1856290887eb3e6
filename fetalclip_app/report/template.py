"""Which sections a report has, in which order, on which paper, in which language: a JSON file that anybody may edit."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fetalclip_app import resources
from fetalclip_app.errors import ErrorCode, InvalidInput
from fetalclip_app.tasks.own_files import content_of, problem_in, problem_of

BUNDLED = "report/template.json"


class PageSize(StrEnum):
    """Paper that the report is laid out for."""

    A4 = "a4"
    LETTER = "letter"


class Section(StrEnum):
    """A part of the report."""

    SUMMARY = "summary"
    """One line for each clip. Of one clip alone there is none, and its own part takes this place."""

    SIZES = "sizes"
    CHARTS = "charts"
    AGES = "ages"
    CHECKLIST = "checklist"
    CLIPS = "clips"
    UNREAD = "unread"
    SIGN_OFF = "sign_off"
    METHOD = "method"


GROWTH = (Section.SIZES, Section.CHARTS, Section.AGES)
"""Parts about a study's growth: those that follow one another stand under one heading."""

ALWAYS = (Section.UNREAD, Section.SIGN_OFF)
"""No template leaves these out: what could not be read, and whether anybody signed."""


class Template(BaseModel):
    """The report's form. The band for research use, the header and its warnings are on every report.

    Attributes:
        title: Empty is the program's own, in the report's language.
        institution: Above the title; empty is none.
        language: Two letters; empty is the program's.
        plain_copies: A frame that something is drawn over stands beside a copy without it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    format: Literal[1] = 1
    title: str = Field(default="", max_length=80)
    institution: str = Field(default="", max_length=120)
    page: PageSize = PageSize.A4
    language: Literal["", "en", "de"] = ""
    sections: tuple[Section, ...] = tuple(Section)
    plain_copies: bool = True


class _Named(BaseModel):
    """The sections as they are written: looked at before all else, as most is written there."""

    sections: tuple[str, ...] = tuple(Section)


def read_template(path: Path) -> Template:
    """Read a template (docs/report.md).

    Raises:
        InvalidInput: TEMPLATE_INVALID: it is missing, no JSON, of another form, or its sections cannot be.
    """
    try:
        content = content_of(path, too_large="it is larger than a template can be")
        _refuse_sections(path.name, _Named.model_validate_json(content).sections)
        return Template.model_validate_json(content)
    except FileNotFoundError as error:
        raise InvalidInput(ErrorCode.TEMPLATE_INVALID, name=path.name, reason="missing") from error
    except ValidationError as error:
        raise InvalidInput(ErrorCode.TEMPLATE_INVALID, name=path.name, problem=problem_in(error)) from error
    except (OSError, ValueError) as error:
        raise InvalidInput(ErrorCode.TEMPLATE_INVALID, name=path.name, problem=problem_of(error)) from error


def own_template(path: Path) -> Template:
    """Return the user's own template where there is one, else the bundled one.

    Raises:
        InvalidInput: As `read_template`: a template of one's own that cannot be used is not passed over.
    """
    return read_template(path if path.exists() else resources.path(BUNDLED))


def _refuse_sections(file: str, named: tuple[str, ...]) -> None:
    known = tuple(map(str, Section))
    for place, name in enumerate(named):
        if name not in known:
            raise _refused(file, "unknown_section", section=name, known=", ".join(known))
        if name in named[:place]:
            raise _refused(file, "section_twice", section=name)
    for section in ALWAYS:
        if section not in named:
            raise _refused(file, "section_missing", section=str(section))


def _refused(file: str, reason: str, **more: str) -> InvalidInput:
    return InvalidInput(ErrorCode.TEMPLATE_INVALID, name=file, reason=reason, **more)
