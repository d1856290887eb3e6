"""What made the program fast still does: ratios of two sides that run in turn, and never seconds.

The limits lie far below what is measured on an idle machine (in brackets), so that a busy one does not fail.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
import tiny_models
import torch
from fakes import make_clip

from bench.published import Recipe
from bench.scene import engine_of, lengthened, plain_network, random_engine, random_network
from bench.sides import Effort, Sides, fresh, read
from fetalclip_app.domain.clip import Clip
from fetalclip_app.imaging.preprocess import prepare
from fetalclip_app.inference.frame_bank import FrameBank
from fetalclip_app.model.cam_score import masked
from fetalclip_app.tasks.gestational_age import AgeTask
from fetalclip_app.tasks.keys import AGE, VIEWS

CONFIG = {**tiny_models.VIT, "text_cfg": {**tiny_models.TEXT, "width": 64}}


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Iterator[None]:
    """Threads that wait for each other take the processor, too."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def ratio(plain: Callable[[], object], ours: Callable[[], object], rounds: int = 5) -> float:
    """Return the ratio of the least processor time that each side took, in turns: no other program is in it."""
    ours()
    pairs = [(_effort(plain), _effort(ours)) for _ in range(rounds)]
    return min(slow for slow, _ in pairs) / min(fast for _, fast in pairs)


def _effort(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


@pytest.fixture(scope="module")
def clip() -> Clip:
    return lengthened(make_clip(3, pixel_mm=0.4), 8)


@pytest.fixture(scope="module")
def both(clip: Clip) -> Sides:
    network = random_network(CONFIG).eval().requires_grad_(False)
    return Sides(random_engine(CONFIG, clip), lambda: network, clip, Effort(frames=8))


@pytest.fixture(scope="module")
def published_age(both: Sides) -> Callable[[], object]:
    picture = both.pictures(both.still)[0]
    return lambda: both.recipe.age(picture, both.pixel_mm, AgeTask.bundled().templates)


def test_a_cold_age_computes_less_than_half_of_its_prompts(both: Sides, published_age: Callable[[], object]) -> None:
    """[5 times]"""
    engine = both.asked(AGE, VIEWS)

    assert ratio(published_age, lambda: read(fresh(engine), both.still), rounds=3) > 1.3


def test_a_warm_age_encodes_no_text(both: Sides, published_age: Callable[[], object]) -> None:
    """[130 times]"""
    engine = both.asked(AGE, VIEWS)

    assert ratio(published_age, lambda: read(engine, both.still), rounds=3) > 10


def test_a_picture_that_is_known_is_not_encoded_again(both: Sides) -> None:
    """[8 times]"""
    engine = both.asked(AGE, VIEWS)
    keeping = replace(engine, frames=FrameBank())
    read(keeping, both.still)

    assert ratio(lambda: read(engine, both.still), lambda: read(keeping, both.still)) > 1.5


def test_score_cam_encodes_no_text_at_its_passes(both: Sides) -> None:
    """[30 times]"""
    maps = torch.from_numpy(np.random.default_rng(0).random((16, 4, 4), np.float32))
    picture = torch.from_numpy(prepare(both.clip.frame(0), both.engine.spec)[None])
    images = masked(picture, maps)
    prompts = both.engine.view_sets[VIEWS].prompts

    def published() -> None:
        with torch.inference_mode():
            both.recipe.classes(prompts)
            both.recipe.network.encode_image(images)

    assert ratio(published, lambda: both.backbone.embed_images(images)) > 3


@pytest.fixture(scope="module")
def shipped(clip: Clip) -> tuple[Sides, Recipe]:
    made = Sides(engine_of("compact", clip), lambda: plain_network("compact"), clip, Effort(frames=8))
    return made, made.recipe


def test_the_shipped_network_is_no_slower_than_open_clips(shipped: tuple[Sides, Recipe]) -> None:
    """[1.5 times: normalisations are folded, channels lie last]"""
    both, recipe = shipped
    images = torch.randn(4, 3, 224, 224)
    laid = both.backbone.to_device(images.numpy())

    def published() -> None:
        with torch.inference_mode():
            recipe.network.encode_image(images)

    assert ratio(published, lambda: both.backbone.embed_images(laid), rounds=9) > 0.9


def test_the_shipped_model_reads_a_clip_no_slower_than_the_recipe(shipped: tuple[Sides, Recipe], clip: Clip) -> None:
    """[2 times]"""
    both, recipe = shipped
    pictures, engine = both.pictures(clip), both.asked(VIEWS)

    assert ratio(lambda: recipe.pictures(pictures), lambda: read(engine, clip)) > 0.8
