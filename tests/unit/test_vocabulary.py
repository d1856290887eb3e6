"""Which words a model learned, and what is said of the others."""

from __future__ import annotations

from dataclasses import replace

import pytest
from task_tools import PLANE_SET, instruments, scan_of

from fetalclip_app.domain.abstention import Abstention, Reason
from fetalclip_app.domain.likeness import Language
from fetalclip_app.domain.views import PLANES, ViewPrediction, ViewSet
from fetalclip_app.domain.vocabulary import Unlearned, Vocabulary, negations_of, normal
from fetalclip_app.inference.language import language_of
from fetalclip_app.model import catalog
from fetalclip_app.tasks.view_sets import BRAIN_PLANES_FILE, PLANES_FILE, bundled
from fetalclip_app.tasks.views import ViewTask, unlearned_classes

KNOWN = Vocabulary(
    frozenset({"the", "a", "of", "fetal", "ventricle", "thalamus", "midline", "transthalamic", "plane", "at"})
    | {"week", "day", "mm", "mother"},
    frozenset({"kidney"}),
    {"week": (14, 38), "day": (0, 6), "mm": (0.15, 1.6)},
)


@pytest.fixture(scope="module")
def compact() -> Language:
    return language_of(catalog.compact())


@pytest.mark.parametrize(
    "sentence",
    ["Fetal ventricles", "the THALAMI", "trans-thalamic planes", "transthalamic plane", "the mother's midline", ""],
)
def test_words_are_known_in_singular_and_plural_and_with_and_without_a_hyphen(sentence: str) -> None:
    assert not KNOWN.unlearned(sentence)


def test_unknown_words_are_named_as_they_were_written_and_once() -> None:
    found = KNOWN.unlearned("Placenta, the placenta and Twins")

    assert found == Unlearned(unknown=("Placenta", "and", "Twins"))
    assert found


def test_words_that_were_told_but_never_shown_are_named_apart() -> None:
    assert KNOWN.unlearned("fetal kidneys") == Unlearned(unseen=("kidneys",))


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        ("No ventricle", ("No",)),
        ("fetal plane WITHOUT midline", ("WITHOUT",)),
        ("there isn't a midline", ("isn't",)),
        ("non-fetal", ("non-fetal",)),
        ("a knot", ()),
    ],
)
def test_negations_are_found(sentence: str, words: tuple[str, ...]) -> None:
    assert negations_of(sentence) == words
    assert KNOWN.unlearned(sentence).negations == words


@pytest.mark.parametrize("sentence", ["at 20 weeks", "20 weeks 3 days", "0.50 mm", "0,50 mm"])
def test_numbers_count_before_a_unit(sentence: str) -> None:
    assert not KNOWN.unlearned(sentence)


@pytest.mark.parametrize(
    ("sentence", "word"), [("4 plane", "4"), ("52 weeks", "52"), ("7 mm", "7"), ("20w3d", "20w3d"), ("weeks 20", "20")]
)
def test_numbers_that_no_caption_had_are_unknown(sentence: str, word: str) -> None:
    assert KNOWN.unlearned(sentence).unknown == (word,)


def test_the_form_that_is_compared() -> None:
    words = ("Ventricles", "septi", "vertebrae", "Pelvis", "uterus", "bodies", "axis", "naïve", "B-mode", "mother's")
    forms = ["ventricle", "septus", "vertebra", "pelvis", "uterus", "body", "axis", "naive", "bmode", "mother"]

    assert [normal(word) for word in words] == forms


def test_the_bundled_sets_ask_of_trained_views_in_learned_words_alone(compact: Language) -> None:
    trained = catalog.compact().trained_views
    classes = dict(bundled(PLANES_FILE).prompts) | dict(bundled(BRAIN_PLANES_FILE).prompts)

    unlearned = unlearned_classes(ViewSet("both", classes, ""), compact.vocabulary)

    assert set(unlearned) == set(classes) - set(trained)
    assert all(found.unseen and not found.unknown for found in unlearned.values())


def test_the_bundled_model_never_learned_the_placenta_nor_twins(compact: Language) -> None:
    assert compact.vocabulary is not None
    assert compact.vocabulary.unlearned("placenta of the twins").unknown == ("placenta", "twins")
    assert compact.vocabulary.unlearned("fetal kidneys without cysts") == Unlearned(
        ("cysts",), ("kidneys",), ("without",)
    )


def test_a_class_in_unknown_words_is_a_guess_whatever_it_is_called() -> None:
    tools = replace(instruments(), vocabulary=Vocabulary(frozenset({"a", "the", *PLANES}) - {"brain"}))

    answer = ViewTask(PLANE_SET).answer(scan_of(["brain"]), tools).answer

    assert isinstance(answer, ViewPrediction)
    assert answer.abstained == Abstention(Reason.NOT_TRAINED, "view", {"view": "brain"})
    assert "femur" not in answer.not_trained
