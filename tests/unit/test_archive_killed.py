"""A program that is killed while it writes leaves an archive that lacks at most its last act."""

from __future__ import annotations

import json
import multiprocessing
import random
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from archive_writer import CLIP, STUDY, write_on_and_on

from bench.pipes import left_in
from fetalclip_app.archive.database import connect
from fetalclip_app.archive.finding import find
from fetalclip_app.archive.store import Archive
from fetalclip_app.domain.kept import Query
from fetalclip_app.domain.notes import Act, ClipNotes

KILLS = 20


@pytest.mark.usefixtures("_begun_from_nothing")
@pytest.mark.skipif(sys.platform == "win32", reason="a process that begins in a moment needs a fork server")
def test_a_killed_program_leaves_an_archive_that_lacks_at_most_the_last_act(tmp_path: Path) -> None:
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
        told = max([told, *left_in(ours)])

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


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX systems lose a process's locks with any handle")
def test_a_second_look_at_the_archive_costs_this_process_none_of_its_locks(tmp_path: Path) -> None:
    """Else another program takes itself for the last one, and removes the write-ahead log under this one."""
    path = tmp_path / "archive.db"
    archive = Archive(path)
    archive.save_clip(CLIP, ClipNotes(best={"brain": 1}), Act("A.", datetime.now(UTC)), study=STUDY)
    find(path, Query())  # opens and closes it in this process
    assert _seen_by_another(path) == "1"
    assert path.with_name("archive.db-wal").exists()

    archive.save_clip(CLIP, ClipNotes(best={"brain": 2}), Act("A.", datetime.now(UTC)), study=STUDY)
    assert _seen_by_another(path) == "2"
    archive.close()


def _seen_by_another(path: Path) -> str:
    """Return how many acts another program finds, which opens and closes the archive."""
    program = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); "
        "print(c.execute('SELECT count(*) FROM acts').fetchone()[0]); c.close()"
    )
    done = subprocess.run([sys.executable, "-c", program, str(path)], check=True, capture_output=True, text=True)
    return done.stdout.strip()
