"""The sign-off: under each study who signed it and when, with its seal; or that it is a draft."""

from __future__ import annotations

from typing import Any

from reportlab.platypus import KeepTogether, Spacer

from fetalclip_app.domain.sign_off import SealState
from fetalclip_app.report.build import ReportContent
from fetalclip_app.report.seal import SignedStudy
from fetalclip_app.report.style import DOUBT_STRONG, HEADING, MM, NOTE, STRONG, SUBHEADING, card, cut, para
from fetalclip_app.wording.sign_off import seal_meaning, sign_explained, sign_off_title, sign_state, signed_by
from fetalclip_app.wording.translate import translate as _

_MOST_LETTERS = 160


def record_name(place: int, count: int) -> str:
    """Return the name of the attached file that a study's seal is of; ``place`` counts from 0."""
    return "signed-record.json" if count == 1 else f"signed-record-{place + 1}.json"


def sign_section(content: ReportContent, width: float) -> list[Any]:
    """Return the part about signatures; nothing where nothing was read that could be signed."""
    flow: list[Any] = [para(sign_off_title(), HEADING)]
    count = len(content.signed)
    for place, one in enumerate(content.signed):
        block = [_block(one, record_name(place, count), width, says_study=count > 1), Spacer(0, 3 * MM)]
        flow = [*flow[:-1], KeepTogether([flow[-1], *block])] if place == 0 else [*flow, KeepTogether(block)]
    return flow if count else []


def _block(one: SignedStudy, file: str, width: float, *, says_study: bool) -> Any:
    is_signed = one.state is SealState.SIGNED
    study = [para(cut(one.title or _("study not stated"), _MOST_LETTERS), SUBHEADING)] if says_study else []
    lines = [para(sign_state(one.state), STRONG if is_signed else DOUBT_STRONG)]
    lines += [para(signed_by(one.signed))] if one.signed is not None else []
    lines += [para(sign_explained(one.state)), Spacer(0, 1 * MM)]
    seals = [_("Seal: {seal}", seal=one.seal)]
    if one.signed is not None and not is_signed:
        seals.append(_("Signed was: {seal}", seal=one.signed.sealed))
    lines += [para(text, NOTE) for text in (*seals, seal_meaning(file))]
    return card([*study, *lines], width, doubt=not is_signed)
