"""Verifying with the bundled model on a generated scan: what was read is read the same again."""

from __future__ import annotations

import json
from pathlib import Path

import dicom_files as files
import numpy as np
import pytest
from fakes import fan_picture
from verify_tools import verify

from fetalclip_app import cli, settings
from fetalclip_app.cli import analyze as analyze_module

pytestmark = pytest.mark.weights


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a generated head, analysed; the engine that was built serves every run that asks for the same."""
    monkeypatch.setenv(settings.HOME_VARIABLE, str(tmp_path / "data"))
    engine = analyze_module.load()
    monkeypatch.setattr(analyze_module, "load", lambda given=None: engine)
    frames = np.stack([fan_picture(480, 640, turn=turn) for turn in (0.0, 2.0)])
    data = files.dataset_of(frames, FrameTime=40, PatientID="P-001", StudyDate="20260314")
    data.SequenceOfUltrasoundRegions = [files.region((0, 0, 639, 479), delta=(0.03, 0.03))]
    originals = tmp_path / "originals"
    originals.mkdir()
    files.write(originals / "one.dcm", data)
    status = cli.main(
        [
            *("analyze", str(originals), "--json", str(tmp_path / "out.json"), "--report", str(tmp_path / "out.pdf")),
            *("--device", "cpu", "--dating", "lmp=2025-10-22", "--dated-by", "A. Sonographer"),
        ],
        lambda _paths: 0,
        why_no_window=str,
    )
    assert status == 0
    return tmp_path


def test_an_untouched_report_of_the_bundled_model_agrees_and_an_edited_value_does_not(folder: Path) -> None:
    out = folder / "verified.json"
    for report in ("out.json", "out.pdf"):
        assert verify(folder / report, "--files", folder / "originals", "--json", out) == 0, report
        found = json.loads(out.read_text())
        assert found["agrees"] == len(found["numbers"]) > 20

    told = json.loads((folder / "out.json").read_text())
    number = next(one for one in told[0]["numbers"] if one["id"].endswith("views.brain"))
    told[0]["views"]["probabilities"]["brain"] = number["value"] = 0.5
    (folder / "out.json").write_text(json.dumps(told))

    assert verify(folder / "out.json", "--files", folder / "originals", "--json", out) == 1
    differ = [one for one in json.loads(out.read_text())["numbers"] if one["outcome"] == "differs"]
    assert [one["id"] for one in differ] == [number["id"]]
