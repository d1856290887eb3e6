"""What is kept of studies, in sentences: what was found, checked, exported, imported and deleted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fetalclip_app.domain.kept import Checked, Exported, Flaw, FlawKind, FoundStudy, Imported, Taken
from fetalclip_app.wording.people import person_name
from fetalclip_app.wording.translate import mark, plural, translate
from fetalclip_app.wording.views import view_title

_FLAWS: dict[FlawKind, str] = {
    FlawKind.PAGES: mark("The file is damaged: {where}"),
    FlawKind.TABLES: mark("{where} is not as this program makes it."),
    FlawKind.HASH: mark("Entry {entry} of the trail was changed, or does not follow the one before it."),
    FlawKind.GAP: mark("Before entry {entry} of the trail another one is missing."),
    FlawKind.CUT: mark("Entries are missing at the end of the trail."),
    FlawKind.CHANGED: mark("{where} was changed since entry {entry} was written."),
    FlawKind.LOST: mark("{where} is missing, of which entry {entry} speaks, and no deletion says so."),
    FlawKind.UNRECORDED: mark("{where} is there, and no entry speaks of it."),
    FlawKind.NOTES: mark("The notes of {where} {key} are not what the acts come to."),
    FlawKind.READING: mark("{where} is not what its hash was made of."),
    FlawKind.DELETION: mark("What entry {entry} says of a deletion is not so."),
}


def flaw_told(flaw: Flaw) -> str:
    """Return what is wrong with the archive."""
    if flaw.kind is FlawKind.CUT and flaw.entry is not None:
        return translate("Before entry {entry} of the trail the end was missing.", entry=flaw.entry)
    return translate(_FLAWS[flaw.kind]).format(entry=flaw.entry, where=flaw.where, key=flaw.key)


def checked_told(checked: Checked) -> tuple[str, ...]:
    """Return what a check came to, line by line."""
    counts = (
        plural("{count} entry", "{count} entries", checked.entries),
        plural("{count} act", "{count} acts", checked.acts),
        plural("{count} reading", "{count} readings", checked.readings),
    )
    last = translate("Last entry: {number}, {hash}", number=checked.head.number, hash=checked.head.hash)
    lines = [", ".join(counts), *([last] if checked.head.number else [])]
    if not checked.is_anchored and checked.entries:
        lines.append(translate("archive.head is missing: whether the end is there cannot be told by it."))
    if checked.is_whole:
        return (*lines, translate("The archive is whole."))
    count = len(checked.flaws)
    more = plural("{count} thing in the archive is wrong.", "{count} things in the archive are wrong.", count)
    return (*lines, *(flaw_told(flaw) for flaw in checked.flaws), more)


_ENTRIES = {
    "begun": mark("trail begun"),
    "act": mark("act"),
    "reading": mark("reading"),
    "mask": mark("mask of a copy"),
    "exported": mark("file written"),
    "imported": mark("study imported"),
    "deleted": mark("study deleted"),
    "cut": mark("entries missing at the end"),
}


def entry_told(what: str) -> str:
    """Return what an entry of the trail is about; one of a newer program by its own word."""
    return translate(_ENTRIES[what]) if what in _ENTRIES else what


def whose_study(found: FoundStudy) -> str:
    """Return whose a study is; of one that nobody is named for, its key."""
    names = found.names
    if names is None:
        return found.key
    return ", ".join(text for text in (person_name(names.patient_name), names.patient_id) if text) or found.key


def views_told(views: Sequence[str]) -> str:
    """Return the views of a study by their titles."""
    return ", ".join(view_title(view) for view in views)


def kept_told(found: FoundStudy) -> str:
    """Return how much is kept of a study."""
    counts = (
        plural("{count} clip", "{count} clips", found.clips),
        plural("{count} act", "{count} acts", found.acts),
        plural("{count} reading", "{count} readings", found.readings),
    )
    return ", ".join(counts)


def count_told(count: int) -> str:
    """Return how many studies were found."""
    return plural("{count} study", "{count} studies", count) if count else nothing_found()


def nothing_found() -> str:
    """Return that no study fits."""
    return translate("No study that is kept fits.")


def exported_told(exported: Exported, name: str) -> str:
    """Return what went into a study's file."""
    told = translate("{name} is written and holds {what}.", name=name, what=_exported(exported))
    if exported.missing_pictures:
        missing = plural(
            "The picture of {count} clip is not where it was.",
            "The pictures of {count} clips are not where they were.",
            len(exported.missing_pictures),
        )
        return f"{told} {missing}"
    return told


def _exported(exported: Exported) -> str:
    counts = [
        plural("{count} clip", "{count} clips", exported.clips),
        plural("{count} act", "{count} acts", exported.acts),
        plural("{count} reading", "{count} readings", exported.readings),
    ]
    if exported.pictures:
        counts.append(plural("{count} picture", "{count} pictures", exported.pictures))
    return ", ".join(counts)


def imported_told(imported: Imported, name: str) -> str:
    """Return what of a study's file was new."""
    if imported.is_nothing:
        return translate("All of {name} was kept already: nothing changed.", name=name)
    counts = (
        plural("{count} act", "{count} acts", imported.acts),
        plural("{count} reading", "{count} readings", imported.readings),
    )
    told = translate("{name} is imported; new are {what}.", name=name, what=", ".join(counts))
    if imported.joined:
        joined = plural(
            "Notes of {count} clip or study were put together from both sides.",
            "Notes of {count} clips or studies were put together from both sides.",
            imported.joined,
        )
        return f"{told} {joined}"
    return told


def taken_told(taken: Taken, *, is_overwritten: bool) -> str:
    """Return what was deleted."""
    counts = (
        plural("{count} clip", "{count} clips", taken.clips),
        plural("{count} act", "{count} acts", taken.acts),
        plural("{count} reading", "{count} readings", taken.readings),
    )
    told = translate("Deleted: {what}. The trail says that it was done.", what=", ".join(counts))
    return told if is_overwritten else f"{told} {traces_wait()}"


def traces_wait() -> str:
    """Return that what was deleted is not overwritten yet."""
    return translate("Traces stay on the disk until every window of this program is closed.")


def files_told(there: Sequence[Path], gone: Sequence[Path]) -> str:
    """Return where the files of a study lie, and what of them is not there any more."""
    if not there and not gone:
        return translate("Where its files lie is not kept. Open them as you did before: what was done is there again.")
    said = [translate("In {folders}.", folders=", ".join(dict.fromkeys(str(path.parent) for path in there)))]
    if gone:
        missing = plural(
            "{count} file is not where it was: {name}.",
            "{count} files are not where they were: {name} and others.",
            len(gone),
            name=gone[0],
        )
        said = [*said, missing] if there else [missing]
    return " ".join(said)
