"""The packaged program's beginning: the studio, or with ``train`` as first word the trainings.

The app knows no training and the trainings know no window; only this file, which belongs to neither, starts both.
"""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Sequence
from pathlib import Path

TRAIN, CHECK = "train", "self-check"

LEFT_OUT = frozenset({"peft", "transformers", "triton", "numba"})
"""What a checkout has and this program leaves out for its size: `contents.LEFT_OUT` names them to the packager."""


def main(arguments: Sequence[str]) -> int:
    """Do what the arguments say and return the exit status."""
    if arguments[:1] == [TRAIN]:
        return _train(list(arguments[1:]))
    if arguments[:1] == [CHECK]:
        from self_check import main as check  # noqa: PLC0415 - only who checks waits for it

        return check(list(arguments[1:]))
    if arguments and Path(arguments[0]).is_absolute():  # a file that macOS or Windows opens with the program
        arguments = ["open", *arguments]
    from fetalclip_app.__main__ import main as studio  # noqa: PLC0415 - a training needs no window

    return studio(list(arguments))


def _train(arguments: list[str]) -> int:
    """Run the trainings' command line; what was left out of this program is named."""
    from training.__main__ import main as train  # noqa: PLC0415 - torch takes seconds

    try:
        return train(arguments)
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in LEFT_OUT:
            raise
        raise SystemExit(
            f"This recipe needs {missing}, which the packaged program leaves out: train it from a checkout."
        ) from error


if __name__ == "__main__":
    multiprocessing.freeze_support()  # before all imports: the model's process begins here, too
    sys.exit(main(sys.argv[1:]))
