"""Keeps the catalogues of translations: what the source says, what each language has for it, and what is missing.

``python -m bench.catalogue`` brings every catalogue up to date with the source and compiles it; it prints what is not
translated yet.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from string import Formatter

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from bench import spoken
from fetalclip_app.wording.translate import DOMAIN, LANGUAGES, SOURCE

_SAME_DAY = datetime(2026, 1, 1, tzinfo=UTC)
"""Stands for the day of every change: the same texts are the same bytes."""

ROOT = Path(__file__).parents[1] / "resources" / "locale"


def catalogue_file(language: str) -> Path:
    """Return the text of a language's catalogue; what the program reads lies beside it (``.mo``)."""
    return ROOT / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def read(language: str) -> Catalog:
    """Return a language's catalogue; an empty one where there is none yet."""
    path = catalogue_file(language)
    if not path.is_file():
        return _empty(language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def from_source(language: str) -> Catalog:
    """Return what the source says, without translations."""
    made = _empty(language)
    for path in spoken.sources():
        for place, many in spoken.marked(path):
            made.add((place.text, many) if many else place.text, locations=[(place.path, 0)])
    for place in (*spoken.in_checklists(), *spoken.in_attributions()):
        if place.text not in made:
            made.add(place.text, locations=[(place.path, 0)])
    return made


def merged(language: str) -> Catalog:
    """Return what the source says, with the translations that there are."""
    known, made = read(language), from_source(language)
    for message in _messages(made):
        before = known.get(_single(message))
        if before is not None and isinstance(before.id, str) == isinstance(message.id, str):
            message.string = before.string
    return made


def missing(catalogue: Catalog) -> list[str]:
    """Return the texts that are not translated, or whose translation names other places than the text."""
    return [_single(message) for message in _messages(catalogue) if not _is_whole(message)]


def compiled(catalogue: Catalog) -> bytes:
    """Return a catalogue in the form that gettext reads."""
    made = io.BytesIO()
    write_mo(made, catalogue)
    return made.getvalue()


def write(language: str, catalogue: Catalog) -> None:
    """Write a catalogue and its compiled form."""
    path = catalogue_file(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalogue, width=120, no_location=False, include_lineno=False, omit_header=False)
    path.with_suffix(".mo").write_bytes(compiled(catalogue))


def _empty(language: str) -> Catalog:
    made = Catalog(locale=language, domain=DOMAIN, project="FetalCLIP Studio", fuzzy=False)
    made.header_comment = "# What FetalCLIP Studio says. Brought up to date by `python -m bench.catalogue`."
    made.creation_date = made.revision_date = _SAME_DAY
    made.mime_headers = [("Content-Type", "text/plain; charset=utf-8"), ("Plural-Forms", made.plural_forms)]
    return made


def _messages(catalogue: Catalog) -> Iterator[Message]:
    return (message for message in catalogue if message.id)


def _single(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def _is_whole(message: Message) -> bool:
    """Whether every form is there and fills in the same as the text it stands for; the singular may leave out count."""
    ids = (message.id,) if isinstance(message.id, str) else tuple(message.id)
    said = (message.string,) if isinstance(message.string, str) else tuple(message.string or ())
    if len(said) != len(ids) or not all(said):
        return False
    allowed = {"count"} if len(ids) > 1 else set()
    return all(_names(one) ^ _names(other) <= allowed for one, other in zip(ids, said, strict=True))


def _names(text: str) -> set[str]:
    try:
        return {f"{name}:{spec}" if spec else name for _, name, spec, _ in Formatter().parse(text) if name}
    except ValueError:
        return set()  # braces that fill in nothing, such as those of an example in JSON


def main() -> int:
    """Bring every catalogue up to date."""
    for language in LANGUAGES:
        if language != SOURCE:
            catalogue = merged(language)
            write(language, catalogue)
            for text in missing(catalogue):
                print(f"{language}: {text!r}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
