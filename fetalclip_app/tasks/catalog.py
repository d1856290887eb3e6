"""All tasks, in the order asked and shown."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from fetalclip_app.domain.probes import ViewProbe
from fetalclip_app.domain.views import ViewSet
from fetalclip_app.tasks.base import Task
from fetalclip_app.tasks.clip_labels import ClipLabelTask
from fetalclip_app.tasks.gestational_age import AgeTask
from fetalclip_app.tasks.head_outline import HeadTask
from fetalclip_app.tasks.keys import BRAIN_VIEWS, CLIP_LABELS, MEASURES, STRUCTURES, VIEWS
from fetalclip_app.tasks.landmarks import MeasureTask
from fetalclip_app.tasks.structures import StructuresTask
from fetalclip_app.tasks.views import BrainViewTask, ViewTask
from fetalclip_app.tasks.whole_clip import WholeClipTask

OPTIONAL: dict[str, Callable[[], Task]] = {
    MEASURES: MeasureTask,
    STRUCTURES: StructuresTask,
    CLIP_LABELS: ClipLabelTask,
}
"""Tasks that are asked of a model that has their head, in the order asked and shown."""


def all_tasks(
    planes: ViewSet,
    brain_planes: ViewSet,
    *,
    heads: Collection[str] = (),
    probes: Mapping[str, ViewProbe] | None = None,
) -> tuple[Task, ...]:
    """Return every task; a later one may look at what an earlier one found.

    Args:
        heads: Keys of `OPTIONAL` whose head the model has.
        probes: Task key -> the probe that answers it in place of prompts.
    """
    by = probes or {}
    views = ViewTask(planes, probe=by.get(VIEWS)), BrainViewTask(brain_planes, probe=by.get(BRAIN_VIEWS))
    optional = (make() for key, make in OPTIONAL.items() if key in heads)
    return (*views, HeadTask(), AgeTask.bundled(), *optional, WholeClipTask())
