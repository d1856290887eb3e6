"""What DICOM objects say in words, and what is said of them."""

from __future__ import annotations

from fetalclip_app.domain.notes import ItemState
from fetalclip_app.wording.checklist import item_state
from fetalclip_app.wording.numbers import percent
from fetalclip_app.wording.translate import translate
from fetalclip_app.wording.views import view_title


def not_judged() -> str:
    """Return that seeing is no judgement."""
    return translate("How it looks was not assessed.")


def view_seen(view: str, share: float) -> str:
    """Return that the model sees a view, and that nothing more is said."""
    said = translate("{view}: a view that the model sees, {share}.", view=view_title(view), share=percent(share))
    return f"{said} {not_judged()}"


def item_said(title: str, state: ItemState, *, by_person: bool) -> str:
    """Return what is said of an item of a checklist, and by whom."""
    if by_person:
        said = translate("{item}: {state}, by a person's word.", item=title, state=item_state(state))
    else:
        said = translate("{item}: {state}, by the clips.", item=title, state=item_state(state))
    return f"{said} {not_judged()}"


def whose_shape(*, by_model: bool) -> str:
    """Return whose a shape over a frame is."""
    return translate("model") if by_model else translate("by hand")
