"""Under which licences the program's parts stand: the list for people, and the gate for the build.

``python packaging/licences.py`` writes `resources/about/licences.json`, which the window shows: the works named in
`attributions.toml` and the packages that the program needs. The build writes a fuller one into the packaged program.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from email.message import Message
from importlib import metadata
from pathlib import Path
from typing import Any, cast

from contents import LEFT_OUT_MODULES, ROOT, TITLE, version
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

SHOWN = ROOT / "resources" / "about" / "licences.json"

_COPYLEFT = re.compile(r"^A?GPL\b")
"""Licences under which a whole program would have to stand."""

_SPDX = {
    "mit": "MIT",
    "mit license": "MIT",
    "the mit license (mit)": "MIT",
    "isc license": "ISC",
    "isc license (iscl)": "ISC",
    "apache": "Apache-2.0",
    "apache 2.0": "Apache-2.0",
    "apache-2.0": "Apache-2.0",
    "apache 2.0 license": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "bsd-3-clause": "BSD-3-Clause",
    "bsd 3-clause license": "BSD-3-Clause",
    "3-clause bsd license": "BSD-3-Clause",
    "bsd-2-clause": "BSD-2-Clause",
    "mpl-2.0": "MPL-2.0",
    "mpl-2.0 and mit": "MPL-2.0 AND MIT",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "python software foundation license": "PSF-2.0",
    "gnu general public license v2 (gplv2)": "GPL-2.0-only",
    "gnu general public license v3 (gplv3)": "GPL-3.0-only",
    "gnu general public license v3 or later (gplv3+)": "GPL-3.0-or-later",
    "gnu general public license (gpl)": "GPL-2.0-or-later",
    "gnu affero general public license v3": "AGPL-3.0-only",
    "gnu affero general public license v3 or later (agplv3+)": "AGPL-3.0-or-later",
}
"""How packages word a licence, in small letters -> its SPDX name."""


class LicenceMissing(Exception):
    """A part without a known licence, or with none but the GPL or the AGPL: nothing may be packaged."""


@dataclass(frozen=True, slots=True)
class Part:
    """One work in the program.

    Attributes:
        kind: program, model, data, package or native.
        licence: An SPDX expression; empty where none is known.
        use, cite: What it is for, and whose it is.
    """

    kind: str
    name: str
    licence: str
    version: str = ""
    use: str = ""
    cite: str = ""
    home: str = ""


def allows_other_than_gpl(expression: str) -> bool:
    """Whether what stands under an SPDX expression may be passed on without the GPL or the AGPL.

    Of alternatives (OR) one is enough; of what holds together (AND) all must. An exception (WITH) is what lets a
    compiler's runtime be linked by anything.

    Raises:
        ValueError: It is no expression.
    """
    tokens = re.findall(r"[()]|[^\s()]+", expression)
    value, rest = _either(tokens)
    if rest:
        raise ValueError(f"{expression!r} is no SPDX expression")
    return value


def _either(tokens: list[str]) -> tuple[bool, list[str]]:
    value, rest = _both(tokens)
    while rest[:1] == ["OR"]:
        other, rest = _both(rest[1:])
        value = value or other
    return value, rest


def _both(tokens: list[str]) -> tuple[bool, list[str]]:
    value, rest = _one(tokens)
    while rest[:1] == ["AND"]:
        other, rest = _one(rest[1:])
        value = value and other
    return value, rest


def _one(tokens: list[str]) -> tuple[bool, list[str]]:
    if not tokens or tokens[0] in {")", "AND", "OR", "WITH"}:
        raise ValueError("a licence is missing in an SPDX expression")
    if tokens[0] == "(":
        value, rest = _either(tokens[1:])
        if rest[:1] != [")"]:
            raise ValueError("a parenthesis of an SPDX expression is not closed")
        return value, rest[1:]
    if tokens[1:2] == ["WITH"]:
        return True, tokens[3:]
    return _COPYLEFT.match(tokens[0]) is None, tokens[1:]


def refuse_gpl_only(parts: Iterable[Part]) -> None:
    """Pass where every part has a licence other than the GPL and the AGPL.

    Raises:
        LicenceMissing: Names all that have none.
    """
    unknown = [part.name for part in parts if not part.licence]
    if unknown:
        raise LicenceMissing(
            f"No licence is known of {', '.join(unknown)}: read it there, write it into packaging/attributions.toml."
        )
    refused = [f"{part.name} ({part.licence})" for part in parts if not allows_other_than_gpl(part.licence)]
    if refused:
        raise LicenceMissing(f"Free under the GPL or the AGPL alone, so it cannot be packaged: {', '.join(refused)}.")


def attributions() -> dict[str, Any]:
    """Return what `attributions.toml` says."""
    return tomllib.loads((Path(__file__).parent / "attributions.toml").read_text(encoding="utf-8"))


def works() -> list[Part]:
    """Return the program itself, and models, data and texts that others made."""
    program = Part("program", TITLE, "Apache-2.0", version(), cite="The FetalCLIP Studio authors.")
    return [program, *(Part(**work) for work in attributions()["works"])]


def licence_of(told: Message, by_hand: dict[str, str]) -> str:
    """Return a package's licence as an SPDX expression; empty where its metadata does not say.

    Args:
        by_hand: Name -> what its own licence file says, where that was read.
    """
    name = canonicalize_name(str(told["Name"]))
    if name in by_hand:
        return by_hand[name]
    if told.get("License-Expression"):
        return str(told["License-Expression"])
    classifiers = [text.split(" :: ")[-1] for text in told.get_all("Classifier") or [] if text.startswith("License ::")]
    worded = [str(told.get("License") or "").strip(), *classifiers]
    known = [_SPDX[text.lower()] for text in worded if text.lower() in _SPDX]
    if known:
        return known[0]
    return worded[0] if re.fullmatch(r"[\w.+-]+( (OR|AND|WITH) [\w.+-]+)+", worded[0]) else ""


def package(distribution: metadata.Distribution) -> Part:
    """Return an installed package as a part of the program."""
    told = cast(Message, distribution.metadata)
    homes = [text.partition(",")[2].strip() for text in told.get_all("Project-URL") or []]
    home = str(told.get("Home-page") or "") or next(iter(homes), "")
    licence = licence_of(told, attributions()["packages"])
    return Part("package", str(told["Name"]), licence, distribution.version, home=home)


def needed(requirements: Iterable[str]) -> list[metadata.Distribution]:
    """Return the installed packages that these need, and those that they need in turn, by name.

    What the packaged program leaves out is not among them, nor what only that needs.
    """
    left_out = {canonicalize_name(name) for name in LEFT_OUT_MODULES if "." not in name} | {"umap-learn"}
    found: dict[str, metadata.Distribution] = {}
    seen: set[tuple[str, frozenset[str]]] = set()
    todo = [one for text in requirements if _applies(one := Requirement(text), "")]
    while todo:
        wanted = todo.pop()
        name = canonicalize_name(wanted.name)
        asked = (name, frozenset(wanted.extras))  # one package may ask for another's extra, the next for the bare one
        if asked in seen or name in left_out:
            continue
        seen.add(asked)
        try:
            found[name] = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue  # an alternative that this system does not need
        further = [Requirement(text) for text in found[name].requires or []]
        todo += [one for one in further if any(_applies(one, extra) for extra in ("", *wanted.extras))]
    return [found[name] for name in sorted(found)]


def _applies(wanted: Requirement, extra: str) -> bool:
    return wanted.marker is None or wanted.marker.evaluate({"extra": extra})


def of_program() -> list[str]:
    """Return what `pyproject.toml` says the program needs to run, with de-identification and trainings."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    optional = project["optional-dependencies"]
    return [*project["dependencies"], *optional["deidentify"], *optional["training"]]


def installed() -> list[Part]:
    """Return the packages that the program needs, as they are installed here."""
    return [package(distribution) for distribution in needed(of_program())]


def write(path: Path, parts: Iterable[Part]) -> None:
    """Write the list that the window shows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    told = [{key: value for key, value in asdict(part).items() if value} for part in parts]
    path.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def licence_files(distribution: metadata.Distribution) -> Iterator[Path]:
    """Yield the texts of licences and notices that a package brings."""
    for file in distribution.files or []:
        if re.search(r"(licen[cs]e|copying|notice|authors)[^/]*$|/licenses/", str(file).lower()):
            path = Path(str(distribution.locate_file(file)))
            if path.is_file() and path.suffix not in {".py", ".pyc", ".so"}:
                yield path


def main() -> int:
    """Write what a checkout's window shows; refuse what may not be packaged."""
    packages = installed()
    refuse_gpl_only([*works(), *packages])
    write(SHOWN, [*works(), *packages])
    return 0


if __name__ == "__main__":
    sys.exit(main())
