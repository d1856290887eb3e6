from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tiny_models
import torch
from hypothesis import given
from hypothesis import strategies as st
from open_clip.transformer import ResidualAttentionBlock

from fetalclip_app.model import text_layers, texts
from fetalclip_app.model.encoder import TorchBackbone
from fetalclip_app.model.shared_prefixes import Tree, tree_of
from fetalclip_app.tasks.gestational_age import AgeTask, best_candidates, sentences

CAUSAL = [tiny_models.VIT, tiny_models.CUSTOM_TEXT]

SENTENCES = ["a head", "a head of a fetus", "an abdomen", "a head", "a femur at 20 weeks and 3 days, 0.43 mm."]


def _age_prompts(*spacings_mm: float) -> list[str]:
    templates = AgeTask.bundled().templates
    return [text for spacing in spacings_mm for template in templates for text in sentences(template, spacing)]


def _told(tree: Tree) -> list[list[int]]:
    """Return the sentences that a tree holds, up to their end tokens, in the order asked: what each end token sees."""
    whole: list[list[int]] = []
    for branch in tree.branches:
        seen = np.concatenate([branch.before, np.arange(branch.start, branch.stop)])
        for end in tree.ends[branch.sentences.start : branch.sentences.stop]:
            sentence = [place for place in seen if place <= end < tree.stops[place]]
            assert tree.positions[sentence].tolist() == list(range(len(sentence)))
            whole.append(tree.tokens[sentence].tolist())
    return [whole[index] for index in tree.order]


def _backbone(config: dict[str, Any]) -> TorchBackbone:
    """Return a network whose biases are not zero, as those of a trained one."""
    backbone, chance = tiny_models.backbone(config), torch.Generator().manual_seed(3)
    for name, parameter in backbone.network.named_parameters():
        if name.endswith("bias"):
            parameter.normal_(std=0.5, generator=chance)
    return backbone


def _plain(network: Any, asked: list[str]) -> Any:
    """Return open_clip's own unit rows."""
    tokens = texts.padded(texts.tokens_of(asked, 117), 117)
    with torch.inference_mode():
        return network.encode_text(tokens, normalize=True).numpy()


@given(rows=st.lists(st.lists(st.integers(1, 3), min_size=1, max_size=7), min_size=1, max_size=60))
def test_a_tree_holds_every_sentence_and_each_beginning_once(rows: list[list[int]]) -> None:
    rows = [[*row, 9] for row in rows]
    ends = np.array([len(row) - 1 for row in rows])
    tokens = texts.padded(rows, int(ends.max()) + 1).numpy()

    tree = tree_of(tokens, ends)

    assert _told(tree) == rows
    assert len(tree.tokens) == len({tuple(row[: stop + 1]) for row in rows for stop in range(len(row))})
    assert (tree.tokens[tree.ends] == 9).all()
    assert [place for branch in tree.branches for place in range(branch.start, branch.stop)] == [
        *range(len(tree.tokens))
    ]


@pytest.mark.parametrize("config", CAUSAL, ids=["clip", "custom"])
def test_the_age_prompts_give_the_rows_of_the_plain_tower(config: dict[str, Any]) -> None:
    backbone, asked = _backbone(config), _age_prompts(0.43)
    expected = _plain(backbone.network, asked)

    found = backbone.encode_texts(asked)

    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)
    rows = np.random.default_rng(5).normal(size=(40, found.shape[1])).astype(np.float32)
    for row in rows / np.linalg.norm(rows, axis=1, keepdims=True):
        ours, plain = ((100.0 * (each @ row)).reshape(5, -1).mean(axis=0) for each in (found, expected))
        clear = np.diff(np.sort(-plain)[14:16])[0] > 1e-4  # else rounding alone may change the fifteenth
        assert not clear or np.array_equal(best_candidates(ours), best_candidates(plain))


@pytest.mark.parametrize("config", CAUSAL, ids=["clip", "custom"])
def test_sentences_of_any_length_and_asked_twice_give_the_rows_of_the_plain_tower(config: dict[str, Any]) -> None:
    backbone = _backbone(config)

    found = backbone.encode_texts(SENTENCES)

    np.testing.assert_allclose(found, _plain(backbone.network, SENTENCES), rtol=0, atol=1e-6)
    np.testing.assert_array_equal(found[0], found[3])
    assert np.abs(found[0] - found[1]).max() > 0.01, "they are told apart"


def test_half_of_the_places_of_the_age_prompts_are_computed_and_of_several_spacings_fewer() -> None:
    def places(asked: list[str]) -> tuple[int, int]:
        rows = texts.tokens_of(asked, 117)
        ends = np.array([len(row) - 1 for row in rows])
        tree = tree_of(texts.padded(rows, int(ends.max()) + 1).numpy(), ends)
        return len(tree.tokens), sum(map(len, rows))

    one, all_of_one = places(_age_prompts(0.43))
    five, all_of_five = places(_age_prompts(0.40, 0.41, 0.42, 0.43, 0.44))

    assert one < 0.55 * all_of_one
    assert five < 0.33 * all_of_five


def test_a_tower_of_other_blocks_takes_the_plain_road(monkeypatch: pytest.MonkeyPatch) -> None:
    backbone = tiny_models.backbone()
    blocks: Any = backbone.network.transformer.resblocks  # type: ignore[union-attr]
    expected = backbone.encode_texts(SENTENCES)

    class Other(ResidualAttentionBlock):
        """What it computes, only it knows."""

    blocks[0].__class__ = Other
    monkeypatch.setattr(texts, "last_states", None)

    assert not text_layers.are_plain(backbone.network)
    np.testing.assert_allclose(backbone.encode_texts(SENTENCES), expected, rtol=0, atol=1e-6)
