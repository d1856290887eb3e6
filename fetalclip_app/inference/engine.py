"""Clip in, reading out. Knows no window, no thread and no tensor."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from fetalclip_app import __version__
from fetalclip_app.domain.backbone import Backbone, Embeddings, Explainer
from fetalclip_app.domain.calibration import Box
from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.overlay import Heatmap, Where
from fetalclip_app.domain.probes import ProbeFacts, ViewProbe
from fetalclip_app.domain.reading import ClipReading, ModelIdentity, Provenance
from fetalclip_app.domain.sight import Sight
from fetalclip_app.domain.views import ViewPrediction, ViewSet
from fetalclip_app.imaging.preprocess import Letterbox, PreprocessSpec, crop_of, prepare
from fetalclip_app.inference.cache import TextBank
from fetalclip_app.inference.clip_shelf import ClipShelf
from fetalclip_app.inference.encoding import Encoding, quality
from fetalclip_app.inference.frame_bank import ROWS, TEXTURES, FrameBank, FrameFeatures
from fetalclip_app.inference.listening import NOBODY, Listener
from fetalclip_app.inference.settling import Settle, nothing
from fetalclip_app.progress import CancelToken, Report, silent
from fetalclip_app.tasks.base import Instruments, Scan, Task
from fetalclip_app.tasks.gestational_age import age_prompts
from fetalclip_app.tasks.keys import AGE, CLIP_LABELS, HEAD, MEASURES, STRUCTURES, VIEWS, WHOLE_CLIP, clip_label_key
from fetalclip_app.tasks.views import class_embeddings, seen_with
from fetalclip_app.tasks.whole_clip import steps_of

_TELLINGS = 32
"""How often a long clip tells what was seen so far."""

Notices = Callable[[], tuple[str, ...]]


def _on_the_way(cancel: CancelToken, report: Report, before: int, weight: int, steps: int) -> Callable[[float], None]:
    """Return what a long task calls with the share that it has done."""

    def between(share: float) -> None:
        cancel.check()
        report(before + int(share * weight), steps)

    return between


class _Milestones:
    """When to tell what was seen so far: the first frame at once, then after every batch of a short clip, and not
    much oftener of a long one."""

    def __init__(self, count: int) -> None:
        self._count, self._gap, self._last = count, count / _TELLINGS, -float(count)

    def is_due(self, done: int) -> bool:
        """Whether to tell it now, with so many frames done."""
        if not done or (done - self._last < self._gap and done < self._count):
            return False
        self._last = done
        return True


@dataclass(frozen=True, eq=False, slots=True)
class Engine:
    """A model with its tasks, ready to read clips.

    Attributes:
        tasks: In the order asked; later ones see what earlier ones found.
        view_sets: Task key -> the prompts that it uses.
        methods: Heatmap methods that the model offers.
        current_notices: What the user must know now, such as a fall-back to the CPU; may grow.
        naming: Task key -> the probe that answers it in place of prompts.
        probes: What is told of all probes that the model has.
        frames: What was found in frames before.
        settle: Finds the fastest road of the image tower, in small steps, for whoever has time: see `Settling`.
        later: Makes what is likely to be asked, in small steps, where nobody has spoken for a while: see `AgeBanks`.
    """

    backbone: Backbone
    spec: PreprocessSpec
    texts: TextBank
    instruments: Instruments
    tasks: tuple[Task, ...]
    view_sets: dict[str, ViewSet]
    explainer: Explainer
    methods: tuple[str, ...]
    current_notices: Notices
    naming: Mapping[str, ViewProbe] = field(default_factory=dict)
    probes: tuple[ProbeFacts, ...] = ()
    frames: FrameBank = field(default_factory=FrameBank)
    settle: Settle = nothing
    later: Settle = nothing

    @property
    def identity(self) -> ModelIdentity:
        """Which weights answer."""
        return self.backbone.identity

    @property
    def device(self) -> str:
        """Where the network runs now, such as ``cpu fp32``."""
        return self.backbone.device

    @property
    def notices(self) -> tuple[str, ...]:
        """Keys of what the user must know."""
        return self.current_notices()

    @property
    def headed(self) -> dict[str, tuple[str, ...]]:
        """Key of each task that needs a head which this model has -> what that head tells of."""
        segmenter, labellers = self.instruments.segmenter, self.instruments.labellers
        told = {} if segmenter is None else {STRUCTURES: segmenter.facts.structures}
        return told | ({CLIP_LABELS: tuple(one.facts.label for one in labellers)} if labellers else {})

    def read(self, clip: Clip, cancel: CancelToken, report: Report, listener: Listener = NOBODY) -> ClipReading:
        """Answer every task for the clip. Frames that were encoded before, as far as the bank knows, are not again.

        Raises:
            Cancelled: ``cancel`` was raised between two batches, of frames or of texts, or two tasks.
            UnreadableFile: A frame cannot be decoded.
            ComputeFailed: The device gave up.
        """
        crop, said = crop_of(clip), _Milestones(len(clip))
        weights = [self._weight(task, clip) for task in self.tasks]
        steps = len(clip) + sum(weights)

        def step(known: FrameFeatures) -> None:
            done = int(known.done.sum())
            if listener is not NOBODY and said.is_due(done) and (sight := self._sight(clip, crop, known)):
                listener.seen(sight)
            report(done, steps)

        known = self._encoding().fill(clip, crop, cancel, listener, step)
        listener.planned(())
        textures = known.columns.get(TEXTURES)
        made_by = self._encoding().made_by
        kept = ClipShelf(self.frames, clip, crop, made_by, lambda: self.device)
        scan = Scan(clip, crop, self.spec, known.columns[ROWS], textures=textures, kept=kept)
        before = len(clip)
        tools = replace(self.instruments, encode_texts=lambda texts: self.texts.features(texts, cancel))
        for task, weight in zip(self.tasks, weights, strict=True):
            cancel.check()
            if weight > 1:
                self._tell(self._reading(scan, known), listener)
            scan = replace(scan, between_pictures=_on_the_way(cancel, report, before, weight, steps))
            scan = replace(scan, found=(*scan.found, task.answer(scan, tools)))
            before += weight
            report(before, steps)
        return self._reading(scan, known)

    def embed(self, clip: Clip, cancel: CancelToken, listener: Listener = NOBODY) -> Embeddings:
        """Return the unit row of each frame: float32, (frames, D). Nothing is answered.

        Raises:
            Cancelled, UnreadableFile, ComputeFailed: As `read`.
        """
        known = self._encoding().fill(clip, crop_of(clip), cancel, listener, lambda known: None)
        return known.columns[ROWS].copy()

    def encode_texts(self, texts: Sequence[str]) -> Embeddings:
        """Return one unit row for each text that a person asked: float32, (N, D).

        Raises:
            InvalidInput: A text is empty or longer than the network reads.
        """
        return self.texts.asked(texts)

    def seen_with(self, view_set: ViewSet, rows: Embeddings, unfamiliar: frozenset[int]) -> ViewPrediction:
        """Return what a set that is being written sees in rows (frames, D); its sentences leave no file.

        Raises:
            InvalidInput: A sentence is empty or longer than the network reads.
        """
        return seen_with(view_set, rows, replace(self.instruments, encode_texts=self.texts.asked), unfamiliar)

    def _encoding(self) -> Encoding:
        with_textures = self.instruments.calibration.familiarity is not None
        return Encoding(self.backbone, self.spec, self.frames, with_textures)

    def explain(self, clip: Clip, where: Where, step: Report = silent) -> Heatmap:
        """Return where in a frame a view was seen.

        Args:
            step: Called with (passes done, passes) before each pass; what it raises ends the work.

        Raises:
            ValueError: No such task, view or method.
            UnreadableFile: The frame cannot be decoded.
            ComputeFailed: The device gave up.
        """
        crop = crop_of(clip)
        picture = prepare(clip.frame(where.frame_index), self.spec, crop)
        if where.task_key in self.naming:
            probe = self.naming[where.task_key]
            weight, bias = probe.layer
            rows, target = weight / np.float32(self.backbone.logit_scale), probe.facts.classes.index(where.view_key)
            values = self.explainer.heatmap(picture, rows, target, where.method, bias=bias, step=step)
        else:
            view_set = self.view_sets[where.task_key]
            classes, target = class_embeddings(view_set, self.texts.features), view_set.keys.index(where.view_key)
            values = self.explainer.heatmap(picture, classes, target, where.method, step=step)
        on_frame = Letterbox(crop, self.spec.size).map_to_frame(values, clip.height, clip.width)
        return Heatmap(where.view_key, where.method, np.clip(on_frame, 0.0, 1.0))

    @staticmethod
    def _weight(task: Task, clip: Clip) -> int:
        """Return how many steps of a reading a task counts as."""
        return 1 + steps_of(len(clip)) if task.key == WHOLE_CLIP else 1

    def _sight(self, clip: Clip, crop: Box, known: FrameFeatures) -> Sight | None:
        """Return what is seen in the frames that are known, or None where none is."""
        task = next((task for task in self.tasks if task.key == VIEWS), None)
        frames = np.flatnonzero(known.done)
        if task is None or not len(frames):
            return None
        textures = known.columns.get(TEXTURES)
        part = None if textures is None else textures[frames]
        scan = Scan(clip, crop, self.spec, known.columns[ROWS][frames], textures=part)
        answer = task.answer(scan, self.instruments).answer
        if not isinstance(answer, ViewPrediction):
            return None
        views = answer.among(frames, len(clip))
        return Sight(views, quality(known, views))

    @staticmethod
    def _tell(so_far: ClipReading, listener: Listener) -> None:
        """Tell what is answered before a task that takes long: nobody waits for it to see the rest."""
        sight = so_far.sight
        if sight is not None:
            listener.seen(replace(sight, so_far=so_far))

    def _reading(self, scan: Scan, known: FrameFeatures) -> ClipReading:
        views = scan.finding(VIEWS)
        seen = views.answer if views is not None and isinstance(views.answer, ViewPrediction) else None
        heads, licences = self._heads()
        asked = {key: view_set for key, view_set in self.view_sets.items() if key not in self.naming}
        prompts = {key: (view_set.name, view_set.sha256) for key, view_set in asked.items()}
        provenance = Provenance(
            app_version=__version__,
            model=self.identity,
            preprocessing=self.spec.fingerprint(),
            view_sets={**prompts, AGE: age_prompts()},
            heads=heads,
            device=self.device,
            notices=self.notices,
            head_licences=licences,
            probes=tuple(probe.facts for probe in self.naming.values()),
        )
        clip = scan.clip
        return ClipReading(
            clip.key,
            len(clip),
            scan.crop,
            clip.calibration,
            scan.found,
            provenance,
            scan.embeddings.copy(),
            quality(known, seen),
        )

    def _heads(self) -> tuple[dict[str, tuple[str, str]], dict[str, str]]:
        """Return task key -> name and SHA-256 of the head that answers it, and -> its licence where it has one."""
        tools = self.instruments
        outliner, finder, segmenter = tools.outliner, tools.landmarker, tools.segmenter
        heads = {} if outliner is None else {HEAD: outliner.identity}
        heads |= {} if finder is None else {MEASURES: finder.identity}
        licences = {} if finder is None else {MEASURES: finder.licence}
        if segmenter is not None:
            heads[STRUCTURES] = segmenter.facts.name, segmenter.facts.sha256
            licences[STRUCTURES] = segmenter.facts.licence
        for facts in (labeller.facts for labeller in tools.labellers):
            key = clip_label_key(facts.label)
            heads[key], licences[key] = (facts.name, facts.sha256), facts.licence
        return heads, licences
