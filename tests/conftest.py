"""What all tests share: an offscreen screen, generated clips, made-up readings and a fake network."""

from __future__ import annotations

import os
import sys

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["LC_ALL"] = "C.UTF-8"  # the program speaks English here, whatever this computer speaks

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import pytest
from fakes import FakeBackbone, FakeEngine, fan_picture, make_clip, make_heatmap, make_reading
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from fetalclip_app.ui.jobs import Jobs

__all__ = ["FakeBackbone", "FakeEngine", "fan_picture", "make_clip", "make_heatmap", "make_reading"]

# A busy computer is no defect: slowness fails no property test.
settings.register_profile("studio", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("studio")


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the user's own settings."""
    monkeypatch.setenv("FETALCLIP_STUDIO_HOME", str(tmp_path / "home"))


@pytest.fixture
def _begun_from_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """For processes of a fork server: else each imports pytest, and Python 3.11 does not find what it is to load."""
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))


@pytest.fixture
def backbone() -> FakeBackbone:
    return FakeBackbone()


@pytest.fixture
def jobs(qapp: object) -> Iterator[Jobs]:
    from fetalclip_app.ui.jobs import Jobs  # noqa: PLC0415 - tests below the window need no Qt

    started = Jobs()
    yield started
    started.shut_down()
