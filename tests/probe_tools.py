"""Readings whose views a probe named."""

from __future__ import annotations

from dataclasses import replace

from fetalclip_app.domain.probes import ProbeFacts
from fetalclip_app.domain.reading import ClipReading
from fetalclip_app.domain.views import PLANES, ViewPrediction
from fetalclip_app.tasks.keys import VIEWS

FACTS = ProbeFacts(VIEWS, "compact_probe_views", "ef" * 32, "CC-BY-4.0", PLANES, 1.5, 0.012, 201)


def by_probe(reading: ClipReading, facts: ProbeFacts = FACTS) -> ClipReading:
    """Return the reading as if this probe had named the views of its task."""

    def renamed(answer: object) -> object:
        assert isinstance(answer, ViewPrediction)
        columns = [answer.keys.index(key) for key in facts.classes]
        return replace(
            answer,
            keys=facts.classes,
            probabilities=answer.probabilities[columns],
            per_frame=answer.per_frame[:, columns],
            not_trained=frozenset(),
            probe=facts.name,
            view_set=facts.name,
            calibrated=facts.temperature is not None,
            calibration_error=facts.calibration_error,
            calibration_pictures=facts.calibration_pictures,
        )

    findings = tuple(
        replace(finding, answer=renamed(finding.answer)) if finding.task_key == facts.task else finding
        for finding in reading.findings
    )
    made = reading.provenance
    sets = {task: told for task, told in made.view_sets.items() if task != facts.task}
    return replace(reading, findings=findings, provenance=replace(made, view_sets=sets, probes=(*made.probes, facts)))
