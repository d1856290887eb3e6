"""What a recipe's configuration can do: the one form that ``run`` knows."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol, Self, runtime_checkable


@dataclass(frozen=True, slots=True)
class OwnFiles:
    """Where a run finds a researcher's own data; what they hold goes into its record, by hash.

    A contrastive run takes all, another recipe those that its attribute ``own_files`` names.

    Attributes:
        manifest: Takes the place of HC18 and FETAL_PLANES_DB; pictures are relative to the data folder.
        split_table: Group -> split, for a manifest without the column split.
        written: Captions that no template made.
        textbook: Figures with their captions.
        shards: Folder that ``python -m training shards`` wrote: it takes the place of the training pictures.
    """

    manifest: Path | None = None
    split_table: Path | None = None
    written: Path | None = None
    textbook: Path | None = None
    shards: Path | None = None


@dataclass(frozen=True, slots=True)
class RunContext:
    """Where a run finds its data and leaves its results.

    Attributes:
        data: Folder of real scans, or of data that a test made in the same form.
        folder: Of this run; `save_config` makes it.
        resume: Go on from the last checkpoint in ``folder``; without one begin anew.
        own: What the run reads beside or instead of the published sets.
    """

    data: Path
    folder: Path
    smoke: bool = False
    resume: bool = False
    own: OwnFiles = field(default_factory=OwnFiles)


@runtime_checkable
class Recipe(Protocol):
    """A frozen dataclass: what a run depends on, and the run itself."""

    @property
    def name(self) -> str:
        """Of the run's folder."""

    @property
    def seed(self) -> int:
        """Of everything that is drawn."""

    def smoke(self) -> Self:
        """Return the same run so small that it takes seconds."""

    def execute(self, context: RunContext) -> None:
        """Run it."""


def refuse_several_processes(name: str) -> None:
    """Pass where this is the run's only process.

    Raises:
        ValueError: ``torchrun`` started several: each would write the same files.
    """
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count > 1:
        raise ValueError(f"{name} is trained in one process, and {count} were started: start it without torchrun")


def save_config(config: Any, folder: Path, **facts: Any) -> None:
    """Write what the run depends on, and the revision of the code, beside its checkpoint."""
    folder.mkdir(parents=True, exist_ok=True)
    told = {"config": asdict(config), "revision": git_revision(), **facts}
    text = json.dumps(told, indent=2, sort_keys=True, default=str)
    (folder / "config.json").write_text(text + "\n", encoding="utf-8")


def git_revision() -> str:
    """Return the revision of the code that runs, with ``+changed`` where tracked code or resources differ from it.

    'unknown' without git, and where no repository tracks this folder: one around site-packages is another project's.
    """
    try:
        told = _git("rev-parse", "--verify", "HEAD")
        tracked = _git("ls-files", "--error-unmatch", "--", "training/recipe.py")
        changed = _git("diff", "--quiet", "HEAD", "--", "training", "fetalclip_app", "resources")
    except OSError:
        return "unknown"
    if told.returncode or tracked.returncode:
        return "unknown"
    return told.stdout.strip() + ("+changed" if changed.returncode else "")


def _git(*arguments: str) -> subprocess.CompletedProcess[str]:
    where = Path(__file__).resolve().parent.parent
    return subprocess.run(["git", "-C", str(where), *arguments], capture_output=True, text=True, check=False)
