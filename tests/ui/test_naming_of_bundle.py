"""An exported model with a probe, from its folder to the card: by the model's own process."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from fakes import fan_picture
from PIL import Image
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from fetalclip_app import resources
from fetalclip_app.domain.probes import NamedBy
from fetalclip_app.domain.views import PLANES
from fetalclip_app.settings import Settings
from fetalclip_app.tasks.keys import BRAIN_VIEWS, VIEWS
from fetalclip_app.ui import theme
from fetalclip_app.ui.app import Studio
from fetalclip_app.wording import no_probe


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """The bundled model as an exported folder, with a probe of its own that calls everything a femur."""
    folder = tmp_path / "model"
    shutil.copytree(resources.path("models/compact"), folder)
    heads = folder / "heads"
    heads.mkdir()
    file = heads / "femurs.safetensors"
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    bias = np.array([9.0 if key == "femur" else 0.0 for key in PLANES], np.float32)
    weight = np.zeros((len(PLANES), config["embed_dim"]), np.float32)
    safetensors.numpy.save_file({"weight": weight, "bias": bias}, file)
    facts = {
        "kind": "probe",
        "task": VIEWS,
        "classes": list(PLANES),
        "features": "unit",
        "backbone_sha256": manifest["sha256"],
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "preprocessing": manifest["preprocessing"]["fingerprint"],
        "licence": "CC0-1.0",
    }
    file.with_suffix(".json").write_text(json.dumps(facts), encoding="utf-8")
    return folder


@pytest.fixture
def studio(qapp: QApplication, qtbot: QtBot, bundle: Path) -> Iterator[Studio]:
    theme.apply(qapp)
    by_probe = {"views_by": NamedBy.PROBE, "brain_views_by": NamedBy.PROBE}
    made = Studio(Settings(device="cpu", model="bundle", weights=bundle, **by_probe))
    qtbot.addWidget(made.window)
    made.window.show()
    yield made
    made.end()


@pytest.mark.slow
@pytest.mark.weights
def test_a_probe_beside_the_weights_names_views_and_one_that_is_not_there_is_told(
    studio: Studio, qtbot: QtBot, tmp_path: Path
) -> None:
    picture = tmp_path / "one.png"
    Image.fromarray(fan_picture()).save(picture)
    menu, card = studio.window.model_menu, studio.window.findings.view
    studio.start([picture], None)
    qtbot.waitUntil(lambda: card.how.text() == "by probe femurs", timeout=200_000)

    assert card.best.text().startswith("Femur")
    assert card.heading.text() == "View · uncalibrated"
    menu.view_sets.menu.aboutToShow.emit()
    offered = menu.view_sets.entry("views_by", NamedBy.PROBE)
    assert offered is not None and offered.isChecked() and offered.isEnabled()
    assert studio.window.area.message.sentence.text() == no_probe(BRAIN_VIEWS)
