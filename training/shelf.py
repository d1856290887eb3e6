"""Where a model lies: with the program, or in an exported folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fetalclip_app import resources
from fetalclip_app.inference.request import EngineRequest
from fetalclip_app.model import catalog


@dataclass(frozen=True, slots=True)
class Shelf:
    """The folders of one model.

    Attributes:
        model: Folder of weights, configuration, manifest and card.
        heads: Folder of the heads that were trained on them.
        request: What loads it.
    """

    model: Path
    heads: Path
    request: EngineRequest

    @classmethod
    def of(cls, bundle: Path | None) -> Shelf:
        """Return the shelf of an exported folder, or the program's own."""
        if bundle is None:
            return cls(resources.path("models/compact"), resources.root() / "heads", EngineRequest())
        return cls(bundle, bundle / "heads", EngineRequest(weights=bundle))

    def entry(self) -> catalog.ModelEntry:
        """Return the catalogue's entry."""
        return catalog.find("compact") if self.request.weights is None else catalog.bundle(self.model)
