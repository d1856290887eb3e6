"""How exactly the image tower computes: what a person chooses."""

from __future__ import annotations

from enum import StrEnum


class Precision(StrEnum):
    """Which roads the image tower may take.

    Attributes:
        AUTO: The fastest whose rows and answers were those of full precision when it was tried on this machine.
        FULL: The network as it is, in 32 bits.
        INT8: Layers in eight bits, where there are such: answers may differ.
    """

    AUTO = "auto"
    FULL = "fp32"
    INT8 = "int8"
