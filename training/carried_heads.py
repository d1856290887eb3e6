"""Finished heads and probes of runs, taken into a model's folder: only those that were trained on its very weights."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fetalclip_app import wording
from fetalclip_app.errors import ModelUnavailable
from fetalclip_app.model import vouched
from fetalclip_app.model.heads import refuse_other_ends

BACKBONE = "backbone_sha256"
"""Where a head's JSON names the weights that it was trained on; a JSON without it is no head's."""


@dataclass(frozen=True, slots=True)
class HeadFiles:
    """The files of one head: its JSON, its weights, and its card where it has one."""

    page: Path
    weights: Path
    card: Path | None


def heads_for(folders: Sequence[Path], backbone_sha256: str, preprocessing: str) -> list[HeadFiles]:
    """Return the heads and probes in these folders, each compared with what its JSON says.

    Args:
        backbone_sha256: Of the weights that they go with.
        preprocessing: Fingerprint of how pictures become those weights' input.

    Raises:
        ValueError: A folder holds none, or one that is damaged, of other weights, prepared otherwise, or of a name
            that another one has.
    """
    found: dict[str, HeadFiles] = {}
    for folder in folders:
        own = [_checked(page, backbone_sha256, preprocessing) for page in sorted(folder.glob("*.json")) if _is(page)]
        if not own:
            raise ValueError(f"{folder} holds no head: no JSON there names the weights that it was trained on")
        for files in own:
            if files.page.name in found:
                raise ValueError(f"two heads are called {files.page.stem}")
            found[files.page.name] = files
    return list(found.values())


def carry(heads: Sequence[HeadFiles], folder: Path) -> None:
    """Copy the heads into a folder."""
    folder.mkdir(exist_ok=True)
    for files in heads:
        for path in (files.page, files.weights, files.card):
            if path is not None:
                shutil.copyfile(path, folder / path.name)


def _is(page: Path) -> bool:
    try:
        return BACKBONE in vouched.facts(page)
    except ModelUnavailable:
        return False


def _checked(page: Path, backbone_sha256: str, preprocessing: str) -> HeadFiles:
    facts = vouched.facts(page)
    of = str(facts[BACKBONE]).lower()
    if of != backbone_sha256:
        raise ValueError(f"{page.name} was trained on other weights ({of[:12]}…) than these ({backbone_sha256[:12]}…)")
    if facts.get("preprocessing") != preprocessing:
        raise ValueError(f"{page.name} was trained on pictures that were prepared otherwise")
    weights, card = page.with_suffix(".safetensors"), page.with_suffix(".md")
    try:
        refuse_other_ends(facts, weights.name)
        vouched.read(weights, str(facts.get("sha256")))
    except ModelUnavailable as error:
        raise ValueError(f"{page.name}: {wording.sentence(error)}") from error
    return HeadFiles(page, weights, card if card.is_file() else None)
