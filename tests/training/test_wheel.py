"""The wheel stands alone: code, model, prompts and splits are in it, and the trainings run without a checkout."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import made_up_scans
import pytest

from fetalclip_app import resources

ROOT = Path(__file__).resolve().parents[2]
PACKED = ("fetalclip_app", "training", "resources")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what a wheel is made from: what was built before, and is gone, would come back from ``build/``."""
    folder = tmp_path_factory.mktemp("source")
    for name in PACKED:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copyfile(ROOT / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def installed(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's files, where no checkout is near."""
    out = tmp_path_factory.mktemp("wheel")
    order = f"from setuptools import build_meta; build_meta.build_wheel({str(out)!r})"
    built = subprocess.run([sys.executable, "-c", order], cwd=source, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    (wheel,) = out.glob("*.whl")
    shutil.unpack_archive(wheel, out / "installed", "zip")
    return out / "installed"


def _python(installed: Path, cwd: Path, *arguments: str) -> str:
    """Run Python with the wheel and the other packages alone: ``-S`` leaves out what leads to the checkout."""
    others = dict.fromkeys(sysconfig.get_path(name) for name in ("purelib", "platlib"))
    environment = {name: value for name, value in os.environ.items() if name != "FETALCLIP_DATA"}
    environment["PYTHONPATH"] = os.pathsep.join([str(installed), *others])
    command = [sys.executable, "-S", "-P", *arguments]
    ran = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def _files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_the_wheel_holds_every_module_every_resource_and_the_splits(source: Path, installed: Path) -> None:
    there = {name: _files(source / name) for name in PACKED}
    found = {name for name in _files(installed) if ".dist-info/" not in name}

    assert found == {
        *(f"fetalclip_app/{name}" for name in there["fetalclip_app"]),
        *(f"fetalclip_app/{resources.IN_WHEEL}/{name}" for name in there["resources"]),
        *(f"training/{name}" for name in there["training"] - {"LOG.md"}),
    }, "pyproject.toml says what is packed: packages (each folder of modules by name), package-data"


def test_an_installed_wheel_finds_its_resources(installed: Path, tmp_path: Path) -> None:
    order = "from fetalclip_app import resources; print(resources.root())"

    assert Path(_python(installed, tmp_path, "-c", order).strip()).samefile(installed / "fetalclip_app" / "bundled")


@pytest.mark.slow
def test_an_installed_wheel_trains(installed: Path, tmp_path: Path) -> None:
    """The probe needs all that a wheel may lack: its modules, the compact model, growth curves, splits."""
    data = made_up_scans.write_known(tmp_path / "data", installed / "training" / "splits")

    _python(installed, tmp_path, "-m", "training", "run", "probe_planes", "--smoke", "--data", str(data))

    folder = tmp_path / "runs" / "probe_planes_smoke"
    assert json.loads((folder / "results.json").read_text("utf-8"))["patients"] == len(made_up_scans.PLANES)
    assert json.loads((folder / "config.json").read_text("utf-8"))["revision"] == "unknown"


def test_a_frozen_program_finds_the_resources_that_it_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path), raising=False)
    with pytest.raises(FileNotFoundError, match="no resources folder at"):
        resources.root()

    (tmp_path / "resources" / "prompts").mkdir(parents=True)

    assert resources.root() == tmp_path / "resources"
