"""On a graphics card the trainings do what they do on a processor; without one these tests are skipped."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import tiny_models
import tiny_training
import torch
from open_clip import SimpleTokenizer

from training import checkpoint
from training.__main__ import main
from training.accumulate import backward
from training.commands.catalog import RECIPES
from training.config import RunConfig, StepConfig
from training.dataset import Batch
from training.recipes.heads import WEIGHTS
from training.towers import hold_statistics

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="torch finds no graphics card"),
]

BF16 = {"precision": "bf16"}
"""Eight bits, in networks of random weights whose batch norms normalise nothing: the bounds are wide."""

_SPREAD = ("vit_large_sharded",)
"""One card has nothing to share out: `vit_large` is the same there."""


@pytest.fixture(autouse=True)
def _full_fp32() -> Iterator[None]:
    """Convolutions round to 10 bits on a card unless they are told not to; comparisons with the CPU need them all."""
    before = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False
    yield
    torch.backends.cudnn.allow_tf32 = before


@pytest.fixture
def batch(data: Path) -> Batch:
    return tiny_training.batches(data, tiny_training.config()).draw()


def _step(
    batch: Batch, layers: dict[str, Any], device: str, **step: Any
) -> tuple[dict[str, float], dict[str, torch.Tensor]]:
    """Return the parts of the loss and the gradients, on the CPU."""
    config: RunConfig = replace(tiny_training.config(), step=StepConfig(device=device, **step))
    network: Any = tiny_models.network(layers).to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    network.train()
    hold_statistics(network, every=True)
    network.set_grad_checkpointing(config.step.recompute)
    parts = backward(network, batch, SimpleTokenizer(context_length=network.context_length), config)
    gradients = {name: p.grad.cpu() for name, p in network.named_parameters() if p.grad is not None}
    return {name: part.item() for name, part in parts.items()}, gradients


def _apart(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> float:
    """Return how far two sets of gradients lie apart, as a share of the length of the second."""
    assert one.keys() == other.keys()
    gap = sum(float((one[name] - other[name]).square().sum()) for name in one)
    return math.sqrt(gap / sum(float(tensor.square().sum()) for tensor in other.values()))


@pytest.mark.parametrize("layers", [tiny_models.VIT, tiny_models.CONVNET], ids=["transformer", "convolutions"])
@pytest.mark.parametrize(
    ("step", "of_loss", "of_gradients"),
    [({}, 1e-4, 1e-3), ({"recompute": True}, 1e-4, 1e-3), ({"micro_batch": 3}, 1e-4, 1e-3), (BF16, 0.1, 0.5)],
    ids=["plain", "recomputed", "in pieces", "bf16"],
)
def test_a_step_has_the_loss_and_the_gradients_that_it_has_on_the_cpu(
    batch: Batch, layers: dict[str, Any], step: dict[str, Any], of_loss: float, of_gradients: float
) -> None:
    loss, gradients = _step(batch, layers, "cpu")
    loss_there, gradients_there = _step(batch, layers, "cuda", **step)

    assert loss_there == pytest.approx(loss, rel=of_loss)
    assert _apart(gradients_there, gradients) < of_gradients


@pytest.mark.parametrize("frozen_stages", [2, 0], ids=["convolutions", "transformer"])
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_repeatable_run_that_was_stopped_ends_with_the_same_bits_as_one_left_alone(
    data: Path, tmp_path: Path, frozen_stages: int, precision: str
) -> None:
    step = StepConfig(device="cuda", precision=precision, repeatable=True)
    config = tiny_training.config(frozen_stages=frozen_stages, steps=5, checkpoint_every=2, evaluate_every=5, step=step)
    begun = [0]

    def stopping(*arguments: Any) -> Any:
        begun[0] += 1
        if begun[0] == 4:
            raise KeyboardInterrupt
        return backward(*arguments)

    with pytest.raises(KeyboardInterrupt):
        tiny_training.train(data, tmp_path / "stopped", config, backward=stopping)
    tiny_training.train(data, tmp_path / "stopped", config, resume=True)
    tiny_training.train(data, tmp_path / "alone", config)

    stopped, alone = (torch.load(tmp_path / name / checkpoint.FILE, weights_only=True) for name in ("stopped", "alone"))
    for part in ("network", "mean"):
        unequal = [name for name in alone[part] if not torch.equal(alone[part][name], stopped[part][name])]
        assert unequal == []


@pytest.mark.parametrize("name", [name for name in RECIPES if name not in _SPREAD])
def test_every_recipe_trains_on_the_card(
    name: str, everything: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(WEIGHTS, raising=False)
    places = ["run", name, "--smoke", "--data", str(everything), "--out", str(tmp_path), "--set", "device=cuda"]
    before = torch.cuda.memory_stats().get("allocation.all.allocated", 0)

    assert main(places) == 0

    assert torch.cuda.memory_stats()["allocation.all.allocated"] > before, "nothing was laid on the card"
    (folder,) = tmp_path.glob("*_smoke")
    assert '"cuda"' in json.dumps(json.loads((folder / "config.json").read_text("utf-8"))["config"])
