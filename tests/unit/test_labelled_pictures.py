"""Labelled pictures of the user's own, and how the bundled planes do on real ones."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np
import pytest

from fetalclip_app.domain.view_scores import Verdict, score
from fetalclip_app.errors import ErrorCode, InvalidInput
from fetalclip_app.imaging.readers import read_clip
from fetalclip_app.inference.load import load_engine
from fetalclip_app.inference.request import EngineRequest
from fetalclip_app.progress import CancelToken
from fetalclip_app.tasks.labelled_pictures import LabelledPicture, labelled_pictures
from fetalclip_app.tasks.view_sets import PLANES_FILE, bundled
from training.manifest import read_split

SPLIT = Path(__file__).parents[2] / "training" / "splits" / "fetal_planes.csv"


def test_folders_are_labels(tmp_path: Path) -> None:
    for name in ("heart/a.png", "heart/b.JPG", "heart/notes.txt", "femur/c.dcm", "loose.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()

    found = labelled_pictures(tmp_path)

    assert [(one.path.name, one.label) for one in found] == [("c.dcm", "femur"), ("a.png", "heart"), ("b.JPG", "heart")]


def test_a_table_names_files_beside_it_labels_and_patients(tmp_path: Path) -> None:
    table = tmp_path / "mini.csv"
    table.write_text("\ufefffile,label,patient\na.png, heart ,7\nb.png,,8\n", encoding="utf-8")

    assert labelled_pictures(table) == (LabelledPicture(tmp_path / "a.png", "heart", "7"),)


@pytest.mark.parametrize("content", ["", "file,plane\na.png,heart\n", "file,label\n"])
def test_a_table_without_labels_is_refused(tmp_path: Path, content: str) -> None:
    table = tmp_path / "mini.csv"
    table.write_text(content, encoding="utf-8")

    with pytest.raises(InvalidInput) as caught:
        labelled_pictures(table)

    assert caught.value.code is ErrorCode.MANIFEST_INVALID


@pytest.mark.real
@pytest.mark.weights
@pytest.mark.slow
@pytest.mark.skipif("FETALCLIP_DATA" not in os.environ, reason="FETALCLIP_DATA names no folder of real scans")
def test_the_bundled_planes_do_well_on_pictures_of_test_patients() -> None:
    labels = {"Fetal thorax": "heart", "Fetal abdomen": "abdomen", "Fetal femur": "femur"}
    planes, data = bundled(PLANES_FILE), Path(os.environ["FETALCLIP_DATA"]) / "fetal_planes"
    split, engine = read_split(SPLIT), load_engine(EngineRequest())
    rows, shown, patients = [], [], []
    with (data / "labels.csv").open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            label = labels.get(row["plane"])
            is_tested = split.get(f"planes-patient-{int(row['patient'])}") == "test" and row["augmented"] == "0"
            if label is None or not is_tested or shown.count(label) >= 20:
                continue
            rows.append(engine.embed(read_clip(data / "images" / row["file"]), CancelToken())[0])
            shown.append(label)
            patients.append(row["patient"])

    said = engine.seen_with(planes, np.stack(rows), frozenset()).per_frame.argmax(axis=1)
    found = score(shown, [planes.keys[int(number)] for number in said], planes.keys, patients)

    by_key = {one.key: one for one in found.classes}
    assert all(by_key[label].verdict is Verdict.OK for label in labels.values())
    assert by_key["kidney"].verdict is Verdict.UNTESTED
