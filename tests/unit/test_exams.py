"""Two exams stand side by side only where an identifier says that they are of one patient."""

from __future__ import annotations

import pytest

from fetalclip_app.domain.clip import Origin
from fetalclip_app.domain.exams import Kinship, kinship

_NOW = Origin(patient_id="P-7", patient_name="Doe^Jane", study_uid="1.2.3", study_date="20260314")


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (Origin(patient_id="P-7", patient_name="DOE^JANE", study_uid="1.2.4"), Kinship.SAME),
        (Origin(patient_id="P-7", study_uid="1.2.4"), Kinship.SAME),
        (Origin(patient_id="P-8", patient_name="Doe^Jane", study_uid="1.2.4"), Kinship.ANOTHER),
        (Origin(patient_id="P-7", patient_name="Roe^Mary", study_uid="1.2.4"), Kinship.ANOTHER),
        (Origin(patient_id="007", patient_name="Doe^Jane", study_uid="1.2.4"), Kinship.ANOTHER),
        (Origin(study_uid="1.2.4"), Kinship.NOT_NAMED),
        (Origin(patient_id="P-7", patient_name="Doe^Jane", study_uid="1.2.4", is_simulated=True), Kinship.ANOTHER),
    ],
)
def test_whose_two_exams_are(other: Origin, expected: Kinship) -> None:
    assert kinship(_NOW, other, [_NOW, other]) is expected
    assert kinship(other, _NOW, [_NOW, other]) is expected


def test_a_name_without_an_identifier_is_no_patient() -> None:
    one, other = (Origin(patient_name="Doe^Jane", study_uid=uid) for uid in ("1", "2"))

    assert kinship(one, other, [one, other]) is Kinship.NOT_NAMED


def test_an_identifier_that_two_names_bear_says_nothing_of_a_third_file_without_a_name() -> None:
    third = Origin(patient_id="P-7", study_uid="1.2.5")
    roe = Origin(patient_id="P-7", patient_name="Roe^Mary", study_uid="1.2.4")

    assert kinship(_NOW, third, [_NOW, roe, third]) is Kinship.NOT_NAMED
