"""The question that the app asks of every head: which sub-plane? It has one answer for each class, however often drawn.

The captions of a batch ask another one: a class that was drawn more often has more captions in the softmax, and so its
frequency cancels. What is left knows no frequency, and takes rare sub-planes for common ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from training.truth import UNLABELLED


@dataclass(frozen=True, eq=False, slots=True)
class Question:
    """The app's sentences, and which class each picture of a batch shows.

    Attributes:
        texts: T sentences; none where nothing is asked.
        classes: int64, (T,): the class that each sentence names, from 0.
        answers: int64, (N,): the class of each picture, or `UNLABELLED`.
    """

    texts: list[str]
    classes: NDArray[np.int64]
    answers: NDArray[np.int64]

    @classmethod
    def of(cls, prompts: Mapping[str, Sequence[str]], shown: Sequence[str | None]) -> Question:
        """Return the question of prompts about pictures of these classes; None is a picture that nobody labelled."""
        keys = list(prompts)
        named = [number for number, texts in enumerate(prompts.values()) for _ in texts]
        answers = [keys.index(name) if name in keys else UNLABELLED for name in shown]
        texts = [text for texts in prompts.values() for text in texts]
        return cls(texts, np.array(named, np.int64), np.array(answers, np.int64))


UNASKED = Question([], np.zeros(0, np.int64), np.zeros(0, np.int64))


def answer_losses(
    images_ND: torch.Tensor, texts_TD: torch.Tensor, question: Question, scale: torch.Tensor, smoothing: float
) -> torch.Tensor:
    """Return the cross-entropy of each labelled picture's answer, (labelled pictures,).

    A class is the mean of its sentences' unit rows, brought to unit length, as in `fetalclip_app.tasks.views`.

    Args:
        images_ND: Unit rows of the batch's pictures.
        texts_TD: Unit rows of the question's sentences.
        question: At least one sentence.
        scale: Inverse temperature.
        smoothing: Share of an answer that is spread over all classes.
    """
    labelled = torch.from_numpy(np.flatnonzero(question.answers != UNLABELLED)).to(images_ND.device)
    answers = torch.from_numpy(question.answers).to(images_ND.device)[labelled]
    members = F.one_hot(torch.from_numpy(question.classes).to(texts_TD.device)).to(texts_TD.dtype)
    classes_CD = F.normalize(members.T @ texts_TD, dim=-1)
    logits = scale * images_ND[labelled] @ classes_CD.T
    return F.cross_entropy(logits, answers, label_smoothing=smoothing, reduction="none")
