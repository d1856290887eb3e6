"""What an engine is asked to be and what it says of itself: values without what building the engine imports."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from fetalclip_app.domain.model_names import BUNDLE, COMPACT, MANIFEST
from fetalclip_app.domain.precision import Precision
from fetalclip_app.domain.probes import NamedBy, ProbeFacts
from fetalclip_app.domain.reading import ModelIdentity


def has_manifest(folder: Path) -> bool:
    """Return whether a folder is an exported model, as far as a look at it tells."""
    return (folder / MANIFEST).is_file()


@dataclass(frozen=True, slots=True)
class EngineRequest:
    """Which model, on which device, with which prompts.

    Attributes:
        model: ``compact``, ``fetalclip``, ``custom`` for a researcher's own ``weights`` and ``config``, or ``bundle``.
        weights: The file; or the folder of an exported bundle, or its ``manifest.json``, whatever ``model`` is.
        precision: Which roads the image tower may take.
        views, brain_views: View sets; the bundle's own or the bundled ones where not given.
        views_by, brain_views_by: What names the views: those prompts, or the model's probe.
        must_probe: A probe that is asked for and not there is an error; otherwise prompts answer and a notice says so.
        text_cache: Folder where text features are kept between runs; None keeps them in memory.
        frame_cache: The same for the features of frames.
        road_cache: Folder where it is kept which road was found; None keeps the network as it is unless one is found
            in this run.
    """

    model: str = COMPACT
    weights: Path | None = None
    config: Path | None = None
    device: str = "auto"
    precision: Precision = Precision.AUTO
    views: Path | None = None
    brain_views: Path | None = None
    views_by: NamedBy = NamedBy.PROMPTS
    brain_views_by: NamedBy = NamedBy.PROMPTS
    must_probe: bool = False
    licence_accepted: bool = False
    text_cache: Path | None = None
    frame_cache: Path | None = None
    road_cache: Path | None = None

    @property
    def bundle(self) -> Path | None:
        """The folder of an exported bundle, where ``weights`` names one."""
        if self.weights is None or self.config is not None:
            return None
        if self.weights.name == MANIFEST:
            return self.weights.parent
        return self.weights if self.model == BUNDLE or self.weights.is_dir() else None


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """What the window says of the engine that runs.

    Attributes:
        device: Where the network runs, such as ``cpu fp32``.
        notices: What the user must know, such as a fall-back from GPU to CPU.
        methods: Heatmap methods that it offers; may be empty.
        probes: What is told of the probes that it has.
        headed: Key of each task that needs a head which this model has -> what that head tells of, in the order shown.
    """

    identity: ModelIdentity
    device: str
    notices: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    probes: tuple[ProbeFacts, ...] = ()
    headed: dict[str, tuple[str, ...]] = field(default_factory=dict)
