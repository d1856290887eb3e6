"""All tasks, in the order asked and shown."""

from __future__ import annotations

from collections.abc import Mapping

from fetalclip_app.domain.probes import ViewProbe
from fetalclip_app.domain.views import ViewSet
from fetalclip_app.tasks.base import Task
from fetalclip_app.tasks.gestational_age import AgeTask
from fetalclip_app.tasks.head_outline import HeadTask
from fetalclip_app.tasks.keys import BRAIN_VIEWS, VIEWS
from fetalclip_app.tasks.landmarks import MeasureTask
from fetalclip_app.tasks.views import BrainViewTask, ViewTask


def all_tasks(
    planes: ViewSet, brain_planes: ViewSet, *, measures: bool = False, probes: Mapping[str, ViewProbe] | None = None
) -> tuple[Task, ...]:
    """Return every task; a later one may look at what an earlier one found.

    Args:
        measures: The model has a measurement head.
        probes: Task key -> the probe that answers it in place of prompts.
    """
    by = probes or {}
    views = ViewTask(planes, probe=by.get(VIEWS)), BrainViewTask(brain_planes, probe=by.get(BRAIN_VIEWS))
    common = (*views, HeadTask(), AgeTask.bundled())
    return (*common, MeasureTask()) if measures else common
