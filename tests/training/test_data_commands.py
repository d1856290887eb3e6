from __future__ import annotations

import csv
from pathlib import Path

import dicom_files
import pytest
from PIL import Image

from training.__main__ import main
from training.manifest_file import read_manifest
from training.shards import read_index


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Twenty patients with two pictures each, and a manifest without a split."""
    lines = ["picture,group,plane"]
    for number in range(40):
        Image.effect_noise((40, 30), 20 + number).save(tmp_path / f"{number}.png")
        lines.append(f"{number}.png,patient-{number // 2},femur")
    (tmp_path / "own.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return tmp_path


def test_a_manifest_of_ones_own_gets_a_split_is_checked_and_becomes_shards(
    own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = ["--manifest", str(own / "own.csv"), "--split-table", str(own / "split.csv"), "--data", str(own)]
    main(["split", "--manifest", str(own / "own.csv"), "--out", str(own / "split.csv")])
    with pytest.raises(SystemExit) as checked:
        main(["manifest", "check", *told[1:]])
    main(["shards", str(own / "shards"), "--samples", "4", *told])

    assert checked.value.code == 0
    assert "train: " in capsys.readouterr().out
    shards = read_index(own / "shards")
    assert 20 <= sum(shard.samples for shard in shards) <= 34
    assert len(shards) >= 5


def test_a_damaged_shard_is_told_by_name(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = ["picture,group,split", *(f"{number}.png,p{number},train" for number in range(4))]
    (own / "few.csv").write_text("\n".join(table), encoding="utf-8")
    main(["shards", str(own / "shards"), "--manifest", str(own / "few.csv"), "--data", str(own)])
    (own / "shards" / "000000.tar").write_bytes(b"")

    with pytest.raises(SystemExit) as checked:
        main(["shards", str(own / "shards"), "--check"])
    assert checked.value.code == 1
    assert "000000.tar: its hash is not the index's" in capsys.readouterr().out


def test_a_check_names_the_files_that_are_missing(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (own / "few.csv").write_text("picture,group,split,outline\n0.png,p,train,m.png\ngone.png,p,train,\n", "utf-8")

    with pytest.raises(SystemExit) as checked:
        main(["manifest", "check", str(own / "few.csv"), "--data", str(own)])
    assert checked.value.code == 1
    assert capsys.readouterr().out.startswith("missing: gone.png\nmissing: m.png\n")


def test_a_folder_of_dicom_becomes_a_manifest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "scans").mkdir()
    dicom_files.write(tmp_path / "scans" / "a.dcm", dicom_files.dataset_of(dicom_files.cine(4), FrameTime=40))
    (tmp_path / "scans" / "b.dcm").write_bytes(b"no DICOM")
    (tmp_path / "salt").write_text("a secret of sixteen letters\n", encoding="utf-8")
    (tmp_path / "labels.csv").write_text("file,plane,label:chd\na.dcm,heart,yes\n", encoding="utf-8")

    out = tmp_path / "scans.jsonl"
    told = ["--salt-file", str(tmp_path / "salt"), "--licence", "CC0", "--labels", str(tmp_path / "labels.csv")]
    where = ["--data", str(tmp_path), "--out", str(out)]
    main(["manifest", "dicom", str(tmp_path / "scans"), *told, *where, "--frames", "0"])

    (sample,) = read_manifest(out)
    assert (sample.picture, sample.plane, sample.label("chd"), sample.frame) == ("scans/a.dcm", "heart", "yes", None)
    assert "left out b.dcm" in capsys.readouterr().out


def test_a_copy_across_the_split_is_listed_and_an_unreadable_picture_is_told(
    own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (own / "copy.png").write_bytes((own / "3.png").read_bytes())
    (own / "broken.png").write_bytes(b"no picture")
    rows = ["3.png,p,train", "5.png,q,train", "copy.png,r,validation", "broken.png,s,validation"]
    (own / "few.csv").write_text("\n".join(["picture,group,split", *rows]), encoding="utf-8")

    main(
        ["audit", "duplicates", "--manifest", str(own / "few.csv"), "--data", str(own), "--out", str(own / "pairs.csv")]
    )

    with (own / "pairs.csv").open(encoding="utf-8", newline="") as table:
        (pair,) = csv.DictReader(table)
    assert (pair["picture_first"], pair["picture_second"]) == ("3.png", "copy.png")
    assert "skipped broken.png" in capsys.readouterr().out
