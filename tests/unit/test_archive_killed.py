"""A program that is killed while it writes leaves an archive that lacks at most its last act."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import sys
from multiprocessing.connection import Connection
from pathlib import Path
from types import ModuleType

import pytest
from archive_writer import CLIP, write_on_and_on

from fetalclip_app.archive.database import connect
from fetalclip_app.archive.store import Archive

KILLS = 20


@pytest.mark.skipif(sys.platform == "win32", reason="a process that begins in a moment needs a fork server")
def test_a_killed_program_leaves_an_archive_that_lacks_at_most_the_last_act(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Else each process imports pytest, and the fork server of Python 3.11 does not find what it is to load.
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["archive_writer"])
    dice, path, acts = random.Random(5), tmp_path / "archive.db", 0
    for _ in range(KILLS):
        ours, theirs = processes.Pipe(duplex=False)
        program = processes.Process(target=write_on_and_on, args=(path, theirs))
        program.start()
        theirs.close()
        told = -1
        for _ in range(dice.randrange(1, 12)):
            told = ours.recv()
        program.kill()  # SIGKILL: nothing of it runs any more
        program.join()
        told = max([told, *_left_in(ours)])

        archive = Archive(path)
        kept = archive.load_clip(CLIP)
        frames = [json.loads(act.after)["best"]["brain"] for act in archive.acts()]
        archive.close()
        assert kept is not None and kept.best["brain"] in {told, told + 1}
        assert frames == list(range(kept.best["brain"] + 1))
        assert len(frames) > acts
        acts = len(frames)
    whole = connect(path)
    assert whole.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    whole.close()


def _left_in(pipe: Connection) -> list[int]:
    found: list[int] = []
    try:
        while pipe.poll():
            found.append(pipe.recv())
    except EOFError:
        pass
    return found
