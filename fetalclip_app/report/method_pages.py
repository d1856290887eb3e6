"""Where every number comes from: model, prompts, files, scales, formulas with their sources."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reportlab.platypus import CondPageBreak, KeepTogether, Spacer

from fetalclip_app import wording
from fetalclip_app.domain.age import AgeEstimate
from fetalclip_app.domain.calibration import Calibration, Region, Verdict
from fetalclip_app.domain.overlay import Ellipse
from fetalclip_app.domain.probes import ProbeFacts
from fetalclip_app.domain.reading import HeadMeasurement, LineMeasurements, Provenance
from fetalclip_app.domain.views import ViewPrediction
from fetalclip_app.report.build import ClipEntry, ReportContent, UnreadEntry
from fetalclip_app.report.growth_pages import growth_facts
from fetalclip_app.report.label_block import label_facts
from fetalclip_app.report.structure_block import structure_facts
from fetalclip_app.report.style import BODY, HEADING, LABEL, MM, NOTE, STRONG, SUBHEADING, para, rows
from fetalclip_app.wording import scale
from fetalclip_app.wording.translate import translate as _
from fetalclip_app.wording.translate import within

Flow = list[Any]

_LABEL_WIDTH = 46 * MM

RAMANUJAN = "Ramanujan S. Modular equations and approximations to π. Quarterly Journal of Mathematics 45, 1914."
CLIP = "Radford A. et al. Learning transferable visual models from natural language supervision. ICML 2021."
FETALCLIP = (
    "Maani F. et al. FetalCLIP: a visual-language foundation model for fetal ultrasound image analysis. "
    "arXiv:2502.14807, 2025."
)
METHODS = {
    "gradcam": "Selvaraju R. et al. Grad-CAM. ICCV 2017.",
    "fasterscorecam": "Wang H. et al. Score-CAM. CVPR Workshops 2020; here of the 64 channels that vary most.",
    "scorecam": "Wang H. et al. Score-CAM. CVPR Workshops 2020.",
    "eigencam": "Muhammad M., Yeasin M. Eigen-CAM. IJCNN 2020.",
}


def method_section(content: ReportContent, width: float) -> Flow:
    """Return how the answers were made, with what, and from which files."""
    flow: Flow = [CondPageBreak(70 * MM), para(_("Method and provenance"), HEADING)]
    for made, clips in _by_provenance(content.clips):
        flow += [*_model(made, clips, len(content.clips), width), Spacer(0, 4 * MM)]
    if content.clips:
        flow += [*_formulas(content, width), Spacer(0, 4 * MM)]
    for number, entry in enumerate(content.clips):
        title = [] if number else [para(_("Files"), SUBHEADING)]
        whose = [] if content.subject.holds_for_all else _whose(entry)
        flow += [KeepTogether([*title, *_file(entry, width, whose)]), Spacer(0, 3 * MM)]
    return flow


def unread_section(unread: Sequence[UnreadEntry]) -> Flow:
    """Return the files that could not be read, each with its reason and what to do."""
    if not unread:
        return []
    flow: Flow = [para(_("Files that could not be read"), HEADING)]
    for entry in unread:
        sentence, hint = para(wording.sentence(entry.error)), para(wording.hint(entry.error), NOTE)
        flow += [KeepTogether([para(entry.name, STRONG), sentence, hint, Spacer(0, 2.5 * MM)])]
    return flow


def pairs(facts: Sequence[tuple[str, str]], width: float) -> Any:
    """Return labels and values in two columns, the empty ones left out."""
    cells = [[para(label, LABEL), para(value, BODY)] for label, value in facts if value]
    return rows(cells, [_LABEL_WIDTH, width - _LABEL_WIDTH], between=0.7 * MM)


def _by_provenance(clips: Sequence[ClipEntry]) -> list[tuple[Provenance, list[ClipEntry]]]:
    """Return each distinct provenance with its clips; it holds a dict, so it is compared and not hashed."""
    groups: list[tuple[Provenance, list[ClipEntry]]] = []
    for entry in clips:
        for made, members in groups:
            if made == entry.reading.provenance:
                members.append(entry)
                break
        else:
            groups.append((entry.reading.provenance, [entry]))
    return groups


def _model(made: Provenance, clips: Sequence[ClipEntry], total: int, width: float) -> Flow:
    model = made.model
    about = "" if len(clips) == total else ", ".join(entry.name for entry in clips)
    known = _("The hash is the one in this program's catalogue.") if model.verified else wording.unverified_model()
    facts = [
        (_("For"), about),
        (_("Model"), f"{model.title}. {known}"),
        (_("SHA-256 of its weights"), model.sha256),
        (_("Licence"), model.licence or _("not stated")),
        *((_prompts_label(task), f"{name}, SHA-256 {sha256}") for task, (name, sha256) in made.view_sets.items()),
        *((_probe_label(probe), _probe_file(probe)) for probe in made.probes),
        *((wording.task_title(task), _head_file(made, task)) for task in made.heads),
        (_("Preprocessing"), made.preprocessing),
        (_("Device"), made.device),
        (_("Program"), f"FetalCLIP Studio {made.app_version}"),
        *((_("Notice"), wording.notice(key)) for key in made.notices),
    ]
    return [CondPageBreak(35 * MM), para(_("Model"), SUBHEADING), pairs(facts, width)]


def _head_file(made: Provenance, task: str) -> str:
    name, sha256 = made.heads[task]
    licence = made.head_licences.get(task)
    return f"{name}, SHA-256 {sha256}" + (f", {licence}" if licence else "")


def _prompts_label(task: str) -> str:
    return _("Prompts: {task}").format(task=within(wording.task_title(task)))


def _probe_label(probe: ProbeFacts) -> str:
    return _("Probe: {task}").format(task=within(wording.task_title(probe.task)))


def _probe_file(probe: ProbeFacts) -> str:
    fitted = probe.temperature is not None
    meaning = wording.percentages_meaning(fitted, probe.calibration_error, probe.calibration_pictures)
    return f"{probe.name}, SHA-256 {probe.sha256}, {probe.licence}. {meaning}"


def _named(clips: Sequence[ClipEntry]) -> list[str]:
    """Return how views got their names in this report: by prompts, by a probe, or some so and some so."""
    seen = [entry.reading.answer(task, ViewPrediction) for entry in clips for task in ("views", "brain_views")]
    probed = {bool(one.probe) for one in seen if one is not None}
    by_prompts = _("Each frame is compared with several sentences for each view, whose mean stands for the view.")
    by_probe = _("A probe is one linear layer on what the network sees of each frame, trained on labelled pictures.")
    return [*([f"{by_prompts} {CLIP}"] if False in probed else []), *([by_probe] if True in probed else [])]


def _formulas(content: ReportContent, width: float) -> Flow:
    """Return the rules behind the kinds of answers that this report really holds."""
    clips = content.clips
    facts = [(_("Views"), " ".join(_named(clips)))]
    if any(entry.reading.answer("gestational_age", AgeEstimate) for entry in clips):
        facts.append((wording.task_title("gestational_age"), _age_rule()))
    if any(entry.reading.answer("head", HeadMeasurement) for entry in clips):
        formula = "HC = π (3(a + b) – sqrt((3a + b)(a + 3b)))"
        facts.append(
            ("HC", f"{wording.definition('hc')} {formula}, " + _("a and b being its semi-axes.") + f" {RAMANUJAN}")
        )
        facts += [(name.upper(), wording.definition(name)) for name in ("bpd", "ofd")]
    measured = [entry.reading.answer("measurements", LineMeasurements) for entry in clips]
    names = dict.fromkeys(one.name for found in measured if found is not None for one in found.measurements)
    facts += [(wording.line_name(name), wording.line_definition(name)) for name in names]
    facts += [*structure_facts(clips), *label_facts(clips), *growth_facts(content)]
    methods = dict.fromkeys(heatmap.method for entry in clips for _index, heatmap in entry.heatmaps)
    if methods:
        sources = " ".join(METHODS.get(method, wording.method_title(method)) for method in methods)
        facts.append((_("Heatmaps"), f"{wording.where_not_why()} {sources}"))
    return [CondPageBreak(35 * MM), para(_("How the numbers are made"), SUBHEADING), pairs(facts, width)]


def _age_rule() -> str:
    rule = _(
        "Five sentences for each of 175 days, 14w0d to 38w6d, name the day and the size of a pixel as the network "
        "sees it; the age is the median of the 15 days with the highest mean score."
    )
    return f"{rule} {wording.spread_meaning()} {FETALCLIP}"


def _whose(entry: ClipEntry) -> list[tuple[str, str]]:
    origin, unstated = entry.clip.origin, _("not stated")
    return [
        (_("Patient"), wording.patient_title(origin) or unstated),
        (_("Study"), wording.study_title(origin) or unstated),
    ]


def _file(entry: ClipEntry, width: float, whose: Sequence[tuple[str, str]]) -> Flow:
    origin = entry.clip.origin
    device = " ".join(text for text in (origin.manufacturer, origin.device_model) if text)
    lossy = wording.lossy() if origin.is_lossy else ""
    facts = [
        *whose,
        (_("SHA-256, first 16 digits"), entry.clip.key),
        (_("Frames"), _frames(entry)),
        (_("Seen by the network"), scale.box_place(entry.reading.crop)),
        (_("Scanner"), device),
        (_("Compression"), ", ".join(text for text in (origin.transfer_syntax, lossy) if text)),
        (_("Simulated"), wording.simulated() if origin.is_simulated else ""),
        (_("Scale"), wording.calibration_source(entry.reading.calibration)),
        *_regions(entry.reading.calibration),
        *_read_from(entry),
    ]
    return [para(entry.name, STRONG), pairs(facts, width)]


def _frames(entry: ClipEntry) -> str:
    size = f"{entry.clip.width} × {entry.clip.height}"
    rate = "" if entry.clip.rate is None else f", {wording.rate_source(entry.clip.rate)}"
    return _("{count}, {size} pixels").format(count=entry.reading.frame_count, size=size) + rate


def _regions(calibration: Calibration | None) -> list[tuple[str, str]]:
    if calibration is None:
        return []
    facts = [
        (_("Region {letter}").format(letter=scale.region_letter(place)), _region(region))
        for place, region in enumerate(calibration.regions)
        if region.facts is not None or region.distrust is not None
    ]
    if calibration.unplaced:
        facts.append((_("Regions left out"), scale.unplaced(calibration)))
    facts += [(_("Scale by hand"), scale.ruler(line)) for line in scale.rulers(calibration)]
    said = calibration.as_the_file_says
    statements = said.statements if said is not None else ()
    facts += [(_("Also stated"), scale.statement(one)) for one in statements if one.verdict is not Verdict.USED]
    if calibration.overridden is not None:
        facts.append((_("Overridden"), wording.calibration_source(calibration.overridden)))
    return facts


def _region(region: Region) -> str:
    told = f"{scale.region_kind(region)}, {scale.region_place(region)}"
    return f"{told}: {scale.region_scale(region)}; {scale.region_trust(region)}"


def _read_from(entry: ClipEntry) -> list[tuple[str, str]]:
    """Return which frame each number was read from, and the ellipse in frame pixels."""
    facts: list[tuple[str, str]] = []
    for task in ("gestational_age", "head"):
        finding = entry.reading.finding(task)
        if finding is not None and finding.frame_index is not None:
            label = _("{task} read from").format(task=wording.task_title(task))
            facts.append((label, wording.frame_number(finding.frame_index, len(entry.clip))))
    head = entry.reading.answer("head", HeadMeasurement)
    if head is not None:
        facts.append((_("Ellipse"), _ellipse(head.ellipse)))
    age = entry.reading.answer("gestational_age", AgeEstimate)
    if age is not None:
        size = wording.pixel_size(age.spacing_mm, age.spacing_mm)
        facts.append((_("Network pixel"), size))
    return facts


def _ellipse(ellipse: Ellipse) -> str:
    return _("centre {cx:.1f}, {cy:.1f}; semi-axes {a:.1f}, {b:.1f} pixels; turned {angle:.1f} degrees").format(
        cx=ellipse.cx, cy=ellipse.cy, a=ellipse.a, b=ellipse.b, angle=ellipse.angle_deg
    )
