"""What is said of a folder, a DICOMDIR or an archive besides the clips that it holds."""

from __future__ import annotations

from fetalclip_app.domain.listing import Notice, NoticeKind
from fetalclip_app.wording.translate import mark, translate

_SENTENCES: dict[NoticeKind, tuple[str, str]] = {
    NoticeKind.INDEX_DAMAGED: (
        mark("{where} cannot be read: the files of its folder are listed without it."),
        mark("{where} cannot be read: the files of its folder are listed without it."),
    ),
    NoticeKind.INDEX_MISSES: (
        mark("1 file that {where} names is not there: {names}."),
        mark("{count} files that {where} names are not there: {names}."),
    ),
    NoticeKind.INDEX_LEAVES: (
        mark("1 name in {where} leads out of its folder and was not followed: {names}."),
        mark("{count} names in {where} lead out of its folder and were not followed: {names}."),
    ),
    NoticeKind.INDEX_FORGOT: (
        mark("1 file in {where} is missing from its DICOMDIR; it was opened too: {names}."),
        mark("{count} files in {where} are missing from its DICOMDIR; they were opened too: {names}."),
    ),
    NoticeKind.ARCHIVES_CLOSED: (
        mark("1 ZIP in {where} was left closed; open it by itself: {names}."),
        mark("{count} ZIP files in {where} were left closed; open each by itself: {names}."),
    ),
    NoticeKind.FOLDERS_CLOSED: (
        mark("1 folder in {where} may not be read with your rights: {names}."),
        mark("{count} folders in {where} may not be read with your rights: {names}."),
    ),
    NoticeKind.COPIES: (
        mark("1 file holds what is open already and is shown once: {names}."),
        mark("{count} files hold what is open already and are shown once: {names}."),
    ),
    NoticeKind.SAME_CLIP: (
        mark("1 file holds the same clip as one before it: {names}."),
        mark("{count} files hold the same clip as one before them: {names}."),
    ),
    NoticeKind.SHARED_IDENTIFIER: (
        mark("1 file bears the DICOM identifier of another file, with different content: {names}."),
        mark("{count} files share a DICOM identifier though their content differs; none is left out: {names}."),
    ),
}
"""For one file, and for several."""

_NAMED = 3


def notice_sentence(notice: Notice) -> str:
    """Return one sentence, which names the first few of the files that it is about."""
    one, many = _SENTENCES[notice.kind]
    count = len(notice.names)
    names = ", ".join(notice.names[:_NAMED])
    if count > _NAMED:
        names = translate("{names} and {count} more").format(names=names, count=count - _NAMED)
    return translate(many if count > 1 else one).format(where=notice.where, names=names, count=count)
