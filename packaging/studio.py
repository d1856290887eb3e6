"""The packaged program's beginning: the studio, or with ``train`` as first word the trainings.

The app knows no training and the trainings know no window; only this file, which belongs to neither, starts both.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Sequence
from pathlib import Path

TRAIN, CHECK = "train", "self-check"

LIBRARY_PATH = "LD_LIBRARY_PATH"
"""Where Linux looks for libraries; the packaged program's start sets it to its own folder, and keeps what it was
under the name with ``_ORIG``."""

LEFT_OUT = frozenset({"peft", "transformers", "triton", "numba"})
"""What a checkout has and this program leaves out for its size, as `contents.LEFT_OUT_MODULES` tells the packager."""


def main(arguments: Sequence[str]) -> int:
    """Do what the arguments say and return the exit status."""
    if arguments[:1] == [TRAIN]:
        return _train(list(arguments[1:]))
    if arguments[:1] == [CHECK]:
        from self_check import main as check  # noqa: PLC0415 - only who checks waits for it

        return check(list(arguments[1:]))
    if arguments and Path(arguments[0]).is_absolute():  # a file that macOS or Windows opens with the program
        arguments = ["open", *arguments]
    from fetalclip_app.cli.display import TRY_WINDOW  # noqa: PLC0415 - a training needs no window

    if arguments[:1] == [TRY_WINDOW]:
        from PySide6.QtWidgets import QApplication  # noqa: PLC0415 - only who tries a window waits for Qt

        QApplication(sys.argv[:1])
        return 0
    from fetalclip_app.__main__ import main as studio  # noqa: PLC0415 - as above

    return studio(list(arguments))


def give_back_library_path() -> None:
    """Let programs that this one starts, such as a file manager, find their own libraries and not the ones packed here.

    The loader of this process has read the path long since.
    """
    if (before := os.environ.pop(f"{LIBRARY_PATH}_ORIG", None)) is not None:
        os.environ[LIBRARY_PATH] = before
    else:
        os.environ.pop(LIBRARY_PATH, None)


def _train(arguments: list[str]) -> int:
    """Run the trainings' command line; what was left out of this program is named."""
    from training.__main__ import main as train  # noqa: PLC0415 - torch takes seconds

    try:
        return train(arguments, program=f"{Path(sys.executable).name} {TRAIN}")
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in LEFT_OUT:
            raise
        raise SystemExit(
            f"This recipe needs {missing}, which the packaged program leaves out: train it from a checkout."
        ) from error


if __name__ == "__main__":
    give_back_library_path()
    multiprocessing.freeze_support()  # before all imports: the model's process begins here, too
    sys.exit(main(sys.argv[1:]))
