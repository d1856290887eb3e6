"""Fetching the released weights from a hub: whole and checked, or not at all."""

from __future__ import annotations

import http.server
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import tiny_models

from fetalclip_app.errors import ErrorCode, ModelUnavailable
from fetalclip_app.model import catalog
from fetalclip_app.model.fetch import fetch
from fetalclip_app.progress import Cancelled, CancelToken

CONTENT = os.urandom(300_000)


class _Server(http.server.ThreadingHTTPServer):
    """A hub on this machine whose manners a test chooses."""

    content = CONTENT
    breaks_after: int | None = None
    resumes = True
    ranges: list[str | None]


class _Hub(http.server.BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        asked = self.headers.get("Range")
        self.server.ranges.append(asked)
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and self.server.resumes else 0
        body = self.server.content[start:]
        self.send_response(206 if start else 200)
        if start:
            self.send_header(
                "Content-Range", f"bytes {start}-{len(self.server.content) - 1}/{len(self.server.content)}"
            )
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: self.server.breaks_after])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def hub() -> Iterator[_Server]:
    server = _Server(("127.0.0.1", 0), _Hub)
    server.ranges = []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def _entry(hub: _Server, tmp_path: Path) -> catalog.ModelEntry:
    source = tmp_path / "source.pt"
    source.write_bytes(CONTENT)
    return tiny_models.entry_for(source, address=f"http://127.0.0.1:{hub.server_address[1]}/weights.pt")


def test_fetching_gives_the_file_and_says_how_far_it_is(hub: _Server, tmp_path: Path) -> None:
    target = tmp_path / "models" / "weights.pt"
    heard: list[tuple[int, int]] = []

    fetch(target, _entry(hub, tmp_path), accept=True, report=lambda *step: heard.append(step))

    assert target.read_bytes() == CONTENT
    assert heard[0] == (0, len(CONTENT))
    assert heard[-1] == (len(CONTENT), len(CONTENT))
    assert [path.name for path in target.parent.iterdir()] == ["weights.pt"]


def test_nothing_is_fetched_before_the_licence_is_accepted(hub: _Server, tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable) as raised:
        fetch(tmp_path / "weights.pt", _entry(hub, tmp_path), accept=False)

    assert raised.value.code is ErrorCode.LICENCE_NOT_ACCEPTED
    assert hub.ranges == []


@pytest.mark.parametrize("content", [os.urandom(len(CONTENT)), CONTENT + b"more", b"<html>not here</html>"])
def test_wrong_content_is_never_given_the_files_name(hub: _Server, tmp_path: Path, content: bytes) -> None:
    hub.content = content
    target = tmp_path / "weights.pt"
    target.write_bytes(b"what was there before")

    with pytest.raises(ModelUnavailable) as raised:
        fetch(target, _entry(hub, tmp_path), accept=True)

    assert raised.value.code is ErrorCode.DOWNLOAD_FAILED
    assert target.read_bytes() == b"what was there before"


@pytest.mark.parametrize("resumes", [True, False])
def test_a_broken_connection_is_an_error_and_the_next_call_completes_it(
    hub: _Server, tmp_path: Path, resumes: bool
) -> None:
    hub.breaks_after = 100_000
    hub.resumes = resumes
    target = tmp_path / "weights.pt"
    entry = _entry(hub, tmp_path)
    with pytest.raises(ModelUnavailable) as raised:
        fetch(target, entry, accept=True)
    existed = target.exists()
    hub.breaks_after = None

    fetch(target, entry, accept=True)

    assert raised.value.code is ErrorCode.DOWNLOAD_FAILED
    assert not existed
    assert hub.ranges == [None, "bytes=100000-"]
    assert target.read_bytes() == CONTENT


@pytest.mark.parametrize("content", [os.urandom(len(CONTENT)), b"<html>come back later</html>"])
def test_wrong_content_does_not_spoil_the_next_attempt(hub: _Server, tmp_path: Path, content: bytes) -> None:
    hub.content = content
    target = tmp_path / "weights.pt"
    entry = _entry(hub, tmp_path)
    with pytest.raises(ModelUnavailable):
        fetch(target, entry, accept=True)
    hub.content = CONTENT

    fetch(target, entry, accept=True)

    assert target.read_bytes() == CONTENT


def test_a_cancelled_download_leaves_no_file_of_that_name(hub: _Server, tmp_path: Path) -> None:
    cancel = CancelToken()
    target = tmp_path / "weights.pt"

    with pytest.raises(Cancelled):
        fetch(target, _entry(hub, tmp_path), accept=True, cancel=cancel, report=lambda *_: cancel.cancel())

    assert not target.exists()


def test_a_hub_that_is_not_there_is_an_error_for_users(hub: _Server, tmp_path: Path) -> None:
    entry = tiny_models.entry_for(_entry(hub, tmp_path).config, address="http://127.0.0.1:1/weights.pt")
    started = time.monotonic()

    with pytest.raises(ModelUnavailable) as raised:
        fetch(tmp_path / "weights.pt", entry, accept=True)

    assert raised.value.code is ErrorCode.DOWNLOAD_FAILED
    assert time.monotonic() - started < 20
