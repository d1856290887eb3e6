"""The report as a PDF: header, summary, one part for each clip, method. Vector text in a bundled font."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from reportlab.platypus import Spacer

from fetalclip_app import RESEARCH_USE_ONLY, __version__
from fetalclip_app.atomic import write_bytes
from fetalclip_app.domain.checklist import StudyChecklist
from fetalclip_app.report.archival import About, Attached, finished
from fetalclip_app.report.attached import provenance
from fetalclip_app.report.build import Entry, ReportContent, ReportOptions, build
from fetalclip_app.report.checklist_block import checklist_section
from fetalclip_app.report.clip_pages import clip_section
from fetalclip_app.report.fonts import drawable
from fetalclip_app.report.growth_pages import growth_section
from fetalclip_app.report.header import MOST_LETTERS, header
from fetalclip_app.report.method_pages import method_section, unread_section
from fetalclip_app.report.page import Furniture, text_width, typeset
from fetalclip_app.report.sign_block import record_name, sign_section
from fetalclip_app.report.style import LABEL, MM, TITLE, cut, para
from fetalclip_app.report.summary import summary_section
from fetalclip_app.report.template import GROWTH, Section
from fetalclip_app.wording.sign_off import record_about
from fetalclip_app.wording.translate import speaking, spoken
from fetalclip_app.wording.translate import translate as _

Flow = list[Any]


def write_pdf(path: Path, content: ReportContent) -> None:
    """Write the report.

    Raises:
        ExportFailed: The file could not be written.
    """
    write_bytes(path, render(content))


def write_report(
    path: Path, entries: Sequence[Entry], options: ReportOptions, checklists: Sequence[StudyChecklist] = ()
) -> None:
    """Write one report about all entries, in the language of its template.

    Raises:
        ExportFailed: The file could not be written.
    """
    with speaking(options.template.language or spoken()):
        write_pdf(path, build(entries, options, checklists))


def render(content: ReportContent) -> bytes:
    """Return the report's PDF."""
    furniture = _furniture(content)
    pages = typeset(_story(content), content.options.paper, furniture)
    about = About(drawable(furniture.title), drawable(furniture.author), RESEARCH_USE_ONLY, content.options.made_at)
    return finished(pages, about, [provenance(content, pages), *attachments(content)])


def _story(content: ReportContent) -> Flow:
    """Return header and sections, in the template's order."""
    template, width = content.options.template, text_width(content.options.paper)
    above = [para(template.institution, LABEL), Spacer(0, 1 * MM)] if template.institution else []
    story: Flow = [*above, para(_title(content), TITLE), *header(content, width)]
    for sections in _together(template.sections):
        story += _section(content, sections, width)
    while isinstance(story[-1], Spacer):  # where the page is full to its end, air alone would begin another
        story.pop()
    return story


def _title(content: ReportContent) -> str:
    return content.options.template.title or _("Fetal ultrasound reading")


def _together(sections: Sequence[Section]) -> list[list[Section]]:
    """Return the sections, those about growth that follow one another as one."""
    groups: list[list[Section]] = []
    for section in sections:
        if groups and section in GROWTH and groups[-1][-1] in GROWTH:
            groups[-1].append(section)
        else:
            groups.append([section])
    return groups


def _section(content: ReportContent, sections: Sequence[Section], width: float) -> Flow:
    if sections[0] in GROWTH:
        return growth_section(content, width, sections)
    make: dict[Section, Callable[[ReportContent, float], Flow]] = {
        Section.SUMMARY: _summary_or_the_one_clip,
        Section.CLIPS: _clips_of_several,
        Section.CHECKLIST: checklist_section,
        Section.UNREAD: lambda content, _width: unread_section(content.unread),
        Section.SIGN_OFF: sign_section,
        Section.METHOD: method_section,
    }
    return make[sections[0]](content, width)


def _summary_or_the_one_clip(content: ReportContent, width: float) -> Flow:
    if len(content.clips) == 1:
        return _clips_part(content, width)
    return summary_section(content, width) if content.clips else []


def _clips_of_several(content: ReportContent, width: float) -> Flow:
    stands_already = len(content.clips) == 1 and Section.SUMMARY in content.options.template.sections
    return [] if stands_already else _clips_part(content, width)


def _clips_part(content: ReportContent, width: float) -> Flow:
    flow: Flow = []
    several, is_mixed = len(content.clips) > 1, not content.subject.holds_for_all
    for number, entry in enumerate(content.clips, start=1):
        flow += clip_section(
            entry,
            width,
            number if several else None,
            says_whose=is_mixed,
            says_fetus=content.names_fetuses and not (is_mixed and entry.fetus == ""),
            plain_copies=content.options.template.plain_copies,
        )
    return flow


def attachments(content: ReportContent) -> list[Attached]:
    """Return the files inside the PDF: of each study what its signature covers."""
    count = len(content.signed)
    return [
        Attached(record_name(place, count), one.record, "application/json", record_about(one.title))
        for place, one in enumerate(content.signed)
    ]


def _furniture(content: ReportContent) -> Furniture:
    made = f"{content.options.made_at:%Y-%m-%d %H:%M}"
    subject = content.subject
    about = [subject.patient, subject.patient_id, subject.study_date if subject.holds_for_all else ""]
    foot = ", ".join(text for text in about if text) or ", ".join(entry.name for entry in content.clips)
    return Furniture(
        banner=f"FetalCLIP Studio {__version__}, {made}",
        foot=cut(foot, 2 * MOST_LETTERS),
        title=_title(content),
        author=cut(content.options.operator, MOST_LETTERS),
        is_draft=content.is_draft,
    )
