"""Somebody tries everything at random for a minute: nothing breaks, nothing is left behind. Ten: `bench.walk`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from fakes import make_clip
from PySide6.QtWidgets import QApplication, QWidgetItem

from bench.walk import answered, walk
from bench.walk_steps import Walker
from bench.walk_watch import Watch
from fetalclip_app.domain.likeness import Language
from fetalclip_app.ui.asking.door import Asking

SECONDS = 60.0


@pytest.mark.slow
def test_a_minute_at_random_breaks_nothing_and_leaves_nothing(
    desk_of: Callable[..., object], tmp_path: Path, qapp: QApplication
) -> None:
    chance, watch = Random(20260314), Watch()
    clips = [make_clip(12, name="one.dcm"), make_clip(1, name="two.png", pixel_mm=None), make_clip(40, name="long.dcm")]
    files = [*(clip.path for clip in clips), Path("damaged.dcm")]
    with answered(tmp_path, chance):
        desk = desk_of(*clips)
        asking = next(feature for feature in desk.window.features if isinstance(feature, Asking))
        asking.asker.language_of = lambda request: Language(
            is_free=True
        )  # of the fake model, and not of the bundled one
        desk.start()
        watch.begin()
        walker = Walker(desk.window, files, chance)
        steps = walk(walker, watch, SECONDS)
        desk.window.viewer.player.pause()
        desk.jobs.shut_down()
        watch.end()

    assert watch.faults() == [], " | ".join(walker.taken)
    assert steps > 100


def test_what_breaks_is_seen(desk_of: Callable[..., object], tmp_path: Path) -> None:
    desk, watch = desk_of(make_clip(3, name="one.dcm")), Watch()
    desk.window.actions_by_name["fit"].setEnabled(True)
    desk.window.actions_by_name["fit"].triggered.connect(lambda: 1 / 0)
    watch.begin()
    desk.press("fit")
    watch.end()

    assert [said.partition(" at ")[0] for said in watch.faults()] == [
        "exception: ZeroDivisionError('division by zero')"
    ]


@pytest.mark.parametrize(("objects", "faults"), [([900, 980, 1000, 1000, 1020, 1050], 0), ([1000] * 5 + [1051], 1)])
def test_objects_of_qt_that_stay_are_seen(qapp: QApplication, objects: list[int], faults: int) -> None:
    watch = Watch()
    watch.begin()
    watch.objects += objects
    watch.end()

    assert [fault.partition(":")[0] for fault in watch.faults()] == ["objects of Qt grew"] * faults


def test_what_only_passes_for_a_widget_is_seen(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    watch = Watch()
    watch.begin()
    watch.rest()
    monkeypatch.setattr(QApplication, "allWidgets", staticmethod(lambda: [QWidgetItem(None)]))
    watch.rest()
    watch.end()

    assert watch.faults() == ["no widgets: ['QWidgetItem']"]
