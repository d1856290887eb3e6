"""What a study's clips say to a checklist: seen, doubtful with its reason, missing, or for a person alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from fakes import make_clip, make_reading
from hand_tools import by_hand, line

from fetalclip_app.domain.abstention import Abstention, Reason
from fetalclip_app.domain.biometry import Measure
from fetalclip_app.domain.checklist import Checklist, Doubt, Item, ItemFinding, Section, ViewSupport
from fetalclip_app.domain.notes import Act, ClipNotes, ItemMark, ItemState
from fetalclip_app.domain.reading import Finding
from fetalclip_app.domain.veil import veiled
from fetalclip_app.domain.views import ViewPrediction
from fetalclip_app.tasks.checklist_evidence import ClipSeen
from fetalclip_app.tasks.checklist_findings import Remembering, assess

FEMUR = Item("femur", "Femur", supports=(ViewSupport("views", "femur"),))
HEART = Item("heart", "Four chambers", supports=(ViewSupport("views", "heart", is_hint=True),))
THALAMI = Item("thalami", "Trans-thalamic", supports=(ViewSupport("brain_views", "trans-thalamic"),))
HC = Item("hc", "HC", supports=(Measure.HC,))
HANDS = Item("hands", "Hands")
CERVIX = Item("cervix", "Cervix", supports=(ViewSupport("views", "cervix"),), is_shared=True)
LIST = Checklist("List", "1", "", (Section("All", (FEMUR, HEART, THALAMI, HC, HANDS, CERVIX)),), "ab" * 32)

SEEN, DOUBTFUL, MISSING = ItemState.SEEN, ItemState.DOUBTFUL, ItemState.MISSING


def clip_seen(best: str = "femur", *, name: str = "one.dcm", frames: int = 6, **more: object) -> ClipSeen:
    clip = make_clip(frames, name=name)
    values = {"reading": make_reading(clip, best=best), "notes": ClipNotes(), "calibration": clip.calibration, **more}
    return ClipSeen(clip.key, **values)  # type: ignore[arg-type]


def with_views(seen: ClipSeen, **changes: object) -> ClipSeen:
    """Return a clip of whose views something else is known."""
    assert seen.reading is not None
    views = seen.reading.answer("views", ViewPrediction)
    others = tuple(one for one in seen.reading.findings if one.task_key != "views")
    findings = (Finding("views", replace(views, **changes)), *others)
    return replace(seen, reading=replace(seen.reading, findings=findings))


def shares(*rows: dict[str, float]) -> np.ndarray:
    """Return per-frame probabilities, in which what is not named is nothing."""
    keys = make_reading(make_clip(1)).answer("views", ViewPrediction).keys
    return np.array([[row.get(key, 0.0) for key in keys] for row in rows], np.float32)


def of(item: Item, *clips: ClipSeen, fetus: str = "", **marks: ItemMark) -> ItemFinding:
    return assess(LIST, clips, marks, fetus=fetus).of(item.key)


def test_a_view_that_leads_clearly_is_seen_at_its_best_frame() -> None:
    good = _with_quality(clip_seen(), sharpness=[1.0] * 6, fan=[1.0] * 6)
    found = of(FEMUR, clip_seen("brain", name="zero.dcm"), good)

    assert found.state is SEEN
    assert found.best.clip_key == clip_seen().clip_key
    assert found.best.frame_index == 5  # the made-up share rises from frame to frame
    assert found.best.probability == pytest.approx(0.96)


def test_what_no_clip_shows_is_missing_and_what_only_a_person_can_say_is_open() -> None:
    assert of(FEMUR, clip_seen("brain")).state is MISSING
    assert of(HANDS, clip_seen("brain")).state is None
    assert of(FEMUR).state is MISSING


def test_a_view_wider_than_the_item_makes_it_doubtful_at_the_most() -> None:
    found = of(HEART, clip_seen("heart"))

    assert (found.state, found.best.doubt) == (DOUBTFUL, Doubt.WIDER_VIEW)


def test_a_lead_that_is_not_clear_is_a_doubt_for_both_views() -> None:
    even = with_views(
        clip_seen(frames=2), per_frame=shares({"femur": 0.45, "spine": 0.40}, {"femur": 0.41, "spine": 0.5})
    )
    found = of(FEMUR, even)

    assert (found.state, found.best.doubt, found.best.frame_index) == (DOUBTFUL, Doubt.UNCLEAR_LEAD, 0)


def test_a_share_that_means_nothing_is_no_doubt() -> None:
    flat = with_views(clip_seen(frames=1), per_frame=shares({"femur": 0.2, "spine": 0.2, "heart": 0.2, "kidney": 0.2}))

    assert of(FEMUR, flat).state is MISSING


def test_a_few_frames_in_a_clip_of_another_view_are_a_doubt() -> None:
    rows = [{"brain": 0.95}] * 39 + [{"femur": 0.9}]
    stray = with_views(clip_seen("brain", frames=40), per_frame=shares(*rows))
    found = of(FEMUR, stray)

    assert (found.state, found.best.doubt, found.best.frame_index) == (DOUBTFUL, Doubt.FEW_FRAMES, 39)


def test_unfamiliar_frames_settle_nothing() -> None:
    strange = with_views(clip_seen(), unfamiliar=frozenset(range(3)))
    assert of(FEMUR, strange).state is SEEN
    found = of(FEMUR, with_views(clip_seen(), unfamiliar=frozenset(range(6))))

    assert (found.state, found.best.doubt) == (DOUBTFUL, Doubt.UNFAMILIAR)


def test_a_clip_that_is_no_fetal_ultrasound_says_nothing() -> None:
    foreign = Abstention(Reason.NOT_FETAL_ULTRASOUND, "unlike_training")

    assert of(FEMUR, with_views(clip_seen(), abstained=foreign, unfamiliar=frozenset(range(6)))).state is MISSING


def test_a_view_that_the_model_never_saw_is_a_doubt() -> None:
    found = of(FEMUR, with_views(clip_seen(), not_trained=frozenset({"femur"})))

    assert (found.state, found.best.doubt) == (DOUBTFUL, Doubt.NOT_TRAINED)


def _with_quality(seen: ClipSeen, **changes: list[float]) -> ClipSeen:
    assert seen.reading is not None
    arrays = {name: np.array(values, np.float32) for name, values in changes.items()}
    return replace(seen, reading=replace(seen.reading, quality=replace(seen.reading.quality, **arrays)))


def test_a_good_frame_is_taken_before_a_clearer_blurred_one_and_blurred_ones_alone_are_a_doubt() -> None:
    found = of(FEMUR, _with_quality(clip_seen(), sharpness=[1.0, 1.0, 1.0, 0.2, 0.2, 0.2], fan=[1.0] * 6))
    assert (found.state, found.best.frame_index) == (SEEN, 2)

    found = of(FEMUR, _with_quality(clip_seen(), sharpness=[1.0] * 6, fan=[0.5] * 6))
    assert (found.state, found.best.doubt) == (DOUBTFUL, Doubt.LOW_QUALITY)


def test_a_person_who_names_a_frame_is_believed_and_other_frames_lose_it() -> None:
    named = clip_seen("brain", notes=ClipNotes(named={2: "femur"}))
    found = of(FEMUR, named)
    assert (found.state, found.best.frame_index, found.best.probability) == (SEEN, 2, None)

    renamed = clip_seen(notes=ClipNotes(named=dict.fromkeys(range(6), "spine")))
    assert of(FEMUR, renamed).state is MISSING


def test_the_frame_that_a_person_chose_is_the_one_to_go_to() -> None:
    assert of(FEMUR, clip_seen(notes=ClipNotes(best={"femur": 1}))).best.frame_index == 1
    renamed = ClipNotes(best={"femur": 1}, named={1: "spine"})
    assert of(FEMUR, clip_seen(notes=renamed)).best.frame_index != 1


def test_planes_of_the_brain_and_lengths_are_seen_too() -> None:
    brain = clip_seen("brain")
    assert (of(THALAMI, brain).state, of(HC, brain).state) == (SEEN, SEEN)
    assert of(HC, brain).best.size_mm == pytest.approx(100, abs=60)
    assert (of(THALAMI, clip_seen()).state, of(HC, clip_seen()).state) == (MISSING, MISSING)


def test_a_length_without_a_scale_is_a_doubt_and_one_by_hand_counts() -> None:
    unscaled = make_clip(3, name="px.png", pixel_mm=None)
    seen = ClipSeen(unscaled.key, make_reading(unscaled), ClipNotes(), None)
    found = of(HC, seen)
    assert (found.state, found.best.doubt) == (DOUBTFUL, Doubt.NO_LENGTH)

    item = Item("fl", "FL", supports=(Measure.FL,))
    mine = replace(LIST, sections=(Section("All", (item,)),))
    drawn = clip_seen("femur", notes=ClipNotes(measured=(by_hand(Measure.FL, line(60.0)),)))
    found = assess(mine, [drawn], {}).of("fl")
    assert (found.state, found.best.size_mm) == (SEEN, pytest.approx(30.0))


def test_the_persons_word_stands_in_place_of_the_clips_and_they_stay_beside_it() -> None:
    word = ItemMark(MISSING, Act("A.", datetime(2026, 3, 14, tzinfo=UTC)))
    found = of(FEMUR, clip_seen(), femur=word)

    assert (found.state, found.of_clips) == (MISSING, SEEN)
    assert found.best is not None
    assert assess(LIST, [clip_seen()], {"femur": word}).seen == 0


def test_what_settles_comes_before_what_does_not_whatever_the_order_of_the_clips() -> None:
    blurred = _with_quality(clip_seen(name="blurred.dcm"), sharpness=[0.1] * 6, fan=[1.0] * 6)
    found = of(FEMUR, blurred, clip_seen())

    assert found.state is SEEN
    assert [one.doubt for one in found.evidence] == [None, Doubt.LOW_QUALITY]


def test_each_twin_has_its_own_clips_and_a_clip_of_nobody_is_a_doubt_for_both() -> None:
    clips = (
        clip_seen(fetus="A"),
        clip_seen("cervix", name="c.dcm", fetus="A"),
        clip_seen("brain", name="b.dcm", fetus=None),
    )
    assert (of(FEMUR, *clips, fetus="A").state, of(FEMUR, *clips, fetus="B").state) == (SEEN, MISSING)
    assert of(CERVIX, *clips, fetus="B").state is SEEN
    thalami = of(THALAMI, *clips, fetus="B")

    assert (thalami.state, thalami.best.doubt) == (DOUBTFUL, Doubt.FETUS_NOT_STATED)


def test_a_mark_for_one_twin_is_none_for_the_other_and_what_is_shared_is_marked_once() -> None:
    word = ItemMark(SEEN, Act("A.", datetime(2026, 3, 14, tzinfo=UTC)))
    marks = {"hands@A": word, "cervix": word}

    assert assess(LIST, [], marks, fetus="A").of("hands").state is SEEN
    assert assess(LIST, [], marks, fetus="B").of("hands").state is None
    assert assess(LIST, [], marks, fetus="B").of("cervix").state is SEEN


def test_clips_that_are_not_read_yet_are_counted() -> None:
    waiting = clip_seen(reading=None)
    found = assess(LIST, [clip_seen(), waiting], {})

    assert (found.read, found.clips, found.seen) == (1, 2, 1)


def test_a_length_that_is_held_back_is_a_doubt_and_tells_nothing() -> None:
    seen = clip_seen("brain")
    assert seen.reading is not None
    found = of(HC, replace(seen, reading=veiled(seen.reading, frozenset({Measure.HC}))))

    assert (found.state, found.best.doubt, found.best.size_mm) == (DOUBTFUL, Doubt.HELD_BACK, None)


def test_clips_that_were_closed_are_forgotten() -> None:
    look, closed = Remembering(), clip_seen()
    first = look(closed, FEMUR.supports[0])
    assert look(closed, FEMUR.supports[0]) is first
    look.keep(set())

    assert look(closed, FEMUR.supports[0]) is not first


def test_a_size_by_hand_is_the_one_of_the_report_whenever_the_clip_was_given_to_its_fetus() -> None:
    femur = Item("fl", "FL", supports=(Measure.FL,))
    drawn = by_hand(Measure.FL, line(60)), by_hand(Measure.FL, line(64), fetus="B")
    notes = ClipNotes(fetus="B", measured=drawn)
    listed = Checklist("List", "1", "", (Section("All", (femur,)),), "ab" * 32)
    found = assess(listed, (clip_seen(notes=notes, fetus="B"),), {}, fetus="B").of("fl")

    assert [one.size_mm for one in found.evidence] == [31.0]
