"""Makes a library that has another's name and offers what is asked of it, without any code: for all three systems.

What a library offers and asks for is read by LIEF, which knows the files of Linux, Windows and macOS alike; what takes
its place is compiled by the system's C compiler, or by ``ziglang`` (a compiler that comes as a package).
"""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import lief

lief.logging.disable()

Binary = lief.ELF.Binary | lief.PE.Binary | lief.MachO.Binary

Kind = lief.Binary.FORMATS

_TARGETS = {Kind.ELF: "linux-gnu", Kind.PE: "windows-gnu", Kind.MACHO: "macos.12.0"}

_UNDEFINED = 0
"""ELF: no section, so the name is another library's."""

_ROOM = 8192
"""Bytes of a table whose length its file does not tell."""


class NoStandIn(Exception):
    """What takes a library's place could not be made."""


@dataclass(frozen=True, slots=True)
class Symbol:
    """One name that a library offers.

    Attributes:
        size: Bytes of a table.
        version: The set of names that it belongs to, as some libraries of Linux have it.
    """

    name: str
    is_code: bool
    size: int = _ROOM
    version: str = ""


@dataclass(frozen=True, slots=True)
class Linked:
    """What a file is linked against, and the names that it asks for there."""

    libraries: frozenset[str]
    names: frozenset[str]


def linked(file: Path) -> Linked:
    """Return what a compiled file asks for; nothing where it is none."""
    binary = _parsed(file)
    if binary is None:
        return Linked(frozenset(), frozenset())
    libraries = frozenset(re.split(r"[/\\]", str(getattr(one, "name", one)))[-1] for one in binary.libraries)
    return Linked(libraries, frozenset(_asks(binary)))


def _asks(binary: Binary) -> Iterator[str]:
    if isinstance(binary, lief.PE.Binary):
        yield from (str(entry.name) for table in binary.imports for entry in table.entries)
    elif isinstance(binary, lief.ELF.Binary):  # whatever type an undefined name has: linkers leave it open
        yield from (str(one.name) for one in binary.dynamic_symbols if one.shndx == _UNDEFINED)
    else:
        yield from (_as_in_c(str(one.name)) for one in binary.imported_symbols)


def offered(library: Path) -> list[Symbol]:
    """Return what a library offers."""
    return _offers(_read(library))


def stand_in(
    library: Path, names: Iterable[str], folder: Path, *, answer: Callable[[str], str], behind: Iterable[Path] = ()
) -> Path:
    """Write a library of the same name that offers those names, as far as the library did, and does nothing.

    Args:
        answer: A function's name -> the type and value in C that it returns, such as ``void * 0``, or
            ``void * room`` for a reference to something that may be written to.
        behind: Libraries that come only with this one: their names are offered here.

    Raises:
        NoStandIn: There is no C compiler, or it failed.
    """
    binary, wanted = _read(library), set(names)
    folder.mkdir(parents=True, exist_ok=True)
    known = {symbol.name: symbol for file in behind for symbol in offered(file)}
    known |= {symbol.name: symbol for symbol in _offers(binary)}
    symbols = [known[name] for name in sorted(wanted & known.keys())]
    source, versions = folder / f"{library.name}.c", folder / f"{library.name}.versions"
    source.write_text(written(symbols, answer), encoding="utf-8")
    versions.write_text(_versions(symbols), encoding="utf-8")
    made = folder / library.name
    _run([*_compiler(binary), *_options(binary, versions), "-o", str(made), str(source)])
    return made


def written(symbols: Iterable[Symbol], answer: Callable[[str], str]) -> str:
    """Return C: functions that only answer, types of C++ by their names, and tables full of zeros."""
    lines = ["#ifdef _WIN32", "#define OFFER __declspec(dllexport)", "#else", "#define OFFER", "#endif"]
    lines.append(f"static char room[{_ROOM}];  /* what a function may refer to */")
    lines.append("extern const void *_ZTVN10__cxxabiv117__class_type_infoE[];")
    for symbol in symbols:
        if symbol.is_code:
            kind, _, value = answer(symbol.name).rpartition(" ")
            lines.append(f"OFFER {kind} {symbol.name}(void) {{ return {value}; }}")
        elif symbol.name.startswith("_ZTI"):  # whoever registers a C++ type asks for its name
            of_type = f'{{ _ZTVN10__cxxabiv117__class_type_infoE + 2, "{symbol.name[4:]}", 0 }}'
            lines.append(f"OFFER const void *{symbol.name}[3] = {of_type};")
        else:
            lines.append(f"OFFER const char {symbol.name}[{max(symbol.size, 1)}] = {{0}};")
    return "\n".join(lines) + "\n"


def _read(library: Path) -> Binary:
    binary = _parsed(library)
    if binary is None:
        raise NoStandIn(f"{library.name} is no library")
    return binary


def _parsed(file: Path) -> Binary | None:
    """Read a compiled file, and of Linux's only what concerns names."""
    binary: object
    if lief.is_elf(str(file)):
        wanted = lief.ELF.ParserConfig()
        wanted.parse_relocations = wanted.parse_notes = wanted.parse_overlay = wanted.parse_symtab_symbols = False
        wanted.count_mtd = lief.ELF.ParserConfig.DYNSYM_COUNT.HASH
        binary = lief.ELF.parse(str(file), wanted)
    else:
        binary = lief.parse(str(file))
    return binary if isinstance(binary, lief.ELF.Binary | lief.PE.Binary | lief.MachO.Binary) else None


def _offers(binary: Binary) -> list[Symbol]:
    if isinstance(binary, lief.ELF.Binary):
        code = {lief.ELF.Symbol.TYPE.FUNC, lief.ELF.Symbol.TYPE.GNU_IFUNC}
        return [Symbol(str(one.name), one.type in code, one.size, _version(one)) for one in binary.exported_symbols]
    if isinstance(binary, lief.PE.Binary):
        table = binary.get_export()
        runs = lief.PE.Section.CHARACTERISTICS.MEM_EXECUTE
        sections = {one: binary.section_from_rva(one.address) for one in (table.entries if table is not None else ())}
        return [Symbol(str(one.name), at is not None and at.has_characteristic(runs)) for one, at in sections.items()]
    texts = [section for section in binary.sections if section.name == "__text"]
    return [
        Symbol(
            _as_in_c(str(one.name)),
            any(text.virtual_address <= one.value < text.virtual_address + text.size for text in texts),
        )
        for one in binary.exported_symbols
    ]


def _version(symbol: lief.ELF.Symbol) -> str:
    version = symbol.symbol_version if symbol.has_version else None
    auxiliary = version.symbol_version_auxiliary if version is not None else None
    return str(auxiliary.name) if auxiliary is not None else ""


def _as_in_c(name: str) -> str:
    """Return a name without the line that macOS sets before each."""
    return name.removeprefix("_")


def _versions(symbols: Iterable[Symbol]) -> str:
    """Return the linker's script that gives each name its version; empty where none has one."""
    names: dict[str, list[str]] = defaultdict(list)
    for symbol in symbols:
        if symbol.version:
            names[symbol.version].append(symbol.name)
    return "".join(f"{version} {{ global: {'; '.join(of)}; }};\n" for version, of in names.items())


def _options(binary: Binary, versions: Path) -> list[str]:
    """Return the linker's options that make a library be taken for another: its name, and its versions."""
    if isinstance(binary, lief.PE.Binary):
        return ["-shared", "-Os", "-s"]
    if isinstance(binary, lief.MachO.Binary):
        own = binary.get(lief.MachO.LoadCommand.TYPE.ID_DYLIB)
        assert isinstance(own, lief.MachO.DylibCommand)
        age = ".".join(map(str, own.compatibility_version))  # whoever was linked against it refuses an older one
        ages = [f"-Wl,-compatibility_version,{age}", f"-Wl,-current_version,{age}"]
        return ["-dynamiclib", "-Os", "-undefined", "dynamic_lookup", f"-Wl,-install_name,{own.name}", *ages]
    own_name = binary.get(lief.ELF.DynamicEntry.TAG.SONAME)
    assert isinstance(own_name, lief.ELF.DynamicSharedObject)
    script = [f"-Wl,--version-script,{versions}"] if versions.read_text("utf-8") else []
    return ["-shared", "-fPIC", "-Os", "-s", "-Wl,-soname," + str(own_name.name), *script]


def _compiler(binary: Binary) -> list[str]:
    """Return the command that compiles for a library's system.

    Raises:
        NoStandIn: There is none.
    """
    here = {"linux": Kind.ELF, "darwin": Kind.MACHO}.get(sys.platform)
    if binary.format == here and (cc := shutil.which("cc")):
        return [cc]
    if importlib.util.find_spec("ziglang") is not None:
        machine = "aarch64" if "ARM64" in str(binary.abstract.header.architecture) else "x86_64"
        return [sys.executable, "-m", "ziglang", "cc", "-target", f"{machine}-{_TARGETS[binary.format]}"]
    raise NoStandIn(
        "A C compiler is needed to leave out what must not be packed: the system's own (Debian: build-essential;"
        " macOS: xcode-select --install), or `uv pip install ziglang` on any system."
    )


def _run(command: list[str]) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except subprocess.CalledProcessError as error:
        raise NoStandIn(f"{command[0]}: {error.stderr.strip()}") from error
