"""On a graphics card the bundled network says what it says on the processor; without one these tests are skipped."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from fetalclip_app.imaging.preprocess import PreprocessSpec
from fetalclip_app.model import catalog, device
from fetalclip_app.model.opening import open_model

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.weights,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="torch finds no graphics card"),
]

SENTENCES = ["Ultrasound of the fetal heart.", "An axial view of the fetal abdomen at 21 weeks."]


def test_rows_of_pictures_and_sentences_are_those_of_the_processor() -> None:
    entry, size = catalog.compact(), PreprocessSpec().size
    pictures = np.random.default_rng(3).standard_normal((20, 3, size, size), np.float32)
    here, there = (open_model(entry, device.choose(name)) for name in ("cpu", "cuda"))
    rows, textures = here.encode_with_texture(pictures)
    rows_there, textures_there = there.encode_with_texture(pictures)

    assert "cuda" in there.device
    assert (rows * rows_there).sum(axis=1).min() > 0.9995
    assert (here.encode_texts(SENTENCES) * there.encode_texts(SENTENCES)).sum(axis=1).min() > 0.9995
    np.testing.assert_allclose(textures_there, textures, rtol=0.02, atol=0.02)


def test_a_card_with_little_memory_reads_in_smaller_parts() -> None:
    """The processor does not take over: the batch is halved until it fits."""
    backbone = open_model(catalog.compact(), device.choose("cuda"))
    pictures = np.random.default_rng(4).standard_normal((256, 3, 224, 224), np.float32)
    expected = backbone.encode_frames(pictures)
    torch.cuda.empty_cache()
    rest = torch.cuda.memory_allocated() + (300 << 20)
    torch.cuda.set_per_process_memory_fraction(rest / torch.cuda.get_device_properties(0).total_memory)
    asked: list[int] = []

    def noted(network: torch.nn.Module, part: np.ndarray) -> torch.Tensor:
        asked.append(len(part))
        return backbone.embed_images(backbone.to_device(part))

    try:
        found = backbone.run(noted, pictures, len(pictures))
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)

    assert asked[0] == len(pictures)
    assert min(asked) < len(pictures)
    assert "cuda" in backbone.device
    assert (found * expected).sum(axis=1).min() > 0.9999
