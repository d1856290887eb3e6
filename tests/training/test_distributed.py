"""Two gloo processes with half a batch each against one with the whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_models
import torch
import two_processes
import two_runs

from fetalclip_app.model.architecture import build
from training import checkpoint, distributed
from training.distributed import World, average_gradients, processes, seed_here
from training.recipes.vit_large import vit_large_sharded
from training.towers import architecture
from training.truth import NOBODY, NOTHING, UNLABELLED, Labels, joined

pytestmark = pytest.mark.timeout(900)  # two more interpreters import torch: minutes on a busy computer

Told = dict[str, Any]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("two")


@pytest.fixture(scope="module")
def both(folder: Path) -> list[Told]:
    return two_processes.run_both(folder)


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
    [
        ("vit", "vit"),
        ("pieces", "vit"),
        ("siglip", "siglip"),
        ("held", "held"),
        ("spread", "vit"),
        ("spread_pieces", "vit"),
    ],
)
def test_two_half_batches_give_the_loss_and_the_gradients_of_the_whole(case: str, whole: str, both: list[Told]) -> None:
    one = _alone(whole, both)

    for told in both:
        assert told[case]["losses"] == pytest.approx(one["losses"], rel=1e-5)
        assert _distance(told[case], one) < 2e-3
    assert set(one["losses"]) == {"planes", "brain", "asked"}


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


def test_the_sharded_recipe_leaves_what_one_process_loads(folder: Path, both: list[Told]) -> None:
    network = build(architecture(vit_large_sharded().smoke().tower))
    saved = torch.load(folder / "from_shards" / "last.pt", weights_only=True)

    network.load_state_dict(saved["network"], strict=True)

    assert saved["step"] == 4
    assert all(tensor.isfinite().all() for tensor in saved["network"].values())


@pytest.fixture(scope="module")
def joint(folder: Path, both: list[Told]) -> Path:
    """The folder of both runs, with that of one process that sees both halves, and one that goes on from theirs."""
    two_runs.run_to_the_end(folder / "alone", (0, 1))
    two_runs.run_to_the_end(folder / "continued", (0, 1), resume=True)
    return folder


def _saved(folder: Path, file: str = checkpoint.FILE) -> Told:
    content: Told = torch.load(folder / file, weights_only=True)
    return content


def _moved(one: Told, other: Told) -> float:
    return float(sum((one[name] - tensor).square().sum() for name, tensor in other.items())) ** 0.5


@pytest.mark.parametrize("run", ["spread", "stopped", "continued"])
def test_spread_weights_learn_what_those_of_one_process_learn(joint: Path, run: str) -> None:
    """``continued`` is one process that goes on from where two were stopped."""
    start = tiny_models.network().state_dict()
    alone, spread = (_saved(joint / name) for name in ("alone", run))

    for kind in ("network", "mean"):
        assert {name: tensor.shape for name, tensor in spread[kind].items()} == {n: t.shape for n, t in start.items()}
        assert _moved(spread[kind], alone[kind]) < 5e-3 * _moved(start, alone[kind])
    assert spread["step"] == two_runs.STEPS


def test_the_first_process_tells_the_losses_of_all_and_looks_at_the_whole_mean(joint: Path) -> None:
    def lines(run: str) -> list[Told]:
        return [json.loads(line) for line in (joint / run / "log.jsonl").read_text("utf-8").splitlines()]

    (losses, look), (losses_alone, look_alone) = lines("spread"), lines("alone")

    assert losses["loss"] == pytest.approx(losses_alone["loss"], rel=1e-3)
    assert losses["scale"] == pytest.approx(losses_alone["scale"], rel=1e-4)
    assert look["validation"] == pytest.approx(look_alone["validation"], rel=1e-3)


def test_spread_weights_go_on_bit_for_bit_and_last_pt_holds_their_mean(joint: Path, both: list[Told]) -> None:
    spread, stopped = (_saved(joint / run) for run in ("spread", "stopped"))

    assert all(told["spread_run"]["stopped_after"] == two_runs.STOPPED for told in both)
    for kind in ("network", "mean"):
        assert all(torch.equal(stopped[kind][name], tensor) for name, tensor in spread[kind].items())
    for number, moments in spread["optimizer"]["state"].items():
        assert all(torch.equal(stopped["optimizer"]["state"][number][name], part) for name, part in moments.items())
    last = _saved(joint / "spread", "last.pt")
    assert all(torch.equal(last["network"][name], tensor) for name, tensor in spread["mean"].items())
    tiny_models.network().load_state_dict(last["network"], strict=True)


def test_a_spread_gradient_is_clipped_by_the_norm_of_the_whole(both: list[Told]) -> None:
    one = _alone("vit", both)
    norm = float(sum(gradient.square().sum() for gradient in one["gradients"].values())) ** 0.5

    for told in both:
        for case in ("spread", "spread_pieces"):
            assert told[case]["norm"] == pytest.approx(norm, rel=1e-3)
            shortened = {name: gradient * two_processes.CLIP / norm for name, gradient in one["gradients"].items()}
            assert _distance({"gradients": told[case]["clipped"]}, {"gradients": shortened}) < 2e-3
    assert norm > 2 * two_processes.CLIP


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
    assert set(second["state"].values()) == {None}


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
