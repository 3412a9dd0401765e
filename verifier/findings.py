"""What a check can find: codes, how much each weighs, and the verdict over several.

Source: verification spec, sections 4.3 and 5.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

OK = "ok"
UNVERIFIABLE = "unverifiable"


class Severity(StrEnum):
    """In falling order of weight.

    PROVABLE: a contract recomputes it, and two such segments cost stake. SEVERE: withhold payment
    and check the next five segments. OBJECTIVE: the same, deterministic, nothing to argue about.
    FLAG: a quality fault, which costs work and reputation, never stake.
    """

    PROVABLE = "provable"
    SEVERE = "severe"
    OBJECTIVE = "objective"
    FLAG = "flag"


class Code(StrEnum):
    """What was found; SEVERITY has the weight of each."""

    CONTENT_LUMA = "CONTENT_LUMA"
    CONTENT_CHROMA = "CONTENT_CHROMA"
    CONTENT_GREY = "CONTENT_GREY"
    CONTRADICTION = "CONTRADICTION"
    EQUIVOCATION = "EQUIVOCATION"
    FALSE_FINGERPRINT = "FALSE_FINGERPRINT"
    CELL_SEVERE = "CELL_SEVERE"
    UNSIGNED_BYTES = "UNSIGNED_BYTES"
    UNDECODABLE = "UNDECODABLE"
    EMPTY = "EMPTY"
    NOT_MEDIA = "NOT_MEDIA"
    NO_VIDEO = "NO_VIDEO"
    OVER_LIMITS = "OVER_LIMITS"
    WRONG_CODEC = "WRONG_CODEC"
    WRONG_FORMAT = "WRONG_FORMAT"
    WRONG_SIZE = "WRONG_SIZE"
    FRAME_COUNT = "FRAME_COUNT"
    DURATION = "DURATION"
    TIMESTAMPS = "TIMESTAMPS"
    AUDIO = "AUDIO"
    UNCHECKED = "UNCHECKED"
    LUMA = "LUMA"
    CHROMA = "CHROMA"
    GREY = "GREY"
    CELL = "CELL"
    STILL = "STILL"
    REPEATS = "REPEATS"
    MS_SSIM = "MS_SSIM"
    DETAIL = "DETAIL"
    HIGH_PASS = "HIGH_PASS"


_PROVABLE = (
    Code.CONTENT_LUMA,
    Code.CONTENT_CHROMA,
    Code.CONTENT_GREY,
    Code.CONTRADICTION,
    Code.EQUIVOCATION,
)
_SEVERE = (Code.FALSE_FINGERPRINT, Code.CELL_SEVERE)
_FLAGS = (
    Code.UNCHECKED,  # the verifier did not get through: may be its own fault
    Code.LUMA,
    Code.CHROMA,
    Code.GREY,
    Code.CELL,
    Code.STILL,
    Code.REPEATS,
    Code.MS_SSIM,
    Code.DETAIL,
    Code.HIGH_PASS,
)
SEVERITY: dict[Code, Severity] = {
    **dict.fromkeys(Code, Severity.OBJECTIVE),
    **dict.fromkeys(_PROVABLE, Severity.PROVABLE),
    **dict.fromkeys(_SEVERE, Severity.SEVERE),
    **dict.fromkeys(_FLAGS, Severity.FLAG),
}


@dataclass(frozen=True)
class Finding:
    """One fault. `measured` and `limit` are None where nothing is a number; `text` says both."""

    code: Code
    severity: Severity
    measured: float | None
    limit: float | None
    text: str

    def to_json(self) -> dict[str, Any]:
        return {
            "code": self.code.value,
            "severity": self.severity.value,
            "measured": None if self.measured is None else round(self.measured, 4),
            "limit": self.limit,
            "text": self.text,
        }


def finding(
    code: Code, text: str, measured: float | None = None, limit: float | None = None
) -> Finding:
    """A finding with its code's severity."""
    return Finding(code, SEVERITY[code], measured, limit, text)


def worst(findings: Iterable[Finding]) -> str:
    """ "ok", or the heaviest severity among the findings."""
    found = {one.severity for one in findings}
    return next((str(severity) for severity in Severity if severity in found), OK)
