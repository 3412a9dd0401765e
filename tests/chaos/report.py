"""A check of the chaos run: one line that a program can read, and a person too."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """`requirement` as in the keepers spec (e1)."""

    requirement: str
    name: str
    measured: str
    limit: str
    passed: bool

    def line(self) -> str:
        verdict = "pass" if self.passed else "FAIL"
        return "\t".join((self.requirement, self.name, self.measured, self.limit, verdict))


def exactly(requirement: str, name: str, measured: int, wanted: int) -> Check:
    return Check(requirement, name, str(measured), f"= {wanted}", measured == wanted)


def at_most(requirement: str, name: str, measured: float, most: float, unit: str = "") -> Check:
    shown = f"{measured:g}{unit and ' '}{unit}"
    return Check(requirement, name, shown, f"<= {most:g}", measured <= most)
