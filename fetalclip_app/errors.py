"""The error tree. An error carries a code and parameters; `wording` makes sentences of them."""

from __future__ import annotations

from enum import StrEnum

Parameter = str | int | float


class ErrorCode(StrEnum):
    """Everything that can go wrong in a way that a user can do something about."""

    FILE_MISSING = "file_missing"
    FILE_EMPTY = "file_empty"
    FILE_TRUNCATED = "file_truncated"
    FILE_DAMAGED = "file_damaged"
    FILE_TOO_LARGE = "file_too_large"
    FILE_ENCRYPTED = "file_encrypted"
    NOT_A_PICTURE = "not_a_picture"
    NO_PIXELS = "no_pixels"
    STRUCTURED_REPORT = "structured_report"
    """It holds statements and no picture: `imaging.dicom.structured` reads it."""

    NOT_A_REPORT = "not_a_report"
    NO_CODEC = "no_codec"
    ARCHIVE_INSIDE = "archive_inside"
    FOLDER_EMPTY = "folder_empty"
    MANIFEST_INVALID = "manifest_invalid"
    FETUS_OF_NO_FILE = "fetus_of_no_file"
    FETUS_UNCLEAR = "fetus_unclear"
    DATING_REFUSED = "dating_refused"

    MODEL_MISSING = "model_missing"
    MODEL_DAMAGED = "model_damaged"
    MODEL_WRONG_HASH = "model_wrong_hash"
    MODEL_WRONG_SHAPE = "model_wrong_shape"
    PROBE_MISSING = "probe_missing"
    PROBE_SECOND = "probe_second"
    LABEL_SECOND = "label_second"
    WEIGHTS_LOADED_OTHERWISE = "weights_loaded_otherwise"
    ENDS_READ_OTHERWISE = "ends_read_otherwise"
    LICENCE_NOT_ACCEPTED = "licence_not_accepted"
    DOWNLOAD_FAILED = "download_failed"
    DEVICE_UNAVAILABLE = "device_unavailable"
    OUT_OF_MEMORY = "out_of_memory"
    WORKER_LOST = "worker_lost"

    CHECKLIST_INVALID = "checklist_invalid"
    TEMPLATE_INVALID = "template_invalid"
    VIEW_SET_INVALID = "view_set_invalid"
    NOT_DICOM = "not_dicom"
    SCAN_NOT_FOUND = "scan_not_found"
    TEXT_LEFT = "text_left"
    TEXT_READER_MISSING = "text_reader_missing"
    IDENTITY_LEFT = "identity_left"
    PATIENT_UNCLEAR = "patient_unclear"
    KEY_INVALID = "key_invalid"
    PSEUDONYMS_INVALID = "pseudonyms_invalid"
    MASK_INVALID = "mask_invalid"

    ARCHIVE_BUSY = "archive_busy"
    ARCHIVE_DAMAGED = "archive_damaged"
    ARCHIVE_FULL = "archive_full"
    ARCHIVE_LOCKED = "archive_locked"
    ARCHIVE_MISSING = "archive_missing"
    ARCHIVE_NEWER = "archive_newer"
    ARCHIVE_NOTES_UNKNOWN = "archive_notes_unknown"
    ARCHIVE_READ_ONLY = "archive_read_only"
    ARCHIVE_UNREACHABLE = "archive_unreachable"
    STUDY_FILE_DAMAGED = "study_file_damaged"
    STUDY_FILE_NEWER = "study_file_newer"
    STUDY_NOT_KEPT = "study_not_kept"

    REPORT_INVALID = "report_invalid"
    EXPORT_FAILED = "export_failed"
    UNEXPECTED = "unexpected"


class FetalClipError(Exception):
    """Base of all errors whose message a user may read.

    Attributes:
        code: Which sentence `wording` chooses.
        parameters: What the sentence names: a file name, a transfer syntax, a number.
    """

    def __init__(self, code: ErrorCode, **parameters: Parameter) -> None:
        # The text goes to logs: parameters may hold a file's name, and so a patient's.
        super().__init__(str(code))
        self.code = code
        self.parameters = parameters

    def __reduce__(self) -> tuple[object, ...]:
        """Errors cross from the model's process to the window's: keep code and parameters."""
        return _rebuild, (type(self), self.code, self.parameters)


def _rebuild(kind: type[FetalClipError], code: ErrorCode, parameters: dict[str, Parameter]) -> FetalClipError:
    return kind(code, **parameters)


class UnreadableFile(FetalClipError):
    """A file that holds no picture that this program can show."""


class InvalidInput(FetalClipError):
    """A manifest, a view set or a calibration that contradicts itself."""


class ModelUnavailable(FetalClipError):
    """Weights that are missing, damaged, of the wrong shape or not yet accepted."""


class NotDeidentified(FetalClipError):
    """A file that cannot be de-identified for certain, and so is not written."""


class ComputeFailed(FetalClipError):
    """The device or the model's process gave up."""


class ArchiveFailed(FetalClipError):
    """What a person did could not be kept, or what was kept could not be read; the program goes on."""


class ExportFailed(FetalClipError):
    """A report or table that could not be written; nothing was left half written."""
