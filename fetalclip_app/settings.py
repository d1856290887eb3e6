"""What the user chose, kept between two runs."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any, Literal

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from fetalclip_app.atomic import write_bytes
from fetalclip_app.domain.biometry import BpdDefinition, Chart
from fetalclip_app.domain.precision import Precision
from fetalclip_app.domain.probes import NamedBy
from fetalclip_app.domain.timing import PlayMode
from fetalclip_app.errors import ErrorCode, ExportFailed

_log = logging.getLogger(__name__)

APP_NAME = "fetalclip-studio"

HOME_VARIABLE = "FETALCLIP_STUDIO_HOME"
"""Names a folder that holds settings, log, archive, view sets and fetched weights in place of the system's own."""

RECENT_LIMIT = 10

ModelChoice = Literal["compact", "fetalclip", "bundle", "custom"]
ThemeChoice = Literal["dark", "light", "contrast"]
DeviceChoice = Literal["auto", "cpu", "cuda"]


class Settings(BaseModel):
    """All choices. A changed choice makes a new value (`model_copy`).

    Attributes:
        weights: Of the model ``fetalclip`` or ``custom``; the folder of a ``bundle``.
        config: The open_clip configuration of a ``custom``.
        precision: Which roads the image tower may take.
        checklist: File of the protocol's checklist; None is the bundled one.
        checklist_open: Its card shows the items, and not the heading alone.
        views, brain_views: Files of view sets; None is the bundled one.
        views_by, brain_views_by: What names the views: prompts, or the model's probe.
        licence_accepted: SHA-256 of the licence text that was accepted; empty before.
        recent: Files and folders, the last opened first.
        play_mode: What follows the last frame of a cine whose file does not say.
        play_speed: Multiple of a cine's own pace; 1 is taken where the program does not offer it.
        bpd_definition: Between which edges a BPD was last drawn; None before anybody was asked.
        growth_chart: Whose centiles the window shows first.
        measure_first: The model's value of a measure stays hidden until the person has measured it.
        operator: Who reads, as it stands beside what a person did and in reports; empty where nobody said.
        keep_names: Whose a study is and where its files lie is kept, so that it is found by that.
        language: Two letters; empty is the system's.
        size_percent: Of text and controls, on top of the system's own factor.
        keys: Of the commands whose keys the user changed, in Qt's portable form.
        notice_seen: Version of the text that is shown once, at the first start.
        grid: Clips in a row of the picture's place, and rows of them.
        window_state: Qt's own words for place and size of the window, base64.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    model: ModelChoice = "compact"
    weights: Path | None = None
    config: Path | None = None
    device: DeviceChoice = "auto"
    precision: Precision = Precision.AUTO
    views: Path | None = None
    brain_views: Path | None = None
    views_by: NamedBy = NamedBy.PROMPTS
    brain_views_by: NamedBy = NamedBy.PROMPTS
    checklist: Path | None = None
    growth_chart: Chart = Chart.WHO
    checklist_open: bool = False
    licence_accepted: str = ""
    recent: tuple[Path, ...] = ()
    play_mode: PlayMode = PlayMode.LOOP
    play_speed: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    heatmap_method: str = ""
    heatmap_opacity: float = Field(default=0.5, ge=0, le=1)
    show_outline: bool = True
    bpd_definition: BpdDefinition | None = None
    measure_first: bool = False
    operator: str = ""
    keep_names: bool = True
    theme: ThemeChoice = "dark"
    language: str = ""
    size_percent: int = Field(default=100, ge=100, le=300)
    keys: dict[str, tuple[str, ...]] = {}
    shows_clips: bool = True
    shows_findings: bool = True
    clips_px: int = Field(default=220, ge=0)
    findings_px: int = Field(default=340, ge=0)
    grid: int = Field(default=1, ge=1, le=3)
    notice_seen: int = 0
    window_state: str = ""

    @model_validator(mode="before")
    @classmethod
    def _of_older_programs(cls, saved: Any) -> Any:
        """Keep the choice of those who switched the loop off when it was a switch."""
        if isinstance(saved, dict) and saved.get("loop") is False:
            return {"play_mode": PlayMode.ONCE, **saved}
        return saved

    def with_recent(self, path: Path) -> Settings:
        """Return these settings with ``path`` as the last opened."""
        others = tuple(known for known in self.recent if known != path)
        return self.model_copy(update={"recent": (path, *others)[:RECENT_LIMIT]})


def folder() -> Path:
    """Return the folder of settings, log and fetched weights; it may not exist yet."""
    named = os.environ.get(HOME_VARIABLE, "")
    return Path(named) if named else Path(platformdirs.user_config_dir(APP_NAME, appauthor=False))


def view_sets_folder() -> Path:
    """Return the folder of the user's own view sets; it may not exist yet."""
    return folder() / "prompts"


def archive_file() -> Path:
    """Return the path of the archive, in the folder of the user's data; it may not exist yet."""
    named = os.environ.get(HOME_VARIABLE, "")
    data = Path(named) if named else Path(platformdirs.user_data_dir(APP_NAME, appauthor=False))
    return data / "archive.db"


def checklists_folder() -> Path:
    """Return the folder of the user's own checklists; it may not exist yet."""
    return folder() / "checklists"


def template_file() -> Path:
    """Return the path of the user's own template of the report; it may not exist."""
    return folder() / "report_template.json"


def masks_file() -> Path:
    """Return the path of the masks remembered for scanners (de-identification); it may not exist yet."""
    return folder() / "masks.json"


def key_file() -> Path:
    """Return the path of the secret that makes pseudonyms in the window; it may not exist yet."""
    return folder() / "deidentify.key"


def file() -> Path:
    """Return the path of the settings file; it may not exist yet."""
    return folder() / "settings.json"


def load() -> Settings:
    """Return the saved settings. A file that is damaged is set aside as ``settings.damaged.json``, not lost."""
    path = file()
    try:
        return Settings.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return Settings()
    except (ValidationError, OSError) as error:
        _log.warning("the settings cannot be read and are set aside: %s", error)
        _set_aside(path)
        return Settings()


def save(settings: Settings) -> None:
    """Write the settings, whole or not at all.

    Raises:
        ExportFailed: The folder cannot be written to, or the disk is full; those saved before are as they were.
    """
    path = file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportFailed(ErrorCode.EXPORT_FAILED, name=path.name, problem=error.strerror or "") from error
    write_bytes(path, settings.model_dump_json(indent=2).encode("utf-8"))


def _set_aside(path: Path) -> None:
    try:
        path.replace(path.with_suffix(".damaged.json"))
    except OSError as error:
        _log.warning("nor can they be set aside: %s", error)
