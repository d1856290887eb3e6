"""On a graphics card the bundled network says what it says on the processor; without one these tests are skipped."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from fetalclip_app.imaging.preprocess import PreprocessSpec
from fetalclip_app.model import catalog, device
from fetalclip_app.model.encoder import open_model

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
