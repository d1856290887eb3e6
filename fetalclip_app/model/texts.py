"""Sentences to text features: nothing is cut off, and nothing is computed behind a sentence's end, nor twice."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import torch
from open_clip import SimpleTokenizer

from fetalclip_app.errors import ErrorCode, InvalidInput
from fetalclip_app.model.shared_prefixes import last_states, tree_of
from fetalclip_app.model.text_layers import Layers, are_plain

Tokens = list[int]

TEXTS_AT_ONCE, SHARING_AT_ONCE = 64, 128
"""Texts in one pass; of those that share what they begin with, more: there are more to share, and the products of
matrices gain a twentieth."""


@cache
def _tokenizer() -> Any:
    """Return CLIP's tokenizer; its vocabulary comes with open_clip."""
    return SimpleTokenizer()


def tokens_of(texts: Sequence[str], context_length: int) -> list[Tokens]:
    """Return the tokens of each text, with start and end.

    Raises:
        InvalidInput: A text is longer than the network reads (it is not cut: the end of a prompt matters as much
            as its beginning), is empty, or spells a control token.
    """
    tokenizer = _tokenizer()
    start, end = tokenizer.sot_token_id, tokenizer.eot_token_id
    found: list[Tokens] = []
    for text in texts:
        body: Tokens = tokenizer.encode(text)
        problem = ""
        if not body:
            problem = "a prompt is empty"
        elif start in body or end in body:
            problem = "a prompt spells a control token"
        elif len(body) + 2 > context_length:
            problem = f"a prompt has {len(body)} tokens, and the network reads {context_length - 2}"
        if problem:
            raise InvalidInput(ErrorCode.VIEW_SET_INVALID, name=_short(text), problem=problem)
        found.append([start, *body, end])
    return found


def padded(rows: Sequence[Tokens], length: int) -> torch.Tensor:
    """Return rows of tokens as int64, (N, length), filled with zeros as open_clip does."""
    result = torch.zeros(len(rows), length, dtype=torch.long)
    for index, row in enumerate(rows):
        result[index, : len(row)] = torch.tensor(row)
    return result


def at_once(network: Any) -> int:
    """Return how many texts go through the network in one pass."""
    return SHARING_AT_ONCE if _shares(network) else TEXTS_AT_ONCE


def _shares(network: Any) -> bool:
    tower = getattr(network, "text", network)
    return _is_causal(network, tower) and are_plain(tower)


def encode(network: Any, rows: Sequence[Tokens], layers: Layers) -> torch.Tensor:
    """Return the features of rows of tokens, (N, D), not normalised: by the shortest road that the tower allows."""
    tower = getattr(network, "text", network)
    if not _shares(network):
        return encode_tokens(network, padded(rows, network.context_length))
    ends = np.array([len(row) - 1 for row in rows])
    tree = tree_of(padded(rows, int(ends.max()) + 1).numpy(), ends)
    return _projected(tower, last_states(tower, tree, next(network.parameters()).device, layers))


def encode_tokens(network: Any, tokens: torch.Tensor) -> torch.Tensor:
    """Return text features, (N, D), not normalised: what ``network.encode_text`` returns. Trainings use it too.

    A causal tower reads a sentence up to its end token and never looks ahead, so the empty places behind the
    longest sentence of the batch are left out: the same numbers for a third of the work. Other towers get
    the full context.

    Args:
        tokens: int64, (N, context), filled with zeros behind the end token, the highest of the vocabulary.
    """
    tower = getattr(network, "text", network)
    device = next(network.parameters()).device
    if not _is_causal(network, tower):
        return _as_tensor(network.encode_text(tokens.to(device)))
    ends = tokens.argmax(dim=-1)
    length = int(ends.max()) + 1
    short = tokens[:, :length].to(device)
    x_NLC = tower.token_embedding(short) + tower.positional_embedding[:length]
    x_NLC = tower.transformer(x_NLC, attn_mask=tower.attn_mask[:length, :length])
    return _projected(tower, x_NLC[torch.arange(len(short), device=device), ends.to(device)])


def _projected(tower: Any, states_NC: torch.Tensor) -> torch.Tensor:
    """Return the features of what the last block says at the end tokens."""
    x_NC = tower.ln_final(states_NC)
    projection = tower.text_projection
    if projection is None:
        return _as_tensor(x_NC)
    return _as_tensor(projection(x_NC) if isinstance(projection, torch.nn.Module) else x_NC @ projection)


def _is_causal(network: Any, tower: Any) -> bool:
    """Whether the tower is open_clip's plain causal transformer that answers at the end token."""
    pool = getattr(tower, "pool_type", None) or getattr(network, "text_pool_type", None)
    return (
        getattr(tower, "attn_mask", None) is not None
        and pool in ("argmax", "eos")
        and getattr(tower, "cls_emb", None) is None
        and not getattr(tower, "use_pad_mask", False)
        and hasattr(tower, "positional_embedding")
    )


def _as_tensor(features: Any) -> torch.Tensor:
    """Return the pooled features where a tower returns its tokens too."""
    pooled: torch.Tensor = features[0] if isinstance(features, tuple) else features
    return pooled


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."
