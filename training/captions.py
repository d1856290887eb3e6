"""Sentences about a picture, drawn anew each time it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from fetalclip_app import resources
from fetalclip_app.domain.age import DAYS_PER_WEEK
from fetalclip_app.domain.views import PLANES
from training.manifest import Sample

_OPENINGS = (
    "{0}",
    "{0}",
    "Obstetric ultrasound: {0}",
    "B-mode picture. {0}",
    "Second trimester scan. {0}",
    "{0} Grey-scale ultrasound.",
)

_PLANE_WORDS = {
    "abdomen": ("fetal abdomen", "fetal belly in cross-section", "abdominal circumference plane", "fetal trunk"),
    "brain": ("fetal brain", "fetal head", "axial section of the fetal skull", "head circumference plane"),
    "femur": ("fetal femur", "fetal thigh bone", "long axis of the femur", "femur length plane"),
    "heart": ("fetal heart", "fetal chest with the heart", "section of the fetal thorax", "cardiac plane of a fetus"),
    "cervix": ("maternal cervix", "cervical canal", "cervix uteri of the mother", "cervical length plane"),
    "kidney": ("fetal kidneys", "fetal kidney", "renal plane of a fetus", "fetal renal pelvis"),
    "lips_nose": ("fetal lips and nose", "fetal mouth", "upper lip of a fetus", "coronal plane of the fetal face"),
    "profile": ("fetal profile", "fetal face from the side", "fetal nasal bone", "midsagittal fetal face"),
    "spine": ("fetal spine", "fetal vertebral column", "backbone of a fetus", "fetal vertebrae in a row"),
}

_BRAIN_WORDS = {
    "trans-thalamic": ("trans-thalamic plane", "thalami and cavum septi pellucidi", "level of the thalami"),
    "trans-cerebellum": ("trans-cerebellar plane", "cerebellum and cisterna magna", "level of the posterior fossa"),
    "trans-ventricular": ("trans-ventricular plane", "lateral ventricles and choroid plexus", "level of the atria"),
}

_FRAMES = (
    "Ultrasound of the {0}.",
    "This picture shows the {0}.",
    "{0}.",
    "A scan of the {0}.",
    "View: {0}.",
    "A standard view of the {0}.",
)

_SPACINGS = ("{0} Pixel size {1} mm.", "{0} {1} mm per pixel.", "{0} Spacing {1} mm/pixel.")

_AGES = ("{0} {1} weeks and {2} days.", "{0} Gestational age {1} weeks {2} days.", "{0} At {1} weeks + {2} days.")

_NAMELESS = frozenset(
    {"", "-", "?", "anonymous", "anonymized", "n/a", "na", "nan", "none", "null", "other", "others", "unknown"}
)
"""What stands where a scanner's name would, in small letters: 'Other' in FETAL_PLANES_DB, and what tables are filled
with."""

_AGE_FRAMES = (
    "{0} at {weeks} weeks and {days} days, {spacing} mm per pixel.",
    "{0}, gestational age {weeks} weeks {days} days, pixel size {spacing} mm.",
    "{0}; {weeks} weeks + {days} days; {spacing} mm/pixel.",
    "With pixels of {spacing} mm, this {0} is {weeks} weeks and {days} days old.",
)


@dataclass(frozen=True, slots=True)
class Phrases:
    """The sentences of the app's prompt files: they are captions too.

    Attributes:
        varied: Otherwise a plane has one caption, its first sentence.
    """

    planes: dict[str, list[str]]
    brain_planes: dict[str, list[str]]
    ages: list[str]
    varied: bool = True

    @classmethod
    def bundled(cls, *, varied: bool = True) -> Phrases:
        """Return those of ``resources/prompts``."""
        return cls(
            resources.read_json("prompts/planes.json"),
            resources.read_json("prompts/brain_planes.json"),
            resources.read_json("prompts/gestational_age.json")["brain"],
            varied,
        )


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a caption may add to the plane, and what does not make it a caption of another plane.

    Attributes:
        spacing_mm: mm per network pixel.
        machine: The scanner, as its data set calls it; empty where nobody said.
        age_days: Since the last menstrual period.
    """

    spacing_mm: float | None = None
    machine: str = ""
    age_days: int | None = None

    def some(self, draw: Random, age_share: float = 0.0) -> Circumstances:
        """Return what a caption says of them this time: mostly nothing.

        Args:
            draw: Of the captions.
            age_share: How often the age is told; at 0 nothing is drawn for it.
        """
        return Circumstances(
            self.spacing_mm if draw.random() < _SPACING_SHARE else None,
            self.machine if draw.random() < _MACHINE_SHARE and _is_name(self.machine) else "",
            self.age_days if age_share > 0 and draw.random() < age_share else None,
        )


def of_sample(sample: Sample | None, spacing_mm: float | None) -> Circumstances:
    """Return all that is known of a picture beside its plane.

    Args:
        sample: None for a distractor.
        spacing_mm: mm per network pixel as the picture is shown.
    """
    if sample is None:
        return Circumstances(spacing_mm)
    return Circumstances(spacing_mm, sample.machine, None if sample.age_days is None else round(sample.age_days))


def _is_name(machine: str) -> bool:
    return machine.strip().casefold() not in _NAMELESS


UNSAID = Circumstances()

_SPACING_SHARE, _MACHINE_SHARE = 0.35, 0.15


def plane_caption(plane: str, phrases: Phrases, draw: Random, told: Circumstances = UNSAID) -> str:
    """Return a sentence that names the plane and all that is told."""
    if not phrases.varied:
        return phrases.planes[plane][0]
    return _with_circumstances(_caption(_PLANE_WORDS[plane], phrases.planes[plane], draw), told, draw)


def brain_caption(brain_plane: str, phrases: Phrases, draw: Random, told: Circumstances = UNSAID) -> str:
    """Return a sentence that names the brain's sub-plane."""
    if not phrases.varied:
        return phrases.brain_planes[brain_plane][0]
    sentence = _caption(_BRAIN_WORDS[brain_plane], phrases.brain_planes[brain_plane], draw)
    return _with_circumstances(sentence, told, draw)


def age_caption(template: str, age_days: int, spacing_mm: float) -> str:
    """Return a sentence that names an age and the size of a network pixel, with two decimals as published."""
    weeks, days = divmod(age_days, DAYS_PER_WEEK)
    return template.format(weeks=weeks, days=days, spacing=f"{spacing_mm:.2f}")


def age_template(phrases: Phrases, draw: Random) -> str:
    """Return a template with the fields weeks, days and spacing."""
    if draw.random() < 0.7:
        return draw.choice(phrases.ages)
    subject = draw.choice(_PLANE_WORDS["brain"]).capitalize()
    frame = draw.choice(_AGE_FRAMES)
    return frame.replace("{0}", subject if frame.startswith("{0}") else subject.lower())


def unseen_planes(trained: frozenset[str]) -> tuple[str, ...]:
    """Return the planes that no training picture shows: their captions are only ever wrong."""
    return tuple(plane for plane in PLANES if plane not in trained)


def _caption(words: tuple[str, ...], sentences: list[str], draw: Random) -> str:
    if draw.random() < 0.5:
        sentence = draw.choice(sentences)
    else:
        word, frame = draw.choice(words), draw.choice(_FRAMES)
        sentence = frame.format(word if not frame.startswith("{0}") else word.capitalize())
    return draw.choice(_OPENINGS).format(sentence)


def _with_circumstances(sentence: str, told: Circumstances, draw: Random) -> str:
    if told.spacing_mm is not None:
        sentence = draw.choice(_SPACINGS).format(sentence, f"{told.spacing_mm:.2f}")
    if told.age_days is not None:
        sentence = draw.choice(_AGES).format(sentence, *divmod(told.age_days, DAYS_PER_WEEK))
    return f"{sentence} Scanned on a {told.machine}." if told.machine else sentence
