"""Versions of a user's view sets, and how each did on labelled pictures: files that are never written over."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from fetalclip_app import atomic
from fetalclip_app.domain.view_draft import ABOUT, SetAbout
from fetalclip_app.domain.view_scores import FEWEST_PICTURES, WEAK_BELOW, ClassScore, SetScore, Verdict
from fetalclip_app.domain.views import ViewSet
from fetalclip_app.errors import ErrorCode, ExportFailed
from fetalclip_app.tasks.view_sets import read_view_set

TESTED = ".tested"
"""Ending of the file beside a set that holds its results."""

_VERSION = re.compile(r"^(?P<name>.+)-v(?P<version>\d+)$")
_UNFIT = re.compile(r"[^\w .()+-]")
_LONGEST = 60


def plain_name(name: str) -> str:
    """Return a name as it may stand in the name of a file; empty where nothing is left of it."""
    kept = re.sub(r"\s+", " ", _UNFIT.sub("", name)).strip(" .")[:_LONGEST].strip(" .")
    found = _VERSION.match(kept)
    return found["name"].strip() if found else kept


def save_version(
    folder: Path, name: str, view_set: ViewSet, *, parent: str, author: str, now: datetime
) -> tuple[Path, SetAbout]:
    """Write a set as the next version of its name; the versions before it stay as they are.

    Args:
        parent: SHA-256 of the file that it was made from; empty for none.

    Raises:
        ExportFailed: The name is empty, or the folder cannot be written to.
    """
    kept = plain_name(name)
    if not kept:
        raise ExportFailed(ErrorCode.EXPORT_FAILED, name=name, problem="a set needs a name")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        problem = error.strerror or type(error).__name__
        raise ExportFailed(ErrorCode.EXPORT_FAILED, name=str(folder), problem=problem) from error
    about = SetAbout(kept, latest(folder, kept) + 1, parent, now.isoformat(timespec="seconds"), author)
    path = folder / f"{kept}-v{about.version}.json"
    content = {ABOUT: asdict(about), **{key: list(texts) for key, texts in view_set.prompts.items()}}
    atomic.write_bytes(path, (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode())
    return path, about


def latest(folder: Path, name: str) -> int:
    """Return the highest version of a name in a folder; 0 where there is none."""
    versions = [_VERSION.match(path.stem) for path in folder.glob("*.json")] if folder.is_dir() else []
    return max((int(found["version"]) for found in versions if found and found["name"] == name), default=0)


def newest(paths: Sequence[Path]) -> tuple[Path, ...]:
    """Return the files without those that have a later version beside them, in their order."""
    highest: dict[tuple[Path, str], int] = {}
    for path in paths:
        if found := _VERSION.match(path.stem):
            key = path.parent, found["name"]
            highest[key] = max(highest.get(key, 0), int(found["version"]))

    def is_newest(path: Path) -> bool:
        found = _VERSION.match(path.stem)
        return found is None or int(found["version"]) == highest[path.parent, found["name"]]

    return tuple(filter(is_newest, paths))


def about_of(path: Path) -> SetAbout | None:
    """Return what a file tells of itself; None where it tells nothing that can be used.

    Raises:
        InvalidInput: It is no set of views.
    """
    read_view_set(path)
    told = json.loads(path.read_bytes()).get(ABOUT)
    try:
        return SetAbout(
            str(told["name"]), int(told["version"]), str(told["parent"]), str(told["made"]), str(told["author"])
        )
    except (KeyError, TypeError, ValueError):
        return None


def save_score(path: Path, view_set: ViewSet, weights: str, score: SetScore, *, pictures: str, now: datetime) -> None:
    """Keep how a set did, beside its file; results for other weights stay.

    Args:
        path: The set's file.
        weights: SHA-256 of the weights.
        pictures: What tells the labelled pictures from others: a digest.

    Raises:
        ExportFailed: The folder cannot be written to.
    """
    kept = _results(path, view_set)
    kept[weights] = {
        "verdict": score.verdict,
        "score": asdict(score),
        "thresholds": {"fewest_pictures": FEWEST_PICTURES, "weak_below": WEAK_BELOW},
        "pictures_digest": pictures,
        "tested": now.isoformat(timespec="seconds"),
    }
    told = {"set": view_set.sha256, "weights": kept}
    atomic.write_bytes(path.with_suffix(TESTED), (json.dumps(told, indent=2) + "\n").encode())


def score_of(path: Path, view_set: ViewSet, weights: str) -> SetScore | None:
    """Return how this very file did with these very weights; None where it was not tested."""
    told = _results(path, view_set).get(weights)
    if told is None:
        return None
    try:
        score = dict(told["score"])
        classes = tuple(ClassScore(**one) for one in score.pop("classes"))
        return SetScore(classes=classes, **score)
    except (KeyError, TypeError, ValueError):
        return None


def verdict_of(path: Path, view_set: ViewSet, weights: str) -> Verdict:
    """Return what may be said of a set for some weights."""
    found = score_of(path, view_set, weights)
    return Verdict.UNTESTED if found is None else found.verdict


def _results(path: Path, view_set: ViewSet) -> dict[str, Any]:
    """Return results by weights; those of another file of this name are none."""
    try:
        told = json.loads(path.with_suffix(TESTED).read_bytes())
        is_ours = told["set"] == view_set.sha256
        return dict(told["weights"]) if is_ours else {}
    except (OSError, KeyError, TypeError, ValueError):
        return {}


def digest_of(labels: Sequence[tuple[str, str]]) -> str:
    """Return 16 hex digits that tell one list of (content key, label) from another."""
    return hashlib.sha256(json.dumps(sorted(labels)).encode()).hexdigest()[:16]
