"""What the first file needs is loaded before it is opened: beside its picture it would hold the window up."""

from __future__ import annotations

from fetalclip_app.progress import CancelToken, Report


def load_what_files_need(_cancel: CancelToken, _report: Report) -> None:
    """Import what decodes a file, draws its thumbnail and keeps what is said of it: a quarter of a second of work.

    The interpreter is kept for up to 16 ms at a time, by tables of DICOM's names. Alone, that is all that the window
    waits for; while it shows a clip, and others load, the waits add up.
    """
    import PIL.Image  # noqa: PLC0415 - none of this before the first window
    import pydantic.dataclasses  # noqa: F401, PLC0415

    import fetalclip_app.archive.notes_json  # noqa: PLC0415
    import fetalclip_app.imaging.readers  # noqa: PLC0415
    import fetalclip_app.imaging.thumbnails  # noqa: PLC0415
    import fetalclip_app.report.as_json  # noqa: F401, PLC0415

    PIL.Image.preinit()
