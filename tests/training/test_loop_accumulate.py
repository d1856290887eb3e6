"""A step in pieces, with recomputed blocks or in half precision, is the step on the whole batch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_models
import tiny_training
import torch
from open_clip import SimpleTokenizer

from training.accumulate import autocast, backward
from training.config import RunConfig, StepConfig
from training.dataset import AgeLadder, Batch
from training.towers import hold_statistics
from training.truth import CaptionSet

SIGLIP = {"init_logit_scale": 2.3, "init_logit_bias": -10.0}


@pytest.fixture
def batch(data: Path) -> Batch:
    return tiny_training.batches(data, tiny_training.config()).draw()


def _config(loss: str = "nce", **step: Any) -> RunConfig:
    return replace(tiny_training.config(), loss=loss, step=StepConfig(**step))


def _network(loss: str = "nce", layers: dict[str, Any] = tiny_models.VIT) -> Any:
    return tiny_models.network(layers | SIGLIP if loss == "siglip" else layers)


def _step(network: Any, batch: Batch, config: RunConfig) -> tuple[dict[str, float], dict[str, torch.Tensor]]:
    """Return the parts of the loss and the gradients."""
    network.train()
    network.set_grad_checkpointing(config.step.recompute)
    parts = backward(network, batch, SimpleTokenizer(context_length=network.context_length), config)
    gradients = {name: p.grad.clone() for name, p in network.named_parameters() if p.grad is not None}
    return {name: part.item() for name, part in parts.items()}, gradients


@pytest.mark.parametrize("loss", ["nce", "siglip"])
def test_a_batch_in_pieces_has_the_loss_and_the_gradients_of_the_whole(batch: Batch, loss: str) -> None:
    whole_loss, whole = _step(_network(loss), batch, _config(loss))
    network, seen = _network(loss), []
    network.visual.conv1.register_forward_hook(lambda _, inputs, __: seen.append(len(inputs[0])))

    loss_in_pieces, in_pieces = _step(network, batch, _config(loss, micro_batch=3))

    assert seen == [3, 3, 2] * 2, "each piece twice, and never more than three pictures"
    assert loss_in_pieces == pytest.approx(whole_loss, rel=1e-5)
    assert in_pieces.keys() == whole.keys() >= {"logit_scale", "visual.conv1.weight", "token_embedding.weight"}
    assert ("logit_bias" in whole) == (loss == "siglip")
    for name, gradient in whole.items():
        torch.testing.assert_close(in_pieces[name], gradient, rtol=1e-4, atol=1e-5, msg=name)


def _with_captions(batch: Batch, count: int) -> Batch:
    """Return the batch with its first captions of planes and none of any other kind."""

    def first(captions: CaptionSet, number: int) -> CaptionSet:
        names = ("captions", "owners", "told", "ruled_out")
        labels = replace(captions.labels, **{name: getattr(captions.labels, name)[:number] for name in names})
        return CaptionSet.of(captions.texts[:number], labels)

    none = AgeLadder(np.zeros(0, np.intp), [], np.zeros((0, 4), np.float32))
    return Batch(batch.pictures, first(batch.planes, count), first(batch.brain_planes, 0), none)


@pytest.mark.parametrize("captions", [3, 5, 7])
def test_processes_with_few_captions_and_many_compute_in_equally_many_pieces(batch: Batch, captions: int) -> None:
    """Else one would wait for the other's spread weights for ever."""
    few = _with_captions(batch, captions)
    _, whole = _step(_network(), few, _config())
    network, passes = _network(), []
    network.ln_final.register_forward_hook(lambda *_: passes.append("texts"))

    _, in_pieces = _step(network, few, _config(micro_batch=2))

    assert len(passes) == 2 * 4, "each piece twice, as many as of pictures"
    for name, gradient in whole.items():
        torch.testing.assert_close(in_pieces[name], gradient, rtol=1e-4, atol=1e-5, msg=name)


def test_losses_of_single_pieces_would_be_another_loss(batch: Batch) -> None:
    """The negatives matter here: else the test above would prove nothing."""
    without_ages = AgeLadder(np.zeros(0, np.intp), [], np.zeros((0, 4), np.float32))
    small = Batch(batch.pictures[:3], *_first_three(batch), without_ages)

    part, _ = _step(_network(), small, _config())
    whole, _ = _step(_network(), batch, _config())

    assert abs(part["planes"] - whole["planes"]) > 0.01


def _first_three(batch: Batch) -> tuple[Any, Any]:
    sets = (batch.planes, batch.brain_planes)
    planes, brain = (replace(one, target=one.target[:3], known=one.known[:3]) for one in sets)
    return planes, brain


def test_learnt_batch_statistics_refuse_pieces_and_held_ones_do_not(batch: Batch) -> None:
    network = _network(layers=tiny_models.CONVNET)
    with pytest.raises(ValueError, match=r"bn1 gives a piece other features"):
        _step(network, batch, _config(micro_batch=3))

    network.train()
    hold_statistics(network, every=True)
    tokenizer = SimpleTokenizer(context_length=network.context_length)
    assert backward(network, batch, tokenizer, _config(micro_batch=3)).keys() >= {"planes"}


def test_recomputed_blocks_have_the_same_gradients_and_run_twice(batch: Batch) -> None:
    whole_loss, whole = _step(_network(), batch, _config())
    network, runs = _network(), []
    network.visual.transformer.resblocks[0].mlp.register_forward_pre_hook(lambda *_: runs.append("image"))
    network.transformer.resblocks[0].mlp.register_forward_pre_hook(lambda *_: runs.append("text"))

    loss, gradients = _step(network, batch, _config(recompute=True))

    assert sorted(runs) == ["image", "image", "text", "text"]
    assert loss == pytest.approx(whole_loss, rel=1e-6)
    for name, gradient in whole.items():
        torch.testing.assert_close(gradients[name], gradient, msg=name)


def test_in_bf16_the_blocks_are_half_and_weights_features_and_loss_are_not(batch: Batch) -> None:
    whole_loss, whole = _step(_network(), batch, _config())
    network, kinds = _network(), []
    network.visual.transformer.resblocks[0].mlp.c_fc.register_forward_hook(lambda _, __, rows: kinds.append(rows.dtype))

    loss, gradients = _step(network, batch, _config(precision="bf16", recompute=True, micro_batch=4))

    assert set(kinds) == {torch.bfloat16}
    assert {tensor.dtype for tensor in gradients.values()} == {torch.float32}
    assert loss == pytest.approx(whole_loss, rel=0.05)
    one, other = whole["visual.proj"].flatten(), gradients["visual.proj"].flatten()
    assert torch.cosine_similarity(one, other, dim=0) > 0.95


def test_a_precision_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="no precision 'fp8': one of fp32, bf16"):
        autocast(torch.device("cpu"), "fp8")


@pytest.mark.parametrize(("loss", "sentence"), [("siglip", "learnable bias"), ("hinge", "no loss 'hinge'")])
def test_a_loss_that_the_network_cannot_have_is_refused(batch: Batch, loss: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        _step(_network(), batch, _config(loss))
