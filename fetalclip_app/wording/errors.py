"""Errors as sentences: what happened, and what the user can do now."""

from __future__ import annotations

from fetalclip_app.errors import ErrorCode, FetalClipError, Parameter
from fetalclip_app.wording import archive, deidentify, report_template, verifying
from fetalclip_app.wording.translate import choose, mark, translate, within
from fetalclip_app.wording.views import task_title

_SENTENCES: dict[ErrorCode, tuple[str, ...]] = {
    ErrorCode.FILE_MISSING: (mark("{name} is not there."), mark("The file is not there.")),
    ErrorCode.FILE_EMPTY: (mark("{name} is empty."), mark("The file is empty.")),
    ErrorCode.FILE_TRUNCATED: (
        mark("{name} ends too early: frame {frame} is missing."),
        mark("{name} ends too early; part of it is missing."),
        mark("The file ends too early; part of it is missing."),
    ),
    ErrorCode.FILE_DAMAGED: (
        mark("{name} is damaged and cannot be read."),
        mark("The file is damaged and cannot be read."),
    ),
    ErrorCode.FILE_TOO_LARGE: (
        mark("{name} is larger than this program can open."),
        mark("The file is larger than this program can open."),
    ),
    ErrorCode.FILE_ENCRYPTED: (mark("{name} is encrypted."), mark("The file is encrypted.")),
    ErrorCode.NOT_A_PICTURE: (
        mark("{name} is neither a picture nor a cine that this program knows."),
        mark("This is neither a picture nor a cine that this program knows."),
    ),
    ErrorCode.NO_PIXELS: (
        mark("{name} is a DICOM file without a picture."),
        mark("This DICOM file holds no picture."),
    ),
    ErrorCode.STRUCTURED_REPORT: (
        mark("{name} is a structured report: it holds statements, and no picture."),
        mark("This is a structured report: it holds statements, and no picture."),
    ),
    ErrorCode.NOT_A_REPORT: (
        mark("{name} is no structured report."),
        mark("This is no structured report."),
    ),
    ErrorCode.NO_CODEC: (
        mark("{name} is compressed in a way that this program cannot decode ({syntax})."),
        mark("{name} is compressed in a way that this program cannot decode."),
        mark("The picture is compressed in a way that this program cannot decode."),
    ),
    ErrorCode.ARCHIVE_INSIDE: (
        mark("{name} is an archive inside an archive."),
        mark("This is an archive inside an archive."),
    ),
    ErrorCode.FOLDER_EMPTY: (
        mark("{name} holds no picture that this program can open."),
        mark("The folder holds no picture that this program can open."),
    ),
    ErrorCode.MANIFEST_INVALID: (
        mark("{name}, line {line}: {problem}."),
        mark("{name}: {problem}."),
        mark("{name} is not a table of files that this program can read."),
        mark("The table of files cannot be read."),
    ),
    ErrorCode.FETUS_OF_NO_FILE: (
        mark("A fetus is stated of {name}, which is none of the files that are read."),
        mark("A fetus is stated of a file that is not read."),
    ),
    ErrorCode.DATING_REFUSED: (mark("The dating is refused: {reason}."), mark("The dating is refused.")),
    ErrorCode.FETUS_UNCLEAR: (
        mark("{name} is stated to be of fetus {first} and of fetus {second}."),
        mark("A file is stated to be of two fetuses."),
    ),
    ErrorCode.MODEL_MISSING: (
        mark("The model is not there: {name} was not found."),
        mark("The model's weights are not there."),
    ),
    ErrorCode.MODEL_DAMAGED: (
        mark("The model file {name} is damaged ({reason})."),
        mark("The model file {name} is damaged."),
        mark("The model file is damaged."),
    ),
    ErrorCode.MODEL_WRONG_HASH: (
        mark("{name} is not the file that it should be: its SHA-256 differs."),
        mark("The model file is not the one that it should be: its SHA-256 differs."),
    ),
    ErrorCode.MODEL_WRONG_SHAPE: (
        mark("{name} holds weights of another network ({reason})."),
        mark("{name} holds weights of another network."),
        mark("The file holds weights of another network."),
    ),
    ErrorCode.PROBE_MISSING: (
        mark("No probe for these weights answers this: {task}."),
        mark("No probe for these weights answers this."),
    ),
    ErrorCode.PROBE_SECOND: (
        mark("{name} is a second probe of these weights for one question ({task}): {first} answers it."),
        mark("There is a second probe of these weights for one question."),
    ),
    ErrorCode.LABEL_SECOND: (
        mark("{name} is a second head of these weights for the label {label}: {first} gives it."),
        mark("There is a second head of these weights for one label."),
    ),
    ErrorCode.WEIGHTS_LOADED_OTHERWISE: (
        mark("{name} changes weights that this program has loaded otherwise than its training did ({weight})."),
        mark("The head changes weights that this program has loaded otherwise than its training did."),
    ),
    ErrorCode.ENDS_READ_OTHERWISE: (
        mark("{name} states errors of lengths whose ends were found otherwise than this program finds them."),
        mark("The head states errors of lengths whose ends were found otherwise than this program finds them."),
    ),
    ErrorCode.LICENCE_NOT_ACCEPTED: (
        mark("{title} is under {licence}, which has not been accepted yet."),
        mark("These weights are under {licence}, which has not been accepted yet."),
        mark("The licence of these weights has not been accepted yet."),
    ),
    ErrorCode.DOWNLOAD_FAILED: (
        mark("{name} could not be fetched ({reason})."),
        mark("{name} could not be fetched."),
        mark("The weights could not be fetched."),
    ),
    ErrorCode.DEVICE_UNAVAILABLE: (
        mark("The device {device} cannot be used here ({reason})."),
        mark("The device {device} cannot be used here."),
        mark("The chosen device cannot be used here."),
    ),
    ErrorCode.OUT_OF_MEMORY: (
        mark("There was not enough memory on {device} for this reading."),
        mark("There was not enough memory for this reading."),
    ),
    ErrorCode.WORKER_LOST: (mark("The model stopped unexpectedly during this reading."),),
    ErrorCode.CHECKLIST_INVALID: (
        mark("{name} is no checklist: {problem}."),
        mark("{name} is no checklist that this program can use."),
        mark("The checklist cannot be used."),
    ),
    ErrorCode.VIEW_SET_INVALID: (
        mark("{name} is not a set of views: {problem}."),
        mark("{name} is not a set of views that this program can use."),
        mark("The set of views cannot be used."),
    ),
    **deidentify.SENTENCES,
    **archive.SENTENCES,
    **report_template.SENTENCES,
    **verifying.SENTENCES,
    ErrorCode.EXPORT_FAILED: (
        mark("{name} could not be written: {problem}."),
        mark("{name} could not be written."),
        mark("The file could not be written."),
    ),
    ErrorCode.UNEXPECTED: (mark("This scan could not be read, by a fault of this program."),),
}

_HINTS: dict[ErrorCode, tuple[str, ...]] = {
    ErrorCode.FILE_MISSING: (mark("Check the path, or connect the drive that it lies on."),),
    ErrorCode.FILE_EMPTY: (mark("Export or copy it again from where it came from."),),
    ErrorCode.FILE_TRUNCATED: (mark("The copy was probably interrupted: copy it again."),),
    ErrorCode.FILE_DAMAGED: (mark("Copy it again, or export it anew from the scanner."),),
    ErrorCode.FILE_TOO_LARGE: (
        mark("The limit is {limit}. Export a shorter clip or a smaller picture."),
        mark("Export a shorter clip or a smaller picture."),
    ),
    ErrorCode.FILE_ENCRYPTED: (mark("Export it without encryption, or decrypt it first."),),
    ErrorCode.NOT_A_PICTURE: (mark("Open DICOM, PNG, JPEG, TIFF, BMP, MP4 or AVI, or a folder or ZIP of them."),),
    ErrorCode.NO_PIXELS: (mark("It may be a report or an index: open the image files beside it."),),
    ErrorCode.STRUCTURED_REPORT: (mark("The window shows it; on the command line read-report does."),),
    ErrorCode.NOT_A_REPORT: (mark("Choose a DICOM file of a structured report (SR)."),),
    ErrorCode.NO_CODEC: (mark("Export it from the scanner as uncompressed or JPEG DICOM, and open that."),),
    ErrorCode.ARCHIVE_INSIDE: (mark("Unpack the outer one, and open this one by itself."),),
    ErrorCode.FOLDER_EMPTY: (mark("Choose the folder that holds the DICOM, picture or video files."),),
    ErrorCode.MANIFEST_INVALID: (
        mark("It needs the columns file and pixel_mm, one row a file; pixel_mm may be empty, and fetus may be added."),
    ),
    ErrorCode.FETUS_OF_NO_FILE: (mark("Write the file as it is written among those to read."),),
    ErrorCode.DATING_REFUSED: (mark("Nothing was read. State another dating."),),
    ErrorCode.FETUS_UNCLEAR: (mark("State one fetus of each file."),),
    ErrorCode.MODEL_MISSING: (
        mark("Point at the weight file, fetch it, or choose the compact model (model menu, or --weights and --model)."),
    ),
    ErrorCode.MODEL_DAMAGED: (mark("Fetch or copy it again."),),
    ErrorCode.MODEL_WRONG_HASH: (
        mark("Fetch the released file again. Weights of your own open with their configuration file, as unverified."),
    ),
    ErrorCode.MODEL_WRONG_SHAPE: (mark("Choose the configuration file that belongs to these weights."),),
    ErrorCode.PROBE_MISSING: (
        mark(
            "Let prompts name it ('View sets' in the model menu, or --views-by and --brain-views-by), "
            "or put a probe of these weights into a folder 'heads': of the exported model, "
            "beside the weight file, or of the program."
        ),
    ),
    ErrorCode.PROBE_SECOND: (mark("Keep one of the two files: of two, the first by place and name answers."),),
    ErrorCode.LABEL_SECOND: (mark("Keep one of the two files, or train one under another label."),),
    ErrorCode.WEIGHTS_LOADED_OTHERWISE: (mark("Train the head again with this version of the program."),),
    ErrorCode.ENDS_READ_OTHERWISE: (mark("Train the head again with this version of the program."),),
    ErrorCode.LICENCE_NOT_ACCEPTED: (
        mark("Read the licence and accept it in the model menu, or by --accept-licence on the command line."),
    ),
    ErrorCode.DOWNLOAD_FAILED: (
        mark("Check the network and the free space on the drive, or copy the file by hand and point at it."),
    ),
    ErrorCode.DEVICE_UNAVAILABLE: (
        mark("Choose the device 'auto' or 'cpu' in the model menu, or by --device on the command line."),
    ),
    ErrorCode.OUT_OF_MEMORY: (mark("Close other programs, choose the device 'cpu', or read fewer clips at once."),),
    ErrorCode.WORKER_LOST: (mark("Read the clip again: a new model process starts by itself."),),
    ErrorCode.CHECKLIST_INVALID: (
        mark("Mend the file, or choose another checklist. How one is written: docs/checklists.md."),
    ),
    ErrorCode.VIEW_SET_INVALID: (
        mark(
            "A set of views is a JSON file: each class with a list of at least one sentence. "
            "Mend it, or choose another in the model menu or by --views on the command line."
        ),
    ),
    **deidentify.HINTS,
    **archive.HINTS,
    **report_template.HINTS,
    **verifying.HINTS,
    ErrorCode.EXPORT_FAILED: (
        mark("Nothing was left half written. Check the free space and the rights to this folder, or choose another."),
    ),
    ErrorCode.UNEXPECTED: (mark("The others go on. Please report it, with the program's log."),),
}


_SPECIAL: dict[tuple[ErrorCode, str], tuple[tuple[str, ...], str]] = {
    **verifying.SPECIAL,
    (ErrorCode.FILE_MISSING, "permission"): (
        (mark("{name} may not be read with your rights."), mark("The file may not be read with your rights.")),
        mark("Ask for the right to read it, or copy it to a folder of your own."),
    ),
    (ErrorCode.CHECKLIST_INVALID, "missing"): (
        (mark("The checklist {name} is not there."), mark("The chosen checklist is not there.")),
        mark("Put the file back, or choose another checklist."),
    ),
    (ErrorCode.VIEW_SET_INVALID, "missing"): (
        (mark("The view set {name} is not there."), mark("The chosen view set is not there.")),
        mark("Put the file back, or choose another set in the model menu or by --views on the command line."),
    ),
    (ErrorCode.MODEL_MISSING, "no_manifest"): (
        (mark("The folder {name} is no exported model: it has no manifest.json."),),
        mark("Choose the folder that the trainings' 'export --out FOLDER' wrote."),
    ),
    (ErrorCode.FILE_TOO_LARGE, "bomb"): (
        (
            mark("{name} would unpack to far more than an exam can hold."),
            mark("The archive would unpack to far more than an exam can hold."),
        ),
        mark("Files like this are made to fill a computer: open it only if you know who made it, file by file."),
    ),
    (ErrorCode.FILE_DAMAGED, "changed"): (
        (mark("{name} changed while it was open."), mark("The file changed while it was open.")),
        mark("Open it again."),
    ),
    (ErrorCode.EXPORT_FAILED, "no_cine"): (
        (mark("{name} is a single picture and no cine."),),
        mark("Export it as an annotated picture (PNG)."),
    ),
    (ErrorCode.EXPORT_FAILED, "original"): (
        (mark("{name} is one of the scans: nothing is written over it."),),
        mark("Choose another name or another folder."),
    ),
    **report_template.SPECIAL,
}
"""(code, the parameter ``reason``) -> sentences and hint, where the reason changes what happened."""

_REASON_LETTERS = 120


def sentence(error: FetalClipError) -> str:
    """Return what happened, in one sentence."""
    special = _special(error)
    return choose(special[0] if special else _SENTENCES[error.code], _presentable(error))


def hint(error: FetalClipError) -> str:
    """Return what the user can do now, in one or two sentences."""
    special = _special(error)
    return choose((special[1],) if special else _HINTS[error.code], _presentable(error))


def left_out(error: FetalClipError) -> str:
    """Return what is said of a probe's file that cannot be used."""
    return translate("{sentence} It is left out.").format(sentence=sentence(error))


def unexpected() -> str:
    """Return the sentence for a fault of the program itself; the log holds the rest."""
    return translate("Something went wrong inside the program. Your files are as they were; the log says more.")


def told(error: Exception) -> str:
    """Return what went wrong, of any error in one sentence."""
    return sentence(error) if isinstance(error, FetalClipError) else unexpected()


def _special(error: FetalClipError) -> tuple[tuple[str, ...], str] | None:
    return _SPECIAL.get((error.code, str(error.parameters.get("reason", ""))))


def _presentable(error: FetalClipError) -> dict[str, Parameter]:
    """Return the parameters with a library's own words on one line, cut where they run on."""
    shown = dict(error.parameters)
    if "task" in shown:
        shown["task"] = within(task_title(str(shown["task"])))
    for name in ("reason", "problem"):
        words = " ".join(str(shown.get(name, "")).split()).rstrip(".")
        shown[name] = words if len(words) <= _REASON_LETTERS else f"{words[:_REASON_LETTERS]}…"
    return shown
