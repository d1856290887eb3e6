"""Everything that is said is said in every language: found in the source, translated whole, compiled as it stands."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes import make_clip, make_reading

from bench import catalogue, spoken
from fetalclip_app import wording
from fetalclip_app.errors import ErrorCode, FetalClipError
from fetalclip_app.report import ClipEntry
from fetalclip_app.report.as_json import as_table
from fetalclip_app.report.build import build
from fetalclip_app.report.pdf import write_pdf
from fetalclip_app.wording import translate as door
from fetalclip_app.wording.quality import no_best_frame

OTHERS = sorted(set(door.LANGUAGES) - {door.SOURCE})

NOT_FOR_PEOPLE = {
    "cli/display.py": ("Authorization", "No protocol", "could not connect", "Could not find"),
    "report/__init__.py": ("Entry",),
    "report/archival.py": ("Data", "<", "(reportlab, pypdf)"),
    "report/build.py": ("Entry",),
    "report/dicom/codes.py": (),
    "report/dicom/document.py": (),
    "report/dicom/encapsulated.py": ("Fetal ultrasound report",),
    "report/dicom/marks.py": (),
    "report/dicom/numbers.py": (),
    "report/dicom/presentation.py": ("Lines and outlines", "Drawn by"),
    "report/dicom/segmentation.py": ("Outline of the fetal head by a model", "Fetal head"),
    "report/dicom/stated_scale.py": (),
    "report/fonts.py": (),
    "report/method_pages.py": ("Ramanujan", "Radford", "Maani", "Selvaraju", "Wang", "Muhammad"),
    "report/picture.py": ("Software", "Comment"),
    "report/proof_sheet.py": ("<",),
    "report/style.py": (),
    "report/template.py": ("it is larger",),
    "report/traces_of_clip.py": ("Ramanujan", "Maani"),
    "ui/attributions.py": ("<",),
    "ui/commands.py": ("Left", "Right", "Down", "Shift+"),
    "ui/style_sheet.py": (),
    "ui/theme.py": ("Fusion",),
    "wording/translate.py": ("English", "Deutsch", "German"),
    "wording/views.py": ("Grad-CAM", "Score-CAM"),
}
"""What looks like a text and is none: patterns, names of fonts' scripts and of styles, citations, keys, and what DICOM
objects say to other programs in English."""

NAMES = ("Faster-Score-CAM", "FetalCLIP Studio", "python -m fetalclip_app", "Esc", "Line")


@pytest.fixture
def german() -> Iterator[None]:
    door.speak("de")
    yield
    door.speak("en")


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_is_translated_and_fills_in_the_same(language: str) -> None:
    assert catalogue.missing(catalogue.merged(language)) == [], "python -m bench.catalogue lists them"


@pytest.mark.parametrize("language", OTHERS)
def test_the_catalogue_is_that_of_the_source_and_what_gettext_reads_is_it(language: str) -> None:
    kept = catalogue.read(language)
    compiled = catalogue.catalogue_file(language).with_suffix(".mo").read_bytes()

    assert {str(one.id) for one in kept} == {str(one.id) for one in catalogue.from_source(language)}
    assert catalogue.compiled(kept) == compiled


@pytest.mark.parametrize("room", ["ui", "cli", "report", "wording"])
def test_no_text_is_forgotten(room: str) -> None:
    found = [place for path in spoken.sources(room) for place in spoken.forgotten(path)]

    assert [str(place) for place in found if not _is_known(place)] == []


def _is_known(place: spoken.Place) -> bool:
    starts = NOT_FOR_PEOPLE.get(place.path)
    is_listed = starts is not None and (not starts or place.text.strip("( ").startswith(starts) or "\\" in place.text)
    return is_listed or any(name in place.text for name in NAMES) or place.text.strip() in {"cm", "mm", "/ px"}


def test_a_forgotten_text_would_be_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spoken, "ROOT", tmp_path)
    source = tmp_path / "card.py"
    source.write_text(
        '"""A card."""\nlabel("Ask me")\nlabel(f"{n} frames")\nlabel(translate("Told"))\nlook("key_of")\n'
    )

    assert [place.text for place in spoken.forgotten(source)] == ["Ask me", " frames"]


def test_a_translation_that_loses_a_number_would_be_found() -> None:
    made = catalogue.from_source("de")
    for message in made:
        message.string = message.id
    made.get("{what}, {done} of {total}").string = "{what}, {done} von allen"

    assert catalogue.missing(made) == ["{what}, {done} of {total}"]


def test_sentences_and_plurals_speak_the_language_chosen(german: None) -> None:
    assert wording.sentence(FetalClipError(ErrorCode.FILE_EMPTY, name="a.dcm")) == "a.dcm ist leer."
    assert door.plural("{count} file could not be opened.", "{count} files could not be opened.", 2).startswith("2 Dat")
    assert door.translate("") == ""


def _entry() -> ClipEntry:
    clip = make_clip(6)
    return ClipEntry(clip, make_reading(clip))


def test_a_noun_keeps_its_capital_within_a_german_sentence(german: None) -> None:
    assert no_best_frame("brain") == "Das Modell sieht Gehirn in keinem Bild dieses Clips deutlich."
    with door.speaking("en"):
        assert no_best_frame("brain") == "The model sees brain clearly in no frame of this clip."


def test_json_is_in_english_whatever_is_spoken(german: None) -> None:
    entry = _entry()
    spoken_german = json.dumps(as_table([entry]))
    door.speak("en")

    assert spoken_german == json.dumps(as_table([entry]))


def test_what_is_spoken_aside_is_not_heard_by_other_threads(german: None) -> None:
    heard: list[str] = []
    with door.speaking("en"):
        thread = threading.Thread(target=lambda: heard.append(door.spoken()))
        thread.start()
        thread.join()
        assert door.spoken() == "en"

    assert heard == ["de"]


@pytest.mark.parametrize(("named", "language"), [("de_AT.UTF-8", "de"), ("en_GB", "en"), ("fr_FR", "en"), ("C", "en")])
def test_the_systems_language_is_spoken_where_it_is_known(
    named: str, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", named)

    assert door.speak() == language
    door.speak("en")


def test_the_report_is_in_the_language_chosen(german: None, tmp_path: Path) -> None:
    from pypdf import PdfReader  # noqa: PLC0415

    write_pdf(tmp_path / "report.pdf", build([_entry()]))
    pages = " ".join(page.extract_text() for page in PdfReader(tmp_path / "report.pdf").pages)

    assert "Nur für die Forschung. Nicht zur Diagnose." in pages
    assert "Research use only" not in pages
