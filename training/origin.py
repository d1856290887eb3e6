"""What a run's record tells of its weights: data, start, teachers, licence. What it cannot say is 'not stated'."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from fetalclip_app import resources
from fetalclip_app.domain.views import BRAIN_PLANES, PLANES
from fetalclip_app.model import catalog
from training.files import sha256_of
from training.licences import MADE_HERE, joined
from training.manifest import Sample, manifest_hash
from training.manifest_file import UNSTATED
from training.towers import TowerConfig, begins_with_image_net

RECORD = "config.json"

SHOWN = "shown"
"""Where a run's record holds `shown_of` its training samples."""

PUBLISHED = {
    "hc18": "van den Heuvel et al. 2018, doi 10.1371/journal.pone.0200412",
    "fetal_planes": "Burgos-Artizzu et al. 2020, doi 10.1038/s41598-020-67076-5",
    "head_structures": "Alzubaidi et al. 2023, doi 10.1016/j.dib.2023.109708",
}
"""Source -> whom to cite."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What weights come from.

    Attributes:
        data: Part -> what it is, with its licence.
        licences: Of every part.
        views: What training pictures showed; None where that is not known.
        head_sized: Ages were learned from head circumferences, or that is not known.
        record: The run's own, with that of the run that it went on from.
    """

    record: dict[str, Any]
    data: dict[str, str] = field(default_factory=dict)
    licences: tuple[str, ...] = ()
    views: frozenset[str] | None = frozenset()
    head_sized: bool = False

    @property
    def licence(self) -> str:
        """Of the weights as a whole."""
        return joined(self.licences)

    @property
    def trained_views(self) -> tuple[str, ...]:
        """In the order of the tasks; none where they are not known."""
        return tuple(name for name in (*PLANES, *BRAIN_PLANES) if self.views is not None and name in self.views)

    def with_part(self, name: str, said: str, licence: str) -> Origin:
        """Return the same with one more part."""
        return replace(
            self, data={**self.data, name: f"{said}; licence: {licence}"}, licences=(*self.licences, licence)
        )


def shown_of(samples: Iterable[Sample]) -> dict[str, Any]:
    """Return what a run's record says of its training samples: counts and licences by source, views, head sizes."""
    sources: dict[str, list[Sample]] = {}
    for sample in samples:
        sources.setdefault(sample.source, []).append(sample)
    everything = [sample for own in sources.values() for sample in own]
    return {
        "sources": {
            name: {
                "pictures": len(own),
                "patients": len({sample.group for sample in own}),
                "licences": sorted({sample.licence for sample in own}),
            }
            for name, own in sorted(sources.items())
        },
        "views": sorted({name for s in everything for name in (s.plane, s.brain_plane) if name is not None}),
        "head_sizes": sum(sample.hc_mm is not None for sample in everything),
    }


def origin_of(folder: Path, samples: Callable[[], Sequence[Sample]]) -> Origin:
    """Return what the run in ``folder`` comes from.

    Args:
        samples: The pictures at hand, asked for where the record does not say what was shown: they count where their
            hash is the run's.
    """
    record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    config = record["config"]
    origin = Origin({**record, "config": _without_folders(config)})
    origin = _with_data(origin, _shown(record, samples), config)
    origin = _with_teachers(origin, record, config)
    return _with_start(origin, record, folder, samples)


def _shown(record: Mapping[str, Any], samples: Callable[[], Sequence[Sample]]) -> Mapping[str, Any] | None:
    if SHOWN in record:
        shown: Mapping[str, Any] = record[SHOWN]
        return shown
    if "manifest" in record:
        at_hand = list(samples())
        if manifest_hash(at_hand) == record["manifest"]:
            return shown_of(sample for sample in at_hand if sample.split == "train")
    print(f"{RECORD} does not say what the run was shown, and the pictures at hand are others: that is '{UNSTATED}'")
    return None


def _with_data(origin: Origin, shown: Mapping[str, Any] | None, config: Mapping[str, Any]) -> Origin:
    simulated = int(config.get("simulated", 0))
    if simulated:
        origin = origin.with_part("simulated", f"{simulated} heads made by training/simulate.py", MADE_HERE)
    for name in ("written", "textbook"):
        digest = config.get("data", {}).get(name)
        if digest and (shown is None or name not in shown["sources"]):  # figures have licences of their own there
            origin = origin.with_part(name, f"file of SHA-256 {digest}", UNSTATED)
    if shown is None:
        return replace(origin.with_part("pictures", "pictures", UNSTATED), views=None, head_sized=True)
    for name, told in shown["sources"].items():
        said = f"{told['pictures']} training pictures of {told['patients']} patients or exams"
        cited = f"{PUBLISHED[name]}: {said}" if name in PUBLISHED else said
        origin = origin.with_part(name, cited, joined(told["licences"]))
    sized = bool(shown["head_sizes"]) or bool(simulated)
    return replace(origin, views=frozenset(shown["views"]), head_sized=sized)


def _with_teachers(origin: Origin, record: Mapping[str, Any], config: Mapping[str, Any]) -> Origin:
    distil = config.get("distil") or {}
    weights = (distil.get("clip") or {}).get("weights")
    if weights:
        digest = record.get("teacher_sha256") or _digest(Path(weights))
        origin = origin.with_part("teacher", f"{Path(weights).name}, SHA-256 {digest}", licence_of(digest))
    if distil.get("plane_weight"):
        origin = origin.with_part("teacher_of_planes", "SonoNet-16, Baumgartner et al. 2017", "Apache-2.0")
    return origin


def _with_start(
    origin: Origin, record: Mapping[str, Any], folder: Path, samples: Callable[[], Sequence[Sample]]
) -> Origin:
    config = record["config"]
    tower = TowerConfig(**config.get("tower", {}))
    if config.get("start"):
        return _after(origin, folder.parent / Path(config["start"]).parent.name / Path(config["start"]).name, samples)
    if begins_with_image_net(tower) and (tower.text_alone or not tower.weights):
        origin = origin.with_part("image_tower_start", "EfficientNet-Lite0, ImageNet", "Apache-2.0")
    if tower.weights:
        digest = record.get("weights_sha256") or _digest(Path(tower.weights))
        said = f"{Path(tower.weights).name}, SHA-256 {digest}"
        bundled = _bundled(digest)
        if bundled is None:
            views = origin.views if tower.text_alone else None
            return replace(origin.with_part("start", said, licence_of(digest)), views=views, head_sized=True)
        both = _joined(origin, bundled).with_part("start", said, bundled.licence)
        # An image tower of its own never saw what the text tower read of.
        return replace(both, views=origin.views) if tower.text_alone else both
    if begins_with_image_net(tower):
        return origin
    return replace(origin, data={**origin.data, "start": "random weights"})


def _after(origin: Origin, checkpoint: Path, samples: Callable[[], Sequence[Sample]]) -> Origin:
    """Return the origin together with that of the run that it went on from."""
    digest = _digest(checkpoint)
    said = f"{checkpoint.parent.name}/{checkpoint.name}, SHA-256 {digest}"
    if not (checkpoint.parent / RECORD).is_file():
        return replace(origin.with_part("start", said, UNSTATED), views=None, head_sized=True)
    earlier = origin_of(checkpoint.parent, samples)
    both = _joined(origin, earlier)
    record = {**origin.record, "start": {**earlier.record, "sha256": digest}}
    return replace(both, record=record, data={**both.data, f"start of {origin.record['config']['name']}": said})


def _joined(origin: Origin, earlier: Origin) -> Origin:
    """Return the origin with what the weights before it had been shown and learned from."""
    return replace(
        origin,
        data={**earlier.data, **origin.data},
        licences=(*earlier.licences, *origin.licences),
        views=None if origin.views is None or earlier.views is None else origin.views | earlier.views,
        head_sized=origin.head_sized or earlier.head_sized,
    )


def _bundled(sha256: str) -> Origin | None:
    """Return what the program's own manifest says, where these are its weights or those that they began with."""
    manifest = resources.read_json("models/compact/manifest.json")
    if manifest["sha256"] != sha256 and not any(
        one.get("weights_sha256") == sha256 for one in records_of(manifest.get("training", {}))
    ):
        return None
    return Origin(
        record=manifest.get("training", {}),
        data=dict(manifest.get("data", {})),
        licences=(str(manifest.get("licence", UNSTATED)),),
        views=frozenset(manifest["trained_views"]) or None,
        head_sized=bool(manifest["learned_from_head_size"]),
    )


def records_of(record: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield a run's record, and those of the runs that it went on from, the last one first."""
    yield record
    if "start" in record:
        yield from records_of(record["start"])


def licence_of(sha256: str) -> str:
    """Return the licence of weights that this program knows by their hash; of all others it is not stated."""
    return catalog.fetalclip().licence if sha256 == catalog.FETALCLIP_SHA256 else UNSTATED


def _digest(path: Path) -> str:
    return sha256_of(path) if path.is_file() else UNSTATED


def _without_folders(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the configuration with the names of weight files, and not where they lay."""
    told = dict(config)
    if (told.get("tower") or {}).get("weights"):
        told["tower"] = {**told["tower"], "weights": Path(told["tower"]["weights"]).name}
    clip = (told.get("distil") or {}).get("clip") or {}
    if clip.get("weights"):
        told["distil"] = {**told["distil"], "clip": {**clip, "weights": Path(clip["weights"]).name}}
    return told
