"""Which sentences a model understands: what its manifest says, and what it says wrongly."""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fetalclip_app.errors import ErrorCode, ModelUnavailable
from fetalclip_app.inference.language import language_of
from fetalclip_app.inference.load import language_for
from fetalclip_app.inference.request import EngineRequest
from fetalclip_app.model import catalog
from fetalclip_app.model.catalog import ModelEntry

WORDS: dict[str, Any] = {"words": ["fetal"], "unseen": ["kidney"], "units": {"week": [14, 38]}}


def arrays(**parts: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **parts)
    return stream.getvalue()


def entry(folder: Path, **files: bytes) -> ModelEntry:
    """An entry whose manifest vouches for these files, by part."""
    language = {}
    for part, content in files.items():
        (folder / part).write_bytes(content)
        language[part] = {"file": part, "sha256": hashlib.sha256(content).hexdigest(), "planes": {"brain": 2}}
    return replace(catalog.compact(), config=folder / "config.json", language=language)


def test_words_and_pictures_are_read(tmp_path: Path) -> None:
    rows = np.array([[3.0, 4.0], [1.0, 0.0]], np.float16)
    content = arrays(rows=rows, weights=np.array([1.0, 3.0], np.float32))

    language = language_of(entry(tmp_path, vocabulary=json.dumps(WORDS).encode(), background=content))

    assert language.vocabulary is not None
    assert language.vocabulary.words == {"fetal"}
    assert language.vocabulary.units == {"week": (14.0, 38.0)}
    assert language.background is not None
    assert language.background.rows[0].tolist() == pytest.approx([0.6, 0.8])
    assert language.background.weights.tolist() == [0.25, 0.75]
    assert language.background.planes == ("brain",)


@pytest.mark.parametrize(
    ("part", "content"),
    [
        ("vocabulary", b"[]"),
        ("vocabulary", b"{"),
        ("vocabulary", json.dumps(WORDS | {"units": {"week": 3}}).encode()),
        ("background", b"no archive"),
        ("background", arrays(rows=np.ones((2, 2)))),
        ("background", arrays(rows=np.zeros((2, 2)), weights=np.ones(2))),
        ("background", arrays(rows=np.ones((2, 2)), weights=np.ones(3))),
    ],
)
def test_a_file_of_another_form_is_damaged(tmp_path: Path, part: str, content: bytes) -> None:
    with pytest.raises(ModelUnavailable) as caught:
        language_of(entry(tmp_path, **{part: content}))

    assert caught.value.code is ErrorCode.MODEL_DAMAGED


def test_another_file_than_the_manifest_vouches_for_is_refused(tmp_path: Path) -> None:
    made = entry(tmp_path, vocabulary=json.dumps(WORDS).encode())
    (tmp_path / "vocabulary").write_text("{}")

    with pytest.raises(ModelUnavailable) as caught:
        language_of(made)

    assert caught.value.code is ErrorCode.MODEL_WRONG_HASH


def test_the_released_weights_are_asked_freely_and_have_no_background() -> None:
    language = language_of(catalog.fetalclip())

    assert language.is_free
    assert language.vocabulary is None
    assert language.background is None


def test_of_ones_own_checkpoint_nothing_is_known(tmp_path: Path) -> None:
    language = language_for(EngineRequest("custom", weights=tmp_path / "own.pt", config=tmp_path / "own.json"))

    assert not language.is_free
    assert language.vocabulary is None


def test_the_bundled_background_holds_every_plane_in_equal_parts() -> None:
    background = language_for(EngineRequest()).background

    assert background is not None
    assert background.planes == ("abdomen", "brain", "femur", "heart")
    assert background.weights.sum() == pytest.approx(1.0)
    assert np.linalg.norm(background.rows, axis=1) == pytest.approx(np.ones(len(background)), abs=1e-5)
