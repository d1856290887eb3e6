from __future__ import annotations

from pathlib import Path
from random import Random

import numpy as np
import pytest

from fetalclip_app.imaging.preprocess import PreprocessSpec
from training import captions, distractors
from training.augment import AugmentConfig
from training.captions import Circumstances, Phrases
from training.dataset import STORED_SIDE, BatchConfig, Batches, Stored
from training.manifest import Sample
from training.manifest_file import ManifestError
from training.written import TEXTBOOK, Captions, read_textbook, read_written

PHRASES = Phrases.bundled()
FULL = Circumstances(0.4567, "Voluson E6", 143)
BRAIN = Sample("brain.png", "own", "p", "train", "brain", machine="Aloka", pixel_mm=0.3, age_days=143.2)
HEART = Sample("heart.png", "own", "q", "train", "heart")
FIGURE, OTHER_FIGURE = (Sample(f"fig{number}.png", TEXTBOOK, "textbook b", "train") for number in (1, 2))


def _batches(samples: list[Sample], told: Captions | None = None, **changes: object) -> Batches:
    rng = np.random.default_rng(0)
    stored = [Stored(sample, rng.integers(0, 255, (STORED_SIDE,) * 2, dtype=np.uint8), 300) for sample in samples]
    shares = tuple((kind, 0.2) for kind in ("brain", "heart", TEXTBOOK, "distractor"))
    config = BatchConfig(**{"size": 16, "shares": shares, "jigsaw": 0.0} | changes)  # type: ignore[arg-type]
    return Batches(
        stored, spec=PreprocessSpec(size=32), batch=config, augmentation=AugmentConfig(), seed=2, written=told
    )


def test_a_caption_says_all_that_it_is_told() -> None:
    for seed in range(20):
        plane = captions.plane_caption("femur", PHRASES, Random(seed), FULL)
        brain = captions.brain_caption("trans-thalamic", PHRASES, Random(seed), FULL)
        for sentence in (plane, brain):
            assert "0.46 mm" in sentence
            assert "20 weeks" in sentence and "3 days" in sentence
            assert sentence.endswith(" Scanned on a Voluson E6.")


def test_what_is_not_told_is_not_said() -> None:
    for seed in range(50):
        sentence = captions.plane_caption("femur", PHRASES, Random(seed))
        assert " mm" not in sentence
        assert "weeks" not in sentence
        assert "Scanned on" not in sentence


def test_captions_are_drawn_anew() -> None:
    draw = Random(0)

    assert len({captions.plane_caption("heart", PHRASES, draw) for _ in range(100)}) > 40


def test_mostly_nothing_is_told_of_the_circumstances() -> None:
    draw = Random(1)
    told = [FULL.some(draw, age_share=0.5) for _ in range(4000)]

    assert np.mean([one.spacing_mm is not None for one in told]) == pytest.approx(0.35, abs=0.03)
    assert np.mean([one.machine != "" for one in told]) == pytest.approx(0.15, abs=0.03)
    assert np.mean([one.age_days is not None for one in told]) == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize("nameless", ["Other", "", " other ", "Unknown", "n/a"])
def test_a_machine_without_a_name_is_never_told(nameless: str) -> None:
    draw = Random(1)

    assert {Circumstances(0.4, nameless).some(draw).machine for _ in range(500)} == {""}


def test_any_scanner_with_a_name_is_told_by_the_draws_of_the_published_ones() -> None:
    own, published, other = Random(1), Random(1), Random(1)
    told = [Circumstances(0.4, "Samsung HERA W10").some(own) for _ in range(500)]
    theirs = [Circumstances(0.4, "Aloka").some(published) for _ in range(500)]

    assert {one.machine for one in told} == {"", "Samsung HERA W10"}
    assert [bool(one.machine) for one in told] == [bool(one.machine) for one in theirs]
    assert [one.spacing_mm for one in told] == [Circumstances(0.4, "Other").some(other).spacing_mm for _ in range(500)]
    assert own.getstate() == published.getstate() == other.getstate()


def test_ages_that_are_not_asked_for_move_no_random_stream() -> None:
    first, second = Random(3), Random(3)

    assert [FULL.some(first) for _ in range(9)] == [Circumstances(0.4567, "Voluson E6").some(second) for _ in range(9)]
    assert first.getstate() == second.getstate()


def test_a_picture_is_cut_up_and_nothing_is_added() -> None:
    scan = np.repeat(np.repeat(np.arange(16, dtype=np.uint8).reshape(4, 4) * 16, 72, 0), 72, 1)
    cut = distractors.jigsaw(scan, 224, np.random.default_rng(1))
    again = distractors.jigsaw(scan, 224, np.random.default_rng(1))

    assert (cut.shape, cut.dtype) == ((224, 224), np.uint8)
    np.testing.assert_array_equal(cut, again)
    assert cut.mean() == pytest.approx(scan.mean(), abs=2)
    assert cut.std() == pytest.approx(scan.std(), rel=0.05)
    columns = np.diff(cut.astype(int), axis=1)
    assert (columns < -20).any(), "brightness grows to the right in the scan, and no longer in its pieces"


def test_a_caption_with_another_pictures_spacing_is_neither_match_nor_mismatch() -> None:
    batches, told = _batches([BRAIN, HEART]), 0

    for _ in range(4):
        planes = batches.draw().planes
        for column, text in enumerate(planes.texts):
            if " mm" in text or "Scanned on" in text:
                told += 1
                assert planes.target[:, column].sum() == 1, "of its own picture"
                same_plane = planes.target.shape[0] - planes.known[:, column].sum() + 1
                assert same_plane == sum(planes.labels.pictures == planes.labels.captions[column])
    assert told > 2


def test_the_age_is_told_where_a_run_asks_for_it() -> None:
    plain, told = _batches([BRAIN, HEART]).draw(), _batches([BRAIN, HEART], told_age=1.0).draw()

    assert not any("20 weeks" in text for text in plain.planes.texts)
    assert any("20 weeks" in text and "3 days" in text for text in told.planes.texts)


def test_captions_of_a_file_are_mixed_in_and_true_of_their_own_picture() -> None:
    written = {"brain.png": ("A first sentence.", "A second sentence.")}
    planes = _batches([BRAIN, HEART], written, written=1.0).draw().planes
    own = [column for column, text in enumerate(planes.texts) if "sentence" in text]
    brains = planes.labels.pictures == planes.labels.captions[own[0]]

    assert len(own) == brains.sum() > 1
    assert {planes.texts[column] for column in own} == set(written["brain.png"])
    assert (planes.target[:, own].sum(axis=0) == 1).all()
    assert planes.known[~brains][:, own].all(), "of a heart they are wrong"


def test_a_file_that_no_share_asks_for_changes_no_batch() -> None:
    plain, with_file = _batches([BRAIN, HEART]), _batches([BRAIN, HEART], {"brain.png": ("A sentence.",)})

    for _ in range(2):
        one, other = plain.draw(), with_file.draw()
        np.testing.assert_array_equal(one.pictures, other.pictures)
        assert one.planes.texts == other.planes.texts


def test_a_figure_is_true_of_its_own_caption_and_of_no_other() -> None:
    written = {"fig1.png": ("Figure one.",), "fig2.png": ("Figure two, left.", "Figure two, right.")}
    planes = _batches([BRAIN, HEART, FIGURE, OTHER_FIGURE], written).draw().planes
    pairs = np.array(["Figure" in text for text in planes.texts])
    figures = planes.labels.pictures >= 1000

    assert figures.sum() == pairs.sum() > 1
    for column in np.nonzero(pairs)[0]:
        same = planes.labels.pictures == planes.labels.captions[column]
        np.testing.assert_array_equal(planes.target[:, column], same)
        assert planes.known[:, column].all(), "of scans and of other figures it is wrong"
    assert not planes.known[np.ix_(figures, ~pairs)].any(), "a figure may show the plane that a caption names"
    assert planes.known[np.ix_(~figures, ~pairs)].any()


def test_a_figure_without_a_caption_is_refused() -> None:
    with pytest.raises(ValueError, match=r"1 figures have no caption: fig1\.png"):
        _batches([BRAIN, FIGURE])


def test_written_captions_are_read_from_tables_and_json_lines(tmp_path: Path) -> None:
    (tmp_path / "w.csv").write_text('picture,caption\nbrain.png,"One,\n  two."\nbrain.png,Three.\n', encoding="utf-8")
    (tmp_path / "w.jsonl").write_text(
        '{"picture": "brain.png", "caption": ["One, two.", "Three."]}\n', encoding="utf-8"
    )

    for name in ("w.csv", "w.jsonl"):
        assert read_written(tmp_path / name, [BRAIN, HEART]) == {"brain.png": ("One, two.", "Three.")}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("picture,caption\nbrian.png,One.\nhaert.png,Two.\n", "2 pictures are unknown: brian.png, haert.png"),
        ("picture,caption\nbrain.png,\n", "line 2, column caption: it is empty"),
        ("picture,text\nbrain.png,One.\n", "line 2, column caption: it is empty"),
        ("caption\nOne.\n", "line 2, column picture: it is empty"),
    ],
)
def test_captions_of_no_picture_are_refused(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "w.csv").write_text(text, encoding="utf-8")

    with pytest.raises(ManifestError) as refused:
        read_written(tmp_path / "w.csv", [BRAIN, HEART])
    assert problem in str(refused.value)


def test_a_textbook_is_read_with_its_licence(tmp_path: Path) -> None:
    rows = ["picture,caption,licence", "fig1.png,Four chambers.,bought", "fig1.png,A heart.,bought"]
    (tmp_path / "atlas.csv").write_text("\n".join(rows), encoding="utf-8")

    book = read_textbook(tmp_path / "atlas.csv")

    assert book.captions == {"fig1.png": ("Four chambers.", "A heart.")}
    (figure,) = book.figures
    assert (figure.source, figure.group, figure.split, figure.plane) == (TEXTBOOK, "textbook atlas", "train", None)
    assert figure.licence == "bought"


def test_a_figure_without_a_licence_is_refused(tmp_path: Path) -> None:
    (tmp_path / "atlas.csv").write_text("picture,caption,licence\nfig1.png,Four chambers.,\n", encoding="utf-8")

    with pytest.raises(ManifestError, match="line 2, column licence: it is empty"):
        read_textbook(tmp_path / "atlas.csv")
