"""The anatomy survey of one fetus (TID 5030): that a view was seen, and never that it is as it should be."""

from __future__ import annotations

from collections.abc import Iterator

from pydicom.dataset import Dataset

from fetalclip_app.domain.biometry import Measure
from fetalclip_app.domain.checklist import Item, ItemFinding, StudyChecklist, ViewSupport
from fetalclip_app.domain.study_table import FetusTable
from fetalclip_app.domain.views import ViewPrediction
from fetalclip_app.report.build import ClipEntry
from fetalclip_app.report.dicom import codes
from fetalclip_app.report.dicom.items import INFERRED, MODIFIER, PROPERTY, code, container, image, text
from fetalclip_app.report.dicom.numbers import algorithm, observer
from fetalclip_app.report.dicom.sections import subject
from fetalclip_app.report.dicom.study import DicomStudy
from fetalclip_app.report.traces_of_clip import made_by
from fetalclip_app.tasks.keys import BRAIN_VIEWS, VIEWS
from fetalclip_app.wording.checklist import item_title
from fetalclip_app.wording.dicom_objects import item_said, view_seen


def survey(study: DicomStudy, fetus: FetusTable) -> Dataset | None:
    """Return what was seen of a fetus; None where nothing was, and no checklist was asked for."""
    lists = [one for one in study.content.checklists if one.found.fetus == fetus.fetus]
    items = [item for one in lists for item in _checklist(one)] + list(_views(study, fetus))
    return container(codes.ANATOMY_SURVEY, [*subject(fetus.fetus), *items]) if items else None


def _views(study: DicomStudy, fetus: FetusTable) -> Iterator[Dataset]:
    """Yield each view that a clip of the fetus clearly shows, once: of the clip that shows it most clearly."""
    best: dict[str, tuple[float, str, ClipEntry, ViewPrediction]] = {}
    for entry in study.of(fetus):
        for task in (VIEWS, BRAIN_VIEWS):
            seen = entry.reading.answer(task, ViewPrediction)
            if seen is None or seen.abstained is not None or seen.best not in codes.SITES:
                continue
            share = float(seen.probabilities[seen.keys.index(seen.best)])
            if seen.best not in best or share > best[seen.best][0]:
                best[seen.best] = share, task, entry, seen
    for view, (share, task, entry, seen) in best.items():
        yield _seen(study, entry, task, view, share, seen)


def _seen(  # noqa: PLR0917 - what was seen, where and by which task
    study: DicomStudy, entry: ClipEntry, task: str, view: str, share: float, seen: ViewPrediction
) -> Dataset:
    children = [_site(view), text(codes.COMMENT, view_seen(view, share), PROPERTY)]
    frames = seen.frames_of(view)
    index = int(frames[0]) if len(frames) else None
    source = study.sources[entry.clip.key]
    if index is not None and (source.own is not None or index in source.captures):
        shown = source.shown(index)
        children.append(image(shown.header, shown.frame, INFERRED))
    children += algorithm(made_by(entry.reading.provenance, task))
    return code(codes.FETAL_STRUCTURE, codes.UNDETERMINED, children=children)


def _site(view: str) -> Dataset:
    return code(codes.FINDING_SITE, codes.SITES[view], MODIFIER)


def _checklist(one: StudyChecklist) -> Iterator[Dataset]:
    """Yield the checklist's name, and each of its items that is of a fetus and no length."""
    checklist = one.found.checklist
    yield text(codes.REFERENCE_AUTHORITY, f"{checklist.name} {checklist.version}. {checklist.source}")
    for found in one.found.findings:
        if (
            found.state is not None
            and not found.item.is_shared
            and not any(isinstance(support, Measure) for support in found.item.supports)
        ):
            yield _item(found)


def _item(found: ItemFinding) -> Dataset:
    assert found.state is not None
    said = item_said(item_title(found), found.state, by_person=found.mark is not None)
    children = [*([_site(view)] if (view := _view_of(found.item)) else []), text(codes.COMMENT, said, PROPERTY)]
    if found.mark is not None:
        children += observer(found.mark.act.who)
    return code(codes.FETAL_STRUCTURE, codes.UNDETERMINED, children=children)


def _view_of(item: Item) -> str:
    views = (support.view for support in item.supports if isinstance(support, ViewSupport))
    return next((view for view in views if view in codes.SITES), "")
