"""The published study of few patients: how a probe grows with the patients that teach it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace

import numpy as np

from training import not_finite
from training.finetune import probe_results
from training.finetune.groups import Group
from training.finetune.linear import Layers, LinearConfig, fit_together, joined
from training.finetune.probe import Examined, ProbeConfig, examples_of
from training.finetune.probe_results import ProbeResults
from training.recipe import RunContext

FEW = LinearConfig(batch=16, epochs=100)
"""FetalCLIP's settings for few patients (probing/)."""

BRAIN_RATE = 1e-4
"""FetalCLIP's rate for the brain's sub-planes of few patients."""


@dataclass(frozen=True, slots=True)
class FewConfig:
    """Several numbers of patients, several draws of them, several seeds on each.

    Attributes:
        probe: Data, features and layer; its folds and repeats are not used.
        counts: Patients that teach; as many others choose the epoch.
        sets, repeats: Draws of patients, and seeds on each.
    """

    name: str
    probe: ProbeConfig
    counts: tuple[int, ...] = (2, 4, 8, 16, 32, 64)
    sets: int = 5
    repeats: int = 5
    seed: int = 7

    def smoke(self) -> FewConfig:
        """Return the same study so small that it takes seconds."""
        small = self.probe.smoke()
        return replace(self, name=f"{self.name}_smoke", probe=small, counts=(1,), sets=2, repeats=2)

    def execute(self, context: RunContext) -> None:
        """Measure every number of patients and write the table; numbers that the data cannot fill are named.

        Raises:
            NotFinite: A loss; the batch that caused it lies in the run's folder.
        """
        examined, _ = examples_of(replace(self.probe, seed=self.seed), context, self)
        patients = len(set(examined.taught.groups))
        fitting = [count for count in self.counts if 2 * count <= patients]
        with not_finite.batch_kept(context.folder):
            rows = [(count, measured(self, examined, count)) for count in fitting]
        page = as_markdown(rows)
        left_out = [str(count) for count in self.counts if count not in fitting]
        if left_out:
            page += f"\nOnly {patients} patients: {', '.join(left_out)} left out.\n"
        (context.folder / "results.md").write_text(page, encoding="utf-8")
        told = [{"training_patients": count, **asdict(results)} for count, results in rows]
        (context.folder / "results.json").write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
        print(page, flush=True)


def measured(config: FewConfig, examined: Examined, count: int) -> ProbeResults:
    """Return what probes of ``count`` patients answer on the held-out patients."""
    layers = [_layers(config, examined, count, number) for number in range(config.sets)]
    return probe_results.measure(examined.held, joined(layers), examined.classes, config.probe.held)


def _layers(config: FewConfig, examined: Examined, count: int, number: int) -> Layers:
    taught, choosing = support(examined.taught, count, config.seed + number)
    seeds = [config.seed + 1000 * number + repeat for repeat in range(config.repeats)]
    return fit_together(taught.copied(), choosing.plain(), len(examined.classes), seeds, config.probe.linear)


def support(taught: Group, count: int, seed: int) -> tuple[Group, Group]:
    """Return ``count`` patients that teach and ``count`` others that choose, drawn without regard to their classes."""
    names = np.array(sorted(set(taught.groups)))
    drawn = np.random.default_rng([seed, count]).permutation(names)[: 2 * count]
    return taught.of(frozenset(drawn[:count].tolist())), taught.of(frozenset(drawn[count:].tolist()))


def as_markdown(rows: list[tuple[int, ProbeResults]]) -> str:
    """Return the table, one row for each number of patients."""
    lines = ["| training patients | macro-F1, mean ± SD | 95 % interval of the mean, by patient |", "|---|---|---|"]
    for count, results in rows:
        score = results.scores[0]
        lines.append(f"| {count} | {score.mean:.3f} ± {score.deviation:.3f} | {score.low:.3f} to {score.high:.3f} |")
    return "\n".join(lines) + "\n"
