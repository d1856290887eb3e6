"""What really lies in the packaged program: its packages and native libraries, as a list and as a CycloneDX bill.

Packages are known by the files that the packager collected, not by what was asked for: each collected file is looked
up in the records of the installed packages.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path, PurePosixPath
from typing import Any

import licences
from contents import IDENTIFIER, TITLE, Collected, version
from licences import LicenceMissing, Part
from versions import of_files

_LIBRARY = re.compile(r"^lib[^/]*(?<!abi3)(?<!-gnu)\.(so|dylib)|\.dll$|\.so\.\d", re.IGNORECASE)
"""A library that others link; other compiled files are modules of the package that brings them."""

_PACKERS = {"pyinstaller", "pyinstaller-hooks-contrib"}
"""Nothing needs them, and what starts the packaged program is theirs."""

_TYPES = {"program": "application", "model": "machine-learning-model", "data": "data"}


class Unneeded(Exception):
    """Packages that the program would do without."""


@dataclass(frozen=True, slots=True)
class Native:
    """A native library and the files in which it lies: (place, source)."""

    part: Part
    files: list[tuple[str, Path]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Bill:
    """Everything in the packaged program."""

    packages: list[metadata.Distribution]
    natives: list[Native]

    def parts(self) -> list[Part]:
        """Return works, packages and native libraries."""
        packages = [licences.package(distribution) for distribution in self.packages]
        return [*licences.works(), *packages, *(native.part for native in self.natives)]


STAND_IN = Part("native", "Stand-ins without code", "Apache-2.0", cite="This project, packaging/hollow.py.")


def of(collected: Iterable[Collected], stand_ins: Path | None = None) -> Bill:
    """Look up what was collected.

    Args:
        stand_ins: Folder of the libraries without code that take the places of others.

    Raises:
        LicenceMissing: A native library that `attributions.toml` does not know.
    """
    owners = _owners()
    packages: dict[str, metadata.Distribution] = {}
    libraries: list[tuple[str, Path]] = []
    for place, source, kind in collected:
        owner = owners.get(_real(Path(source))) if kind != "SYMLINK" else None
        if owner is not None:
            packages[str(owner.metadata["Name"]).lower()] = owner
        if kind in {"BINARY", "DATA"} and _LIBRARY.search(PurePosixPath(place.replace("\\", "/")).name):
            libraries.append((place.replace("\\", "/"), Path(source)))
    own = [(place, source) for place, source in libraries if stand_ins is not None and stand_ins in source.parents]
    natives = _natives([library for library in libraries if library not in own])
    return Bill([packages[name] for name in sorted(packages)], [*natives, *([Native(STAND_IN, own)] if own else [])])


def _owners() -> dict[str, metadata.Distribution]:
    """Return which package each installed file belongs to; the program itself is none of its packages."""
    return {
        os.path.normpath(f"{root}/{file}"): distribution
        for distribution in metadata.distributions()
        if str(distribution.metadata["Name"]).lower() != "fetalclip-studio"
        for root in [Path(str(distribution.locate_file(""))).resolve()]
        for file in distribution.files or []
    }


def _real(file: Path) -> str:
    """Return a file's path as its folder really lies; whether itself is a link does not matter."""
    return str(file.parent.resolve() / file.name)


def _natives(libraries: list[tuple[str, Path]]) -> list[Native]:
    known = [(re.compile(entry["match"]), entry) for entry in licences.attributions()["native"]]
    found: dict[str, list[tuple[str, Path]]] = defaultdict(list)
    told: dict[str, dict[str, str]] = {}
    strange: list[str] = []
    for place, source in sorted(libraries):
        names = (PurePosixPath(place).name, place)
        entry = next((entry for match, entry in known if any(match.search(name) for name in names)), None)
        if entry is None:
            strange.append(place)
            continue
        told[entry["name"]] = entry
        found[entry["name"]].append((place, source))
    if strange:
        raise LicenceMissing(
            f"packaging/attributions.toml does not know {', '.join(strange)}: whose are they, under which licence?"
        )
    versions = of_files(source for _place, source in libraries)
    return [
        Native(Part("native", name, told[name]["licence"], _version(files, versions)), files)
        for name, files in sorted(found.items())
    ]


def _version(files: list[tuple[str, Path]], versions: dict[Path, str]) -> str:
    """Return the version of a library's files, where they have one and the same."""
    told = {versions.get(source, "") for _place, source in files}
    return told.pop() if len(told) == 1 else ""


def refuse_unneeded(bill: Bill) -> None:
    """Pass where every package is one that the program needs.

    Raises:
        Unneeded: Names those that only happened to be installed.
    """
    needed = {distribution.metadata["Name"] for distribution in licences.needed(licences.of_program())} | _PACKERS
    strange = [name for package in bill.packages if (name := package.metadata["Name"]) not in needed]
    if strange:
        raise Unneeded(f"Nothing in the program needs {', '.join(strange)}: leave it out in packaging/contents.py.")


def write(bill: Bill, folder: Path) -> list[Collected]:
    """Write the window's list, the CycloneDX bill and the texts; return them as files to be packed.

    Raises:
        LicenceMissing: Something has no licence other than the GPL or the AGPL.
    """
    parts = bill.parts()
    licences.refuse_gpl_only(parts)
    shown, sbom = folder / "licences.json", folder / "sbom.cdx.json"
    licences.write(shown, parts)
    sbom.write_text(json.dumps(cyclonedx(bill), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    packed = [("resources/about/licences.json", str(shown), "DATA"), ("sbom.cdx.json", str(sbom), "DATA")]
    return [*packed, *_texts(bill)]


def _texts(bill: Bill) -> Iterator[Collected]:
    """Yield the licences' texts: each package's own, Python's, and those that Qt's wheels leave out."""
    for distribution in bill.packages:
        name, folder = str(distribution.metadata["Name"]), Path(str(distribution.locate_file("")))
        for file in licences.licence_files(distribution):
            yield f"licences/{name}/{file.relative_to(folder).as_posix()}", str(file), "DATA"
    for file in sorted((Path(__file__).parent / "texts").glob("*.txt")):
        yield f"licences/{file.name}", str(file), "DATA"
    python = Path(sys.base_prefix) / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "LICENSE.txt"
    for file in (python, Path(sys.base_prefix) / "LICENSE.txt"):
        if file.is_file():
            yield "licences/CPython/LICENSE.txt", str(file), "DATA"
            return


def cyclonedx(bill: Bill) -> dict[str, Any]:
    """Return the bill in CycloneDX 1.6."""
    components = [_component(part) for part in bill.parts() if part.kind not in {"program", "native"}]
    for native in bill.natives:
        files = [
            {"type": "file", "name": place, "hashes": [{"alg": "SHA-256", "content": _sha256(source)}]}
            for place, source in native.files
        ]
        components.append({**_component(native.part), "components": files})
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid4()}",
        "version": 1,
        "metadata": {
            "timestamp": datetime.now(UTC).isoformat(timespec="seconds"),
            "component": {"type": "application", "name": TITLE, "version": version(), "bom-ref": IDENTIFIER},
        },
        "components": components,
    }


def _component(part: Part) -> dict[str, Any]:
    made: dict[str, Any] = {
        "type": _TYPES.get(part.kind, "library"),
        "bom-ref": f"{part.kind}:{part.name}",
        "name": part.name,
        "licenses": [_licence(part.licence)],
    }
    if part.version:
        made["version"] = part.version
    if part.kind == "package":
        made["purl"] = f"pkg:pypi/{part.name.lower().replace('_', '-')}@{part.version}"
    if part.use or part.cite:
        made["description"] = " ".join(text for text in (part.use, part.cite) if text)
    return made


def _licence(expression: str) -> dict[str, Any]:
    if re.fullmatch(r"LicenseRef-[\w.-]+", expression):
        return {"license": {"name": expression.removeprefix("LicenseRef-")}}
    return {"expression": expression}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
