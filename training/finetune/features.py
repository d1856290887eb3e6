"""Features of a frozen image tower, computed once and kept beside the runs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from fetalclip_app.domain.backbone import Batch
from fetalclip_app.domain.model_names import COMPACT
from fetalclip_app.errors import ErrorCode, ModelUnavailable, UnreadableFile
from fetalclip_app.imaging.preprocess import PreprocessSpec
from fetalclip_app.model import catalog, device, opening, weights
from fetalclip_app.model.architecture import build
from fetalclip_app.model.encoder import TorchBackbone
from training.augment import grey_input
from training.files import sha256_of, whole
from training.finetune.pictures import CopyConfig, Picture, plain_input, published_copy, read_picture

Rows = NDArray[np.float32]
"""float32, (N, D)."""

PICTURES_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """Which backbone is to be tuned.

    Attributes:
        model: A name of the app's catalogue; ignored where ``config`` is given.
        weights: Weight file, where it does not come with the program.
        config: open_clip's configuration of a researcher's own weights.
        licence_accepted: Of weights that ask for it.
        device: As the app's setting: auto for a graphics card that works and else the CPU, cpu, cuda.
    """

    model: str = COMPACT
    weights: str = ""
    config: str = ""
    licence_accepted: bool = False
    device: str = "auto"

    def entry(self) -> catalog.ModelEntry:
        """Return the catalogue's entry of the weights.

        Raises:
            ModelUnavailable: There is no such model.
        """
        return catalog.custom(Path(self.weights), Path(self.config)) if self.config else catalog.find(self.model)


def open_backbone(choice: ModelChoice) -> TorchBackbone:
    """Return the backbone as the app opens it.

    Raises:
        ModelUnavailable: Weights missing, damaged, of the wrong shape, or their licence not accepted.
    """
    path = Path(choice.weights) if choice.weights else None
    return opening.open_model(
        choice.entry(), device.choose(choice.device), path=path, licence_accepted=choice.licence_accepted
    )


@dataclass(frozen=True, eq=False, slots=True)
class Opened:
    """A network in open_clip's own layout, to be trained: nothing of it is folded.

    Attributes:
        network: On the CPU, where what is added to it gets the same first weights on every machine.
        config: open_clip's configuration of it.
        sha256: Of the weight file.
        device: Where it is to be trained, as torch names it: ``cpu`` or ``cuda``.
    """

    network: Any
    entry: catalog.ModelEntry
    config: dict[str, Any]
    sha256: str
    device: str

    @property
    def spec(self) -> PreprocessSpec:
        """The preprocessing of its pictures."""
        size = self.network.visual.image_size
        return PreprocessSpec(size=int(size[0] if isinstance(size, tuple | list) else size))

    @property
    def width(self) -> int:
        """Length of its rows."""
        return int(self.config["embed_dim"])


def open_network(choice: ModelChoice) -> Opened:
    """Return the network with its weights, on the CPU, and where it is to be trained.

    Raises:
        ModelUnavailable: As `open_backbone`.
        ComputeFailed: ``cuda`` was asked for, and there is none that works.
        InvalidInput: There is no such choice of a device.
    """
    entry = choice.entry()
    if entry.must_accept and not choice.licence_accepted:
        raise ModelUnavailable(ErrorCode.LICENCE_NOT_ACCEPTED, title=entry.title, licence=entry.licence)
    where = Path(choice.weights) if choice.weights else entry.weights
    if where is None:
        raise ModelUnavailable(ErrorCode.MODEL_MISSING, name=entry.title)
    place = device.choose(choice.device)
    config = catalog.read_config(entry.config)
    loaded = weights.read(where, entry)
    network = build(config)
    weights.install(network, loaded.state, where.name)
    return Opened(network, entry, config, loaded.sha256, place.kind)


@dataclass(frozen=True, eq=False, slots=True)
class FeatureStore:
    """Projected features of pictures, without normalisation of their length (FetalCLIP, probing/).

    A picture's rows lie in a file named by the picture's content, in a folder named by the weights, the
    preprocessing and the copies: nothing stale is ever read, and a run that was stopped goes on where it was.

    Attributes:
        folder: Where they lie; runs share it.
        lost: Pictures that could not be read, in the order met.
    """

    backbone: TorchBackbone
    folder: Path
    seed: int
    lost: list[str] = field(default_factory=list)

    @property
    def spec(self) -> PreprocessSpec:
        """The preprocessing of the features."""
        return PreprocessSpec(size=self.backbone.image_size)

    def rows(self, data: Path, names: Sequence[str], copies: CopyConfig | None = None) -> list[Rows | None]:
        """Return for each picture (1, D) as the app sees it, or (copies, D); None where it cannot be read."""
        folder = self._folder(copies)
        paths = [_content_path(folder, data / name) for name in names]
        for name, path in zip(names, paths, strict=True):
            if path is not None and not path.exists():
                self._compute(data / name, path, copies)
        found = [np.load(path) if path is not None and path.exists() else None for path in paths]
        self.lost.extend(name for name, rows in zip(names, found, strict=True) if rows is None)
        return found

    def _compute(self, picture_path: Path, path: Path, copies: CopyConfig | None) -> None:
        try:
            picture = read_picture(picture_path, self.spec.size)
        except UnreadableFile:
            return
        rows = self.backbone.run(_projected(self.backbone), self._inputs(picture, path.stem, copies), PICTURES_AT_ONCE)
        with whole(path) as stream:
            np.save(stream, rows)

    def _inputs(self, picture: Picture, key: str, copies: CopyConfig | None) -> Batch:
        if copies is None:
            return plain_input(picture, self.spec)[None]
        rng = np.random.default_rng([self.seed, int(key[:12], 16)])
        greys = [published_copy(picture, self.spec.size, copies, rng) for _ in range(copies.count)]
        return np.stack([grey_input(grey, self.spec) for grey in greys])

    def _folder(self, copies: CopyConfig | None) -> Path:
        facts: dict[str, Any] = {
            "weights": self.backbone.identity.sha256,
            "preprocessing": self.spec.fingerprint(),
            "copies": None if copies is None else {**asdict(copies), "seed": self.seed},
        }
        key = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]
        folder = self.folder / key
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "facts.json").write_text(json.dumps(facts, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        return folder


def frame_rows(backbone: TorchBackbone, batches: Iterator[Batch]) -> Rows:
    """Return the projected features of frames that are already prepared."""
    return np.concatenate([backbone.run(_projected(backbone), batch, PICTURES_AT_ONCE) for batch in batches])


def unit(rows: Rows) -> Rows:
    """Return rows of length one: what the app's tasks are given."""
    unit_rows: Rows = rows / np.linalg.norm(rows, axis=-1, keepdims=True)
    return unit_rows


def _projected(backbone: TorchBackbone) -> Callable[[torch.nn.Module, Any], torch.Tensor]:
    def step(network: Any, pictures: Batch) -> torch.Tensor:
        features: torch.Tensor = network.encode_image(backbone.to_device(pictures))
        return features

    return step


def _content_path(folder: Path, picture: Path) -> Path | None:
    try:
        return folder / f"{sha256_of(picture)}.npy"
    except OSError:
        return None
