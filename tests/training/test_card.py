"""Measured numbers are copied into the manifest and onto the card, never typed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fetalclip_app import resources
from training import card

RESULTS: dict[str, Any] = {
    "split": "test",
    "date": "2026-01-02",
    "model": {"sha256": "ab"},
    "rows": [
        {
            "measure": "macro-F1",
            "n": 12,
            "patients": 5,
            "value": 0.91234,
            "interval": [0.8, 0.95],
            "interval_by_picture": [0.85, 0.94],
            "abstained": 2,
        }
    ],
    "subgroups": [
        {"measure": "HC: late", "n": 0, "patients": 0, "value": None, "interval": [None, None], "abstained": 0}
    ],
}


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    (tmp_path / "manifest.json").write_text(json.dumps({"sha256": "ab", "calibration": {}}), encoding="utf-8")
    page = f"# A model\n\n{card.MEASURED_BEGINS}\nold\n{card.MEASURED_ENDS}\n\nLimits.\n"
    (tmp_path / card.CARD).write_text(page, encoding="utf-8")
    return tmp_path


def test_numbers_reach_the_manifest_and_the_card(weights: Path) -> None:
    card.record(weights, RESULTS)

    said = json.loads((weights / "manifest.json").read_text("utf-8"))["measured"]
    page = (weights / card.CARD).read_text("utf-8")
    assert (said["split"], said["date"], said["rows"][0]["value"]) == ("test", "2026-01-02", 0.91234)
    assert "| macro-F1 | 12 | 0.912 | 0.800 to 0.950 | 2 |" in page
    assert "| HC: late | 0 | none | none to none | 0 |" in page
    assert page.startswith("# A model\n") and page.endswith("\n\nLimits.\n") and "old" not in page


def test_numbers_of_other_weights_are_refused(weights: Path) -> None:
    before = (weights / card.CARD).read_text("utf-8")

    with pytest.raises(ValueError, match="other weights"):
        card.record(weights, {**RESULTS, "model": {"sha256": "cd"}})
    assert (weights / card.CARD).read_text("utf-8") == before


def test_the_shipped_numbers_are_those_of_the_results() -> None:
    """Where the results are of the shipped weights, manifest and card say exactly what they say."""
    folder = resources.path("models/compact")
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    results = json.loads((Path(__file__).parents[2] / "docs" / "results.json").read_text("utf-8"))

    if results["model"]["sha256"] == manifest["sha256"] and results["split"] == "test":
        assert manifest["measured"] == card.measured(results)
    if "measured" in manifest:
        assert results["model"]["sha256"] == manifest["sha256"]
        assert card.as_table(manifest["measured"]) in (folder / card.CARD).read_text("utf-8")
