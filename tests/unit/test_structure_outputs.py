"""Structures in words, in the JSON, in the report, on a written picture and at a terminal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from fakes import make_clip, make_reading
from report_pages import options, pages_of, text_of
from structure_tools import LICENCE, some_structures, with_structures

from fetalclip_app.cli.analyze import summary
from fetalclip_app.domain.abstention import Abstention, Reason
from fetalclip_app.domain.clip import Clip
from fetalclip_app.domain.structures import name_place
from fetalclip_app.imaging.blend import with_masks
from fetalclip_app.imaging.overlay_colours import ELLIPSE_COLOUR, OUTLINE_COLOUR, structure_colour
from fetalclip_app.report.as_json import as_table
from fetalclip_app.report.build import ClipEntry, build
from fetalclip_app.wording import answer_lines

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "analyze.schema.json").read_text(encoding="utf-8"))

NOTHING = Abstention(Reason.NOT_APPLICABLE, "no_brain_frame")


def _row(clip: Clip, answer: Any = None) -> dict[str, Any]:
    entry = ClipEntry(clip, with_structures(clip, answer), "a.dcm")
    table = json.loads(json.dumps(as_table([entry]), allow_nan=False))
    jsonschema.validate(table, SCHEMA, jsonschema.Draft202012Validator)
    return table[0]  # type: ignore[no-any-return]


def test_the_json_has_each_mask_with_outline_area_dice_and_licence() -> None:
    clip = make_clip(frames=1)
    row = _row(clip)

    skull, cavum, ventricle = row["structures"]["found"]
    assert (skull["name"], skull["licence"], skull["dice"]) == ("skull", LICENCE, {"value": 0.97, "pictures": 42})
    assert skull["area_mm2"] == pytest.approx(0.25 * skull["area_px"])
    outline = np.array(skull["outline"])
    assert len(outline) > 50 and outline[:, 0].max() < clip.width and outline[:, 1].max() < clip.height
    assert cavum["is_box"] and not skull["is_box"]
    assert "area_px" not in ventricle and ventricle["abstained"]["detail"] == "structure"
    assert ventricle["dice"] is None
    head = row["provenance"]["heads"]["structures"]
    assert (head["name"], head["licence"]) == ("masks", LICENCE)


def test_without_a_scale_there_are_no_square_millimetres() -> None:
    clip = make_clip(frames=1, pixel_mm=None)
    found = _row(clip, some_structures(clip, mm2=False))["structures"]["found"]

    assert found[0]["area_mm2"] is None and found[0]["area_px"] > 0


def test_a_clip_without_a_brain_says_why_and_a_model_without_masks_says_nothing() -> None:
    assert _row(make_clip(frames=1), NOTHING)["structures"]["abstained"]["detail"] == "no_brain_frame"
    clip = make_clip(frames=1)
    without = ClipEntry(clip, make_reading(clip))
    assert "structures" not in as_table([without])[0]


def test_an_area_is_told_with_what_it_is_of_and_how_good_the_head_is() -> None:
    clip = make_clip(frames=1)
    skull, cavum, ventricle = answer_lines("structures", some_structures(clip))

    assert skull.label == "Skull" and skull.value.endswith("mm²") and not skull.is_doubt
    assert "Dice 0.97 on 42 validation pictures" in " ".join(skull.notes)
    assert cavum.label == "CSP" and "rotated box" in " ".join(cavum.notes)
    assert ventricle.is_doubt and "21%" in ventricle.notes[0]
    unscaled = answer_lines("structures", some_structures(clip, mm2=False))[0]
    assert unscaled.value.endswith("px²") and "in pixels" in unscaled.notes[0]


def test_the_report_shows_masks_with_areas_names_and_licence(tmp_path: Path) -> None:
    clip = make_clip(frames=2)
    text = text_of(pages_of(build([ClipEntry(clip, with_structures(clip))], options()), tmp_path))

    for words in ("Structures", "Masks of: head to its outer edge", "CSP", "mm²", "Dice 0.71", "rotated box", LICENCE):
        assert words in text


def test_each_structure_has_a_colour_of_its_own_and_its_name_on_the_picture() -> None:
    clip = make_clip(frames=1, height=240, width=320)
    masks = some_structures(clip).masks_on(0)
    pixels = clip.frame(0).pixels

    colours = {structure_colour(name) for name in ("skull", "csp", "lateral_ventricle")}
    assert len(colours | {ELLIPSE_COLOUR, OUTLINE_COLOUR}) == 5
    drawn = with_masks(pixels, [(mask.structure, mask) for mask in masks])
    bare = with_masks(pixels, [("", mask) for mask in masks])
    for mask in masks:
        assert (np.abs(drawn.astype(int) - structure_colour(mask.structure)).sum(axis=2) < 60).sum() > 10
    assert (drawn != bare).any() and drawn.shape == pixels.shape
    x, y, above = name_place(masks[0])
    assert above and masks[0].mask[int(y), int(x)]


def test_a_terminal_tells_what_was_found_in_one_line() -> None:
    clip = make_clip(frames=1)
    told = summary(ClipEntry(clip, with_structures(clip)))

    assert "Skull" in told and "CSP" in told and "Ventricle" not in told
