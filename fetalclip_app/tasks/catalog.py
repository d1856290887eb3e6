"""All tasks, in the order asked and shown."""

from __future__ import annotations

from fetalclip_app.domain.views import ViewSet
from fetalclip_app.tasks.base import Task
from fetalclip_app.tasks.gestational_age import AgeTask
from fetalclip_app.tasks.head_outline import HeadTask
from fetalclip_app.tasks.views import BrainViewTask, ViewTask


def all_tasks(planes: ViewSet, brain_planes: ViewSet) -> tuple[Task, ...]:
    """Return every task; a later one may look at what an earlier one found."""
    return (ViewTask(planes), BrainViewTask(brain_planes), HeadTask(), AgeTask.bundled())
