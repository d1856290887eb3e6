"""From a weight file to a network: checked before it is believed, and nothing in it is executed."""

from __future__ import annotations

import hashlib
import os
import pickle
import zipfile
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
from fetalclip_app.model.opening import open_model
from fetalclip_app.progress import Cancelled, CancelToken


def _state(path: Path) -> weights.State:
    return weights.read(path, tiny_models.entry_for(path)).state


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

    assert raised.value.code is ErrorCode.MODEL_WRONG_HASH


def test_a_file_that_changed_after_it_was_verified_is_noticed(tmp_path: Path) -> None:
    path, entry = tiny_models.released(tmp_path)
    weights.read(path, entry)
    before = path.stat()
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    with pytest.raises(ModelUnavailable) as raised:
        weights.read(path, entry)

    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert raised.value.code is ErrorCode.MODEL_WRONG_HASH


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

    assert raised.value.code is ErrorCode.MODEL_DAMAGED
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
        _state(path)

    assert raised.value.code is ErrorCode.MODEL_DAMAGED


@pytest.mark.parametrize("content", [{}, {"state_dict": {}}, [1, 2], {"state_dict": {"a": 1}}, {"epoch": 3}])
def test_an_archive_without_tensors_is_called_damaged(tmp_path: Path, content: object) -> None:
    path = tmp_path / "weights.pt"
    torch.save(content, path)

    with pytest.raises(ModelUnavailable) as raised:
        _state(path)

    assert raised.value.code is ErrorCode.MODEL_DAMAGED


def test_a_program_in_torchscript_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "program.pt"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("program/constants.pkl", pickle.dumps(()))
        archive.writestr("program/data.pkl", pickle.dumps({}))
        archive.writestr("program/version", "3\n")

    with pytest.raises(ModelUnavailable) as raised:
        _state(path)

    assert raised.value.code is ErrorCode.MODEL_DAMAGED


def test_numbers_that_are_not_finite_are_called_damaged(tmp_path: Path) -> None:
    state = tiny_models.network().state_dict()
    state["visual.proj"][0, 0] = float("nan")
    path = tmp_path / "weights.safetensors"
    safetensors.torch.save_file(state, path)

    with pytest.raises(ModelUnavailable) as raised:
        _state(path)

    assert raised.value.code is ErrorCode.MODEL_DAMAGED
    assert "visual.proj" in str(raised.value.parameters["reason"])


def test_a_missing_file_is_called_missing(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable) as raised:
        weights.read(tmp_path / "none.pt", catalog.fetalclip())

    assert raised.value.code is ErrorCode.MODEL_MISSING


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

    assert raised.value.code is ErrorCode.MODEL_WRONG_SHAPE
    assert raised.value.parameters["name"] == "weights.pt"
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())


def test_half_precision_weights_load_into_a_full_precision_network(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    safetensors.torch.save_file({k: v.half() for k, v in tiny_models.network().state_dict().items()}, path)
    network = tiny_models.network()

    weights.install(network, _state(path), path.name)

    assert {parameter.dtype for parameter in network.parameters()} == {torch.float32}


def test_a_researchers_own_checkpoint_loads_and_is_not_called_verified(tmp_path: Path) -> None:
    path, _ = tiny_models.released(tmp_path, tiny_models.CONVNET)
    config = tmp_path / "config.json"

    backbone = open_model(catalog.custom(path, config), cpu())

    assert not backbone.identity.verified
    assert backbone.identity.key == "custom"
    assert backbone.identity.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_configuration_of_another_network_is_refused(tmp_path: Path) -> None:
    path, entry = tiny_models.released(tmp_path, tiny_models.CONVNET)
    tiny_models.entry_for(path, tiny_models.VIT)

    with pytest.raises(ModelUnavailable) as raised:
        _open(path, entry)

    assert raised.value.code is ErrorCode.MODEL_WRONG_SHAPE


def test_a_network_that_cannot_be_built_is_an_error_for_users(tmp_path: Path) -> None:
    vision = {**tiny_models.CONVNET["vision_cfg"], "timm_model_name": "no_such_network"}  # type: ignore[dict-item]
    path, _ = tiny_models.released(tmp_path)
    entry = tiny_models.entry_for(path, {**tiny_models.CONVNET, "vision_cfg": vision})

    with pytest.raises(ModelUnavailable) as raised:
        _open(path, entry)

    assert raised.value.code is ErrorCode.MODEL_WRONG_SHAPE


def test_the_licence_comes_before_the_weights(tmp_path: Path) -> None:
    path, entry = tiny_models.released(tmp_path)

    with pytest.raises(ModelUnavailable) as raised:
        _open(path, entry, licence_accepted=False)

    assert raised.value.code is ErrorCode.LICENCE_NOT_ACCEPTED


def test_checking_reports_bytes_and_stops_when_cancelled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "_CHUNK", 1000)
    path = tmp_path / "weights.pt"
    torch.save({"a": torch.zeros(1000)}, path)
    entry = tiny_models.entry_for(path)
    size = entry.size_bytes
    heard: list[tuple[int, int]] = []
    weights.read(path, entry, lambda done, total: heard.append((done, total)))
    cancel = CancelToken()
    steps: list[int] = []

    def stop_on_the_way(done: int, total: int) -> None:
        steps.append(done)
        if done >= 2000:
            cancel.cancel()

    with pytest.raises(Cancelled):
        weights.read(path, entry, stop_on_the_way, cancel)

    assert heard == [(done, size) for done in (*range(0, size, 1000), size)]
    assert len(heard) > 5
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
