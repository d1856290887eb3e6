"""The documented examples are done as they stand: their differences applied, the program answers by them."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fetalclip_app import resources
from fetalclip_app.domain.clip import Clip, FramesInMemory
from fetalclip_app.domain.probes import NamedBy
from fetalclip_app.domain.reading import ClipReading
from fetalclip_app.domain.views import ViewPrediction
from fetalclip_app.imaging.readers import read_clip
from fetalclip_app.inference.load import load_engine
from fetalclip_app.inference.request import EngineRequest
from fetalclip_app.progress import CancelToken, silent
from fetalclip_app.tasks.keys import VIEWS
from fetalclip_app.tasks.view_sets import list_view_sets, read_view_set

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def applied(tmp_path: Path) -> Path:
    """The program's prompts and a copy of the bundled model, with both differences applied."""
    shutil.copytree(resources.path("prompts"), tmp_path / "resources" / "prompts")
    shutil.copytree(resources.path("models/compact"), tmp_path / "my_model")
    for difference in sorted((DOCS / "examples").glob("*.diff")):
        subprocess.run(["git", "apply", "--unsafe-paths", str(difference)], cwd=tmp_path, check=True)
    return tmp_path


@pytest.fixture
def sample() -> Clip:
    clip = read_clip(resources.path("samples/simulated_head.dcm"))
    return replace(clip, source=FramesInMemory([clip.frame(index).pixels for index in (0, 1)]))


def read(request: EngineRequest, clip: Clip) -> ClipReading:
    return load_engine(request).read(clip, CancelToken(), silent)


def test_each_example_is_one_new_file() -> None:
    for difference in (DOCS / "examples").glob("*.diff"):
        lines = difference.read_text(encoding="utf-8").splitlines()
        assert sum(line.startswith("diff --git") for line in lines) == 1
        assert "new file mode 100644" in lines


def test_the_page_shows_the_difference_of_the_view_set_as_it_is() -> None:
    difference = (DOCS / "examples" / "new_view_set.diff").read_text(encoding="utf-8")

    assert difference.strip() in (DOCS / "extending.md").read_text(encoding="utf-8")


@pytest.mark.weights
def test_the_new_view_set_is_listed_and_answers(applied: Path, sample: Clip, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(resources, "root", lambda: applied / "resources")
        path = next(path for path in list_view_sets() if path.stem == "four_planes")

    reading = read(EngineRequest(views=path), sample)

    answer = reading.answer(VIEWS, ViewPrediction)
    assert answer.keys == ("brain", "abdomen", "femur", "heart")
    assert (answer.best, answer.abstained, answer.not_trained) == ("brain", None, frozenset())
    assert reading.provenance.view_sets[VIEWS] == ("four_planes", read_view_set(path).sha256)


@pytest.mark.weights
def test_the_new_head_names_the_views(applied: Path, sample: Clip) -> None:
    reading = read(EngineRequest(weights=applied / "my_model", views_by=NamedBy.PROBE, must_probe=True), sample)

    answer = reading.answer(VIEWS, ViewPrediction)
    assert (answer.probe, answer.best, answer.calibrated) == ("four_planes", "brain", False)
    np.testing.assert_allclose(answer.per_frame.sum(axis=1), 1.0, rtol=1e-5)


def test_the_new_head_is_of_the_bundled_weights() -> None:
    manifest = json.loads(resources.path("models/compact/manifest.json").read_text())
    text = (DOCS / "examples" / "new_head.diff").read_text(encoding="utf-8")
    facts = json.loads("\n".join(line[1:] for line in text.splitlines()[5:]))

    assert facts["backbone_sha256"] == manifest["sha256"]
    assert facts["preprocessing"] == manifest["preprocessing"]["fingerprint"]
