"""A clip's overlays as a Color Softcopy Presentation State: lines and words over the source's own frames."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from typing import Any

import numpy as np
from highdicom.color import CIELabColor
from highdicom.pr import (
    AnnotationUnitsValues,
    ColorSoftcopyPresentationState,
    GraphicAnnotation,
    GraphicLayer,
    GraphicObject,
    GraphicTypeValues,
    GrayscaleSoftcopyPresentationState,
    TextObject,
)
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from fetalclip_app.imaging.overlay_colours import ELLIPSE_COLOUR, HAND_COLOUR
from fetalclip_app.report.build import ClipEntry
from fetalclip_app.report.dicom.geometry import outline
from fetalclip_app.report.dicom.items import as_person_name
from fetalclip_app.report.dicom.marks import MAKER, Kind, finished
from fetalclip_app.report.dicom.overlays import Overlay, overlays
from fetalclip_app.report.dicom.sources import BODY_PART, Shown, for_library, with_own_classes
from fetalclip_app.report.dicom.study import DicomStudy
from fetalclip_app.wording.translate import SOURCE, speaking

_DISPLAY_CLASS = slice(12, 16)
"""Bytes of an ICC profile that name its class; a presentation state wants ``spac``, not a monitor's ``mntr``
(PS3.3 C.11.15)."""

_PIXEL = AnnotationUnitsValues.PIXEL


def presentation_states(study: DicomStudy) -> Iterator[Dataset]:
    """Yield one state for each clip over which something is drawn."""
    number = 0
    for entry in study.clips:
        with speaking(SOURCE):
            drawn = overlays(study, entry)
        if drawn:
            number += 1
            yield _state(study, entry, drawn, number)


def _state(study: DicomStudy, entry: ClipEntry, drawn: tuple[Overlay, ...], number: int) -> Dataset:
    by_layer = [(layer, [one for one in drawn if one.by_model is by_model]) for by_model, layer in _layers()]
    annotations = [
        _annotation(study, entry, index, layer, [one for one in mine if one.frame_index == index])
        for layer, mine in by_layer
        for index in sorted({one.frame_index for one in mine})
    ]
    shown = [_shown(study, entry, index).header for index in sorted({one.frame_index for one in drawn})]
    headers = list({header.SOPInstanceUID: header for header in shown}.values())
    is_grey = str(headers[0].get("PhotometricInterpretation", "")).startswith("MONOCHROME")
    given: dict[str, Any] = {
        "referenced_images": [for_library(header) for header in headers],
        "content_label": "OVERLAYS",
        "content_description": "Lines and outlines with their lengths",
        "content_creator_name": as_person_name(MAKER),
        "graphic_annotations": annotations,
        "graphic_layers": [layer for layer, mine in by_layer if mine],
        **study.marks.arguments(Kind.PRESENTATION, number),
        **study.marks.device(),
    }
    made: Dataset
    if is_grey:
        made = GrayscaleSoftcopyPresentationState(**given)
    else:
        made = ColorSoftcopyPresentationState(icc_profile=_profile(), **given)
    made.BodyPartExamined = BODY_PART
    return finished(with_own_classes(made, headers), study.header)


def _layers() -> tuple[tuple[bool, GraphicLayer], ...]:
    """Return the model's layer and a person's, in the colours of the program's own overlays."""
    model = GraphicLayer("MODEL", 1, "Drawn by the model", display_color=CIELabColor.from_rgb(*ELLIPSE_COLOUR))
    person = GraphicLayer("PERSON", 2, "Drawn by a person", display_color=CIELabColor.from_rgb(*HAND_COLOUR))
    return (True, model), (False, person)


def _shown(study: DicomStudy, entry: ClipEntry, index: int) -> Shown:
    return study.sources[entry.clip.key].shown(index)


def _annotation(
    study: DicomStudy, entry: ClipEntry, index: int, layer: GraphicLayer, drawn: list[Overlay]
) -> GraphicAnnotation:
    shown = _shown(study, entry, index)
    height, width = entry.clip.height, entry.clip.width
    lines = [outline(one.shape, height, width) for one in drawn]
    return GraphicAnnotation(
        referenced_images=[for_library(shown.header)],
        referenced_frame_number=shown.frame,
        graphic_layer=layer,
        graphic_objects=[GraphicObject(GraphicTypeValues.POLYLINE, points, _PIXEL) for points in lines],
        text_objects=[
            TextObject(one.words, _PIXEL, anchor_point=_anchor(points))
            for one, points in zip(drawn, lines, strict=True)
        ],
    )


def _anchor(points: NDArray[np.float64]) -> tuple[float, float]:
    """Return where a shape's words stand: at its lowest point."""
    column, row = points[int(points[:, 1].argmax())]
    return float(column), float(row)


def _profile() -> bytes:
    """Return the library's sRGB profile as one of a colour space."""
    found = pkgutil.get_data("highdicom", "_icc_profiles/sRGB_v4_ICC_preference.icc")
    if found is None:
        raise FileNotFoundError("sRGB profile")
    profile = bytearray(found)
    profile[_DISPLAY_CLASS] = b"spac"
    return bytes(profile)
