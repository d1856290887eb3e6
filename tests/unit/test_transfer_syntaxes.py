"""A transfer syntax that cannot be decoded is named, and so is one whose decoder is not installed."""

from __future__ import annotations

import ast
import importlib.metadata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dicom_files as files
import jpeg_ls
import pytest
from PIL import features
from pydicom import uid
from pydicom.pixels.decoders.base import Decoder

import fetalclip_app.imaging
from fetalclip_app.errors import ErrorCode, UnreadableFile
from fetalclip_app.imaging.dicom.transfer_syntaxes import CODECS, PIXELS_ELSEWHERE, Family, codec_of, syntax_name
from fetalclip_app.imaging.readers import read_clip

RGB = files.colour_picture()
Writer = Callable[[Path], Path]

WRITERS: dict[str, Writer] = {
    uid.RLELossless: lambda path: files.compressed(path, files.dataset_of(RGB), uid.RLELossless),
    uid.JPEG2000Lossless: lambda path: files.compressed(path, files.dataset_of(RGB), uid.JPEG2000Lossless),
    uid.JPEGLSLossless: lambda path: files.encapsulated(
        path, files.dataset_of(RGB), [bytes(jpeg_ls.encode_array(RGB, interleave_mode=2))], uid.JPEGLSLossless
    ),
}


@pytest.mark.parametrize("syntax", WRITERS)
def test_a_missing_plugin_is_named_by_its_syntax(syntax: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = WRITERS[syntax](tmp_path / "x")
    read_clip(path).frame(0)
    monkeypatch.setattr(Decoder, "available_plugins", property(lambda self: ("gdcm",)))
    with pytest.raises(UnreadableFile) as caught:
        read_clip(path)

    assert caught.value.code is ErrorCode.NO_CODEC
    assert caught.value.parameters["syntax"] == syntax_name(syntax)


def test_an_old_libjpeg_is_named_by_the_lossless_syntax(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = files.jpeg_lossless(tmp_path / "x", files.dataset_of(RGB))
    monkeypatch.setattr(features, "version", lambda name: "2.1.5")
    with pytest.raises(UnreadableFile) as caught:
        read_clip(path)

    assert caught.value.code is ErrorCode.NO_CODEC
    assert uid.JPEGLosslessSV1 in str(caught.value.parameters["syntax"])


@pytest.mark.parametrize("syntax", sorted(set(uid.AllTransferSyntaxes) - set(CODECS)))
def test_every_other_syntax_of_the_standard_is_refused_by_name(syntax: str) -> None:
    assert codec_of(syntax) is None
    assert syntax in syntax_name(syntax)


@pytest.mark.parametrize("syntax", sorted(PIXELS_ELSEWHERE))
def test_a_file_whose_pixels_lie_elsewhere_is_refused_by_the_name_of_its_syntax(syntax: str, tmp_path: Path) -> None:
    data = files.dataset_of(RGB)
    del data.PixelData
    data.PixelDataProviderURL = "https://example.org/picture"
    path = files.write(tmp_path / "x", data, syntax)
    with pytest.raises(UnreadableFile) as caught:
        read_clip(path)

    assert caught.value.code is ErrorCode.NO_CODEC
    assert syntax in str(caught.value.parameters["syntax"])


def test_every_syntax_of_the_table_can_be_decoded_here() -> None:
    assert [syntax for syntax in CODECS if codec_of(syntax) is None] == []


def test_the_decoders_are_of_free_licences_and_none_of_those_that_were_left_out() -> None:
    """pylibjpeg-libjpeg is GPL; gdcm ends the program on damaged streams."""
    plugins = {codec.plugin for codec in CODECS.values() if codec.family is not Family.VIDEO} - {""}

    assert plugins == {"pydicom", "pylibjpeg", "pyjpegls"}
    for name in ("simplejpeg", "pyjpegls", "pylibjpeg-openjpeg", "pylibjpeg", "pydicom", "pillow"):
        about: Any = importlib.metadata.metadata(name)
        said = " ".join([str(about.get("License", "")), str(about.get("License-Expression", ""))])
        said += " ".join(about.get_all("Classifier") or [])
        assert any(word in said for word in ("MIT", "HPND", "BSD")), name
        assert "GPL" not in said, name
    required = importlib.metadata.requires("fetalclip-studio") or []
    assert not [line for line in required if line.startswith(("pylibjpeg-libjpeg", "python-gdcm"))]


def test_a_plugin_is_named_wherever_pydicom_decodes() -> None:
    """Otherwise pydicom takes the first that it finds, gdcm before all."""
    room = Path(fetalclip_app.imaging.__file__).parent
    calls = [
        node
        for path in room.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("as_array", "iter_array", "pixel_array")
    ]

    assert calls
    assert all("decoding_plugin" in {keyword.arg for keyword in call.keywords} for call in calls)


@pytest.mark.parametrize(
    "sop_class",
    [
        "1.2.840.10008.5.1.4.1.1.3",  # Ultrasound Multi-frame, retired
        "1.2.840.10008.5.1.4.1.1.6",  # Ultrasound Image, retired
        "1.2.840.10008.5.1.4.1.1.3.1",
        "1.2.840.10008.5.1.4.1.1.6.1",
        "1.2.840.10008.5.1.4.1.1.7",  # Secondary Capture, and its multi-frame kinds
        "1.2.840.10008.5.1.4.1.1.7.1",
        "1.2.840.10008.5.1.4.1.1.7.2",
        "1.2.840.10008.5.1.4.1.1.7.3",
        "1.2.840.10008.5.1.4.1.1.7.4",
        "1.2.840.10008.5.1.4.1.1.77.1.4.1",  # Video Photographic
    ],
)
@pytest.mark.parametrize("count", [1, 4])
def test_every_class_that_carries_ultrasound_opens(sop_class: str, count: int, tmp_path: Path) -> None:
    frames = files.cine(count)
    path = files.write(tmp_path / "x", files.dataset_of(frames, SOPClassUID=sop_class))
    clip = read_clip(path)

    assert len(clip) == count
    assert (clip.frame(count - 1).pixels == frames[-1]).all()
