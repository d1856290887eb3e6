"""Pictures of an evaluation: reliability, and a map of the embeddings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.calibration_error import BINS, by_bin, error_parts

SEED = 42
NEIGHBOURS = 15


def reliability(path: Path, sure: NDArray[np.floating[Any]], right: NDArray[np.bool_], title: str) -> None:
    """Draw how often answers of each confidence were right, and how many there were."""
    count, told, hits = (row[0] for row in by_bin(error_parts(sure, right).sum(axis=0, keepdims=True)))
    filled = count > 0
    figure, (above, below) = _figure(2, height_ratios=[3, 1])
    above.plot([0, 1], [0, 1], color="0.7", linewidth=1)
    above.plot(told[filled] / count[filled], hits[filled] / count[filled], "o-", color="#1f5f8b")
    above.set(xlim=(0, 1), ylim=(0, 1), ylabel="share that was right", title=f"{title}, n = {len(sure)}")
    below.hist(sure, bins=BINS, range=(0, 1), color="#1f5f8b")
    below.set(xlim=(0, 1), xlabel="confidence", ylabel="pictures")
    figure.savefig(path, dpi=120, bbox_inches="tight")


def flattened(embeddings: NDArray[np.float32]) -> tuple[NDArray[np.float32], str]:
    """Return two numbers for each row, and by which method: UMAP, or principal axes where it is not installed."""
    try:
        import umap  # noqa: PLC0415 - half a minute of compiling
    except ImportError:
        centred = embeddings - embeddings.mean(axis=0)
        _, _, axes = np.linalg.svd(centred, full_matrices=False)
        return np.asarray(centred @ axes[:2].T, np.float32), "PCA"
    neighbours = min(NEIGHBOURS, len(embeddings) - 1)
    # One job, said aloud: with a seed there is no other, and the library would warn of it.
    reducer = umap.UMAP(n_neighbors=neighbours, metric="cosine", random_state=SEED, n_jobs=1)
    return np.asarray(reducer.fit_transform(embeddings), np.float32), "UMAP"


def scatter(path: Path, flat: NDArray[np.float32], labels: Sequence[str], method: str) -> None:
    """Draw the map, one colour a label."""
    figure, (axes,) = _figure(1)
    names = np.array(labels)
    for number, name in enumerate(sorted(set(labels))):
        chosen = flat[names == name]
        axes.scatter(chosen[:, 0], chosen[:, 1], s=8, label=f"{name} ({len(chosen)})", color=f"C{number % 10}")
    axes.set(xticks=[], yticks=[], title=f"Embeddings, {method}, n = {len(flat)}")
    axes.legend(fontsize=7, loc="best")
    figure.savefig(path, dpi=120, bbox_inches="tight")


def _figure(rows: int, **options: Any) -> tuple[Any, Any]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(6, 5))
    FigureCanvasAgg(figure)
    return figure, figure.subplots(rows, 1, squeeze=False, gridspec_kw=options or None)[:, 0]
