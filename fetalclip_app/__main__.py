"""``python -m fetalclip_app``: a window, or with arguments the command line."""

from __future__ import annotations

import gc
import multiprocessing
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from fetalclip_app import cli
from fetalclip_app.cli.arguments import PROGRAM
from fetalclip_app.cli.display import has_display, missing_libraries, why_no_window

NO_DISPLAY = "There is no display here, so the window cannot open."

WITHOUT_WINDOW = (
    " Without one:\n"
    f"  {PROGRAM} analyze SCAN --json OUT.json --report OUT.pdf\n"
    f"  {PROGRAM} demo        reads the bundled sample and says where its report lies\n"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Open the window, or do what the arguments say; return the exit status."""
    multiprocessing.freeze_support()
    given = sys.argv[1:] if arguments is None else list(arguments)
    if not given:
        return open_window([])
    return cli.main(given, open_window, why_no_window=why_no_window)


def open_window(paths: Sequence[Path]) -> int:
    """Run the window on ``paths`` until it is closed; without a display or Qt's libraries say what to do instead."""
    if not has_display():
        return _refuse(NO_DISPLAY)
    try:
        with modules_that_stay():
            from fetalclip_app.ui.app import run  # noqa: PLC0415 - the command line needs no Qt
    except ImportError as error:
        if missing := missing_libraries(str(error)):
            return _refuse(missing)
        raise
    return run(list(paths))


@contextmanager
def modules_that_stay() -> Iterator[None]:
    """Leave what is imported inside the block out of every collection of garbage, now and later.

    Looking through the window's modules, which stay to the end, took a tenth of a second before the first window.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()


def _refuse(reason: str) -> int:
    sys.stderr.write(reason + WITHOUT_WINDOW)
    return 2


if __name__ == "__main__":
    raise SystemExit(main())
