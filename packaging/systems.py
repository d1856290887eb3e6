"""What differs between Linux, Windows and macOS: the program's files, their icon, and what the system is told."""

from __future__ import annotations

import platform
import shutil
from pathlib import Path
from typing import Any

from contents import IDENTIFIER, NAME, TITLE, version

OPENS = ("dcm", "dicom")
"""Endings of the files that a system offers to open with the program; pictures and videos it opens when asked."""


def programs(packaging: Path, work: Path) -> list[dict[str, Any]]:
    """Return what each program is made with.

    One on Linux and macOS. Two on Windows, where a program has either a window or a terminal: ``NAME-cli`` has one.
    """
    system = platform.system()
    if system == "Darwin":
        return [
            {"name": NAME, "console": False, "argv_emulation": True, "icon": str(packaging / "macos" / "studio.icns")}
        ]
    if system != "Windows":
        return [{"name": NAME, "console": True}]
    resource = work / "version.txt"
    resource.write_text(version_resource(), encoding="utf-8")
    shared = {"icon": str(packaging / "windows" / "studio.ico"), "version": str(resource)}
    return [{"name": NAME, "console": False, **shared}, {"name": f"{NAME}-cli", "console": True, **shared}]


def bundle(packaging: Path) -> dict[str, Any]:
    """Return what the app of macOS is made with."""
    document = {
        "CFBundleTypeName": "DICOM",
        "CFBundleTypeRole": "Viewer",
        "LSHandlerRank": "Alternate",
        "CFBundleTypeExtensions": list(OPENS),
        "LSItemContentTypes": ["org.nema.dicom"],
    }
    return {
        "name": f"{TITLE}.app",
        "icon": str(packaging / "macos" / "studio.icns"),
        "bundle_identifier": IDENTIFIER,
        "version": version(),
        "info_plist": {
            "CFBundleDisplayName": TITLE,
            "CFBundleDocumentTypes": [document],
            "NSHighResolutionCapable": True,
            "NSHumanReadableCopyright": "Apache-2.0. Research use only. Not for diagnosis.",
            "LSMinimumSystemVersion": "12.0",
        },
    }


def finish(folder: Path, packaging: Path) -> None:
    """Lay beside Linux's program what installs it, and takes it away again."""
    if platform.system() != "Linux":
        return
    share = folder / "share"
    share.mkdir(exist_ok=True)
    for file in (
        packaging / "studio.svg",
        *packaging.glob("linux/icons/*.png"),
        *packaging.glob("linux/*.desktop"),
        *packaging.glob("linux/*.xml"),
    ):
        shutil.copyfile(file, share / file.name)
    for script in packaging.glob("linux/*.sh"):
        shutil.copy(script, folder / script.name)


def version_resource() -> str:
    """Return what Windows shows of a program, in the packager's form."""
    numbers = tuple(int(part) for part in version().split(".")[:3])
    padded = (*numbers, *(0,) * (4 - len(numbers)))
    texts = {
        "CompanyName": TITLE,
        "FileDescription": f"{TITLE}. Research use only. Not for diagnosis.",
        "FileVersion": version(),
        "InternalName": NAME,
        "LegalCopyright": "Apache-2.0",
        "OriginalFilename": f"{NAME}.exe",
        "ProductName": TITLE,
        "ProductVersion": version(),
    }
    rows = ", ".join(f"StringStruct({name!r}, {text!r})" for name, text in texts.items())
    return (
        f"VSVersionInfo(ffi=FixedFileInfo(filevers={padded}, prodvers={padded}, mask=0x3F, flags=0, OS=0x40004,"
        f" fileType=1, subtype=0, date=(0, 0)), kids=[StringFileInfo([StringTable('040904B0', [{rows}])]),"
        " VarFileInfo([VarStruct('Translation', [0x409, 1200])])])\n"
    )
