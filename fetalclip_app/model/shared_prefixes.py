"""Sentences that begin alike: a causal text tower computes each beginning once, and the same numbers come out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import scaled_dot_product_attention

from fetalclip_app.model.text_layers import Layers

_PLACES_TOGETHER = 48
"""Places whose attention is one small matrix: more see too much in vain, fewer copy what they go on from too often."""

_CONTEXT = 1 << 16
"""More places than any tower reads."""

Places = NDArray[np.int64]


@dataclass(frozen=True, eq=False, slots=True)
class Branch:
    """Neighbouring places, and those before them that the first of them goes on from.

    Attributes:
        start, stop: The places, as in a range.
        before: Places, ascending.
        sentences: Which sentences end here, as a range.
    """

    start: int
    stop: int
    before: Places
    sentences: range


@dataclass(frozen=True, eq=False, slots=True)
class Tree:
    """Different sentences by what they begin with: a place for each beginning, and what goes on from it behind it.

    Attributes:
        tokens, positions: int64, (P,): the token that a beginning ends with, and where in a sentence that stands.
        stops: (P,): all places behind one, up to its stop, go on from it, and no others.
        ends: (S,): the place of each sentence's end token, ascending.
        order: Which of the sentences each of those that were asked is.
        branches: All places, in order.
    """

    tokens: Places
    positions: Places
    stops: Places
    ends: Places
    order: NDArray[np.intp]
    branches: tuple[Branch, ...]


def tree_of(tokens: NDArray[np.int64], ends: NDArray[np.intp]) -> Tree:
    """Return the tree of sentences. What stands behind their ends has no place in it.

    Args:
        tokens: (N, L), filled up with zeros behind the end tokens.
        ends: (N,), the position of each end token.
    """
    sentences, first, order = np.unique(tokens, axis=0, return_index=True, return_inverse=True)
    last = ends[first]
    positions = np.arange(last.max() + 1)
    is_there = positions <= last[:, None]
    # They are sorted: a beginning is new where a sentence differs from the one before it, there or earlier.
    is_new = np.ones_like(is_there)
    is_new[1:] = np.logical_or.accumulate(sentences[1:, : len(positions)] != sentences[:-1, : len(positions)], axis=1)
    is_new &= is_there
    so_far = is_new.sum(axis=1).cumsum()
    numbers = is_new.cumsum().reshape(is_new.shape) - 1
    places = np.maximum.accumulate(np.where(is_new, numbers, 0), axis=0)
    stops = np.zeros(so_far[-1], np.int64)
    np.maximum.at(stops, places[is_there], np.broadcast_to(so_far[:, None], places.shape)[is_there])
    return Tree(
        tokens=sentences[:, : len(positions)][is_new],
        positions=np.nonzero(is_new)[1],
        stops=stops,
        ends=places[np.arange(len(places)), last],
        order=order.reshape(-1),
        branches=_branches(places, so_far, is_new.argmax(axis=1)),
    )


def _branches(places: Places, so_far: Places, first_new: NDArray[np.intp]) -> tuple[Branch, ...]:
    """Return all places in branches of neighbouring sentences.

    Args:
        places: (S, L), the place of each sentence's positions.
        so_far: (S,), how many places the sentences up to each have together.
        first_new: (S,), the first position of each that it does not share with the one before it.
    """
    found: list[Branch] = []
    start = begun = 0
    for sentence, stop in enumerate(so_far.tolist(), 1):
        if sentence == len(so_far) or so_far[sentence] - start > _PLACES_TOGETHER:
            before = places[begun, : first_new[begun]]
            found.append(Branch(start, stop, before, range(begun, sentence)))
            start, begun = stop, sentence
    return tuple(found)


def last_states(tower: Any, tree: Tree, device: torch.device, layers: Layers) -> torch.Tensor:
    """Return what the last block says at the end token of each sentence that was asked: (N, W).

    Args:
        tower: Causal, and one whose blocks are plain (`text_layers.are_plain`).
    """

    def there(indices: NDArray[Any]) -> torch.Tensor:
        return torch.from_numpy(indices).to(device)

    first, *between, last = tower.transformer.resblocks
    everywhere = _Sight.everywhere(tree, device)
    # The first block's questions depend on a token and its position alone: most places share theirs with others.
    different, which = np.unique(tree.tokens * _CONTEXT + tree.positions, return_inverse=True)
    x_UC = tower.token_embedding(there(different // _CONTEXT)) + tower.positional_embedding[there(different % _CONTEXT)]
    place_P, ends_S = there(which.reshape(-1)), there(tree.ends)
    block = layers.of(first)
    query_UC, told_UE = block.told(x_UC)
    x_PC = block.onwards(x_UC[place_P], everywhere.attended(block.heads, query_UC[place_P], told_UE[place_P]))
    for each in between:
        block = layers.of(each)
        x_PC = block.onwards(x_PC, everywhere.attended(block.heads, *block.told(x_PC)))
    end_layers = layers.last(last)
    seen_PC = end_layers.seen(x_PC)
    found_RC = _Sight.at_ends(tree, end_layers.heads, device).attended(1, end_layers.asked(seen_PC[ends_S]), seen_PC)
    ends_SC = end_layers.onwards(x_PC[ends_S], end_layers.attended(found_RC))
    return ends_SC[there(tree.order)]


class _Sight:
    """Which rows ask, branch by branch, and which places they see: those that they go on from, and themselves.

    Args:
        asking: The places that ask, ascending, (A,).
        counts: How many of them are in each branch.
    """

    def __init__(self, tree: Tree, asking: Places, counts: Sequence[int], device: torch.device) -> None:
        rows = np.split(np.arange(len(asking)), np.cumsum(counts)[:-1])
        seen = [np.concatenate([branch.before, np.arange(branch.start, branch.stop)]) for branch in tree.branches]
        nowhere = len(tree.tokens)
        asks_BQ, sees_BK = _filled(rows, 0), _filled(seen, nowhere)
        place_BQ1, sees_B1K = asking[asks_BQ][:, :, None], sees_BK[:, None]
        may_BQK = (sees_B1K <= place_BQ1) & (place_BQ1 < np.append(tree.stops, 0)[sees_B1K])
        real = np.arange(asks_BQ.shape[1]) < np.array(counts)[:, None]
        self._branches = len(asks_BQ)
        self._asks, self._sees, self._may, self._real = (
            torch.from_numpy(indices).to(device)
            for indices in (
                asks_BQ.reshape(-1),
                sees_BK.clip(max=nowhere - 1).reshape(-1),
                may_BQK[:, None],
                np.flatnonzero(real),
            )
        )

    @classmethod
    def everywhere(cls, tree: Tree, device: torch.device) -> _Sight:
        """Return the sight of all places."""
        counts = [branch.stop - branch.start for branch in tree.branches]
        return cls(tree, np.arange(len(tree.tokens)), counts, device)

    @classmethod
    def at_ends(cls, tree: Tree, heads: int, device: torch.device) -> _Sight:
        """Return the sight of the end tokens, from which each head asks by itself."""
        counts = [heads * len(branch.sentences) for branch in tree.branches]
        return cls(tree, np.repeat(tree.ends, heads), counts, device)

    def attended(self, heads: int, queries_AC: torch.Tensor, told_PE: torch.Tensor) -> torch.Tensor:
        """Return what each row that asks attends to: (A, W).

        Args:
            told_PE: Keys and values of all places side by side, (P, 2 W); or what serves as both, (P, W).
        """
        width = queries_AC.shape[1]
        query = queries_AC.index_select(0, self._asks).reshape(self._branches, -1, heads, width // heads)
        told = told_PE.index_select(0, self._sees)
        told = told.reshape(self._branches, -1, told_PE.shape[1] // width, heads, width // heads)
        query, key, value = (rows.transpose(1, 2) for rows in (query, told[:, :, 0], told[:, :, -1]))
        found = scaled_dot_product_attention(query, key, value, attn_mask=self._may)
        return found.transpose(1, 2).reshape(-1, width).index_select(0, self._real)


def _filled(rows: Sequence[Places], value: int) -> Places:
    """Return rows of one length, (B, longest)."""
    filled = np.full((len(rows), max(map(len, rows))), value, np.int64)
    for place, row in enumerate(rows):
        filled[place, : len(row)] = row
    return filled
