"""The window is killed at random moments while it keeps, reads and exports: a share of ``make kills``."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path

import pytest
from fakes import FakeEngine, make_reading

from bench import kills
from fetalclip_app import resources
from fetalclip_app.imaging.readers import read_clip
from fetalclip_app.inference.request import EngineInfo

KILLS = 6


@pytest.mark.slow
@pytest.mark.usefixtures("_begun_from_nothing")
@pytest.mark.skipif(sys.platform == "win32", reason="a process that begins in a moment needs a fork server")
def test_a_window_that_is_killed_leaves_a_whole_archive_and_whole_files(tmp_path: Path) -> None:
    scan, engine = resources.path(kills.SAMPLE), FakeEngine()
    prepared = tmp_path / "prepared.pickle"
    info = EngineInfo(engine.identity, engine.device)
    prepared.write_bytes(pickle.dumps((info, make_reading(read_clip(scan)))))
    seen = kills.run(tmp_path, scan, prepared, times=KILLS, seed=3)

    assert seen.faults == []
    assert len(seen.lacks_s) == KILLS and max(seen.lacks_s) <= kills.LAST_S
    assert seen.acts > KILLS and seen.readings and set(seen.exports) <= set(kills.KINDS) and seen.exports[".json"]


def test_what_is_wrong_after_a_kill_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7 half")
    (tmp_path / "b.json").write_bytes(b'{"half":')
    (tmp_path / "c.fcstudy").write_bytes(b"half")
    (tmp_path / ".d.png.00ff.part").write_bytes(b"half")
    seen = kills.Kills()
    kills.look_at_exports(tmp_path, seen)

    assert len(seen.faults) == 3 and seen.left == 1
