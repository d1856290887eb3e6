from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fetalclip_app.errors import ErrorCode, ModelUnavailable
from fetalclip_app.model import catalog

MANIFEST: dict[str, Any] = {
    "title": "Compact CLIP 1",
    "licence": "Apache-2.0",
    "sha256": "AB" * 32,
    "bytes": 123,
    "preprocessing": {"size": 224},
    "calibration": {"views": {"temperature": 1.7, "ece": 0.02}},
    "trained_views": ["brain", "abdomen"],
    "learned_from_head_size": True,
}


def _folder(tmp_path: Path, **changes: Any) -> Path:
    content = {key: value for key, value in {**MANIFEST, **changes}.items() if value is not None}
    (tmp_path / "manifest.json").write_text(json.dumps(content))
    return tmp_path


def test_fetalclip_is_the_released_file_under_its_licence() -> None:
    """The facts of the release: size, hash, licence and shape."""
    entry = catalog.fetalclip()

    assert entry.sha256 == "90916caa408baf9374ee3f8c1533463331a4ace37a13e61385e782905b35c310"
    assert entry.size_bytes == 1_710_766_661
    assert entry.licence == "CC-BY-NC-4.0"
    assert entry.must_accept
    assert not {"views", "brain_views"} & set(entry.calibration), "its percentages are not calibrated"
    assert catalog.read_config(entry.config) == {
        "embed_dim": 768,
        "vision_cfg": {"image_size": 224, "layers": 24, "width": 1024, "patch_size": 14},
        "text_cfg": {"context_length": 117, "vocab_size": 49408, "width": 768, "heads": 12, "layers": 12},
    }


def test_one_constant_holds_the_address_of_the_hub() -> None:
    package = Path(catalog.__file__).parents[1]
    holders = [path.name for path in package.rglob("*.py") if "huggingface.co" in path.read_text(encoding="utf-8")]

    assert holders == ["catalog.py"]
    assert catalog.fetalclip().address == catalog.HUB_ADDRESS
    assert catalog.HUB_ADDRESS.startswith("https://")


def test_the_compact_model_is_what_its_manifest_says(tmp_path: Path) -> None:
    entry = catalog.compact(_folder(tmp_path))

    assert entry.title == "Compact CLIP 1"
    assert entry.sha256 == "ab" * 32
    assert entry.trained_views == ("brain", "abdomen")
    assert entry.learned_from_head_size
    assert entry.calibration["views"]["temperature"] == 1.7
    assert entry.weights == tmp_path / "model.safetensors"
    assert not entry.must_accept


@pytest.mark.parametrize("missing", sorted(MANIFEST))
def test_a_manifest_that_is_silent_about_anything_is_refused(tmp_path: Path, missing: str) -> None:
    with pytest.raises(ModelUnavailable) as raised:
        catalog.compact(_folder(tmp_path, **{missing: None}))

    assert raised.value.code is ErrorCode.MODEL_DAMAGED


def test_an_unknown_model_is_not_replaced_by_a_known_one() -> None:
    with pytest.raises(ModelUnavailable) as raised:
        catalog.find("fetalclip-2")

    assert raised.value.code is ErrorCode.MODEL_MISSING
    assert catalog.find("fetalclip").key == "fetalclip"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("{", ErrorCode.MODEL_DAMAGED),
        ("[]", ErrorCode.MODEL_DAMAGED),
        ("{}", ErrorCode.MODEL_WRONG_SHAPE),
        ('{"embed_dim": 4, "vision_cfg": {}, "text_cfg": 3}', ErrorCode.MODEL_WRONG_SHAPE),
        ('{"embed_dim": 4, "vision_cfg": {}, "text_cfg": {"vocab_size": 100}}', ErrorCode.MODEL_WRONG_SHAPE),
        (
            '{"embed_dim": 4, "vision_cfg": {}, "text_cfg": {"hf_model_name": "someone/bert"}}',
            ErrorCode.MODEL_WRONG_SHAPE,
        ),
    ],
)
def test_a_configuration_that_is_none_is_refused(tmp_path: Path, content: str, code: ErrorCode) -> None:
    path = tmp_path / "config.json"
    path.write_text(content)

    with pytest.raises(ModelUnavailable) as raised:
        catalog.read_config(path)

    assert raised.value.code is code


def test_a_missing_configuration_is_called_missing(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable) as raised:
        catalog.read_config(tmp_path / "config.json")

    assert raised.value.code is ErrorCode.MODEL_MISSING


def test_a_configuration_as_the_hub_stores_it_reads_the_same(tmp_path: Path) -> None:
    inner = catalog.read_config(catalog.fetalclip().config)
    path = tmp_path / "open_clip_config.json"
    path.write_text(json.dumps({"model_cfg": inner, "preprocess_cfg": {"mean": [0.5, 0.5, 0.5]}}))

    assert catalog.read_config(path) == inner
