"""Fine-tunings of a finished backbone: probes, clip labels, picture quality, the whole tower."""

from __future__ import annotations

from dataclasses import replace

from fetalclip_app.tasks.keys import BRAIN_VIEWS
from training.finetune.clips import ClipConfig
from training.finetune.few_data import BRAIN_RATE, FEW, FewConfig
from training.finetune.full import FullConfig
from training.finetune.lora import LoraConfig
from training.finetune.probe import ProbeConfig


def probe_planes() -> ProbeConfig:
    """Return the linear probe of the six planes."""
    return ProbeConfig(name="probe_planes")


def probe_brain() -> ProbeConfig:
    """Return the linear probe of the brain's sub-planes."""
    return ProbeConfig(name="probe_brain", task=BRAIN_VIEWS)


def probe_few() -> FewConfig:
    """Return the study of few patients for the six planes."""
    return FewConfig(name="probe_few", probe=replace(probe_planes(), linear=FEW))


def probe_few_brain() -> FewConfig:
    """Return the same for the brain's sub-planes: a lower rate, four patients at least."""
    probe = replace(probe_brain(), linear=replace(FEW, rate=BRAIN_RATE))
    return FewConfig(name="probe_few_brain", probe=probe, counts=(4, 8, 16, 32, 64))


def clip_label() -> ClipConfig:
    """Return two heads for a yes-or-no label of clips; without a table of clips, of generated ones."""
    return ClipConfig(name="clip_label")


def quality_lora() -> LoraConfig:
    """Return low-rank adapters for picture quality; without a table of grades, of pictures made poor on purpose."""
    return LoraConfig(name="quality_lora")


def finetune_full() -> FullConfig:
    """Return the fine-tuning of all layers for the six planes."""
    return FullConfig(name="finetune_full")
