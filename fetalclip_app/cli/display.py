"""Whether a window can open where a person sees it; and if not, why, and which package would help."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence

from fetalclip_app.wording.translate import mark, translate

PATIENCE_S = 60
"""How long a screen may take to answer."""

UNSEEN = frozenset({"offscreen", "minimal", "vnc"})
"""Qt's platforms whose windows nobody sees on a screen."""

PACKAGES: dict[str, str] = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libX11.so.6": "libx11-6",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libwayland-client.so.0": "libwayland-client0",
    "libwayland-cursor.so.0": "libwayland-cursor0",
    "libwayland-egl.so.1": "libwayland-egl1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xinerama.so.0": "libxcb-xinerama0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxcb.so.1": "libxcb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxkbcommon.so.0": "libxkbcommon0",
}
"""What Qt loads from the system -> the package of Debian and Ubuntu that brings it."""

_MISSING = re.compile(r"(lib[\w.+-]+\.so[.\d]*): cannot open shared object file")
_NO_PLATFORM = re.compile(r'Could not find the Qt platform plugin "([^"]*)"')
_NO_X_ANSWER = re.compile(r"could not connect to display \S")
_NO_ANSWER = re.compile(
    r"could not connect to display|Failed to create wl_display|Could not load the Qt platform plugin"
)

TRY_WINDOW = "try-window"
"""Word that has a packaged program open Qt, and end."""

_TRIAL = "from PySide6.QtWidgets import QApplication; QApplication([])"


def has_display() -> bool:
    """Whether the environment names a screen, or a Qt platform that needs none."""
    if sys.platform != "linux":
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))


def why_no_window() -> str:
    """Return an empty text where a window really opens, else in a sentence or two why none does.

    Qt ends the whole process when the named screen does not answer or one of its libraries is missing, so a process
    of its own tries it.
    """
    if not has_display():
        return translate("There is no display here.")
    platform = os.environ.get("QT_QPA_PLATFORM", "").split(":")[0]
    if platform in UNSEEN:
        return translate("QT_QPA_PLATFORM is {platform}, which shows no window.", platform=platform)
    # QT_DEBUG_PLUGINS makes Qt name the library that a plugin lacks; the loader's words are translated otherwise.
    environment = {**os.environ, "QT_DEBUG_PLUGINS": "1", "LC_ALL": "C.UTF-8", "LANGUAGE": ""}
    try:
        asked = [TRY_WINDOW] if getattr(sys, "frozen", False) else ["-c", _TRIAL]
        trial = subprocess.run(
            [sys.executable, *asked], capture_output=True, timeout=PATIENCE_S, check=False, env=environment
        )
    except subprocess.TimeoutExpired:
        return translate("{screen} did not answer within {count} seconds.", screen=_screen(), count=PATIENCE_S)
    except OSError as error:
        return translate("Whether a window opens could not be tried: {why}.", why=error.strerror or error)
    return "" if trial.returncode == 0 else cause(trial.stderr.decode(errors="replace"))


def cause(said: str) -> str:
    """Return why no window opened, from what Qt and the system's loader said."""
    if missing := missing_libraries(said):
        # Where Qt lacks a library for one window system, it tries the next.
        return f"{missing} {_unreached()}" if _NO_X_ANSWER.search(said) else missing
    if "Authorization required" in said or "No protocol specified" in said:
        return translate("{screen} does not admit this user (no authorization).", screen=_screen())
    if unknown := _NO_PLATFORM.search(said):
        return translate("QT_QPA_PLATFORM is {platform}, a platform that Qt does not know here.", platform=unknown[1])
    if _NO_ANSWER.search(said):
        return _unreached()
    words = [line.strip() for line in said.splitlines() if line.strip()]
    return translate("No window opens here ({why}).", why=words[-1] if words else translate("Qt ended without a word"))


def missing_libraries(said: str) -> str:
    """Return which system libraries are missing and how to get them, or an empty text where none is named."""
    names = list(dict.fromkeys(_MISSING.findall(said)))
    if not names:
        return ""
    one, many = (
        mark("The window needs {names}, which is not installed."),
        mark("The window needs {names}, which are not installed."),
    )
    text = translate(one if len(names) == 1 else many, names=translate(" and ").join(names))
    packages = list(dict.fromkeys(PACKAGES[name] for name in names if name in PACKAGES))
    return f"{text} {_install(packages)}" if packages else text


def _install(packages: Sequence[str]) -> str:
    return translate("On Debian or Ubuntu: sudo apt-get install {names}.", names=" ".join(packages))


def _unreached() -> str:
    return translate("{screen} cannot be reached.", screen=_screen())


def _screen() -> str:
    names = [f"{name}={os.environ[name]}" for name in ("WAYLAND_DISPLAY", "DISPLAY") if os.environ.get(name)]
    return translate("The display ({names})", names=", ".join(names)) if names else translate("The display")
