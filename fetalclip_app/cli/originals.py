"""Finds the files that a report was made from: by their content, whatever they are called now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fetalclip_app.cli.speak import say
from fetalclip_app.domain.clip import Clip
from fetalclip_app.errors import FetalClipError
from fetalclip_app.imaging.readers import find, read_clip
from fetalclip_app.report.verifying.rebuilding import Row
from fetalclip_app.wording import notice_sentence


@dataclass(frozen=True, eq=False, slots=True)
class Original:
    """What was found for a clip of a report.

    Attributes:
        clip: None where no file is like it.
        is_changed: It is the same DICOM instance, or the file of that name, with another content.
    """

    clip: Clip | None = None
    is_changed: bool = False

    @property
    def path(self) -> Path | None:
        """Where it lies."""
        return None if self.clip is None else self.clip.path


@dataclass(frozen=True, eq=False, slots=True)
class Originals:
    """Every scan among some folders and files."""

    _by_content: dict[str, Clip] = field(default_factory=dict)
    _by_instance: dict[str, Clip] = field(default_factory=dict)
    _by_name: dict[str, Clip] = field(default_factory=dict)

    @classmethod
    def among(cls, paths: Sequence[Path]) -> Originals:
        """Return every scan that can be read; all of each file is read once, for its digest."""
        found = cls()
        for path in paths:
            try:
                listing = find([path])
            except FetalClipError:
                continue  # it holds no scan: every number then says so
            for notice in listing.notices:
                say(notice_sentence(notice))
            for file in listing.files:
                found._add(file)
        return found

    def _add(self, path: Path) -> None:
        try:
            clip = read_clip(path)
            key = clip.key
        except FetalClipError:
            return  # no scan, or no longer one: it is nobody's original
        self._by_content.setdefault(key, clip)
        self._by_name.setdefault(path.name, clip)
        if clip.origin.instance_uid:
            self._by_instance.setdefault(clip.origin.instance_uid, clip)

    def of(self, row: Row) -> Original:
        """Return the original of an entry of a report: by its whole digest where the report has it."""
        told = row["provenance"]["clip"]
        clip = self._by_content.get(told["key"])
        digest = str(told.get("sha256", told["key"]))
        if clip is not None and clip.content_key.sha256().startswith(digest):
            return Original(clip)
        alike = self._by_instance.get(told.get("sop_instance_uid", "")) or self._by_name.get(_name(row["file"]))
        return Original(alike, is_changed=True) if alike is not None else Original()


def _name(file: str) -> str:
    return file.replace("\\", "/").rpartition("/")[2]
