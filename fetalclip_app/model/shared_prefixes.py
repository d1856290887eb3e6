"""Sentences that begin alike: a causal text tower computes each beginning once, and the same numbers come out."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from open_clip.transformer import ResidualAttentionBlock
from torch.nn.functional import linear, scaled_dot_product_attention

_ROWS_AT_ONCE = 512
"""Of the wide layer between: more no longer fit a processor's caches (measured: a tenth slower at 2,700 rows)."""

_CONTEXT = 1 << 16
"""More places than any tower reads."""


def can_share(tower: Any) -> bool:
    """Whether the tower's blocks are two or more of open_clip's plain ones: their parts are called one by one."""
    blocks = getattr(getattr(tower, "transformer", None), "resblocks", ())
    return len(blocks) > 1 and all(_is_plain(block) for block in blocks)


def _is_plain(block: Any) -> bool:
    attention = getattr(block, "attn", None)
    return (
        type(block) is ResidualAttentionBlock
        and type(attention) is torch.nn.MultiheadAttention
        and attention.in_proj_weight is not None
        and attention.bias_k is None
        and not attention.add_zero_attn
        and not hasattr(block, "ln_1_kv")
    )


@dataclass(frozen=True, eq=False, slots=True)
class Run:
    """Neighbouring positions over which no beginning parts into several, and no sentence ends but at the last.

    Attributes:
        start, stop: The positions, as in a range.
        tokens: int64, (beginnings, stop - start).
        parents: Which beginning of the run before it each goes on from; empty for the first run.
        places: Where these tokens stand among those of all runs, one beginning after the other.
        ending: Which beginnings end with the run's last token: they are whole sentences.
    """

    start: int
    stop: int
    tokens: NDArray[np.int64]
    parents: NDArray[np.intp]
    places: slice
    ending: NDArray[np.intp]

    @property
    def end_places(self) -> NDArray[np.intp]:
        """Where the end tokens stand among the places of all runs."""
        length = self.stop - self.start
        ends: NDArray[np.intp] = self.places.start + (self.ending + 1) * length - 1
        return ends


@dataclass(frozen=True, eq=False, slots=True)
class Tree:
    """Different sentences by what they begin with.

    Attributes:
        order: Which of the sentences, as they end in run after run, each of those that were asked is.
    """

    runs: tuple[Run, ...]
    order: NDArray[np.intp]

    @property
    def place_count(self) -> int:
        """How many places are computed for all sentences together."""
        return int(self.runs[-1].places.stop)


def tree_of(tokens: NDArray[np.int64], ends: NDArray[np.intp]) -> Tree:
    """Return the tree of sentences. What stands behind their ends is in no run.

    Args:
        tokens: (N, L), filled up with zeros behind the end tokens.
        ends: (N,), the position of each end token.
    """
    sentences, first, order = np.unique(tokens, axis=0, return_index=True, return_inverse=True)
    stops = ends[first]
    positions = np.arange(stops.max() + 1)
    # They are sorted: a beginning is new where a sentence differs from the one before it, there or earlier.
    is_new = np.ones((len(sentences), len(positions)), bool)
    is_new[1:] = np.logical_or.accumulate(sentences[1:, : len(positions)] != sentences[:-1, : len(positions)], axis=1)
    is_new &= positions <= stops[:, None]
    beginnings = is_new.cumsum(axis=0) - 1
    counts = is_new.sum(axis=0)
    breaks = (np.diff(counts) != 0) | np.isin(positions[:-1], stops)
    starts = [0, *(np.flatnonzero(breaks) + 1).tolist()]
    runs: list[Run] = []
    ranks = np.zeros(len(sentences), np.intp)
    offset = ended = 0
    for start, stop in itertools.pairwise([*starts, len(positions)]):
        new = np.flatnonzero(is_new[:, start])
        parents = beginnings[new, runs[-1].start] if runs else np.zeros(0, np.intp)
        here = np.flatnonzero(stops == stop - 1)
        ranks[here] = ended + np.arange(len(here))
        ended += len(here)
        places = slice(offset, offset + len(new) * (stop - start))
        runs.append(Run(start, stop, sentences[new, start:stop], parents, places, beginnings[here, start]))
        offset = places.stop
    return Tree(tuple(runs), ranks[order.reshape(-1)])


def last_states(tower: Any, tree: Tree, device: torch.device) -> torch.Tensor:
    """Return what the last block says at the end token of each sentence that was asked: (N, W).

    Args:
        tower: Causal, and one that can share (`can_share`).
    """
    work = _Pass(tree, tower.attn_mask, device)
    tokens_P, positions_P = work.tokens_and_positions()
    # The first block's questions depend on a token and its position alone: most places share theirs with others.
    different, which = torch.unique(tokens_P * _CONTEXT + positions_P, return_inverse=True)
    first, *between, last = tower.transformer.resblocks
    x_UC = tower.token_embedding(different // _CONTEXT) + tower.positional_embedding[different % _CONTEXT]
    x_PC = _onwards(first, x_UC[which], work.attended(first, _projected(first, first.ln_1(x_UC))[which]))
    for block in between:
        x_PC = _onwards(block, x_PC, work.attended(block, _projected(block, block.ln_1(x_PC))))
    ends_NC = _onwards(last, x_PC[work.end_places], work.attended_at_ends(last, last.ln_1(x_PC)))
    return ends_NC[work.order]


def _projected(block: Any, x: torch.Tensor, part: slice = slice(None)) -> torch.Tensor:
    """Return queries, keys and values side by side, (P, 3 W), or some of them."""
    return linear(x, block.attn.in_proj_weight[part], block.attn.in_proj_bias[part])


def _onwards(block: Any, x: torch.Tensor, attended: torch.Tensor) -> torch.Tensor:
    """Return a block's answer at places (P, W) whose attention is there."""
    x = x + block.ls_1(block.attn.out_proj(attended))
    return torch.cat([rows + block.ls_2(block.mlp(block.ln_2(rows))) for rows in torch.split(x, _ROWS_AT_ONCE)])


class _Pass:
    """One pass of a tree through a tower's blocks."""

    def __init__(self, tree: Tree, mask: torch.Tensor, device: torch.device) -> None:
        def there(indices: NDArray[Any]) -> torch.Tensor:
            return torch.from_numpy(indices).to(device)

        self.end_places = there(np.concatenate([run.end_places for run in tree.runs]))
        self.order = there(tree.order)
        self._runs: Sequence[Run] = tree.runs
        self._ending = [there(run.ending) for run in tree.runs]
        self._tokens = [there(run.tokens) for run in tree.runs]
        self._parents = [there(run.parents) for run in tree.runs]
        self._mask = mask

    def tokens_and_positions(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the token and the position of each place: (P,), (P,)."""
        positions = [
            torch.arange(run.start, run.stop, device=tokens.device).repeat(len(tokens))
            for run, tokens in zip(self._runs, self._tokens, strict=True)
        ]
        return torch.cat([tokens.reshape(-1) for tokens in self._tokens]), torch.cat(positions)

    def attended(self, block: Any, told_PE: torch.Tensor) -> torch.Tensor:
        """Return what each place attends to in its own sentence: (P, W).

        Args:
            told_PE: Queries, keys and values, (P, 3 W).
        """
        parts: list[torch.Tensor] = []
        reader = _Reader(block.attn.num_heads)
        for run, parents in zip(self._runs, self._parents, strict=True):
            query, key, value = told_PE[run.places].reshape(*run.tokens.shape, -1).chunk(3, dim=2)
            reader.go_on(parents, key, value)
            parts.append(reader.read(query, self._mask[run.start : run.stop, : run.stop]).flatten(0, 1))
        return torch.cat(parts)

    def attended_at_ends(self, block: Any, x_PC: torch.Tensor) -> torch.Tensor:
        """Return the same at the end tokens only, (N, W): of the other places, keys and values are enough."""
        width = x_PC.shape[1]
        told_PE = _projected(block, x_PC, slice(width, None))
        query_NC = _projected(block, x_PC[self.end_places], slice(width))
        queries = torch.split(query_NC, [len(run.ending) for run in self._runs])
        parts: list[torch.Tensor] = []
        reader = _Reader(block.attn.num_heads)
        for run, parents, ending, query in zip(self._runs, self._parents, self._ending, queries, strict=True):
            reader.go_on(parents, *told_PE[run.places].reshape(*run.tokens.shape, -1).chunk(2, dim=2))
            if len(query):
                mask = self._mask[run.stop - 1 : run.stop, : run.stop]
                parts.append(reader.read(query[:, None], mask, ending)[:, 0])
        return torch.cat(parts)


class _Reader:
    """Keys and values of the beginnings up to here, which grow from run to run."""

    def __init__(self, heads: int) -> None:
        self._heads = heads
        self._there: tuple[torch.Tensor, torch.Tensor] | None = None

    def go_on(self, parents: torch.Tensor, keys: torch.Tensor, values: torch.Tensor) -> None:
        """Add a run's keys and values, (beginnings, positions, W) each, to those of what they go on from."""
        if self._there is not None:
            before_keys, before_values = self._there
            keys = torch.cat([before_keys[parents], keys], dim=1)
            values = torch.cat([before_values[parents], values], dim=1)
        self._there = keys, values

    def read(self, query: torch.Tensor, mask: torch.Tensor, of: torch.Tensor | None = None) -> torch.Tensor:
        """Return attention of queries (beginnings, positions, W) to all that is there.

        Args:
            mask: What is added to the scores, such as (positions, positions so far).
            of: Which beginnings ask; all of them where it is not given.
        """
        assert self._there is not None
        there = self._there if of is None else tuple(rows[of] for rows in self._there)
        asked, keys, values = (
            rows.reshape(*rows.shape[:2], self._heads, -1).transpose(1, 2) for rows in (query, *there)
        )
        found = scaled_dot_product_attention(asked, keys, values, attn_mask=mask.to(query.dtype))
        return found.transpose(1, 2).flatten(2)
