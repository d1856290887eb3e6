"""The files that are about to be de-identified, and the work on each; no widget and no thread in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from fetalclip_app import settings
from fetalclip_app.domain.calibration import Box
from fetalclip_app.domain.clip import Pixels
from fetalclip_app.errors import ErrorCode, FetalClipError, InvalidInput, NotDeidentified
from fetalclip_app.imaging.deidentify import engine
from fetalclip_app.imaging.deidentify.engine import Opened, Seen, Written
from fetalclip_app.imaging.deidentify.identifiers import Identifiers, key_from
from fetalclip_app.imaging.deidentify.mask import Mask, MaskSource
from fetalclip_app.imaging.deidentify.mask_book import MaskBook, RememberedMask, load_book
from fetalclip_app.imaging.deidentify.naming import Names
from fetalclip_app.imaging.deidentify.ocr import RapidReader
from fetalclip_app.imaging.deidentify.sight import Work
from fetalclip_app.imaging.deidentify.texts import FoundText, TextKind, TextReader, normal
from fetalclip_app.progress import CancelToken, Report, silent


# eq=False: holds arrays, and is itself and no other.
@dataclass(eq=False, slots=True)
class Case:
    """One file on its way.

    Attributes:
        picture: Its first frame.
        seen: What an OCR found inside the mask as it is now; None before it looked, and after the mask was changed.
        harmless: Texts that a person called so, as `normal` writes them.
        is_edited: A person moved the mask's edges.
        error: Why the file cannot be de-identified at all.
        failure: Why it could not be written when that was tried last.
    """

    path: Path
    opened: Opened | None = None
    picture: Pixels | None = None
    mask: Mask | None = None
    seen: Seen | None = None
    harmless: set[str] = field(default_factory=set)
    is_edited: bool = False
    written: Written | None = None
    error: FetalClipError | None = None
    failure: FetalClipError | None = None

    @property
    def is_undrawn(self) -> bool:
        """Whether the mask still keeps the whole picture, banner and all."""
        return self.mask is not None and self.mask.keeps_all

    @property
    def questions(self) -> tuple[FoundText, ...]:
        """Texts that a person has to look at."""
        return () if self.seen is None else tuple(t for t in self.seen.texts if self._is_open(t))

    @property
    def texts(self) -> tuple[FoundText, ...]:
        """Every text that was found."""
        return () if self.seen is None else self.seen.texts

    def set_mask(self, mask: Mask) -> None:
        """Take a mask that a person drew: what was seen before does not count any more."""
        self.mask = replace(mask, source=MaskSource.GIVEN)
        self.is_edited = True
        self._forget()

    def call_harmless(self, text: FoundText) -> None:
        """Note that a person looked at a text."""
        self.harmless.add(normal(text.text))

    def blank(self, text: FoundText) -> None:
        """Blank a text of this file; what is kept, and who says so, stays as it is."""
        if self.opened is not None and self.seen is not None:
            self.mask = engine.without_texts(self.opened, self.seen, (text,))
            self._forget()

    def _forget(self) -> None:
        self.seen, self.written, self.failure = None, None, None

    def _is_open(self, text: FoundText) -> bool:
        return text.needs_a_person and (text.kind is TextKind.IDENTIFYING or normal(text.text) not in self.harmless)


class Desk:
    """What all files share: the key, the names, the remembered masks, and the OCR once it is needed.

    Its methods are the blocking work on a case; one at a time, on any thread.
    """

    def __init__(self, reader: TextReader | None = None) -> None:
        self.identifiers = Identifiers(key_from(settings.key_file()))
        self.names = Names(self.identifiers)
        self.book: MaskBook = load_book(settings.masks_file())
        self._reader = reader

    def prepare(self, path: Path, cancel: CancelToken) -> Case:
        """Open a file and find its mask; what stands in the way is in the case."""
        cancel.check()
        case = Case(path)
        try:
            case.opened = engine.open_original(path, self.identifiers)
            case.picture = case.opened.clip.frame(0).pixels
            known = self.book.find(case.opened.scanner)
            case.harmless = set(known.harmless) if known is not None else set()
            case.mask = self._mask(case.opened, known)
        except FetalClipError as error:
            case.error = error
        return case

    def look(self, case: Case, cancel: CancelToken, report: Report) -> Case:
        """Look for text inside the mask, and blank what identifies.

        Raises:
            NotDeidentified: TEXT_READER_MISSING, or SCAN_NOT_FOUND where nobody has drawn a mask yet.
        """
        opened, mask = _ready(case)
        if self._reader is None:
            self._reader = RapidReader()
        harmless = frozenset(case.harmless)
        work = Work(cancel, report)
        case.seen = engine.look_and_blank(opened, mask, self._reader, harmless=harmless, work=work)
        case.mask = case.seen.mask
        return case

    def write(self, cases: Sequence[Case], folder: Path, cancel: CancelToken, report: Report) -> list[Case]:
        """Look where nobody looked yet, write what has a drawn mask and no open question; return the others.

        A file that fails keeps no other one back: why it failed is in its case.

        Raises:
            NotDeidentified: TEXT_READER_MISSING.
        """
        waiting: list[Case] = []
        for done, case in enumerate(cases):
            report(done, len(cases))
            case.failure = None
            try:
                is_written = self._write(case, folder, cancel)
            except FetalClipError as error:
                if error.code is ErrorCode.TEXT_READER_MISSING:
                    raise
                case.failure, is_written = error, False
            if not is_written:
                waiting.append(case)
        return waiting

    def _write(self, case: Case, folder: Path, cancel: CancelToken) -> bool:
        """Write a case, or return False where it waits for a person."""
        if case.mask is None or case.is_undrawn:
            return False
        if case.seen is None:
            self.look(case, cancel, silent)
        opened, _mask = _ready(case)
        if case.questions or case.seen is None:
            return False
        name = self.names.of(case.path, case.path, opened) if case.written is None else case.written.path
        case.written = engine.write(opened, case.seen, folder / name.name, confirmed=True, cancel=cancel)
        return True

    def remember(self, case: Case) -> None:
        """Keep the edges that a person drew, and what they called harmless, for this scanner.

        Where texts were blanked stays with the file: the next one has them elsewhere, or a scan in their place.

        Raises:
            ExportFailed: The file of masks cannot be written.
        """
        is_drawn = case.is_edited and not case.is_undrawn
        if case.opened is None or not case.opened.scanner.is_known or not (is_drawn or case.harmless):
            return
        old = self.book.find(case.opened.scanner)
        harmless = tuple(sorted(case.harmless))
        if is_drawn and case.mask is not None:
            boxes = old.mask().blank if old is not None else ()
            kept = RememberedMask.of(case.opened.scanner, replace(case.mask, blank=boxes), harmless)
        elif old is not None:
            kept = old.model_copy(update={"harmless": harmless})
        else:
            kept = RememberedMask(scanner=case.opened.scanner, keep=(), harmless=harmless)
        self.book = self.book.having(kept)
        self.book.save(settings.masks_file())

    def _mask(self, opened: Opened, known: RememberedMask | None) -> Mask | None:
        try:
            return engine.choose_mask(opened, known)
        except NotDeidentified as error:
            if error.code is not ErrorCode.SCAN_NOT_FOUND:
                raise
            return None
        except InvalidInput:  # what is remembered does not fit this picture
            return None


def whole_picture(opened: Opened) -> Mask:
    """Return a mask that blanks nothing, for a person to draw in."""
    height, width = opened.clip.height, opened.clip.width
    return Mask(height, width, (Box(0, 0, width, height),), MaskSource.GIVEN)


def _ready(case: Case) -> tuple[Opened, Mask]:
    if case.error is not None:
        raise case.error
    if case.opened is None or case.mask is None:
        raise NotDeidentified(ErrorCode.SCAN_NOT_FOUND, name=case.path.name)
    return case.opened, case.mask
