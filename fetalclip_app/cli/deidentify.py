"""De-identifies files and folders from the command line: one sentence for each file, a log without names."""

from __future__ import annotations

import argparse
import csv
import io
import json
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fetalclip_app import __version__, settings, wording
from fetalclip_app.atomic import write_bytes, write_whole
from fetalclip_app.cli.speak import say
from fetalclip_app.errors import FetalClipError
from fetalclip_app.imaging.deidentify import engine
from fetalclip_app.imaging.deidentify.engine import Opened, Seen, Written
from fetalclip_app.imaging.deidentify.identifiers import Identifiers, key_from, random_key
from fetalclip_app.imaging.deidentify.mask_book import MaskBook, RememberedMask, given_mask, load_book
from fetalclip_app.imaging.deidentify.naming import Names
from fetalclip_app.imaging.deidentify.ocr import RapidReader
from fetalclip_app.imaging.deidentify.pseudonyms import read_pseudonyms
from fetalclip_app.imaging.deidentify.record import METHODS
from fetalclip_app.imaging.deidentify.texts import TextReader
from fetalclip_app.imaging.readers import list_files
from fetalclip_app.report.proof_sheet import Proof, proof_of, write_proof_sheet
from fetalclip_app.wording.translate import translate

LOG = "deidentified.json"


@dataclass(frozen=True, slots=True)
class _Tools:
    """What every file needs."""

    identifiers: Identifiers
    reader: TextReader
    book: MaskBook
    names: Names
    given: argparse.Namespace


@dataclass(slots=True)
class _Results:
    """What came of the files so far."""

    log: list[dict[str, Any]] = field(default_factory=list)
    crosswalk: list[dict[str, str]] = field(default_factory=list)
    proofs: list[Proof] = field(default_factory=list)


def deidentify(given: argparse.Namespace) -> int:
    """Write a copy of each file, as far as that is safe; return the exit status.

    Raises:
        InvalidInput: The key, the pseudonyms or the mask cannot be used; nothing was written.
        NotDeidentified: TEXT_READER_MISSING; nothing was written.
        ExportFailed: The log or another table could not be written.
    """
    tools = _tools(given)
    if given.key is None:
        say(translate("Without --key nobody, you neither, can make these UIDs and pseudonyms a second time."))
    files = [(path, root) for root in given.paths for path in list_files([root])]
    results = _Results()
    try:
        for number, (path, root) in enumerate(files, start=1):
            began = time.monotonic()
            sentence = _one(path, root, number, tools, results)
            say(f"[{number}/{len(files)}] {path}: {sentence} ({time.monotonic() - began:.1f} s)")
    finally:  # whoever stops halfway has copies already, and needs the way back
        _write_tables(given, results)
    refused = sum(1 for entry in results.log if entry["status"] == "refused")
    say(
        translate(
            "{count} of {total} files de-identified: {folder}",
            count=len(files) - refused,
            total=len(files),
            folder=given.out,
        )
    )
    return 1 if refused else 0


def _tools(given: argparse.Namespace) -> _Tools:
    key = random_key() if given.key is None else key_from(given.key)
    pseudonyms = {} if given.pseudonyms is None else read_pseudonyms(given.pseudonyms)
    identifiers = Identifiers(key, pseudonyms)
    book = load_book(settings.masks_file())
    return _Tools(identifiers, RapidReader(), book, Names(identifiers), given)


def _one(path: Path, root: Path, number: int, tools: _Tools, results: _Results) -> str:
    """De-identify one file and note it; return the sentence about it."""
    try:
        opened = engine.open_original(path, tools.identifiers)
        seen = _look(opened, tools)
        target = tools.given.out / tools.names.of(path, root, opened)
        if tools.given.report is not None:
            title = f"{number} · {tools.names.shown(target, tools.given.out)}"
            results.proofs.append(proof_of(opened, seen, title))
        written = engine.write(opened, seen, target, confirmed=tools.given.confirm_text)
    except FetalClipError as error:
        results.log.append({"input": number, "status": "refused", "reason": str(error.code)})
        return f"{wording.sentence(error)} {wording.hint(error)}"
    results.log.append(_entry(number, written, tools))
    results.crosswalk.append(_row(path, opened, written, tools))
    return wording.deidentified(written.path.name, seen.mask.source, written.bytes_before, written.bytes_after)


def _look(opened: Opened, tools: _Tools) -> Seen:
    known = _known(opened, tools)
    mask = engine.choose_mask(opened, known)
    harmless = frozenset(known.harmless) if known is not None else frozenset()
    return engine.look_and_blank(opened, mask, tools.reader, harmless=harmless, every_question=tools.given.blank_text)


def _known(opened: Opened, tools: _Tools) -> RememberedMask | None:
    if tools.given.mask is not None:
        return given_mask(tools.given.mask, opened.scanner)
    return tools.book.find(opened.scanner)


def _entry(number: int, written: Written, tools: _Tools) -> dict[str, Any]:
    """Return the log's entry: nothing of the original in it but its size."""
    mask = written.seen.mask
    kinds = Counter(str(text.kind) for text in written.seen.texts)
    return {
        "input": number,
        "status": "written",
        "file": tools.names.shown(written.path, tools.given.out),
        "frames": written.frames,
        "mask": str(mask.source),
        "keep": [[box.left, box.top, box.right, box.bottom] for box in mask.keep],
        "blank": [[box.left, box.top, box.right, box.bottom] for box in mask.blank],
        "frames_read_for_text": [index + 1 for index in written.seen.frames_read],
        "texts_left": dict(sorted(kinds.items())),
        "confirmed_by_person": written.checked_by_person,
        "stored_anew": written.is_recoded,
        "bytes_before": written.bytes_before,
        "bytes_after": written.bytes_after,
    }


def _row(path: Path, opened: Opened, written: Written, tools: _Tools) -> dict[str, str]:
    patient = opened.cleaned.patient
    return {
        "original_file": str(path),
        "file": tools.names.shown(written.path, tools.given.out),
        "patient": patient.replace("\0", " "),
        "pseudonym": written.pseudonym,
        "days_back": str(tools.identifiers.days_back(patient)),
        "original_instance_uid": opened.clip.origin.instance_uid,
        "instance_uid": written.instance_uid,
    }


def _write_tables(given: argparse.Namespace, results: _Results) -> None:
    given.out.mkdir(parents=True, exist_ok=True)
    log = {
        "program": f"FetalCLIP Studio {__version__}",
        "methods": [{"code": code, "meaning": meaning} for code, meaning in METHODS],
        "files": results.log,
    }
    write_bytes(given.log or given.out / LOG, json.dumps(log, indent=2).encode())
    if given.crosswalk is not None:
        _write_crosswalk(given.crosswalk, results.crosswalk)
    if given.report is not None:
        write_proof_sheet(given.report, results.proofs)
        say(translate("Proof sheet: {path}", path=given.report))


def _write_crosswalk(path: Path, rows: list[dict[str, str]]) -> None:
    """Write the table for its owner alone."""
    text = io.StringIO()
    columns = ["original_file", "file", "patient", "pseudonym", "days_back", "original_instance_uid", "instance_uid"]
    writer = csv.DictWriter(text, columns)
    writer.writeheader()
    writer.writerows(rows)

    def write(temporary: Path) -> None:
        temporary.touch(mode=0o600)  # before anything is in it
        temporary.write_bytes(text.getvalue().encode())

    write_whole(path, write)
