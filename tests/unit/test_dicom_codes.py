"""The codes that objects bear are those of the standard: each looked up in pydicom's tables."""

from __future__ import annotations

from typing import Any

import pytest
from obstetric_templates import group
from pydicom.sr._concepts_dict import concepts
from pydicom.sr.coding import Code

from fetalclip_app.biometry.ages import HADLOCK_MEAN
from fetalclip_app.biometry.dating import HADLOCK
from fetalclip_app.report.dicom import codes

UNKNOWN_TO_PYDICOM = {
    codes.ANATOMY_SURVEY,  # PS3.16 2025e, TID 5030 row 1: EV (131370, DCM, "Fetal Anatomy Survey")
    codes.FETAL_STRUCTURE,  # PS3.16 2025e, CID 12040
    codes.ENGLISH,  # RFC 5646, by TID 1204
}


def meanings(code: Code) -> set[str]:
    """Return what pydicom says that a code means."""
    return {
        meaning.casefold()
        for kinds in concepts.get(code.scheme_designator, {}).values()
        for value, (meaning, _cids) in kinds.items()
        if value == code.value
    }


def every_code() -> list[Code]:
    found: list[Any] = []
    for value in vars(codes).values():
        if isinstance(value, Code):
            found.append(value)
        elif isinstance(value, dict):
            found += [one for one in value.values() if isinstance(one, Code)]
        elif isinstance(value, tuple):
            found += [one for one in value if isinstance(one, Code)]
    return [code for code in found if code.scheme_designator not in {codes.OWN_SCHEME, "UCUM"}]


@pytest.mark.parametrize("code", every_code(), ids=lambda code: f"{code.value} {code.scheme_designator}")
def test_a_code_means_what_the_standard_says(code: Code) -> None:
    if code in UNKNOWN_TO_PYDICOM:
        assert not meanings(code), "pydicom knows it by now: look it up there"
    else:
        assert code.meaning.casefold() in meanings(code)


@pytest.mark.parametrize(
    ("cid", "found"),
    [
        (12005, codes.MEASURES.values()),
        (12007, codes.CRANIUM),
        (12013, codes.AGE_EQUATIONS.values()),
        (12014, codes.WEIGHT_EQUATIONS.values()),
        (12017, [codes.RANK, codes.Z_SCORE]),
        (12019, [codes.AGE, codes.AGE_BY_LMP, codes.COMPOSITE_AGE, codes.WEIGHT, codes.WEIGHT_RANK]),
        (12003, [codes.LMP, codes.EDD]),
        (12024, [codes.OB_GYN_REPORT]),
        (42, [codes.NOT_ATTEMPTED, codes.FAILURE, codes.OUT_OF_RANGE, codes.INDETERMINATE, codes.UNKNOWN]),
        (224, [codes.MEAN_CHOSEN, codes.USER_CHOSEN]),
        (225, [codes.LOWER_UNCERTAINTY, codes.UPPER_UNCERTAINTY]),
        (228, [codes.EQUATION, codes.EQUATION_CITATION, codes.TABLE_CITATION, codes.METHOD_CITATION]),
        (242, [codes.UNDETERMINED]),
        (3627, [codes.MEAN]),
        (7005, [codes.PROCESSING_EQUIPMENT]),
        (7150, [codes.STRUCTURE_CATEGORY]),
    ],
)
def test_a_code_is_of_the_context_group_that_its_template_asks_for(cid: int, found: Any) -> None:
    assert {code.value for code in found} <= group(cid)


def test_each_formula_of_hadlock_has_its_code_and_each_code_its_measure() -> None:
    assert set(codes.AGE_EQUATIONS) == {one.key for one in HADLOCK.values()} | {HADLOCK_MEAN}
    for measure, formula in HADLOCK.items():
        assert codes.AGE_EQUATIONS[formula.key].meaning == f"{measure.value.upper()}, Hadlock 1984"
    for measures, code in codes.WEIGHT_EQUATIONS.items():
        named = code.meaning.removeprefix("EFW by ").removesuffix(", Hadlock 1985")
        assert {measure.value.upper() for measure in measures} == set(named.split(", "))


def test_nothing_that_means_normal_can_be_written() -> None:
    judged = {"17621005", "263654008", "371879000", "371880002"}  # normal, abnormal, abnormally high and low
    assert not judged & {code.value for code in every_code()}
