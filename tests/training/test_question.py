"""The question about sub-planes is the app's own: one answer a class, in the proportions of the pictures."""

from __future__ import annotations

from typing import cast

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from fetalclip_app.domain.views import BRAIN_PLANES, ViewSet
from fetalclip_app.tasks.views import class_embeddings
from training.captions import Phrases
from training.question import Question, answer_losses
from training.truth import UNLABELLED

PROMPTS = {"a": ["one", "two", "three"], "b": ["four"]}


def _unit(count: int, seed: int) -> torch.Tensor:
    return F.normalize(torch.randn(count, 8, generator=torch.Generator().manual_seed(seed)), dim=-1)


def test_classes_and_answers_are_numbered_by_the_prompts() -> None:
    question = Question.of(PROMPTS, ["b", None, "a"])

    assert question.texts == ["one", "two", "three", "four"]
    assert question.classes.tolist() == [0, 0, 0, 1]
    assert question.answers.tolist() == [1, UNLABELLED, 0]


def test_the_answer_is_the_softmax_that_the_app_computes() -> None:
    images, texts = _unit(3, 1), _unit(4, 2)
    question = Question.of(PROMPTS, ["b", None, "a"])
    view_set = ViewSet("x", {name: tuple(texts) for name, texts in PROMPTS.items()}, "0" * 64)
    classes = class_embeddings(view_set, lambda _: texts.numpy())
    logits = 5.0 * images.numpy() @ classes.T

    losses = answer_losses(images, texts, question, torch.tensor(5.0), 0.0)

    wanted = [np.log(np.exp(logits[row]).sum()) - logits[row, answer] for row, answer in ((0, 1), (2, 0))]
    assert losses.tolist() == pytest.approx(wanted, rel=1e-5)


def test_smoothed_answers_cost_something_however_sure_they_are() -> None:
    sure = Question.of({"a": ["one"], "b": ["two"]}, ["a"])
    texts = torch.eye(2, 8)

    assert answer_losses(texts[:1], texts, sure, torch.tensor(100.0), 0.0) == pytest.approx(0.0, abs=1e-5)
    assert answer_losses(texts[:1], texts, sure, torch.tensor(100.0), 0.1) == pytest.approx(5.0, rel=1e-3)


def test_a_class_that_is_shown_more_often_is_said_more_often() -> None:
    """Pictures that look alike: the best answer is how often each class is."""
    question = Question.of({"a": ["one"], "b": ["two"]}, ["a"] * 3 + ["b"])
    images = torch.zeros(4, 2) + torch.tensor([1.0, 0.0])
    angle = torch.zeros((), requires_grad=True)
    optimizer = torch.optim.LBFGS([angle], max_iter=50)

    def cost() -> torch.Tensor:
        optimizer.zero_grad()
        texts = torch.stack([torch.stack([angle.cos(), angle.sin()]), torch.tensor([0.0, 1.0])])
        loss = answer_losses(images, texts, question, torch.tensor(2.0), 0.0).mean()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    with torch.no_grad():
        angle += 1.0
    optimizer.step(cost)  # type: ignore[arg-type]

    share = torch.softmax(torch.stack([2.0 * angle.cos(), torch.zeros(())]), 0)[0]
    assert cast(float, share.item()) == pytest.approx(0.75, abs=1e-3)


def test_the_trainings_ask_with_the_apps_own_sentences() -> None:
    question = Question.of(Phrases.bundled().brain_planes, list(BRAIN_PLANES))

    assert question.answers.tolist() == [0, 1, 2]
    assert len(question.texts) == sum(len(texts) for texts in Phrases.bundled().brain_planes.values())
