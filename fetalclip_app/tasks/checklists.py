"""Checklists: JSON files, bundled or the user's own."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fetalclip_app import resources
from fetalclip_app.domain.biometry import Measure
from fetalclip_app.domain.checklist import Checklist, Item, Section, Support, ViewSupport
from fetalclip_app.errors import ErrorCode, InvalidInput
from fetalclip_app.tasks.keys import BRAIN_VIEWS, VIEWS
from fetalclip_app.tasks.own_files import content_of, own_files, problem_in, problem_of

FOLDER = "checklists"
MID_TRIMESTER = "checklists/mid_trimester.json"

_KEY = r"^[a-z0-9_-]{1,40}$"


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class _Views(_Strict):
    """Views by the task that names them."""

    views: tuple[str, ...] = ()
    brain_views: tuple[str, ...] = ()

    def supports(self, *, is_hint: bool) -> tuple[ViewSupport, ...]:
        pairs = [(VIEWS, view) for view in self.views] + [(BRAIN_VIEWS, view) for view in self.brain_views]
        return tuple(ViewSupport(task, view, is_hint) for task, view in pairs)


class _Item(_Strict):
    key: str = Field(pattern=_KEY)
    title: str = Field(min_length=1, max_length=60)
    look_for: str = Field(default="", max_length=300)
    shown_by: _Views = _Views()
    hinted_by: _Views = _Views()
    measures: tuple[Measure, ...] = ()
    once_for_all_fetuses: bool = False

    def item(self) -> Item:
        shown, hinted = self.shown_by.supports(is_hint=False), self.hinted_by.supports(is_hint=True)
        supports: tuple[Support, ...] = (*shown, *self.measures, *hinted)
        return Item(self.key, self.title, self.look_for, supports, self.once_for_all_fetuses)


class _Section(_Strict):
    title: str = Field(min_length=1, max_length=60)
    items: tuple[_Item, ...] = Field(min_length=1, max_length=100)


class _File(_Strict):
    format: Literal[1]
    name: str = Field(min_length=1, max_length=60)
    version: str = Field(min_length=1, max_length=20)
    source: str = Field(default="", max_length=600)
    sections: tuple[_Section, ...] = Field(min_length=1, max_length=40)


def read_checklist(path: Path) -> Checklist:
    """Read a checklist (docs/checklists.md).

    Raises:
        InvalidInput: Missing (the parameter ``reason`` is then ``missing``), no JSON, or of another form.
    """
    try:
        content = content_of(path, too_large="it is larger than a checklist can be")
        file = _File.model_validate_json(content)
        sections = tuple(Section(one.title, tuple(each.item() for each in one.items)) for one in file.sections)
        return Checklist(file.name, file.version, file.source, sections, hashlib.sha256(content).hexdigest())
    except FileNotFoundError as error:
        raise InvalidInput(ErrorCode.CHECKLIST_INVALID, name=path.name, reason="missing") from error
    except ValidationError as error:
        raise InvalidInput(ErrorCode.CHECKLIST_INVALID, name=path.name, problem=problem_in(error)) from error
    except (OSError, ValueError) as error:
        raise InvalidInput(ErrorCode.CHECKLIST_INVALID, name=path.name, problem=problem_of(error)) from error


def bundled() -> Checklist:
    """Return the bundled checklist of the mid-trimester scan."""
    return read_checklist(resources.path(MID_TRIMESTER))


def list_checklists(folders: Sequence[Path] = ()) -> tuple[Path, ...]:
    """Return the files of all checklists: the bundled ones, then those of the user's folders, sorted by name."""
    return (*resources.list_files(FOLDER, ".json"), *own_files(folders))


def find_checklist(wanted: Path, folders: Sequence[Path] = ()) -> Path:
    """Return the file of a checklist that was named by its path, or by its name alone where a listed file bears it.

    A name that is neither comes back as it is; reading it then says that there is no such file.
    """
    if wanted.is_file():
        return wanted
    return next((path for path in list_checklists(folders) if path.stem == str(wanted)), wanted)
