"""Masks remembered for each scanner, in one file of the user."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydicom.dataset import Dataset

from fetalclip_app.atomic import write_bytes
from fetalclip_app.domain.calibration import Box
from fetalclip_app.errors import ErrorCode, InvalidInput
from fetalclip_app.imaging.deidentify.mask import Mask, MaskSource

_Corners = tuple[int, int, int, int]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Scanner(_Strict):
    """What decides where a screen shows what: maker, model, software and size of the picture."""

    manufacturer: str
    model: str
    software: str
    rows: int
    columns: int

    @classmethod
    def of(cls, dataset: Dataset) -> Scanner:
        """Return the scanner that a header names."""
        texts = [_text(dataset, keyword) for keyword in ("Manufacturer", "ManufacturerModelName", "SoftwareVersions")]
        return cls(
            manufacturer=texts[0],
            model=texts[1],
            software=texts[2],
            rows=int(dataset.Rows),
            columns=int(dataset.Columns),
        )

    @property
    def is_known(self) -> bool:
        """Whether it has a name: a mask for nobody's scanner would be taken for everybody's."""
        return bool(self.manufacturer and self.model)


class RememberedMask(_Strict):
    """One scanner's mask, and which texts inside it a person called harmless.

    Without anything to keep only the texts are remembered, and each file's own mask is taken.
    """

    scanner: Scanner
    keep: tuple[_Corners, ...]
    outlines: tuple[tuple[tuple[int, int], ...], ...] = ()
    blank: tuple[_Corners, ...] = ()
    harmless: tuple[str, ...] = ()

    @classmethod
    def of(cls, scanner: Scanner, mask: Mask, harmless: tuple[str, ...] = ()) -> RememberedMask:
        """Return what to remember of a mask."""
        return cls(
            scanner=scanner,
            keep=tuple(map(_corners, mask.keep)),
            outlines=mask.outlines,
            blank=tuple(map(_corners, mask.blank)),
            harmless=harmless,
        )

    @property
    def has_mask(self) -> bool:
        """Whether there is a mask in it."""
        return bool(self.keep or self.outlines)

    def mask(self) -> Mask:
        """Return the mask.

        Raises:
            ValueError: A rectangle of it is empty.
        """
        keep, blank = (tuple(Box(*corners) for corners in boxes) for boxes in (self.keep, self.blank))
        size = self.scanner.rows, self.scanner.columns
        return Mask(*size, keep, MaskSource.REMEMBERED, self.outlines, blank)


class MaskBook(_Strict):
    """All remembered masks."""

    version: Literal[1] = 1
    masks: tuple[RememberedMask, ...] = Field(default=())

    def find(self, scanner: Scanner) -> RememberedMask | None:
        """Return what is remembered of a scanner."""
        return next((each for each in self.masks if scanner.is_known and each.scanner == scanner), None)

    def having(self, mask: RememberedMask) -> MaskBook:
        """Return this book with ``mask`` in the place of what it knew of that scanner."""
        others = (each for each in self.masks if each.scanner != mask.scanner)
        return MaskBook(masks=(*others, mask))

    def save(self, path: Path) -> None:
        """Write the book, whole or not at all.

        Raises:
            ExportFailed: It cannot be written.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(path, self.model_dump_json(indent=2).encode())


def load_book(path: Path) -> MaskBook:
    """Return the remembered masks; none where there is no such file yet.

    Raises:
        InvalidInput: MASK_INVALID for a file that is none, or of a later version.
    """
    try:
        book = MaskBook.model_validate_json(path.read_bytes())
        for each in book.masks:
            each.mask()
    except FileNotFoundError:
        return MaskBook()
    except (ValidationError, ValueError, OSError) as error:
        raise InvalidInput(ErrorCode.MASK_INVALID, name=path.name) from error
    return book


def given_mask(path: Path, scanner: Scanner) -> RememberedMask:
    """Return the mask that a file holds for pictures of this size, whatever scanner made them.

    Raises:
        InvalidInput: MASK_INVALID where it has none.
    """
    if not path.is_file():
        raise InvalidInput(ErrorCode.MASK_INVALID, name=path.name, problem="there is no such file")
    book = load_book(path)
    size = (scanner.rows, scanner.columns)
    fitting = [each for each in book.masks if (each.scanner.rows, each.scanner.columns) == size]
    found = book.find(scanner) or next(iter(fitting), None)
    if found is None:
        problem = f"it has none for pictures of {scanner.columns} x {scanner.rows}"
        raise InvalidInput(ErrorCode.MASK_INVALID, name=path.name, problem=problem)
    return found


def _corners(box: Box) -> _Corners:
    return box.left, box.top, box.right, box.bottom


def _text(dataset: Dataset, keyword: str) -> str:
    value = dataset.get(keyword)
    values = value if isinstance(value, (list, tuple)) or hasattr(value, "append") else [value]
    return "\\".join(str(each or "").strip() for each in values)
