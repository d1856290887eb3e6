"""The user's own table of pseudonyms: a CSV with the columns patient_id and pseudonym."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from pathlib import Path

from fetalclip_app.errors import ErrorCode, InvalidInput

_COLUMNS = {"patient_id", "pseudonym"}
_PSEUDONYM = re.compile(r"[A-Za-z0-9._ -]{1,64}")
"""What an ID (LO, PS3.5 6.2) may be, less what a name or a path has a use for."""


def read_pseudonyms(path: Path) -> Mapping[str, str]:
    """Return pseudonyms by patient ID.

    Raises:
        InvalidInput: PSEUDONYMS_INVALID, with the line.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            if not set(reader.fieldnames or ()) >= _COLUMNS:
                raise _invalid(path, 1, "the columns patient_id and pseudonym are not there")
            return _table(path, reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InvalidInput(ErrorCode.PSEUDONYMS_INVALID, name=path.name) from error


def _table(path: Path, reader: csv.DictReader[str]) -> dict[str, str]:
    table: dict[str, str] = {}
    for line, row in enumerate(reader, start=2):
        patient, pseudonym = (str(row[column] or "").strip() for column in ("patient_id", "pseudonym"))
        checks = (
            (patient == "", "there is no patient_id"),
            (_PSEUDONYM.fullmatch(pseudonym) is None, "the pseudonym is empty, too long, or not of plain letters"),
            (patient in table, "this patient_id was there before"),
            (pseudonym in table.values(), "this pseudonym was there before"),
            (pseudonym.casefold() == patient.casefold(), "the pseudonym is the patient_id"),
        )
        problem = next((words for is_wrong, words in checks if is_wrong), "")
        if problem:
            raise _invalid(path, line, problem)
        table[patient] = pseudonym
    return table


def _invalid(path: Path, line: int, problem: str) -> InvalidInput:
    return InvalidInput(ErrorCode.PSEUDONYMS_INVALID, name=path.name, line=line, problem=problem)
