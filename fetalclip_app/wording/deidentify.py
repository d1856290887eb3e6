"""De-identification in sentences: why a file is refused, and what was done to one."""

from __future__ import annotations

from fetalclip_app.errors import ErrorCode
from fetalclip_app.wording.translate import mark, translate

SENTENCES: dict[ErrorCode, tuple[str, ...]] = {
    ErrorCode.NOT_DICOM: (
        mark("{name} is no DICOM file, and only those are de-identified."),
        mark("Only DICOM files are de-identified."),
    ),
    ErrorCode.SCAN_NOT_FOUND: (
        mark("{name}: the scan cannot be told from what stands around it, so nothing says what to blank."),
        mark("The scan cannot be told from what stands around it, so nothing says what to blank."),
    ),
    ErrorCode.TEXT_LEFT: (
        mark("{name} still shows text inside the mask: {texts}."),
        mark("{name} still shows text inside the mask."),
        mark("There is still text inside the mask."),
    ),
    ErrorCode.TEXT_READER_MISSING: (
        mark("Text left in the picture cannot be looked for: the package {package} is not installed."),
        mark("Text left in the picture cannot be looked for: the text reader is not installed."),
    ),
    ErrorCode.IDENTITY_LEFT: (
        mark("{name} was not written: the check of the result failed ({reason})."),
        mark("{name} was not written: the check of the result failed."),
        mark("The file was not written: the check of the result failed."),
    ),
    ErrorCode.PATIENT_UNCLEAR: (
        mark("{name} states another patient than the files of its study before it."),
        mark("The file states another patient than the files of its study before it."),
    ),
    ErrorCode.KEY_INVALID: (
        mark("{name} is no key file of this program, or cannot be made."),
        mark("The key file cannot be used."),
    ),
    ErrorCode.PSEUDONYMS_INVALID: (
        mark("{name}, line {line}: {problem}."),
        mark("{name} is not a table of pseudonyms."),
        mark("The table of pseudonyms cannot be used."),
    ),
    ErrorCode.MASK_INVALID: (
        mark("{name} is not a mask that fits: {problem}."),
        mark("{name} is not a mask that this program can use."),
        mark("The mask cannot be used."),
    ),
}

HINTS: dict[ErrorCode, tuple[str, ...]] = {
    ErrorCode.NOT_DICOM: (mark("Export DICOM from the scanner. Pictures and videos carry no fields to clean."),),
    ErrorCode.SCAN_NOT_FOUND: (
        mark("Draw the mask in the window ('De-identify …'), where it is remembered, or give one by --mask."),
    ),
    ErrorCode.TEXT_LEFT: (
        mark("Look at it, then confirm that it is harmless or have it blanked (window, --confirm-text, --blank-text)."),
    ),
    ErrorCode.TEXT_READER_MISSING: (
        mark('Install it with the program\'s extra: pip install "fetalclip-studio[deidentify]".'),
    ),
    ErrorCode.IDENTITY_LEFT: (mark("The original is as it was. Please report it, with the program's log."),),
    ErrorCode.PATIENT_UNCLEAR: (
        mark("Take the files that state an ID first, or this one alone: its dates then move by other days."),
    ),
    ErrorCode.KEY_INVALID: (mark("Name a file that is not there yet, which is made, or one that was made so."),),
    ErrorCode.PSEUDONYMS_INVALID: (
        mark("It needs the columns patient_id and pseudonym; each pseudonym once, plain letters, 64 at most."),
    ),
    ErrorCode.MASK_INVALID: (mark("Draw it anew in the window ('De-identify …')."),),
}

_MASKS = {
    "regions": mark("the ultrasound regions of the file"),
    "fan": mark("the scan found in the picture"),
    "remembered": mark("the mask remembered for this scanner"),
    "given": mark("the mask given"),
}
"""Who says what is blanked (`MaskSource`) -> words."""

_KINDS = {
    "identifying": mark("identifying"),
    "unknown": mark("to be looked at"),
    "harmless": mark("harmless"),
    "measurement": mark("measurement"),
    "mark": mark("mark"),
}
"""What a text in the picture may be (`TextKind`) -> words."""

_GROWN = 1.5
"""A copy this many times as large as its original is worth a word."""


def mask_source(source: str) -> str:
    """Return who says what is blanked."""
    return translate(_MASKS[source])


def text_kind(kind: str) -> str:
    """Return what a text that is left in the picture may be."""
    return translate(_KINDS[kind])


def deidentified(name: str, source: str, bytes_before: int, bytes_after: int) -> str:
    """Return what became of a file."""
    said = translate("written as {name}; all is blanked outside {mask}.").format(name=name, mask=mask_source(source))
    if bytes_after <= _GROWN * bytes_before:
        return said
    times = bytes_after / max(bytes_before, 1)
    grown = translate("It is {times} times as large: its frames are stored anew, without loss.")
    return f"{said} {grown.format(times=f'{times:.0f}' if times >= 10 else f'{times:.1f}')}"
