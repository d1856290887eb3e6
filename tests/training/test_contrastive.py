from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F

from training.contrastive import pairwise_sigmoid, symmetric_nce, weighted_nce


def test_with_one_caption_a_picture_it_is_clips_loss() -> None:
    logits = torch.randn(6, 6, generator=torch.Generator().manual_seed(0))
    labels = torch.arange(6)
    clip = (F.cross_entropy(logits, labels) + F.cross_entropy(logits.T, labels)) / 2

    ours = symmetric_nce(logits, torch.eye(6), torch.ones(6, 6, dtype=torch.bool))

    assert ours.item() == pytest.approx(clip.item(), rel=1e-5)


def test_a_smoothed_label_is_spread_over_what_is_known() -> None:
    logits = torch.randn(4, 5, generator=torch.Generator().manual_seed(1))
    known = torch.ones(4, 5, dtype=torch.bool)
    known[:, 4] = False
    whole = F.cross_entropy(logits[:, :4], torch.arange(4), label_smoothing=0.2)

    ours = weighted_nce(logits, torch.eye(4, 5), known, 0.2)

    assert ours.item() == pytest.approx(whole.item(), rel=1e-5)


def test_captions_that_mean_the_same_do_not_push_each_other_away() -> None:
    logits = torch.zeros(2, 3, requires_grad=True)
    target = torch.tensor([[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])

    weighted_nce(logits, target, torch.ones(2, 3, dtype=torch.bool)).backward()  # type: ignore[no-untyped-call]

    assert logits.grad is not None
    assert logits.grad[0, 0] < 0
    assert logits.grad[0, 1] < 0
    assert logits.grad[0, 2] > 0


def test_what_is_not_known_takes_no_part() -> None:
    logits = torch.tensor([[1.0, 50.0, 0.0]], requires_grad=True)
    known = torch.tensor([[True, False, True]])

    loss = weighted_nce(logits, torch.tensor([[1.0, 0.0, 0.0]]), known)
    loss.backward()  # type: ignore[no-untyped-call]

    assert loss.item() == pytest.approx(torch.log1p(torch.exp(torch.tensor(-1.0))).item())
    assert logits.grad is not None
    assert logits.grad[0, 1] == 0


def test_a_batch_without_any_truth_costs_nothing() -> None:
    loss = weighted_nce(torch.randn(3, 2), torch.zeros(3, 2), torch.ones(3, 2, dtype=torch.bool))

    assert loss.item() == 0.0


def test_siglips_loss_asks_every_known_pair_and_divides_by_the_pictures() -> None:
    logits = torch.tensor([[2.0, -1.0, 0.5], [0.0, 3.0, 9.0]])
    target = torch.tensor([[1.0, 0.0, 0.3], [0.0, 1.0, 0.0]])
    known = torch.tensor([[True, True, True], [True, True, False]])

    def cost(signed: float) -> float:
        return math.log1p(math.exp(-signed))

    by_hand = (cost(2.0) + cost(1.0) + cost(0.5) + cost(0.0) + cost(3.0)) / 2
    assert pairwise_sigmoid(logits, target, known).item() == pytest.approx(by_hand)


def test_siglips_loss_pulls_all_true_captions_and_pushes_the_others() -> None:
    logits = torch.zeros(1, 4, requires_grad=True)
    target, known = torch.tensor([[1.0, 1.0, 0.0, 0.0]]), torch.tensor([[True, True, True, False]])

    pairwise_sigmoid(logits, target, known).backward()  # type: ignore[no-untyped-call]

    assert logits.grad is not None
    assert logits.grad[0].tolist() == pytest.approx([-0.5, -0.5, 0.5, 0.0])
