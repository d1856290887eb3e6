"""Two gloo processes with half a batch each against one with the whole."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tiny_models
import torch
import two_processes

from training import distributed
from training.distributed import World, average_gradients, processes, seed_here
from training.truth import NOBODY, NOTHING, UNLABELLED, Labels, joined

pytestmark = pytest.mark.timeout(900)  # two more interpreters import torch: minutes on a busy computer

Told = dict[str, Any]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> list[Told]:
    return two_processes.run_both(tmp_path_factory.mktemp("two"))


def _alone(case: str, both: list[Told]) -> Told:
    return two_processes.ALONE[case](two_processes.as_one([told["batch"]["batch"] for told in both]))


def _distance(first: Told, second: Told) -> float:
    """Return the norm of the difference of all gradients, as a share of their norm.

    Single tensors may differ more: black pixels put activations exactly on the kink of ReLU6.
    """
    assert first["gradients"].keys() == second["gradients"].keys()
    apart = sum(
        float((first["gradients"][name] - gradient).square().sum()) for name, gradient in second["gradients"].items()
    )
    return float(np.sqrt(apart / sum(float(gradient.square().sum()) for gradient in second["gradients"].values())))


@pytest.mark.parametrize(
    ("case", "whole"),
    [("vit", "vit"), ("pieces", "vit"), ("siglip", "siglip"), ("held", "held"), ("spread", "vit")],
)
def test_two_half_batches_give_the_loss_and_the_gradients_of_the_whole(case: str, whole: str, both: list[Told]) -> None:
    one = _alone(whole, both)

    for told in both:
        if case != "spread":
            assert told[case]["losses"] == pytest.approx(one["losses"], rel=1e-5)
        assert _distance(told[case], one) < 2e-3
    mean = {name: np.mean([told[case]["losses"][name] for told in both]) for name in one["losses"]}
    assert mean == pytest.approx(one["losses"], rel=1e-5)
    assert set(mean) == {"planes", "brain"}


def test_batch_statistics_that_learn_see_only_the_own_half(both: list[Told]) -> None:
    one = _alone("learning", both)

    losses = [told["learning"]["losses"]["planes"] for told in both]
    assert losses[0] == pytest.approx(losses[1])
    assert losses[0] != pytest.approx(one["losses"]["planes"], rel=1e-3)
    assert _distance(both[0]["learning"], one) > 0.05


def test_running_statistics_are_averaged_so_that_all_processes_keep_the_same_weights(both: list[Told]) -> None:
    first, second = (told["learning"] for told in both)

    for name in first["statistics"]:
        own, other = first["own_statistics"][name], second["own_statistics"][name]
        assert not torch.equal(own, other)
        torch.testing.assert_close(first["statistics"][name], (own + other) / 2)
        assert torch.equal(first["statistics"][name], second["statistics"][name])


def test_each_process_draws_its_own_batch_from_the_one_seed(both: list[Told]) -> None:
    first, second = (told["batch"]["batch"] for told in both)

    assert [told["world"]["rank"] for told in both] == [0, 1]
    assert [told["world"]["size"] for told in both] == [2, 2]
    assert (len(first.pictures), len(second.pictures)) == (5, 6)
    assert not np.array_equal(first.pictures, second.pictures[:5])
    assert np.array_equal(first.pictures, two_processes.batch_of(0).pictures), "the first process draws the run's own"


def test_two_processes_train_one_network_and_only_the_first_writes(both: list[Told]) -> None:
    first, second = (told["trained"] for told in both)

    assert all(torch.equal(second["state"][name], tensor) for name, tensor in first["state"].items())
    assert not torch.equal(first["state"]["text_projection"], tiny_models.network().state_dict()["text_projection"])
    assert {"checkpoint.pt", "last.pt", "log.jsonl"} <= set(first["files"])
    assert second["files"] == []


def test_two_processes_learn_from_different_shards_and_end_together(both: list[Told]) -> None:
    first, second = (told["from_shards"] for told in both)

    assert len(first["keys"]) == len(second["keys"]) == 4
    assert all(not one & other for one, other in zip(first["keys"], second["keys"], strict=True)), "one step an epoch"
    seen = [set.union(*told["keys"]) for told in (first, second)]
    assert seen[0] & seen[1], "each meets the other's pictures in another epoch"
    assert {"last.pt", "unreadable_shards_0.csv", "unreadable_shards_1.csv"} <= set(first["files"])


def test_a_weight_that_nobody_used_waits_for_nobody(both: list[Told]) -> None:
    assert all(torch.equal(told["world"]["idle"], torch.zeros(2)) for told in both)


def test_sharded_weights_are_halved_and_come_back_whole_to_the_first_process(both: list[Told]) -> None:
    network = tiny_models.network()
    count = sum(parameter.numel() for parameter in network.parameters())
    first, second = (told["spread"] for told in both)

    assert first["held"] + second["held"] == count
    assert 0.3 < first["held"] / count < 0.7
    assert first["state"].keys() == network.state_dict().keys()
    assert all(torch.equal(first["state"][name], tensor) for name, tensor in network.state_dict().items())
    assert second["state"] == {}


def test_a_network_with_batch_norms_is_not_sharded(both: list[Told]) -> None:
    assert "train this network unsharded" in both[0]["refused"]["sentence"]


def test_alone_nothing_is_gathered_and_the_seed_is_the_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    weight = torch.nn.Parameter(torch.ones(2))
    weight.grad = torch.full((2,), 3.0)

    with processes() as world:
        average_gradients([weight])

    assert world == World()
    assert world.is_first
    assert seed_here(7) == 7
    assert torch.equal(weight.grad, torch.full((2,), 3.0))


def test_other_ranks_have_other_seeds(monkeypatch: pytest.MonkeyPatch) -> None:
    seeds = []
    for rank in range(4):
        monkeypatch.setattr(distributed, "here", lambda rank=rank: World(rank, 4, rank))
        seeds.append(seed_here(7))

    assert seeds[0] == 7
    assert len(set(seeds)) == 4


def test_a_caption_of_another_process_is_judged_by_its_label() -> None:
    """Pictures: femur (2), unlabelled, distractor | femur; captions: femur, told femur | distractor's, told femur."""
    first = Labels(
        np.array([2, UNLABELLED, NOTHING]),
        np.array([2, 2]),
        np.array([0, 0]),
        np.array([False, True]),
        np.array([True, True]),
    )
    second = Labels(
        np.array([2]), np.array([NOTHING, 2]), np.array([NOBODY, 0]), np.array([False, True]), np.array([True, True])
    )

    target, known = joined([first, second]).truth()

    assert target.tolist() == [[1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 1, 0], [1, 0, 0, 1]]
    assert known.tolist() == [
        [True, True, True, False],
        [True, True, True, True],
        [True, True, True, True],
        [True, False, True, True],
    ]
    rows, columns = slice(3, 4), slice(1, 3)
    assert joined([first, second]).truth(rows, columns)[1].tolist() == [[False, True]]
