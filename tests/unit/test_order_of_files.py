"""Files open in the order that they were named in; a folder's are sorted inside."""

from __future__ import annotations

from pathlib import Path

import pytest

from fetalclip_app.imaging.readers import find, list_files
from fetalclip_app.progress import Cancelled, CancelToken


def test_named_files_keep_the_users_order(tmp_path: Path) -> None:
    named = [tmp_path / name for name in ("b.dcm", "a10.dcm", "a9.dcm")]
    for path in named:
        path.write_bytes(b"x")

    assert list_files(named) == tuple(named)


def test_a_folder_between_files_is_sorted_inside_and_stays_in_its_place(tmp_path: Path) -> None:
    folder = tmp_path / "a_folder"
    folder.mkdir()
    last, first = tmp_path / "a.dcm", tmp_path / "z.dcm"
    for path in (first, last, folder / "scan10.dcm", folder / "scan9.dcm"):
        path.write_bytes(b"x")

    found = list_files([first, folder, last, folder / "scan9.dcm"])

    assert [path.name for path in found] == ["z.dcm", "scan9.dcm", "scan10.dcm", "a.dcm"]


def test_a_search_stops_once_it_is_cancelled(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "IM1").write_bytes(b"x")
    cancel = CancelToken()
    cancel.cancel()

    with pytest.raises(Cancelled):
        find([tmp_path], cancel)
