"""The standard's closed lists of words, attribute by attribute: what is on none of them may be somebody's name."""

from __future__ import annotations

import re
from collections.abc import Mapping

_SIDES = frozenset({"", "R", "L", "U", "B"})
_BODY_PARTS = frozenset(
    {
        *("ABDOMEN", "ABDOMENPELVIS", "ADRENAL", "ANKLE", "ANUS", "AORTA", "APPENDIX", "ARM", "ARTERY", "AXILLA"),
        *("BACK", "BILEDUCT", "BLADDER", "BRAIN", "BREAST", "CAROTID", "CERVIX", "CHEST", "CIRCLEOFWILLIS", "COLON"),
        *("ELBOW", "EXTREMITY", "EYE", "FACE", "FEMORALARTERY", "FETUS", "FINGER", "FOOT", "GALLBLADDER", "GROIN"),
        *("HAND", "HEAD", "HEADNECK", "HEART", "HIP", "ILIACARTERY", "INTESTINE", "JEJUNUM", "KIDNEY", "KNEE", "LEG"),
        *("LIVER", "LUNG", "LYMPHNODE", "NECK", "OVARY", "PANCREAS", "PAROTID", "PELVIS", "PENIS", "PERINEUM"),
        *("PLACENTA", "PROSTATE", "RECTUM", "RENALARTERY", "SCROTUM", "SHOULDER", "SPINE", "SPLEEN", "STOMACH"),
        *("TESTIS", "THIGH", "THYMUS", "THYROID", "TOE", "UMBILICALCORD", "URETER", "URETHRA", "UTERUS", "VAGINA"),
        *("VEIN", "VULVA", "WHOLEBODY", "WRIST"),
    }
)
"""Of PS3.16 Annex L, those that ultrasound looks at."""

_MODALITIES = frozenset(
    {
        *("US", "IVUS", "BDUS", "CR", "CT", "DG", "DX", "EC", "ECG", "EPS", "ES", "GM", "HD", "IO", "MG", "MR", "NM"),
        *("OCT", "OP", "OPT", "OT", "PT", "PX", "RF", "RG", "SC", "SM", "TG", "XA", "XC"),
    }
)
_TRANSDUCERS = frozenset(
    {
        *("SECTOR_PHASED", "SECTOR_MECH", "SECTOR_ANNULAR", "LINEAR", "CURVED LINEAR", "SINGLE CRYSTAL"),
        *("SPLIT XTAL CWD", "IV_PHASED", "IV_ROT XTAL", "IV_ROT MIRROR", "ENDOCAV_PA", "ENDOCAV_MECH"),
        *("ENDOCAV_CLA", "ENDOCAV_AA", "ENDOCAV_LINEAR", "VECTOR_PHASED"),
    }
)
_COLOURS = frozenset(
    {
        *("MONOCHROME1", "MONOCHROME2", "PALETTE COLOR", "RGB", "HSV", "ARGB", "CMYK", "XYB", "YBR_FULL"),
        *("YBR_FULL_422", "YBR_PARTIAL_422", "YBR_PARTIAL_420", "YBR_ICT", "YBR_RCT"),
    }
)
_COMPRESSIONS = frozenset(
    {
        *("ISO_10918_1", "ISO_14495_1", "ISO_15444_1", "ISO_15444_2", "ISO_15444_15", "ISO_18181_1"),
        *("ISO_13818_2", "ISO_14496_10", "ISO_23008_2"),
    }
)

LISTS: Mapping[str, frozenset[str]] = {
    "BodyPartExamined": _BODY_PARTS,
    "ColorSpace": frozenset({"SRGB", "ADOBERGB", "ROMMRGB"}),
    "ConversionType": frozenset({"DV", "DI", "DF", "WSD", "SD", "SI", "DRW", "SYN"}),
    "ImageLaterality": _SIDES,
    "Laterality": _SIDES,
    "LossyImageCompression": frozenset({"00", "01"}),
    "LossyImageCompressionMethod": _COMPRESSIONS,
    "Modality": _MODALITIES,
    "PhotometricInterpretation": _COLOURS,
    "PixelIntensityRelationship": frozenset({"LIN", "LOG", "DISP"}),
    "PresentationLUTShape": frozenset({"IDENTITY", "INVERSE"}),
    "QualityControlImage": frozenset({"YES", "NO", "BOTH"}),
    "TransducerType": _TRANSDUCERS,
    "UltrasoundAcquisitionGeometry": frozenset({"APEX"}),
    "VOILUTFunction": frozenset({"LINEAR", "LINEAR_EXACT", "SIGMOID"}),
    "VolumetricProperties": frozenset({"VOLUME", "SAMPLED", "DISTORTED", "MIXED"}),
}
"""PS3.3, beside each attribute."""

_DIRECTIONS = re.compile(r"(?!.*[AP].*[AP])(?!.*[RL].*[RL])(?!.*[HF].*[HF])[APRLHF]{0,3}")
"""PS3.3 C.7.6.1.1.1: up to three letters, none of them with its opposite."""

KEYWORDS = frozenset({*LISTS, "PatientOrientation"})

_VERSION_WORDS = frozenset(
    {
        *("v", "ver", "vers", "version", "r", "rel", "release", "rev", "revision", "b", "build", "p", "patch", "sp"),
        *("service", "pack", "sw", "software", "hw", "ext", "ea", "alpha", "beta"),
    }
)
_VERSION_PART = re.compile(r"[a-z]{0,3}\d[a-z0-9]{0,7}|\d+[a-z]?|[a-z]")


def is_listed(keyword: str, text: str) -> bool:
    """Whether ``text`` is on the attribute's list."""
    word = text.strip(" \0")
    if keyword == "PatientOrientation":
        return _DIRECTIONS.fullmatch(word) is not None
    return word in LISTS.get(keyword, frozenset()) or word == ""


def is_version(text: str) -> bool:
    """Whether ``text`` says which version of a program it was, and nothing else: ``V1.2 build 7`` and no word more."""
    parts = re.split(r"[^a-z0-9]+", text.casefold())
    has_number = any(map(str.isdigit, text))
    known = (part in _VERSION_WORDS or _VERSION_PART.fullmatch(part) for part in parts if part)
    return text.isascii() and has_number and all(known)
