"""Pictures unlike the training are told by the texture of early feature maps."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
import tiny_models
from task_tools import PLANE_SET, instruments, scan_of

from fetalclip_app.domain.abstention import Abstention, Reason
from fetalclip_app.domain.backbone import ViewCalibration
from fetalclip_app.domain.familiarity import Familiarity
from fetalclip_app.domain.views import ViewPrediction
from fetalclip_app.errors import ErrorCode, ModelUnavailable
from fetalclip_app.model import texture
from fetalclip_app.tasks.views import ViewTask

PLAIN = Familiarity(np.zeros(2, np.float32), np.eye(2, dtype=np.float32), 4.0)


def test_strangeness_is_the_mean_squared_distance_along_the_axes() -> None:
    stretched = Familiarity(np.array([1, 0], np.float32), np.diag([0.5, 2.0]).astype(np.float32), 4.0)

    assert stretched.strangeness(np.array([[1, 0], [5, 1]], np.float32)).tolist() == [0.0, 4.0]


def test_what_lies_beyond_the_limit_or_cannot_be_computed_is_strange() -> None:
    textures = np.array([[0, 0], [2, 2], [3, 3], [np.nan, 0]], np.float32)

    assert PLAIN.strangers(textures) == {2, 3}


@pytest.mark.parametrize(("mean", "whitening"), [(np.zeros(2), np.eye(3)), (np.zeros(2), np.full((2, 2), np.inf))])
def test_a_gaussian_that_cannot_be_one_is_refused(mean: np.ndarray, whitening: np.ndarray) -> None:
    with pytest.raises(ValueError):
        Familiarity(mean.astype(np.float32), whitening.astype(np.float32), 1.0)


def _views(textures: np.ndarray | None, **calibration: object) -> ViewPrediction:
    scan = replace(scan_of(["brain", "brain", "brain"]), textures=textures)
    answer = ViewTask(PLANE_SET).answer(scan, instruments(**calibration)).answer
    assert isinstance(answer, ViewPrediction)
    return answer


def test_a_clip_of_strange_texture_is_no_fetal_ultrasound_however_like_a_view_it_is() -> None:
    strange = np.full((3, 2), 9, np.float32)

    assert _views(strange, familiarity=PLAIN).abstained == Abstention(Reason.NOT_FETAL_ULTRASOUND, "unlike_training")
    assert _views(np.zeros((3, 2), np.float32), familiarity=PLAIN).abstained is None


def test_one_strange_frame_is_left_out_and_the_clip_is_read() -> None:
    textures = np.array([[0, 0], [9, 9], [0, 0]], np.float32)

    views = _views(textures, familiarity=PLAIN)

    assert views.unfamiliar == {1}
    assert views.abstained is None
    assert 1 not in views.frames_of("brain")


def test_without_a_texture_the_similarity_to_the_views_decides() -> None:
    assert _views(None, familiarity=PLAIN, familiar_similarity=1.1).abstained is not None
    assert _views(None, familiarity=PLAIN, familiar_similarity=0.9).abstained is None


def test_rows_and_textures_of_one_pass_are_those_of_two() -> None:
    backbone = tiny_models.backbone(tiny_models.CONVNET)
    batch = np.random.default_rng(0).normal(0, 1, (5, 3, tiny_models.SIZE, tiny_models.SIZE)).astype(np.float32)

    rows, textures = backbone.encode_with_texture(batch)

    assert np.array_equal(rows, backbone.encode_frames(batch))
    assert textures.shape == (5, texture.width(backbone.network.visual))
    single = np.concatenate([backbone.encode_with_texture(batch[i : i + 1])[1] for i in range(5)])
    assert np.allclose(textures, single, atol=1e-5)
    assert np.abs(textures[0] - textures[1]).max() > 1e-3, "each picture has its own"


def test_no_pictures_have_no_textures() -> None:
    backbone = tiny_models.backbone(tiny_models.CONVNET)

    rows, textures = backbone.encode_with_texture(np.zeros((0, 3, tiny_models.SIZE, tiny_models.SIZE), np.float32))

    assert (rows.shape, textures.shape) == ((0, 16), (0, texture.width(backbone.network.visual)))


def test_a_tower_without_feature_maps_has_no_texture() -> None:
    backbone = tiny_models.backbone(tiny_models.VIT)

    assert texture.width(backbone.network.visual) == 0
    with pytest.raises(ValueError, match="no feature maps"):
        backbone.encode_with_texture(np.zeros((1, 3, tiny_models.SIZE, tiny_models.SIZE), np.float32))


def _file(folder: Path, size: int) -> dict[str, object]:
    parts = {"mean": np.zeros(size, np.float32), "whitening": np.eye(size, dtype=np.float32)}
    content = safetensors.numpy.save(parts)
    (folder / "guard.safetensors").write_bytes(content)
    return {"file": "guard.safetensors", "sha256": hashlib.sha256(content).hexdigest(), "limit": 2.5}


def test_the_file_beside_the_weights_is_read_and_its_hash_checked(tmp_path: Path) -> None:
    network = tiny_models.network(tiny_models.CONVNET)
    facts = _file(tmp_path, texture.width(network.visual))

    assert texture.read(tmp_path, facts, network).limit == 2.5
    with pytest.raises(ModelUnavailable) as wrong:
        texture.read(tmp_path, {**facts, "sha256": "00"}, network)
    assert wrong.value.code is ErrorCode.MODEL_WRONG_HASH


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"file": "other.safetensors"}, ErrorCode.MODEL_MISSING),
        ({"file": "../guard.safetensors/.."}, ErrorCode.MODEL_MISSING),
        ({"limit": "far"}, ErrorCode.MODEL_DAMAGED),
    ],
)
def test_a_file_that_is_not_the_one_is_told(tmp_path: Path, change: dict[str, object], code: ErrorCode) -> None:
    network = tiny_models.network(tiny_models.CONVNET)
    facts = _file(tmp_path, texture.width(network.visual))

    with pytest.raises(ModelUnavailable) as told:
        texture.read(tmp_path, {**facts, **change}, network)
    assert told.value.code is code


def test_a_gaussian_of_another_network_or_without_a_limit_is_told(tmp_path: Path) -> None:
    network = tiny_models.network(tiny_models.CONVNET)
    facts = _file(tmp_path, 3)

    with pytest.raises(ModelUnavailable) as other:
        texture.read(tmp_path, facts, network)
    with pytest.raises(ModelUnavailable) as without:
        texture.read(tmp_path, {"file": "guard.safetensors", "sha256": "00"}, network)
    assert (other.value.code, without.value.code) == (ErrorCode.MODEL_WRONG_SHAPE, ErrorCode.MODEL_DAMAGED)


def test_a_fitted_lead_takes_the_place_of_the_constant() -> None:
    """Two views of equal share but for a small lead: unclear by the constant, clear by a fitted limit."""
    scan = scan_of(["brain"])
    scan.embeddings[0, 2] = 0.99
    plain = ViewTask(PLANE_SET).answer(scan, instruments()).answer
    fitted = ViewTask(PLANE_SET).answer(scan, instruments(views=ViewCalibration(lead=0.05))).answer

    assert isinstance(plain, ViewPrediction) and isinstance(fitted, ViewPrediction)
    lead = float(np.sort(plain.probabilities)[-1] - np.sort(plain.probabilities)[-2])
    assert 0.05 < lead < 0.15
    assert plain.abstained is not None and plain.abstained.reason is Reason.AMBIGUOUS
    assert fitted.abstained is None
    assert (len(plain.frames_of("brain")), len(fitted.frames_of("brain"))) == (0, 1)
