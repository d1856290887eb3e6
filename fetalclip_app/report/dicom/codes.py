"""Every code that the objects bear, with the context group or template that it stands in (DICOM PS3.16 2025e).

A test looks each of them up in pydicom's tables. Two context groups are missing there: CID 12040 (Fetal Anatomy Survey
Assessment) and CID 12049. Of CID 12040 only the member that the group names itself is used, (55460000, SCT, "Fetal
structure"); its eight included groups (CID 12041 to 12048) could not be looked up, so no finer code is written.
Of CID 12049 none is written: no survey here was made by a guideline.
"""

from __future__ import annotations

from pydicom.sr.coding import Code

from fetalclip_app.domain.biometry import BpdDefinition, Measure

OWN_SCHEME = "99FETALCLIP"
"""Designator of the codes that no standard has (PS3.16 8.2: private schemes begin with 99)."""

# Units (UCUM, CID 82)
MILLIMETRE = Code("mm", "UCUM", "mm")
DAY = Code("d", "UCUM", "days")
GRAM = Code("g", "UCUM", "g")
PERCENT = Code("%", "UCUM", "%")
NO_UNITS = Code("1", "UCUM", "no units")

# Report and sections (TID 5000 to 5008, TID 5030)
OB_GYN_REPORT = Code("125000", "DCM", "OB-GYN Ultrasound Procedure Report")
IMAGE_LIBRARY = Code("111028", "DCM", "Image Library")
SUMMARY = Code("121111", "DCM", "Summary")
FETUS_SUMMARY = Code("125008", "DCM", "Fetus Summary")
FETAL_BIOMETRY = Code("125002", "DCM", "Fetal Biometry")
FETAL_CRANIUM = Code("125004", "DCM", "Fetal Cranium")
BIOMETRY_GROUP = Code("125005", "DCM", "Biometry Group")
ANATOMY_SURVEY = Code("131370", "DCM", "Fetal Anatomy Survey")
"""TID 5030 row 1."""

# Context (TID 1001 to 1008, TID 1204, TID 4019)
SUBJECT_ID = Code("121030", "DCM", "Subject ID")
FETUS_NUMBER = Code("121037", "DCM", "Fetus number")
OBSERVER_TYPE = Code("121005", "DCM", "Observer Type")
PERSON = Code("121006", "DCM", "Person")
PERSON_NAME = Code("121008", "DCM", "Person Observer Name")
TRACKING_ID = Code("112039", "DCM", "Tracking Identifier")
COMMENT = Code("121106", "DCM", "Comment")
SOURCE_OF_MEASUREMENT = Code("121112", "DCM", "Source of Measurement")
ENGLISH = Code("en", "RFC5646", "English")
PROCEDURE = Code("268445003", "SCT", "Obstetric US scan")
"""CID 12024."""

# Measurements (TID 300, TID 310)
MEASURES: dict[Measure, Code] = {
    Measure.HC: Code("11984-2", "LN", "Head Circumference"),
    Measure.BPD: Code("11820-8", "LN", "Biparietal Diameter"),
    Measure.OFD: Code("11851-3", "LN", "Occipital-Frontal Diameter"),
    Measure.AC: Code("11979-2", "LN", "Abdominal Circumference"),
    Measure.FL: Code("11963-6", "LN", "Femur Length"),
}
"""CID 12005."""

CRANIUM: tuple[Code, ...] = (
    Code("12171-5", "LN", "Lateral Ventricle width"),
    Code("11863-8", "LN", "Transverse Cerebellar Diameter"),
    Code("11860-4", "LN", "Cisterna Magna Length"),
)
"""What the brain's planes are measured for (CID 12007)."""

METHOD = Code("370129005", "SCT", "Measurement Method")
EDGES: dict[BpdDefinition, Code] = {
    BpdDefinition.OUTER_OUTER: Code("bpd-outer-outer", OWN_SCHEME, "Outer edge to outer edge of the skull"),
    BpdDefinition.OUTER_INNER: Code("bpd-outer-inner", OWN_SCHEME, "Outer edge to inner edge of the skull"),
}
DERIVATION = Code("121401", "DCM", "Derivation")
MEAN = Code("373098007", "SCT", "Mean")
SELECTION = Code("121404", "DCM", "Selection Status")
MEAN_CHOSEN = Code("121412", "DCM", "Mean value chosen")
USER_CHOSEN = Code("121410", "DCM", "User chosen value")
LOWER_UNCERTAINTY = Code("371885007", "SCT", "-, range of lower measurement uncertainty")
UPPER_UNCERTAINTY = Code("371886008", "SCT", "+, range of upper measurement uncertainty")
"""CID 225: how far the age may lie below and above. Row 6 of TID 5008 asks by its note for uncertainty limits, and by
its group, CID 226, for percentiles of a population: an interval of a model is no percentile of one."""

# Why a value is absent (CID 42)
NOT_ATTEMPTED = Code("114007", "DCM", "Measurement not attempted")
FAILURE = Code("114006", "DCM", "Measurement failure")
OUT_OF_RANGE = Code("114009", "DCM", "Value out of range")
INDETERMINATE = Code("114011", "DCM", "Value indeterminate")
UNKNOWN = Code("114010", "DCM", "Value unknown")

# Ages and weight (CID 12003, 12013, 12014, 12017, 12019)
AGE = Code("18185-9", "LN", "Gestational Age")
AGE_BY_LMP = Code("11885-1", "LN", "Gestational Age by LMP")
COMPOSITE_AGE = Code("11888-5", "LN", "Composite Ultrasound Age")
WEIGHT = Code("11727-5", "LN", "Estimated Weight")
WEIGHT_RANK = Code("11767-1", "LN", "EFW percentile rank")
RANK = Code("125012", "DCM", "Growth Percentile Rank")
Z_SCORE = Code("125013", "DCM", "Growth Z-score")
LMP = Code("8665-2", "LN", "LMP")
EDD = Code("11778-8", "LN", "EDD")
EQUATION = Code("121420", "DCM", "Equation")
EQUATION_CITATION = Code("121421", "DCM", "Equation Citation")
TABLE_CITATION = Code("121422", "DCM", "Table of Values Citation")
METHOD_CITATION = Code("121423", "DCM", "Method Citation")

AGE_EQUATIONS: dict[str, Code] = {
    "hadlock_1984_hc": Code("11932-1", "LN", "HC, Hadlock 1984"),
    "hadlock_1984_bpd": Code("11902-4", "LN", "BPD, Hadlock 1984"),
    "hadlock_1984_ac": Code("11892-7", "LN", "AC, Hadlock 1984"),
    "hadlock_1984_fl": Code("11920-6", "LN", "FL, Hadlock 1984"),
    "hadlock_1984_mean": Code("11884-4", "LN", "Average Ultrasound Age"),
}
"""Key of a formula -> its code in CID 12013; the formulas of INTERGROWTH-21st have none and are cited."""

WEIGHT_EQUATIONS: dict[frozenset[Measure], Code] = {
    frozenset({Measure.HC, Measure.AC, Measure.FL}): Code("11746-5", "LN", "EFW by AC, FL, HC, Hadlock 1985"),
    frozenset({Measure.BPD, Measure.AC, Measure.FL}): Code("11735-8", "LN", "EFW by AC, BPD, FL, Hadlock 1985"),
    frozenset({Measure.AC, Measure.FL}): Code("11751-5", "LN", "EFW by AC, FL, Hadlock 1985"),
}
"""CID 12014."""

# Anatomy survey (TID 5030)
FETAL_STRUCTURE = Code("55460000", "SCT", "Fetal structure")
"""CID 12040, by its published value set of 2025-11-13."""

UNDETERMINED = Code("371934000", "SCT", "Normality Undetermined")
"""CID 242. The only one of its three values that this program can write: it names views and judges nothing."""

REFERENCE_AUTHORITY = Code("121406", "DCM", "Reference Authority")
FINDING_SITE = Code("363698007", "SCT", "Finding Site")
SITES: dict[str, Code] = {
    "abdomen": Code("818981001", "SCT", "Abdomen"),
    "brain": Code("12738006", "SCT", "Brain"),
    "femur": Code("71341001", "SCT", "Femur"),
    "heart": Code("80891009", "SCT", "Heart"),
    "kidney": Code("64033007", "SCT", "Kidney"),
    "lips_nose": Code("48477009", "SCT", "Lip"),
    "profile": Code("89545001", "SCT", "Face"),
    "spine": Code("421060004", "SCT", "Spine"),
    "trans-thalamic": Code("12738006", "SCT", "Brain"),
    "trans-cerebellum": Code("12738006", "SCT", "Brain"),
    "trans-ventricular": Code("12738006", "SCT", "Brain"),
}
"""View -> what of the body it shows (CID 4 and its like). The cervix is the mother's, and in no survey of a fetus."""

HEAD = Code("69536005", "SCT", "Head")
STRUCTURE_CATEGORY = Code("91723000", "SCT", "Anatomical Structure")
"""CID 7150."""

PROCESSING_EQUIPMENT = Code("109102", "DCM", "Processing Equipment")
"""CID 7005."""
