"""Numbers by machine and by age band: of enough pictures, and of what is known of them."""

from __future__ import annotations

import pytest
from fakes import make_clip, make_reading

from training.evaluation.reads import Read
from training.evaluation.subgroups import FEWEST_OF_MACHINE, subgroup_rows
from training.manifest import Sample


def _read(number: int, plane: str, *, said: str, machine: str, hc_mm: float | None = None) -> Read:
    clip = make_clip(frames=1, pixel_mm=0.5)
    sample = Sample(f"{number}.png", "mine", f"p{number % 7}", "test", plane, machine=machine, hc_mm=hc_mm)
    return Read(sample, make_reading(clip, best=said), None)


def _of(machine: str, count: int, hc_mm: float | None) -> list[Read]:
    """Heads and femurs in turn; every fourth femur is called a brain."""
    planes = ["brain" if number % 2 == 0 else "femur" for number in range(count)]
    said = ["brain" if number % 8 == 1 else plane for number, plane in enumerate(planes)]
    return [
        _read(number, plane, said=called, machine=machine, hc_mm=hc_mm if plane == "brain" else None)
        for number, (plane, called) in enumerate(zip(planes, said, strict=True))
    ]


def test_a_machine_with_enough_pictures_has_f1_and_the_heads_error() -> None:
    many, few = _of("Many", 2 * FEWEST_OF_MACHINE, 170.0), _of("Few", FEWEST_OF_MACHINE - 1, 170.0)

    rows = {row.measure: row for row in subgroup_rows([*many, *few])}

    f1 = rows["macro-F1 of brain, femur: Many"]
    assert (f1.count, f1.groups) == (40, 7)
    assert f1.value == pytest.approx((2 * 20 / (20 + 25) + 2 * 15 / (20 + 15)) / 2)
    assert rows["HC absolute error, mm: Many"].count == 20
    assert rows["planes named rightly, share: Few"].count == FEWEST_OF_MACHINE - 1
    assert not any("Few" in name for name in rows if "F1" in name or "HC" in name)


def test_age_bands_are_of_the_heads_whatever_their_set() -> None:
    rows = {row.measure: row for row in subgroup_rows(_of("", 12, 170.0))}

    assert rows["HC absolute error, mm: 14 to 20 weeks"].count == 6
    assert len(rows) == 3, "a picture of no machine counts for none"
