"""Builds the engine: with `extra_heads` the only importer of the model room, and late."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from fetalclip_app import wording
from fetalclip_app.domain.backbone import Outliner
from fetalclip_app.domain.familiarity import Familiarity
from fetalclip_app.domain.landmarks import Landmarker
from fetalclip_app.domain.likeness import Language
from fetalclip_app.domain.model_names import COMPACT
from fetalclip_app.domain.precision import Precision
from fetalclip_app.domain.probes import NamedBy, ViewProbe
from fetalclip_app.domain.views import ViewSet
from fetalclip_app.errors import ErrorCode, ModelUnavailable
from fetalclip_app.imaging.preprocess import PreprocessSpec
from fetalclip_app.inference import extra_heads, settling
from fetalclip_app.inference.ahead import AgeBanks
from fetalclip_app.inference.cache import TextBank
from fetalclip_app.inference.calibrating import fitted_for, stated_calibration
from fetalclip_app.inference.engine import Engine
from fetalclip_app.inference.extra_heads import Extras
from fetalclip_app.inference.frame_bank import FrameBank
from fetalclip_app.inference.head_places import HeadPlaces, places_of
from fetalclip_app.inference.language import language_of
from fetalclip_app.inference.request import EngineRequest
from fetalclip_app.progress import CancelToken, Report, silent
from fetalclip_app.tasks.base import Instruments
from fetalclip_app.tasks.catalog import all_tasks
from fetalclip_app.tasks.keys import BRAIN_VIEWS, MEASURES, VIEWS
from fetalclip_app.tasks.view_sets import BRAIN_PLANES_FILE, PLANES_FILE, bundled, read_view_set
from fetalclip_app.tasks.views import class_embeddings

if TYPE_CHECKING:
    from fetalclip_app.model.catalog import ModelEntry
    from fetalclip_app.model.encoder import TorchBackbone


def load_engine(request: EngineRequest, report: Report = silent, cancel: CancelToken | None = None) -> Engine:
    """Return the engine that the request describes.

    Raises:
        ModelUnavailable: Weights missing, damaged, of the wrong shape, or their licence not accepted; or a probe that
            must be there is not.
        ComputeFailed: The device that was asked for does not work.
        InvalidInput: A view set that cannot be read.
    """
    from fetalclip_app.model import cam, device, opening, road_book  # noqa: PLC0415 -- torch takes seconds to import

    planes, brain = _view_sets(request)
    entry = _entry(request)
    backbone = opening.open_model(
        entry,
        device.choose(request.device, in_full=request.precision is Precision.FULL),
        path=None if request.bundle else request.weights,
        licence_accepted=request.licence_accepted,
        report=report,
        cancel=cancel,
    )
    book = road_book.RoadBook(request.road_cache)
    is_as_asked = settling.begin(backbone, request.precision, book)
    spec = _spec(entry, backbone)
    texts = TextBank(backbone.encode_texts, backbone.fingerprint, request.text_cache, backbone.encode_texts_in_parts)
    for view_set in (planes, brain):  # a sentence that the text tower cannot read is found before any scan is
        class_embeddings(view_set, texts.features)
    fitted = fitted_for(entry.calibration, {VIEWS: planes, BRAIN_VIEWS: brain})
    calibration = stated_calibration(entry, fitted, backbone.logit_scale, brain)
    width = class_embeddings(planes, texts.features).shape[1]
    places = _heads(entry, request)
    extras = extra_heads.find(places, backbone, spec, width)
    landmarker, unread = _landmarker(places, backbone, spec)
    instruments = Instruments(
        identity=backbone.identity,
        logit_scale=backbone.logit_scale,
        calibration=replace(calibration, familiarity=_familiarity(entry, backbone)),
        encode_texts=texts.features,
        outliner=_outliner(places, entry, backbone, spec),
        landmarker=landmarker,
        segmenter=extras.segmenter,
        labellers=extras.labellers,
        vocabulary=language_of(entry).vocabulary,
    )
    found, troubles = _probes(places, backbone, spec, width)
    naming, missing = _naming(request, found, troubles)
    useless = (*unread, *extras.troubles, *troubles)
    unsettled = request.precision is Precision.AUTO
    by_prompts = ((planes, calibration.views), (brain, calibration.brain_views))
    namers = (
        *(settling.namer_of(class_embeddings(one, texts.features), of, backbone.logit_scale) for one, of in by_prompts),
        *(probe.layer for probe in found.values()),
    )
    told = (*(wording.left_out(error) for error in useless), *(wording.no_probe(task) for task in missing))
    if request.precision is Precision.INT8:
        told = (*told, wording.eight_bits(taken=is_as_asked))
    saliency = cam.Saliency(backbone)
    settle = settling.Settling(backbone, book, spec, namers, texts) if unsettled else settling.nothing
    at_once, in_quiet = settling.by_patience(settle, AgeBanks(texts), backbone, book)
    return Engine(
        backbone=backbone,
        spec=spec,
        texts=texts,
        instruments=instruments,
        tasks=all_tasks(planes, brain, heads=_headed(instruments, extras), probes=naming),
        view_sets={VIEWS: planes, BRAIN_VIEWS: brain},
        explainer=saliency,
        methods=saliency.methods,
        current_notices=lambda: (*backbone.notices, *told),
        naming=naming,
        probes=tuple(probe.facts for probe in found.values()),
        frames=FrameBank(backbone.fingerprint, request.frame_cache),
        settle=at_once,
        later=in_quiet,
    )


def language_for(request: EngineRequest) -> Language:
    """Return which sentences the model of a request understands: without loading it, nor torch.

    Raises:
        ModelUnavailable: Its manifest, or a file that it names, cannot be read.
    """
    return language_of(_entry(request))


def _headed(instruments: Instruments, extras: Extras) -> frozenset[str]:
    """Return the keys of the tasks that are asked because the model has a head for them."""
    return extras.tasks | ({MEASURES} if instruments.landmarker is not None else set())


@dataclass(frozen=True, slots=True)
class Terms:
    """What a user agrees to before the first use of weights that do not come with the program."""

    title: str
    licence: str
    citation: str


def released_terms() -> Terms:
    """Return the terms of the released FetalCLIP weights."""
    from fetalclip_app.model import catalog  # noqa: PLC0415

    entry = catalog.fetalclip()
    return Terms(entry.title, entry.licence, entry.citation)


def fetch_weights(
    target: Path, cancel: CancelToken | None = None, report: Report = silent, *, accept_licence: bool = False
) -> None:
    """Download the released FetalCLIP weights to ``target``: only ever by the user's explicit wish.

    Raises:
        ModelUnavailable: The licence is not accepted, the download failed, or it is not the published file.
    """
    from fetalclip_app.model import catalog, fetch  # noqa: PLC0415

    fetch.fetch(target, catalog.fetalclip(), accept_licence, cancel, report)


def _view_sets(request: EngineRequest) -> tuple[ViewSet, ViewSet]:
    """Return the sets that were asked for; else those that came with a bundle; else the program's."""
    sets = []
    for asked, name in ((request.views, PLANES_FILE), (request.brain_views, BRAIN_PLANES_FILE)):
        own = None if request.bundle is None else request.bundle / name
        path = asked if asked is not None else own if own is not None and own.is_file() else None
        sets.append(bundled(name) if path is None else read_view_set(path))
    return sets[0], sets[1]


def _entry(request: EngineRequest) -> ModelEntry:
    from fetalclip_app.model import catalog  # noqa: PLC0415

    if request.bundle is not None:
        return catalog.bundle(request.bundle)
    if request.config is not None:
        if request.weights is None:
            raise ModelUnavailable(ErrorCode.MODEL_MISSING, name=request.config.name)
        return catalog.custom(request.weights, request.config)
    return catalog.find(request.model)


def _familiarity(entry: ModelEntry, backbone: TorchBackbone) -> Familiarity | None:
    """Return what was fitted on the training's textures for these very weights, or None."""
    from fetalclip_app.model import texture  # noqa: PLC0415

    facts = entry.calibration.get("familiarity")
    return None if facts is None else texture.read(entry.config.parent, facts, backbone.network)


def _spec(entry: ModelEntry, backbone: TorchBackbone) -> PreprocessSpec:
    """Return the preprocessing that the weights were trained with.

    Raises:
        ModelUnavailable: This program prepares pictures otherwise than the weights' training did.
    """

    spec = PreprocessSpec(size=backbone.image_size)
    wanted = entry.preprocessing.get("fingerprint")
    if wanted is not None and wanted != spec.fingerprint():
        raise ModelUnavailable(ErrorCode.MODEL_WRONG_SHAPE, name=entry.title, reason="preprocessing differs")
    return spec


def _outliner(places: HeadPlaces, entry: ModelEntry, backbone: TorchBackbone, spec: PreprocessSpec) -> Outliner | None:
    """Return the head outline that was trained on these very weights, or None."""
    from fetalclip_app.model import heads  # noqa: PLC0415

    must = places.folders[-1] if entry.key == COMPACT else None
    return places.first(lambda folder: heads.find(folder, "head_outline", backbone, spec, must_be=folder == must))


def _heads(entry: ModelEntry, request: EngineRequest) -> HeadPlaces:
    return places_of(entry, None if request.bundle else request.weights)


Probes = dict[str, ViewProbe]
Troubles = tuple[ModelUnavailable, ...]


def _landmarker(
    places: HeadPlaces, backbone: TorchBackbone, spec: PreprocessSpec
) -> tuple[Landmarker | None, Troubles]:
    """Return the measurement head that was trained on these very weights, and why another cannot be used."""
    from fetalclip_app.model import heads  # noqa: PLC0415

    return places.first_usable(lambda folder: heads.find_landmarks(folder, backbone, spec))


def _probes(places: HeadPlaces, backbone: TorchBackbone, spec: PreprocessSpec, width: int) -> tuple[Probes, Troubles]:
    """Return task -> probe of these very weights, and why other files beside them cannot be used."""
    from fetalclip_app.model import probes  # noqa: PLC0415

    found = probes.of_files(places.below(), backbone.identity.sha256, spec)
    usable: Probes = {}
    troubles = list(found.troubles)
    for task, probe in found.probes.items():
        if probe.layer[0].shape[1] == width:
            usable[task] = probe
        else:
            name = probe.facts.name
            troubles.append(ModelUnavailable(ErrorCode.MODEL_WRONG_SHAPE, name=name, reason="rows of another length"))
    return usable, tuple(troubles)


def _naming(request: EngineRequest, found: Probes, troubles: Troubles) -> tuple[Probes, tuple[str, ...]]:
    """Return the probes that are to answer, and the tasks for which one was asked that is not there.

    Raises:
        ModelUnavailable: There is one such task, and the request does not put up with it.
    """
    asked = {VIEWS: request.views_by, BRAIN_VIEWS: request.brain_views_by}
    wanted = [task for task, by in asked.items() if by is NamedBy.PROBE]
    missing = tuple(task for task in wanted if task not in found)
    if missing and request.must_probe:
        useless = [trouble for trouble in troubles if trouble.code is not ErrorCode.PROBE_SECOND]
        if useless:
            raise useless[0]
        raise ModelUnavailable(ErrorCode.PROBE_MISSING, task=missing[0])
    return {task: found[task] for task in wanted if task in found}, missing
