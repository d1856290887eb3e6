"""Teaches the text tower what ages and scales mean for the size of a head, before any picture is shown.

A caption that names an age and mm/pixel says how many pixels the head's outline takes. Here a small network
stands for the image tower: it is told that length itself, and the text tower learns to agree with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np
import open_clip
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from fetalclip_app.biometry.growth import who_median_days, who_quantile
from fetalclip_app.model.texts import encode_tokens
from training.captions import Phrases, age_caption, age_template
from training.contrastive import weighted_nce
from training.ladder import FIRST_DAY, LAST_DAY, ladder_days

HC_MM = (100.0, 338.0)
"""Head circumferences between the WHO medians of 14 and 39 weeks."""

SPACING_MM = (0.15, 1.6)
"""mm per network pixel: what HC18 has, and a little more."""


@dataclass(frozen=True, slots=True)
class NumberConfig:
    """How long the text tower practises numbers."""

    steps: int = 2200
    rows: int = 8
    ladder: int = 12
    rate: float = 2e-3
    bell_days: float = 3.0
    reading_weight: float = 2.0


class SizeTower(torch.nn.Module):
    """Stands for the image tower: the outline's length in network pixels to a unit row."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = torch.nn.Sequential(
            torch.nn.Linear(16, 128),
            torch.nn.GELU(),
            torch.nn.Linear(128, 128),
            torch.nn.GELU(),
            torch.nn.Linear(128, width),
        )

    def forward(self, length_px: torch.Tensor) -> torch.Tensor:
        """Return (N, width) unit rows for (N,) lengths."""
        waves = 2.0 ** torch.arange(8) * 0.5
        phase = torch.log(length_px)[:, None] * waves
        return F.normalize(self.layers(torch.cat([phase.sin(), phase.cos()], dim=1)), dim=-1)


def teach_numbers(network: Any, config: NumberConfig, seed: int) -> list[tuple[float, float]]:
    """Train the text tower in place and return (contrastive loss, reading error) of each step."""
    rng, draw = np.random.default_rng(seed), Random(seed)
    phrases = Phrases.bundled()
    tokenizer = open_clip.SimpleTokenizer(context_length=network.context_length)
    width = network.text_projection.shape[1]
    sizes, reading = SizeTower(width), torch.nn.Linear(width, 3)
    order_digits(network)
    text = [p for name, p in network.named_parameters() if not name.startswith("visual")]
    optimizer = torch.optim.AdamW(
        [*text, *sizes.parameters(), *reading.parameters()],
        lr=config.rate,
        betas=(0.9, 0.98),
        weight_decay=0.01,
        fused=True,
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, config.rate, total_steps=config.steps, pct_start=0.1)
    losses = []
    for _ in range(config.steps):
        lengths, texts, targets, meanings = [], [], [], []
        for _row in range(config.rows):
            length_px, captions, target, meaning = _ladder(phrases, config, rng, draw)
            lengths.append(length_px)
            texts += captions
            targets.append(target)
            meanings.append(meaning)
        features = encode_tokens(network, tokenizer(texts))
        rows_RKD = F.normalize(features, dim=-1).reshape(config.rows, config.ladder, -1)
        images_RD = sizes(torch.tensor(lengths, dtype=torch.float32))
        scale = network.logit_scale.exp().clamp(max=100.0)
        logits_RK = scale * torch.einsum("rd,rkd->rk", images_RD, rows_RKD)
        target_RK = torch.from_numpy(np.stack(targets))
        nce = weighted_nce(logits_RK, target_RK, torch.ones_like(target_RK, dtype=torch.bool))
        read = F.smooth_l1_loss(reading(features), torch.from_numpy(np.concatenate(meanings)))
        loss = nce + config.reading_weight * read
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(text, 1.0)
        optimizer.step()
        schedule.step()
        losses.append((nce.item(), read.item()))
        if len(losses) % 100 == 0:
            recent = np.mean(losses[-100:], axis=0).round(3).tolist()
            print(f'{{"numbers": {len(losses)}, "loss": {recent}}}', flush=True)
    return losses


def order_digits(network: Any) -> None:
    """Start the ten digits' embeddings along a curve, so that neighbours look alike from the beginning."""
    table = network.token_embedding.weight
    tokenizer = open_clip.SimpleTokenizer()
    waves = torch.randn(4, table.shape[1]) * table.std()
    with torch.no_grad():
        for digit in range(10):
            value = digit / 9
            parts = torch.tensor([value, value**2, np.sin(np.pi * value), np.cos(np.pi * value)], dtype=table.dtype)
            for token in {tokenizer.encode(text)[-1] for text in (str(digit), f"{digit}.", f" {digit} ")}:
                if tokenizer.decode([token]).strip() == str(digit):
                    table[token] = 0.3 * table[token] + 2.0 * parts @ waves


def _ladder(
    phrases: Phrases, config: NumberConfig, rng: np.random.Generator, draw: Random
) -> tuple[float, list[str], NDArray[np.float32], NDArray[np.float32]]:
    """Return a head's length in pixels, captions of several ages, how true each is, and what each means."""
    while True:
        hc_mm = rng.uniform(*HC_MM)
        spacing_mm = round(float(np.exp(rng.uniform(*np.log(SPACING_MM)))), 2)
        age = who_median_days("HC", hc_mm)
        if age is not None and FIRST_DAY <= age <= LAST_DAY:
            break
    days = ladder_days(age, config.ladder, rng)
    template = age_template(phrases, draw)
    target = np.exp(-0.5 * ((days - age) / config.bell_days) ** 2).astype(np.float32)
    texts = [age_caption(template, int(day), spacing_mm) for day in days]
    return hc_mm / spacing_mm, texts, target, _meaning(days, spacing_mm)


def _meaning(days: NDArray[np.int_], spacing_mm: float) -> NDArray[np.float32]:
    """Return (K, 3): age, log scale and log length of the head's outline, each scaled to about -2 to 2."""
    median_mm = np.array([who_quantile("HC", 0.5, day / 7) for day in days])
    columns = [
        (days - 185) / 45,
        np.full(len(days), np.log(spacing_mm / 0.5) / 0.6),
        np.log(median_mm / spacing_mm / 430) / 0.7,
    ]
    return np.stack(columns, axis=1).astype(np.float32)
