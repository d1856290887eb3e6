"""Sentences that begin alike: a causal text tower computes each beginning once, and the same numbers come out."""

from __future__ import annotations

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
    """Neighbouring positions over which no beginning parts into several.

    Attributes:
        start, stop: The positions, as in a range.
        tokens: int64, (beginnings, stop - start).
        parents: Which beginning of the run before it each goes on from; empty for the first run.
        places: Where these tokens stand among those of all runs, one beginning after the other.
    """

    start: int
    stop: int
    tokens: NDArray[np.int64]
    parents: NDArray[np.intp]
    places: slice


@dataclass(frozen=True, eq=False, slots=True)
class Tree:
    """Different sentences by what they begin with.

    Attributes:
        ends: Position of the end token of each sentence.
        end_places: Where that token stands among those of all runs.
        order: Which of the sentences each of those that were asked is.
    """

    runs: tuple[Run, ...]
    ends: NDArray[np.intp]
    end_places: NDArray[np.intp]
    order: NDArray[np.intp]

    @property
    def place_count(self) -> int:
        """How many places are computed for all sentences together."""
        return int(self.runs[-1].places.stop)


def tree_of(tokens: NDArray[np.int64], ends: NDArray[np.intp]) -> Tree:
    """Return the tree of sentences.

    Args:
        tokens: (N, L), filled up behind the end tokens.
        ends: (N,), the position of each end token.
    """
    sentences, first, order = np.unique(tokens, axis=0, return_index=True, return_inverse=True)
    # They are sorted: a beginning is new where a sentence differs from the one before it, there or earlier.
    is_new = np.ones(sentences.shape, bool)
    is_new[1:] = np.logical_or.accumulate(sentences[1:] != sentences[:-1], axis=1)
    beginnings = is_new.cumsum(axis=0) - 1
    starts = [0, *(np.flatnonzero(np.diff(is_new.sum(axis=0))) + 1).tolist()]
    stops = ends[first]
    end_places = np.zeros(len(sentences), np.intp)
    runs: list[Run] = []
    offset = 0
    for start, stop in zip(starts, [*starts[1:], sentences.shape[1]], strict=True):
        new = np.flatnonzero(is_new[:, start])
        parents = beginnings[new, runs[-1].start] if runs else np.zeros(0, np.intp)
        ending = (start <= stops) & (stops < stop)
        end_places[ending] = offset + beginnings[ending, start] * (stop - start) + stops[ending] - start
        count = len(new) * (stop - start)
        runs.append(Run(start, stop, sentences[new, start:stop], parents, slice(offset, offset + count)))
        offset += count
    return Tree(tuple(runs), stops, end_places, order.reshape(-1))


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

        self.end_places, self.order, self._ends = there(tree.end_places), there(tree.order), there(tree.ends)
        self._runs: Sequence[Run] = tree.runs
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
        reader = _Reader(block.attn.num_heads)
        for run, parents in zip(self._runs, self._parents, strict=True):
            reader.go_on(parents, *told_PE[run.places].reshape(*run.tokens.shape, -1).chunk(2, dim=2))
        query_NC = _projected(block, x_PC[self.end_places], slice(width))
        return reader.read(query_NC[:, None], self._mask[self._ends, : self._runs[-1].stop][:, None, None])[:, 0]


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

    def read(self, query: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Return attention of queries (beginnings, positions, W) to all that is there.

        Args:
            mask: What is added to the scores, such as (positions, positions so far).
        """
        assert self._there is not None
        asked, keys, values = (
            rows.reshape(*rows.shape[:2], self._heads, -1).transpose(1, 2) for rows in (query, *self._there)
        )
        found = scaled_dot_product_attention(asked, keys, values, attn_mask=mask.to(query.dtype))
        return found.transpose(1, 2).flatten(2)
