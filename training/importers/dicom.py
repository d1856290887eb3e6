"""Folders of DICOM: spacing by the app's own reader, patients by a salted hash, labels from a table or from tags."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pydicom

from fetalclip_app.domain.clip import Clip
from fetalclip_app.errors import FetalClipError
from fetalclip_app.imaging.preprocess import crop_of, crop_spacing
from fetalclip_app.imaging.readers import list_files, read_clip
from training.manifest import UNUSED, Sample
from training.manifest_file import ManifestError, sample_of

LEAST_SALT = 16
"""Letters of the shortest salt: patient numbers are few, and with a short salt all of them can be tried."""

_TAGS = ("ViewCodeSequence", "SeriesDescription", "ImageComments", "StudyDescription")
"""Where scanners and departments write what a picture shows, the most exact first."""


@dataclass(frozen=True, slots=True)
class DicomFolder:
    """What is said once for all files of a folder.

    Attributes:
        data: The data folder; paths in the manifest are relative to it.
        folder: Inside ``data``.
        salt: Secret of the hospital: the same salt gives the same patient the same name. Keep it, publish it never.
        licence: Of the pictures.
        frames: How many frames of each clip become samples, evenly spread; 0 for the clip as a whole.
        names: Text of a tag, in small letters -> plane or sub-plane of the brain; empty for labels from a table only.
    """

    data: Path
    folder: Path
    salt: str
    licence: str
    source: str = "dicom"
    site: str = ""
    frames: int = 1
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Imported:
    """Samples, and (path, why not) of every file that gave none."""

    samples: tuple[Sample, ...]
    refused: tuple[tuple[str, str], ...]


def read_dicom_folder(
    said: DicomFolder, labels: Mapping[str, Mapping[str, str]], split_of: Mapping[str, str] | None = None
) -> Imported:
    """Return a sample for each frame that is asked for, and the files that cannot be used.

    Args:
        said: Of all files.
        labels: Path relative to ``said.folder`` -> columns of `training.manifest_file`, as a table tells them: plane,
            brain_plane, age_days with age_source, ``label:NAME``. A table's word goes before a tag's.
        split_of: Group -> split; a group without one is unused until a split is drawn.

    Raises:
        ValueError: The salt is too short, or ``labels`` names files that are not there.
        ManifestError: A label cannot be.
    """
    if len(said.salt) < LEAST_SALT:
        raise ValueError(f"the salt has {len(said.salt)} letters, fewer than {LEAST_SALT}")
    files = {path.relative_to(said.folder).as_posix(): path for path in list_files([said.folder])}
    unknown = sorted(set(labels) - set(files))
    if unknown:
        raise ValueError(f"{len(unknown)} files of the labels are not in {said.folder.name}: {', '.join(unknown[:20])}")
    samples: list[Sample] = []
    refused: list[tuple[str, str]] = []
    for name, path in files.items():
        try:
            samples += _samples(said, path, labels.get(name), split_of or {})
        except ManifestError as error:
            raise ManifestError(f"labels of {name}: {error}") from error
        except (FetalClipError, _Unusable) as error:
            refused.append((name, str(error)))
    return Imported(tuple(samples), tuple(refused))


class _Unusable(Exception):
    """A file that can be read and still gives no sample."""


def hashed_group(salt: str, patient: str) -> str:
    """Return a patient's name in the manifest: 16 hex digits of the HMAC-SHA-256 of the number under the salt."""
    return "patient-" + hmac.new(salt.encode(), patient.strip().encode(), hashlib.sha256).hexdigest()[:16]


def _samples(
    said: DicomFolder, path: Path, told: Mapping[str, str] | None, split_of: Mapping[str, str]
) -> Iterator[Sample]:
    clip = read_clip(path)
    labels = dict(told) if told is not None else _labels_of_tags(path, said.names)
    group = _group(clip, said.salt)
    known = {
        "picture": path.relative_to(said.data).as_posix(),
        "group": group,
        "split": split_of.get(group, UNUSED),
        "source": said.source,
        "licence": said.licence,
        "site": said.site,
        "machine": " ".join(part for part in (clip.origin.manufacturer, clip.origin.device_model) if part),
        "pixel_mm": _pixel_mm(clip),
    }
    for frame in _frames(clip, said.frames):
        yield sample_of({**known, **labels, "frame": frame}, "labels")


def _group(clip: Clip, salt: str) -> str:
    """Return the patient's group; where the file names no patient, the study's: one exam stays together."""
    if clip.origin.patient_id.strip():
        return hashed_group(salt, clip.origin.patient_id)
    if clip.origin.study_uid:
        return hashed_group(salt, f"study {clip.origin.study_uid}")
    raise _Unusable("it names neither patient nor study: nobody can say on which side of a split it belongs")


def _pixel_mm(clip: Clip) -> float | None:
    """Return the one scale of what the network sees of the clip; None where there is none to trust."""
    spacing = crop_spacing(clip.calibration, crop_of(clip))
    return spacing.isotropic_mm() if spacing is not None and spacing.is_square else None


def _frames(clip: Clip, count: int) -> list[int | None]:
    if len(clip) == 1 or count == 0:
        return [None]
    spread = (np.arange(min(count, len(clip))) + 0.5) * len(clip) / min(count, len(clip))
    return [int(frame) for frame in spread]


def _labels_of_tags(path: Path, names: Mapping[str, str]) -> dict[str, str]:
    dataset = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=list(_TAGS), force=True)
    for text in _texts(dataset):
        named = names.get(text.strip().lower())
        if named is not None:
            is_brain = named.startswith("trans-")
            return {"plane": "brain", "brain_plane": named} if is_brain else {"plane": named}
    raise _Unusable("neither the table of labels nor a tag says what it shows")


def _texts(dataset: pydicom.Dataset) -> Iterator[str]:
    for item in dataset.get("ViewCodeSequence") or ():
        yield str(item.get("CodeMeaning", ""))
    for keyword in _TAGS[1:]:
        yield str(dataset.get(keyword) or "")
