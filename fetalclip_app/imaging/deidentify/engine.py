"""One file: what is to be done, what stands in the way, and the de-identified copy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydicom import dcmread
from pydicom.dataset import Dataset

from fetalclip_app.domain.clip import Clip
from fetalclip_app.errors import ErrorCode, InvalidInput, NotDeidentified, UnreadableFile
from fetalclip_app.imaging.deidentify import record
from fetalclip_app.imaging.deidentify.attributes import Cleaned, clean
from fetalclip_app.imaging.deidentify.check import check
from fetalclip_app.imaging.deidentify.identifiers import Identifiers
from fetalclip_app.imaging.deidentify.jpeg_frames import grid_of
from fetalclip_app.imaging.deidentify.looks import few_frames
from fetalclip_app.imaging.deidentify.mask import Mask, find_mask, grown, misfit
from fetalclip_app.imaging.deidentify.mask_book import RememberedMask, Scanner
from fetalclip_app.imaging.deidentify.sight import Sight, Work
from fetalclip_app.imaging.deidentify.storing import store
from fetalclip_app.imaging.deidentify.texts import FoundText, TextKind, TextReader
from fetalclip_app.imaging.files.finding import content_at
from fetalclip_app.imaging.files.sniff import Kind, kind_of
from fetalclip_app.imaging.guard import reading
from fetalclip_app.imaging.readers import read_clip
from fetalclip_app.progress import CancelToken, silent

_ROUNDS = 3
"""How often text is blanked and looked for again: blanking a line can bring out what it had hidden."""

_TEXT_MARGIN = 3
"""Pixels around a text that are blanked with it: the OCR's boxes cut letters short."""


@dataclass(frozen=True, eq=False, slots=True)
class Opened:
    """A file that is about to be de-identified: nothing is written yet.

    Attributes:
        syntax: Transfer syntax that the file states.
        size: Bytes of the file.
        grid: Height and width of what can only be blanked as a whole.
    """

    clip: Clip
    scanner: Scanner
    cleaned: Cleaned
    syntax: str
    size: int
    grid: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Seen:
    """A mask with what an OCR found inside it.

    Attributes:
        frames_alike: How many frames it did not read, because they show nothing else than one that it did.
    """

    mask: Mask
    texts: tuple[FoundText, ...] = ()
    frames_read: tuple[int, ...] = ()
    frames_alike: int = 0

    @property
    def open_questions(self) -> tuple[FoundText, ...]:
        """Texts that somebody has to look at."""
        return tuple(text for text in self.texts if text.needs_a_person)


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a file.

    Attributes:
        bytes_before, bytes_after: Sizes of the two files.
        is_recoded: Compressed pixels were decoded and stored without further loss, so that the file may have grown.
    """

    path: Path
    seen: Seen
    pseudonym: str
    instance_uid: str
    frames: int
    bytes_before: int
    bytes_after: int
    is_recoded: bool
    checked_by_person: bool


def open_original(path: Path, identifiers: Identifiers) -> Opened:
    """Read a file and work out its new header.

    Raises:
        UnreadableFile: It cannot be read, or not to its end.
        NotDeidentified: NOT_DICOM; PATIENT_UNCLEAR where its study was another patient's before; IDENTITY_LEFT for a
            class of object that the standard does not know.
    """
    with reading(path):
        content = content_at(path)
        kind = kind_of(content)
    if kind is not Kind.DICOM:
        raise NotDeidentified(ErrorCode.NOT_DICOM, name=path.name)
    clip = read_clip(path)  # checks a member of an archive, too
    if clip.missing_frames:
        raise UnreadableFile(ErrorCode.FILE_TRUNCATED, name=path.name)
    with reading(path), content.open() as stream:
        original = dcmread(stream, stop_before_pixels=True, force=True)
        cleaned = clean(_with_head(original), identifiers)
        if "SOPInstanceUID" not in cleaned.dataset:  # type 1 (PS3.3 C.12.1), yet some writers forget it
            cleaned.dataset.SOPInstanceUID = identifiers.uid(str(clip.key))
        syntax = str(original.file_meta.get("TransferSyntaxUID") or "")
    if cleaned.is_of_another:
        raise NotDeidentified(ErrorCode.PATIENT_UNCLEAR, name=path.name)
    if "SOPClassUID" not in cleaned.dataset:
        raise NotDeidentified(ErrorCode.IDENTITY_LEFT, name=path.name, reason="its class of object is no standard one")
    with reading(path):  # JPEG frames are looked into for their blocks
        return Opened(clip, Scanner.of(original), cleaned, syntax, content.size, grid_of(clip))


def choose_mask(opened: Opened, known: RememberedMask | None = None) -> Mask:
    """Return the mask that is known for this scanner, else the one that the file itself shows.

    Raises:
        NotDeidentified: SCAN_NOT_FOUND.
        InvalidInput: MASK_INVALID where the known one keeps the whole picture, or leaves out a region of this file.
    """
    is_known = known is not None and known.has_mask
    mask = known.mask() if known is not None and is_known else find_mask(opened.clip, opened.grid)
    if mask is None or not mask.visible().any():
        raise NotDeidentified(ErrorCode.SCAN_NOT_FOUND, name=opened.clip.path.name)
    if is_known and (problem := misfit(mask, opened.clip)):
        name = f"What is kept of {opened.clip.path.name}"
        raise InvalidInput(ErrorCode.MASK_INVALID, name=name, problem=problem)
    return mask


def without_texts(opened: Opened, seen: Seen, texts: tuple[FoundText, ...]) -> Mask:
    """Return the mask with these texts blanked."""
    size = opened.clip.height, opened.clip.width
    return seen.mask.without(grown(text.box, _TEXT_MARGIN, opened.grid, size) for text in texts)


def look_and_blank(
    opened: Opened,
    mask: Mask,
    reader: TextReader,
    *,
    harmless: frozenset[str] = frozenset(),
    every_question: bool = False,
    work: Work | None = None,
) -> Seen:
    """Look for text and blank what identifies, until nothing of it is found any more.

    What stands there all the time is blanked first, so that a whole cine is seldom read more than once.

    Args:
        every_question: Blank what nobody has called harmless as well.
    """
    sight = _sight(opened, reader, harmless, work or Work(CancelToken(), silent))
    for choose in (lambda still: few_frames(opened.clip), sight.frames):
        seen = _seen(sight, mask, choose(mask))
        for _ in range(_ROUNDS):
            unwanted = tuple(t for t in seen.open_questions if every_question or t.kind is TextKind.IDENTIFYING)
            if not unwanted:
                break
            seen = _seen(sight, without_texts(opened, seen, unwanted), seen.frames_read)
        mask = seen.mask
    return seen


def write(
    opened: Opened,
    seen: Seen,
    target: Path,
    *,
    confirmed: bool = False,
    cancel: CancelToken | None = None,
) -> Written:
    """Write the de-identified copy and check it.

    Args:
        confirmed: A person has looked at every text that is left and calls it harmless. That never covers one that
            resembles what the header said of the patient.

    Raises:
        NotDeidentified: TEXT_LEFT, FILE_TOO_LARGE or IDENTITY_LEFT; nothing is left at ``target``.
        ExportFailed: It cannot be written.
    """
    clip, questions = opened.clip, seen.open_questions
    held_back = [text for text in questions if not confirmed or text.kind is TextKind.IDENTIFYING]
    if held_back:
        texts = ", ".join(sorted({f"“{text.text}”" for text in held_back}))
        raise NotDeidentified(ErrorCode.TEXT_LEFT, name=clip.path.name, texts=texts)
    dataset = _new_header(opened)
    record.record_method(dataset, seen.mask.source, _who_looked(seen, len(clip)))
    record.record_lossy(dataset, opened.syntax)
    visible = seen.mask.visible()
    expected, is_recoded = store(target, dataset, (clip, opened.syntax), visible, cancel or CancelToken())
    try:
        check(target, clip, expected, opened.cleaned.identity)
    except (NotDeidentified, UnreadableFile):
        target.unlink(missing_ok=True)
        raise
    return Written(
        path=target,
        seen=seen,
        pseudonym=str(dataset.PatientID),
        instance_uid=str(dataset.SOPInstanceUID),
        frames=len(clip),
        bytes_before=opened.size,
        bytes_after=target.stat().st_size,
        is_recoded=is_recoded,
        checked_by_person=bool(questions),
    )


def _sight(opened: Opened, reader: TextReader, harmless: frozenset[str], work: Work) -> Sight:
    device = f"{opened.scanner.manufacturer} {opened.scanner.model}"
    return Sight(opened.clip, device, opened.cleaned.identity, reader, harmless, work)


def _seen(sight: Sight, mask: Mask, frames: Sequence[int]) -> Seen:
    return Seen(mask, sight.texts(mask, frames), tuple(frames), len(sight.clip) - len(frames))


def _new_header(opened: Opened) -> Dataset:
    """Return the cleaned header with what a file cannot be without."""
    dataset = Dataset()
    dataset.update(opened.cleaned.dataset)
    if any(not str(element.value).isascii() for element in dataset if element.VR in ("LO", "SH")):
        dataset.SpecificCharacterSet = "ISO_IR 192"
    return dataset


def _who_looked(seen: Seen, frames: int) -> record.Looked:
    """Return who looked at all of it: a look at some frames of a cine says nothing about the others."""
    if len(seen.frames_read) + seen.frames_alike < frames:
        return record.Looked.NOBODY
    return record.Looked.PERSON if seen.open_questions else record.Looked.OCR


def _with_head(original: Dataset) -> Dataset:
    """Return the data set with an instance UID, which old files state in their head only."""
    if "SOPInstanceUID" not in original and "MediaStorageSOPInstanceUID" in original.file_meta:
        original.SOPInstanceUID = original.file_meta.MediaStorageSOPInstanceUID
        original.SOPClassUID = original.file_meta.MediaStorageSOPClassUID
    return original
