"""Which texts of the program are for people, found in its source: those marked for translation, and those forgotten."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fetalclip_app import RESEARCH_USE_ONLY, resources
from fetalclip_app.tasks.checklists import FOLDER, list_checklists, read_checklist
from fetalclip_app.wording import attributions

ROOT = Path(__file__).parents[1] / "fetalclip_app"

_DOORS = {"mark": (0,), "translate": (0,), "plural": (0, 1), "_": (0,), "Command": (1,)}
"""Functions whose texts are translated, and which of their arguments."""

_SILENT = {"getLogger", "debug", "info", "warning", "error", "exception", "critical", "TypeVar", "Tag", "property"}
"""Functions whose texts nobody reads in the window: logs and names."""

_WORDS = re.compile(r"(^|\W)[A-Z]?[a-zäöüß]+ +[a-zäöüß]{2,}|^⚠? ?[A-Z][a-z]{2,}( |$|[^\w.])|^[A-Z][a-z]{2,}$")
"""Two words in a row, or one that begins with a capital."""

_A_WORD = re.compile(r"(^|\s)(?=[A-Za-z]*[a-z])[A-Za-z]{2,}(\s|[.,:;]?$)")
"""A word in a text that is put together."""


@dataclass(frozen=True, order=True)
class Place:
    """Where a text stands."""

    path: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.text!r}"


def sources(*rooms: str) -> Iterator[Path]:
    """Return the files of some rooms, or of the whole program."""
    for room in rooms or ("",):
        yield from sorted((ROOT / room).rglob("*.py"))


def marked(path: Path) -> Iterator[tuple[Place, str]]:
    """Return the texts of a file that are marked for translation, each with its plural or nothing."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and _name(node.func) in _DOORS:
            texts = [_text_at(node, position) for position in _DOORS[_name(node.func)]]
            if texts[0]:
                yield Place(path.relative_to(ROOT).as_posix(), node.lineno, texts[0]), "".join(texts[1:])
    if path == ROOT / "__init__.py":
        yield Place("__init__.py", 0, RESEARCH_USE_ONLY), ""


def in_checklists() -> Iterator[Place]:
    """Return the texts of the bundled checklists: they are files that a person may edit, and are shown translated."""
    for path in list_checklists():
        for section in read_checklist(path).sections:
            told = [section.title, *(text for item in section.items for text in (item.title, item.look_for) if text)]
            yield from (Place(f"{FOLDER}/{path.name}", 0, text) for text in told)


def in_attributions() -> Iterator[Place]:
    """Return what the licence page says of works: a file that ``packaging/licences.py`` writes, shown translated."""
    for work in resources.read_json(attributions.FILE):
        if "use" in work:
            yield Place(attributions.FILE, 0, work["use"])


def forgotten(path: Path) -> Iterator[Place]:
    """Return the texts of a file that look as if a person reads them, and are not marked."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped = set(_not_for_people(tree))
    pieces = {id(one) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for one in node.values}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or id(node) in skipped:
            continue
        if _WORDS.search(node.value) or (id(node) in pieces and _A_WORD.search(node.value)):
            yield Place(path.relative_to(ROOT).as_posix(), node.lineno, node.value)


def _not_for_people(tree: ast.AST) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield id(node.value)  # a docstring, or a remark under a constant
        elif (isinstance(node, ast.Call) and (_name(node.func) in _DOORS or _name(node.func) in _SILENT)) or isinstance(
            node, ast.Raise | ast.Assert
        ):
            yield from (id(one) for one in ast.walk(node))


def _text_at(node: ast.Call, position: int) -> str:
    argument = node.args[position] if position < len(node.args) else None
    return argument.value if isinstance(argument, ast.Constant) and isinstance(argument.value, str) else ""


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
