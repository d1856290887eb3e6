"""What is told of a label of a clip or a picture, and of the head that gives it."""

from __future__ import annotations

from fetalclip_app.domain.abstention import Abstention
from fetalclip_app.domain.clip_labels import ClipLabel, ClipLabelFacts, ClipLabels
from fetalclip_app.wording.abstentions import reason_title
from fetalclip_app.wording.numbers import frame_number
from fetalclip_app.wording.translate import translate
from fetalclip_app.wording.views import view_title


def labels_title(found: ClipLabels | None) -> str:
    """Return the heading of labels: of clips, of pictures, or of both or what is not known yet."""
    kinds = {one.head.is_of_pictures for one in found.labels} if found is not None else set()
    if kinds == {True}:
        return translate("Picture labels")
    return translate("Clip labels") if kinds == {False} else translate("Labels")


def label_value(one: ClipLabel) -> str:
    """Return the probability, or in two words why there is none."""
    if isinstance(one.probability, Abstention):
        return reason_title(one.probability.reason)
    return f"{min(max(one.probability, 0.01), 0.99):.2f}"


def label_frame(one: ClipLabel) -> str:
    """Return which frame a label of pictures is about; empty where it is of the clip."""
    if one.frame_index is None:
        return ""
    return translate("It looked at {frame}.").format(frame=frame_number(one.frame_index))


def label_training(head: ClipLabelFacts) -> str:
    """Return what the head was trained on and how good it is: ``Trained on 60 clips, AUROC 0.93 (0.85 to 0.98)``."""
    said = translate("Trained on {clips} clips, AUROC {auroc} ({low} to {high}); research use only.")
    if head.is_of_pictures:
        said = translate("Trained on {clips} pictures, AUROC {auroc} ({low} to {high}); research use only.")
    return said.format(clips=head.clips, auroc=f"{head.auroc:.2f}", low=f"{head.low:.2f}", high=f"{head.high:.2f}")


def label_patients(head: ClipLabelFacts) -> str:
    """Return whose clips or pictures those were."""
    said = translate(
        "{positive} of the {clips} clips, of {patients} patients, have the label. The AUROC is by cross-validation "
        "over these patients, with its 95% interval by patient."
    )
    if head.is_of_pictures:
        said = translate(
            "{positive} of the {clips} pictures, of {patients} patients, have the label. The AUROC is of pictures of "
            "other patients, which were held out, with its 95% interval by patient."
        )
    return said.format(positive=head.positive, clips=head.clips, patients=head.patients)


def label_generated(head: ClipLabelFacts) -> str:
    """Return the remark on a head that was trained on generated clips, or on pictures that nobody graded."""
    if head.is_of_pictures:
        return translate("Trained on pictures made poor on purpose: no sonographer graded them.")
    return translate("Trained on generated moving pictures: it says nothing about patients.")


def label_meaning(head: ClipLabelFacts) -> str:
    """Return what the number is."""
    return translate("How probable the label is: {meaning}").format(meaning=head.meaning)


def label_frames(head: ClipLabelFacts) -> str:
    """Return what is looked at."""
    said = translate("It looks at {frames} frames at equal distances.").format(frames=head.frames)
    if head.is_of_pictures:
        said = translate(
            "It looks at one picture, by a network adapted for it; of a clip, at the middle of its familiar frames."
        )
    if not head.view:
        return said
    shown = translate("Its clips show: {view}.")
    if head.is_of_pictures:
        shown = translate("Its pictures show: {view}.")
    return f"{said} {shown.format(view=view_title(head.view))}"


def label_licence(head: ClipLabelFacts) -> str:
    """Return the remark on the head's licence."""
    return translate("The label's head has a licence of its own: {licence}.").format(licence=head.licence)


def label_remarks(head: ClipLabelFacts) -> tuple[str, ...]:
    """Return what must be known of a label, the most important first."""
    generated = (label_generated(head),) if head.generated else ()
    whose = (label_meaning(head), label_patients(head), label_frames(head), label_licence(head))
    return (*generated, label_training(head), *whose)
