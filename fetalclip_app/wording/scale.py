"""What the scale card, the ruler and the report say of regions, axes and distances."""

from __future__ import annotations

from fetalclip_app.domain.calibration import Box, Calibration, Distrust, Region, Ruler, Statement, Verdict
from fetalclip_app.domain.measuring import Change, Measured, Refusal
from fetalclip_app.domain.region_axes import Axis, DataType, SpatialFormat, Unit
from fetalclip_app.wording.numbers import TIMES, millimetres, pixel_size, pixels, with_unit
from fetalclip_app.wording.translate import mark, translate

_UNITS: dict[Unit, str] = {
    Unit.NONE: "",
    Unit.PERCENT: "%",
    Unit.DECIBEL: "dB",
    Unit.CENTIMETRE: "cm",
    Unit.SECOND: "s",
    Unit.HERTZ: "Hz",
    Unit.DECIBEL_PER_SECOND: "dB/s",
    Unit.CENTIMETRE_PER_SECOND: "cm/s",
    Unit.SQUARE_CENTIMETRE: "cm²",
    Unit.SQUARE_CENTIMETRE_PER_SECOND: "cm²/s",
    Unit.CUBIC_CENTIMETRE: "cm³",
    Unit.CUBIC_CENTIMETRE_PER_SECOND: "cm³/s",
    Unit.DEGREE: "°",
}

_FORMATS: dict[SpatialFormat, str] = {
    SpatialFormat.NONE: mark("No layout"),
    SpatialFormat.TWO_DIMENSIONAL: mark("2-D"),
    SpatialFormat.M_MODE: mark("M-mode"),
    SpatialFormat.SPECTRAL: mark("Spectrum"),
    SpatialFormat.WAVEFORM: mark("Waveform"),
    SpatialFormat.GRAPHICS: mark("Graphics"),
}

_DATA: dict[DataType, str] = {
    DataType.NONE: mark("no data"),
    DataType.TISSUE: mark("tissue"),
    DataType.COLOUR_FLOW: mark("colour flow"),
    DataType.PW_SPECTRAL_DOPPLER: mark("PW Doppler"),
    DataType.CW_SPECTRAL_DOPPLER: mark("CW Doppler"),
    DataType.DOPPLER_MEAN_TRACE: mark("Doppler mean"),
    DataType.DOPPLER_MODE_TRACE: mark("Doppler mode"),
    DataType.DOPPLER_MAX_TRACE: mark("Doppler maximum"),
    DataType.VOLUME_TRACE: mark("volume"),
    DataType.D_VOLUME_TRACE: mark("change of volume"),
    DataType.ECG_TRACE: mark("ECG"),
    DataType.PULSE_TRACE: mark("pulse"),
    DataType.PHONOCARDIOGRAM_TRACE: mark("heart sounds"),
    DataType.GRAY_BAR: mark("grey bar"),
    DataType.COLOUR_BAR: mark("colour bar"),
    DataType.INTEGRATED_BACKSCATTER: mark("backscatter"),
    DataType.AREA_TRACE: mark("area"),
    DataType.D_AREA_TRACE: mark("change of area"),
    DataType.OTHER_PHYSIOLOGICAL: mark("other signal"),
}

_DISTRUST: dict[Distrust, str] = {
    Distrust.OUTSIDE_PICTURE: mark("not used: the region lies outside the picture"),
    Distrust.OTHER_PICTURE: mark("not used: another region of this file lies outside the picture"),
    Distrust.BESIDE_UNPLACED: mark("not used: another region of this file cannot be placed and may cover it"),
    Distrust.NOT_LENGTH: mark("not used: its axes are no lengths"),
    Distrust.NO_DELTA: mark("not used: it states no size of a pixel"),
    Distrust.IMPLAUSIBLE: mark("not used: it states a size of a pixel that no ultrasound picture has"),
}

_REFUSALS: dict[Refusal, str] = {
    Refusal.NO_SCALE: mark("no scale here"),
    Refusal.OUTSIDE_REGIONS: mark("an end lies outside the regions with a scale"),
    Refusal.ACROSS_REGIONS: mark("no length across two regions"),
    Refusal.OVERLAP: mark("regions with different scales overlap here"),
    Refusal.NOT_TISSUE: mark("no lengths in a trace or spectrum"),
    Refusal.UNTRUSTED: mark("the scale here is not trusted"),
}

_VERDICTS: dict[Verdict, str] = {
    Verdict.USED: mark("used for the whole picture"),
    Verdict.REGIONS_FIRST: mark("not used: the regions come first"),
    Verdict.NOT_IN_BODY: mark("not used: it is a distance on film or detector"),
    Verdict.IMPLAUSIBLE: mark("not used: no picture of a body has pixels of this size"),
    Verdict.UNREADABLE: mark("not used: it cannot be read"),
    Verdict.RATIO_ONLY: mark("a proportion, not a length"),
}


def distrust(reason: Distrust) -> str:
    """Return why a region's scale is not used."""
    return translate(_DISTRUST[reason])


def refusal(reason: Refusal) -> str:
    """Return why a distance has no millimetres, in a few words."""
    return translate(_REFUSALS[reason])


def region_letter(place: int) -> str:
    """Return the letter of the ``place``-th region, from 0: A to Z, then A2 and on."""
    round_, letter = divmod(place, 26)
    return chr(ord("A") + letter) + (str(round_ + 1) if round_ else "")


def region_kind(region: Region) -> str:
    """Return what a region shows: ``2-D tissue``, ``Spectrum, PW Doppler``."""
    if region.facts is None:
        return translate("Whole picture")
    layout, data = region.facts.spatial_format, region.facts.data_type
    words = [
        translate(_FORMATS[layout]) if layout is not None else translate("Unknown layout"),
        translate(_DATA[data]) if data is not None else translate("unknown data"),
    ]
    return " ".join(words) if layout is SpatialFormat.TWO_DIMENSIONAL else ", ".join(words)


def region_scale(region: Region) -> str:
    """Return the size of a region's pixels, or what its axes count for each."""
    if region.spacing is not None and region.facts is None:
        return pixel_size(region.spacing.row_mm, region.spacing.column_mm)
    if region.spacing is not None:
        return with_unit(f"{region.spacing.column_mm:.4f} {TIMES} {region.spacing.row_mm:.4f}", "mm/px")
    facts = region.facts
    axes = [("x", facts.x), ("y", facts.y)] if facts is not None else []
    said = [f"{name} {axis_step(axis)}" for name, axis in axes if axis is not None and axis.unit is not Unit.NONE]
    return "; ".join(said) if said else translate("counts nothing")


def axis_step(axis: Axis) -> str:
    """Return what one pixel along an axis is: ``0.00964 s/px``."""
    unit = _UNITS[axis.unit] if axis.unit is not None else translate("unknown unit")
    return with_unit(f"{axis.delta:.4g}", f"{unit} / px" if "/" in unit else f"{unit}/px")


def region_place(region: Region) -> str:
    """Return where a region lies in the picture."""
    return box_place(region.box)


def box_place(box: Box) -> str:
    """Return where a box lies in the picture: both ends belong to it."""
    said = translate("columns {left} to {right}, rows {top} to {bottom}")
    return said.format(left=box.left, right=box.right - 1, top=box.top, bottom=box.bottom - 1)


def region_axes(region: Region) -> str:
    """Return the axes of a region as the file has them: unit, delta with its sign, and the reference pixel."""
    facts = region.facts
    if facts is None:
        return ""
    pairs = [(name, axis) for name, axis in (("x", facts.x), ("y", facts.y)) if axis is not None]
    said = ", ".join(f"{name} {axis_step(axis)}" for name, axis in pairs)
    if len(pairs) == 2 and all(axis.origin_px is not None for _name, axis in pairs):
        zero = ", ".join(f"{axis.origin_px:g}" for _name, axis in pairs)
        return f"{said}, {translate('reference pixel')} ({zero})"
    return said


def rulers(calibration: Calibration) -> tuple[Ruler, ...]:
    """Return the lines by which a person stated scales, each once."""
    return tuple(dict.fromkeys(region.ruler for region in calibration.regions if region.ruler is not None))


def region_remarks(region: Region) -> str:
    """Return what else a file says of a region: its priority, and protection of its scale."""
    facts = region.facts
    if facts is None:
        return ""
    said = [translate("low priority") if facts.is_low_priority else translate("high priority")]
    if facts.is_scale_protected:
        said.append(translate("scale protected"))
    if facts.counts_frequency and facts.spatial_format is SpatialFormat.SPECTRAL:
        said.append(translate("counts frequency"))
    return ", ".join(said)


def region_trust(region: Region) -> str:
    """Return whether lengths may be taken in a region, and why not."""
    if region.distrust is not None:
        return distrust(region.distrust)
    if region.is_manual:
        return translate("set by hand")
    return translate("used for lengths") if region.is_usable else translate("not used for lengths")


def statement(one: Statement, used: Region | None = None) -> str:
    """Return what an attribute says beside the regions, and what became of it.

    Args:
        used: The region whose scale is used; where the attribute says otherwise, that is said.
    """
    if one.ratio is not None:
        said = f"{one.ratio:.3f}"
    else:
        said = pixel_size(one.spacing.row_mm, one.spacing.column_mm) if one.spacing is not None else ""
    text = " ".join(part for part in (one.name, said) if part) + f": {translate(_VERDICTS[one.verdict])}"
    return f"{text}; {translate('it says otherwise')}" if _disagrees(one, used) else text


def ruler(line: Ruler) -> str:
    """Return how a person stated a scale: ``40.0 mm over a line from (100, 80) to (100, 320)``."""
    said = translate("{length} over a line from ({x1:.1f}, {y1:.1f}) to ({x2:.1f}, {y2:.1f})")
    (x1, y1), (x2, y2) = line.first, line.last
    return said.format(length=millimetres(line.length_mm, 2), x1=x1, y1=y1, x2=x2, y2=y2)


def unplaced(calibration: Calibration) -> str:
    """Return how many regions could not be placed; empty for none."""
    if calibration.unplaced == 0:
        return ""
    if calibration.unplaced == 1:
        return translate("1 region of the file has no usable corners and is left out.")
    said = translate("{count} regions of the file have no usable corners and are left out.")
    return said.format(count=calibration.unplaced)


def distance(measured: Measured) -> str:
    """Return a distance: pixels, and millimetres or what the axes count or why there is neither."""
    text = pixels(measured.length_px)
    if measured.length_mm is not None:
        return f"{text}, {millimetres(measured.length_mm)}"
    if measured.changes:
        return f"{text}, {', '.join(change(one) for one in measured.changes)}"
    return f"{text}; {refusal(measured.refusal)}" if measured.refusal is not None else text


def change(one: Change) -> str:
    """Return a difference along an axis that counts no length: ``0.42 s``."""
    return with_unit(f"{one.amount:.3g}", _UNITS[one.unit])


def _disagrees(one: Statement, used: Region | None) -> bool:
    if used is None or used.spacing is None:
        return False
    if one.ratio is not None:
        return abs(used.spacing.row_mm / used.spacing.column_mm / one.ratio - 1) > 0.01
    if one.spacing is None:
        return False
    pairs = ((one.spacing.row_mm, used.spacing.row_mm), (one.spacing.column_mm, used.spacing.column_mm))
    return any(abs(said / taken - 1) > 0.01 for said, taken in pairs)
