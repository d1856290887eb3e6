"""Why no window opens: no screen, one that does not answer, or a library that is missing."""

from __future__ import annotations

import builtins
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from fetalclip_app import __main__ as program
from fetalclip_app.cli import display
from fetalclip_app.cli.display import PACKAGES, cause, has_display, why_no_window

PLUGIN = "/venv/PySide6/Qt/plugins/platforms/libqxcb.so"

# What Qt 6.11 writes with QT_DEBUG_PLUGINS, where the library is missing and where the display is unreachable. Its own
# advice about xcb-cursor stands in both.
ADVICE = "qt.qpa.plugin: From 6.5.0, xcb-cursor0 or libxcb-cursor0 is needed to load the Qt xcb platform plugin.\n"
NOT_LOADED = 'qt.qpa.plugin: Could not load the Qt platform plugin "xcb" in "" even though it was found.\n'
NO_LIBRARY = (
    f'qt.core.library: "{PLUGIN}" cannot load: Cannot load library {PLUGIN}: libxcb-cursor.so.0: cannot open shared '
    f"object file: No such file or directory\n{ADVICE}{NOT_LOADED}"
)
NO_ANSWER = f"qt.qpa.xcb: could not connect to display :4711\n{ADVICE}{NOT_LOADED}"
NO_EGL = "ImportError: libEGL.so.1: cannot open shared object file: No such file or directory\n"


@pytest.fixture
def on_screen(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that sets what the environment of a Linux machine names."""
    monkeypatch.setattr(sys, "platform", "linux")

    def name(**variables: str) -> None:
        for variable in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
            monkeypatch.delenv(variable, raising=False)
        for variable, value in variables.items():
            monkeypatch.setenv(variable, value)

    name()
    return name


def test_without_a_display_the_bare_program_says_what_to_do(
    on_screen: Callable, capsys: pytest.CaptureFixture[str]
) -> None:
    assert program.main([]) == 2
    text = capsys.readouterr().err
    assert "no display" in text and "analyze" in text and "demo" in text


def test_a_window_that_nobody_sees_is_none(on_screen: Callable) -> None:
    assert why_no_window() == "There is no display here."
    on_screen(QT_QPA_PLATFORM="offscreen:size=8x8")
    assert has_display() and why_no_window() == "QT_QPA_PLATFORM is offscreen, which shows no window."


def test_a_screen_that_does_not_answer_is_named(on_screen: Callable) -> None:
    on_screen(DISPLAY=":4711")
    assert has_display() and why_no_window() == "The display (DISPLAY=:4711) cannot be reached."


@pytest.mark.parametrize(
    ("trial", "words"),
    [
        ("pass", ""),
        ("import time; time.sleep(30)", "did not answer within"),
        ("import os; os.abort()", "Qt ended without a word"),
        ("import sys; sys.exit('first\\nlast words\\n')", "(last words)"),
        ("import os, sys; sys.exit('libraries ' + os.environ['QT_DEBUG_PLUGINS'])", "(libraries 1)"),
    ],
)
def test_what_a_trial_says_is_kept(
    on_screen: Callable, monkeypatch: pytest.MonkeyPatch, trial: str, words: str
) -> None:
    on_screen(DISPLAY=":1")
    monkeypatch.setattr(display, "_TRIAL", trial)
    if "sleep" in trial:
        monkeypatch.setattr(display, "PATIENCE_S", 1)
    reason = why_no_window()

    assert words in reason and bool(words) == bool(reason)


@pytest.mark.parametrize(
    ("said", "library", "package"),
    [(NO_LIBRARY, "libxcb-cursor.so.0", "libxcb-cursor0"), (NO_EGL, "libEGL.so.1", "libegl1")],
)
def test_a_missing_library_is_named_once_with_its_package(said: str, library: str, package: str) -> None:
    text = cause(said + said)

    assert (
        text
        == f"The window needs {library}, which is not installed. On Debian or Ubuntu: sudo apt-get install {package}."
    )


def test_a_missing_library_and_a_display_that_does_not_answer_are_both_said(on_screen: Callable) -> None:
    on_screen(WAYLAND_DISPLAY="wayland-9", DISPLAY=":4711")
    text = cause(NO_LIBRARY + NO_ANSWER)

    assert "libxcb-cursor0." in text
    assert text.endswith("The display (WAYLAND_DISPLAY=wayland-9, DISPLAY=:4711) cannot be reached.")


def test_a_library_without_a_known_package_is_named_alone() -> None:
    assert (
        cause("libodd.so.3: cannot open shared object file") == "The window needs libodd.so.3, which is not installed."
    )


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (NO_ANSWER, "The display (DISPLAY=:4711) cannot be reached."),
        (
            f"Authorization required, but no authorization protocol specified\n\n{NO_ANSWER}",
            "The display (DISPLAY=:4711) does not admit this user (no authorization).",
        ),
        (
            'Could not find the Qt platform plugin "foo" in ""',
            "QT_QPA_PLATFORM is foo, a platform that Qt does not know",
        ),
    ],
)
def test_a_display_that_does_not_work_is_told_from_a_missing_library(
    on_screen: Callable, said: str, reason: str
) -> None:
    on_screen(DISPLAY=":4711")
    assert cause(said).startswith(reason) and "apt-get" not in cause(said)


def test_the_makefile_installs_no_package_that_the_table_does_not_know() -> None:
    makefile = (Path(__file__).parents[2] / "Makefile").read_text(encoding="utf-8")
    found = re.search(r"^QT_PACKAGES := (.*)$", makefile, re.MULTILINE)
    assert found is not None
    assert set(found[1].split()) <= set(PACKAGES.values())


def test_the_bare_program_names_a_missing_library_too(
    on_screen: Callable, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    on_screen(DISPLAY=":1")
    real = builtins.__import__

    def lacks_egl(name: str, *rest: object, **more: object) -> object:
        if name == "fetalclip_app.ui.app":
            raise ImportError("libEGL.so.1: cannot open shared object file: No such file or directory")
        return real(name, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", lacks_egl)
    assert program.open_window([]) == 2
    text = capsys.readouterr().err
    assert "sudo apt-get install libegl1." in text and "analyze" in text
