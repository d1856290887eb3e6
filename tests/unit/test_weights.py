from __future__ import annotations

import hashlib
import http.server
import os
import pickle
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import tiny_models
import torch

from fetalclip_app.errors import ErrorCode, ModelUnavailable
from fetalclip_app.model import catalog, weights
from fetalclip_app.model.architecture import build
from fetalclip_app.model.device import cpu
from fetalclip_app.model.encoder import open_model
from fetalclip_app.model.fetch import fetch
from fetalclip_app.progress import Cancelled, CancelToken


def _code(raised: pytest.ExceptionInfo[ModelUnavailable]) -> ErrorCode:
    return raised.value.code


def _open(path: Path, entry: catalog.ModelEntry, **options: Any) -> Any:
    return open_model(entry, cpu(), path=path, **{"licence_accepted": True, **options})


def test_released_weights_load_and_answer_as_the_network_that_wrote_them(tmp_path: Path) -> None:
    path, entry = tiny_models.released(tmp_path)
    pictures = np.random.default_rng(0).normal(size=(2, 3, 64, 64)).astype(np.float32)

    backbone = _open(path, entry)

    assert backbone.identity.verified
    assert backbone.identity.sha256 == entry.sha256
    np.testing.assert_array_equal(backbone.encode_frames(pictures), tiny_models.backbone().encode_frames(pictures))


def test_one_changed_byte_is_refused_and_never_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, entry = tiny_models.released(tmp_path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    monkeypatch.setattr(torch, "load", lambda *_, **__: pytest.fail("an unknown file was opened"))

    with pytest.raises(ModelUnavailable) as raised:
        _open(path, entry)

    assert _code(raised) is ErrorCode.MODEL_WRONG_HASH


def test_a_file_that_changed_after_it_was_verified_is_noticed(tmp_path: Path) -> None:
    path, entry = tiny_models.released(tmp_path)
    weights.verify(path, entry)
    before = path.stat()
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    with pytest.raises(ModelUnavailable) as raised:
        weights.verify(path, entry)

    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert _code(raised) is ErrorCode.MODEL_WRONG_HASH


class _Trap:
    """Runs code when a pickle of it is read without care."""

    def __init__(self, witness: Path) -> None:
        self.witness = witness

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.witness,))


@pytest.mark.parametrize("kind", ["archive", "bare"])
def test_a_pickle_that_would_run_code_is_refused_and_does_not_run(tmp_path: Path, kind: str) -> None:
    witness = tmp_path / "it ran"
    path = tmp_path / "evil.pt"
    if kind == "archive":
        torch.save({"state_dict": _Trap(witness)}, path)
    else:
        path.write_bytes(pickle.dumps({"state_dict": _Trap(witness)}))
    entry = tiny_models.entry_for(path)

    with pytest.raises(ModelUnavailable) as raised:
        _open(path, entry)

    assert _code(raised) is ErrorCode.MODEL_DAMAGED
    assert not witness.exists()
    torch.save({"state_dict": _Trap(witness)}, path)
    torch.load(path, weights_only=False)
    assert witness.exists(), "the trap works where nobody guards against it"


@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.999])
@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
def test_a_truncated_file_is_called_damaged(tmp_path: Path, share: float, suffix: str) -> None:
    path = tmp_path / f"weights{suffix}"
    state = tiny_models.network().state_dict()
    if suffix == ".pt":
        torch.save(state, path)
    else:
        safetensors.torch.save_file(state, path)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])

    with pytest.raises(ModelUnavailable) as raised:
        weights.load_state(path)

    assert _code(raised) is ErrorCode.MODEL_DAMAGED


@pytest.mark.parametrize("content", [{}, {"state_dict": {}}, [1, 2], {"state_dict": {"a": 1}}, {"epoch": 3}])
def test_an_archive_without_tensors_is_called_damaged(tmp_path: Path, content: object) -> None:
    path = tmp_path / "weights.pt"
    torch.save(content, path)

    with pytest.raises(ModelUnavailable) as raised:
        weights.load_state(path)

    assert _code(raised) is ErrorCode.MODEL_DAMAGED


def test_a_program_in_torchscript_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "program.pt"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("program/constants.pkl", pickle.dumps(()))
        archive.writestr("program/data.pkl", pickle.dumps({}))
        archive.writestr("program/version", "3\n")

    with pytest.raises(ModelUnavailable) as raised:
        weights.load_state(path)

    assert _code(raised) is ErrorCode.MODEL_DAMAGED


def test_numbers_that_are_not_finite_are_called_damaged(tmp_path: Path) -> None:
    state = tiny_models.network().state_dict()
    state["visual.proj"][0, 0] = float("nan")
    path = tmp_path / "weights.safetensors"
    safetensors.torch.save_file(state, path)

    with pytest.raises(ModelUnavailable) as raised:
        weights.load_state(path)

    assert _code(raised) is ErrorCode.MODEL_DAMAGED
    assert "visual.proj" in str(raised.value.parameters["reason"])


def test_a_missing_file_is_called_missing(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable) as raised:
        weights.verify(tmp_path / "none.pt", catalog.fetalclip())

    assert _code(raised) is ErrorCode.MODEL_MISSING


@pytest.mark.parametrize("change", ["missing", "left over", "other shape"])
def test_weights_of_another_network_are_refused_and_leave_it_unchanged(change: str) -> None:
    network = tiny_models.network()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    state = {name: tensor + 1 for name, tensor in before.items()}
    if change == "missing":
        del state["visual.proj"]
    elif change == "left over":
        state["visual.other"] = torch.zeros(3)
    else:
        state["visual.proj"] = state["visual.proj"].T.contiguous()

    with pytest.raises(ModelUnavailable) as raised:
        weights.install(network, state, "weights.pt")

    assert _code(raised) is ErrorCode.MODEL_WRONG_SHAPE
    assert raised.value.parameters["name"] == "weights.pt"
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())


def test_half_precision_weights_load_into_a_full_precision_network(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    safetensors.torch.save_file({k: v.half() for k, v in tiny_models.network().state_dict().items()}, path)
    network = tiny_models.network()

    weights.install(network, weights.load_state(path), path.name)

    assert {parameter.dtype for parameter in network.parameters()} == {torch.float32}


def test_a_researchers_own_checkpoint_loads_and_is_not_called_verified(tmp_path: Path) -> None:
    path, _ = tiny_models.released(tmp_path, tiny_models.CONVNET)
    config = tmp_path / "config.json"

    backbone = open_model(catalog.custom(path, config), cpu())

    assert not backbone.identity.verified
    assert backbone.identity.key == "custom"
    assert backbone.identity.sha256 == weights.verify(path, catalog.custom(path, config))


def test_a_configuration_of_another_network_is_refused(tmp_path: Path) -> None:
    path, entry = tiny_models.released(tmp_path, tiny_models.CONVNET)
    tiny_models.entry_for(path, tiny_models.VIT)

    with pytest.raises(ModelUnavailable) as raised:
        _open(path, entry)

    assert _code(raised) is ErrorCode.MODEL_WRONG_SHAPE


def test_a_network_that_cannot_be_built_is_an_error_for_users(tmp_path: Path) -> None:
    vision = {**tiny_models.CONVNET["vision_cfg"], "timm_model_name": "no_such_network"}  # type: ignore[dict-item]
    path, _ = tiny_models.released(tmp_path)
    entry = tiny_models.entry_for(path, {**tiny_models.CONVNET, "vision_cfg": vision})

    with pytest.raises(ModelUnavailable) as raised:
        _open(path, entry)

    assert _code(raised) is ErrorCode.MODEL_WRONG_SHAPE


def test_the_licence_comes_before_the_weights(tmp_path: Path) -> None:
    path, entry = tiny_models.released(tmp_path)

    with pytest.raises(ModelUnavailable) as raised:
        _open(path, entry, licence_accepted=False)

    assert _code(raised) is ErrorCode.LICENCE_NOT_ACCEPTED


def test_checking_reports_bytes_and_stops_when_cancelled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "_CHUNK", 1000)
    path = tmp_path / "weights.pt"
    path.write_bytes(bytes(4500))
    entry = tiny_models.entry_for(path)
    heard: list[tuple[int, int]] = []
    weights.verify(path, entry, lambda done, total: heard.append((done, total)))
    cancel = CancelToken()
    steps: list[int] = []

    def stop_on_the_way(done: int, total: int) -> None:
        steps.append(done)
        if done >= 2000:
            cancel.cancel()

    with pytest.raises(Cancelled):
        weights.verify(path, entry, stop_on_the_way, cancel)

    assert heard == [(0, 4500), (1000, 4500), (2000, 4500), (3000, 4500), (4000, 4500), (4500, 4500)]
    assert steps == [0, 1000, 2000]


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_weights_of_the_true_shape_of_fetalclip_load(tmp_path: Path) -> None:
    network = build(catalog.read_config(catalog.fetalclip().config))
    path = tmp_path / "FetalCLIP_weights.pt"
    torch.save({"epoch": 1, "state_dict": network.state_dict()}, path)
    probe = network.state_dict()["visual.transformer.resblocks.23.mlp.c_proj.weight"][0, :8].clone()
    del network
    size = path.stat().st_size
    with path.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    entry = catalog.ModelEntry(
        key="fetalclip",
        title="FetalCLIP",
        licence="CC-BY-NC-4.0",
        sha256=sha256,
        size_bytes=size,
        config=catalog.fetalclip().config,
    )

    backbone = _open(path, entry)

    assert abs(size - catalog.FETALCLIP_BYTES) < 200_000
    found = backbone.network.state_dict()["visual.transformer.resblocks.23.mlp.c_proj.weight"][0, :8]
    assert torch.equal(found, probe)
    assert backbone.encode_frames(np.zeros((1, 3, 224, 224), np.float32)).shape == (1, 768)


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

    assert _code(raised) is ErrorCode.LICENCE_NOT_ACCEPTED
    assert hub.ranges == []


@pytest.mark.parametrize("content", [os.urandom(len(CONTENT)), CONTENT + b"more", b"<html>not here</html>"])
def test_wrong_content_is_never_given_the_files_name(hub: _Server, tmp_path: Path, content: bytes) -> None:
    hub.content = content
    target = tmp_path / "weights.pt"
    target.write_bytes(b"what was there before")

    with pytest.raises(ModelUnavailable) as raised:
        fetch(target, _entry(hub, tmp_path), accept=True)

    assert _code(raised) is ErrorCode.DOWNLOAD_FAILED
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

    assert _code(raised) is ErrorCode.DOWNLOAD_FAILED
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

    assert _code(raised) is ErrorCode.DOWNLOAD_FAILED
    assert time.monotonic() - started < 20
