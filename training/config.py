"""What a run depends on: frozen, and written beside its checkpoint."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from training.augment import AugmentConfig
from training.dataset import BatchConfig
from training.number_sense import NumberConfig
from training.recipe import RunContext
from training.towers import TowerConfig


@dataclass(frozen=True, slots=True)
class OptimizerConfig:
    """AdamW with a cosine schedule."""

    image_rate: float = 5e-4
    text_rate: float = 1e-3
    weight_decay: float = 0.05
    warm_up: int = 50
    clip_norm: float = 1.0


@dataclass(frozen=True, slots=True)
class StepConfig:
    """How a step is computed: not what it learns.

    Attributes:
        micro_batch: Pictures that are encoded at a time; 0 for all. The loss is always that of the whole batch.
        precision: "fp32", or "bf16" for autocast.
        recompute: Hold the inputs of the towers' blocks only, and compute the rest twice (gradient checkpointing).
        device: "cpu", "cuda" or any other name that torch knows.
        sharded: Several processes share the weights of a vision transformer out among them (FSDP2); one alone holds
            them all, as without.
        repeatable: On a GPU, the same batches give the same weights to the last bit, at the price of slower kernels.
            A processor does that anyway.
    """

    micro_batch: int = 0
    precision: str = "fp32"
    recompute: bool = False
    device: str = "cpu"
    sharded: bool = False
    repeatable: bool = False


@dataclass(frozen=True, slots=True)
class DataConfig:
    """What a run was given of a researcher's own, as SHA-256 of the content; empty where nothing was.

    Attributes:
        manifest: Of the samples, as `training.manifest.manifest_hash` counts them.
        written: Of the file of captions.
        textbook: Of the file of figures.
        shards: Of the index, which has the hashes of all shards.
    """

    manifest: str = ""
    written: str = ""
    textbook: str = ""
    shards: str = ""


@dataclass(frozen=True, slots=True)
class RunConfig:
    """One contrastive training.

    Attributes:
        numbers: What the text tower practises before the first picture.
        frozen_stages: How many of the first convolution stages keep their initial weights.
        simulated: How many simulated heads join the training pictures.
        start: Checkpoint, beside this run's folder, whose weights it goes on from; without one it starts from
            ImageNet's and practises numbers first.
        loss: "nce" or "siglip": see `training.objective.LOSSES`.
        smoothing: Share of a label that is spread over all that is known, for labels that may be wrong; with "nce".
        schedule_steps: Length of the cosine schedule where a run stops before its end; 0 for ``steps``.
        asked_weight: Of the app's question about sub-planes, where batches ask it (`BatchConfig.asked`).
        held_statistics: Every batch norm keeps its statistics, as the app will use them.
        average: Decay of the running mean of the weights that is evaluated and shipped.
        checkpoint_every: Steps between two checkpoints; a killed run loses at most these.
        unreadable_share: Largest share of pictures that may be unreadable; beyond it the run refuses to begin, or
            stops where shards tell it later.
        window: How many pictures of shards each process holds in memory at a time, 83 kB each.
        data: Filled in by the run itself (`training.own_data.resolved`).
    """

    name: str
    steps: int
    batch: BatchConfig = field(default_factory=BatchConfig)
    augmentation: AugmentConfig = field(default_factory=AugmentConfig)
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    numbers: NumberConfig = field(default_factory=NumberConfig)
    frozen_stages: int = 2
    simulated: int = 240
    average: float = 0.995
    evaluate_every: int = 275
    seed: int = 7
    start: str = ""
    age_weight: float = 1.0
    brain_weight: float = 1.0
    asked_weight: float = 1.0
    loss: str = "nce"
    smoothing: float = 0.0
    schedule_steps: int = 0
    held_statistics: bool = False
    tower: TowerConfig = field(default_factory=TowerConfig)
    step: StepConfig = field(default_factory=StepConfig)
    checkpoint_every: int = 100
    unreadable_share: float = 0.05
    window: int = 10_000
    data: DataConfig = field(default_factory=DataConfig)

    def execute(self, context: RunContext) -> None:
        """Train by contrast."""
        from training.run import pretrain  # noqa: PLC0415 - the run knows its configuration

        pretrain(self, context)

    def smoke(self) -> RunConfig:
        """Return the same run so small that it takes seconds."""
        return replace(
            self,
            name=f"{self.name}_smoke",
            steps=2,
            start="",
            numbers=replace(self.numbers, steps=min(2, self.numbers.steps), rows=2),
            tower=self.tower.smoke(),
            step=replace(self.step, micro_batch=min(4, self.step.micro_batch), device="cpu"),
            batch=replace(self.batch, size=8, aged=2, ladder=4),
            simulated=4,
            evaluate_every=2,
            window=min(64, self.window),
        )
