"""Compares a deployed system, read from the chain, with its record, parameters and sources."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from scripts._lib.chain import ChainError
from scripts._lib.context import Context, Finding, StepError
from scripts._lib.steps import Deploy, Step, Use


def check_steps(context: Context, steps: Iterable[Step]) -> list[Finding]:
    """Every comparison, in the order of the steps; those with `matches` False are mismatches."""
    ordered = tuple(steps)
    findings = [*_record(context, ordered)]
    for step in ordered:
        try:
            findings += [*step.findings(context)]
        except (ChainError, StepError) as error:
            findings.append(Finding(step.name, "readable", str(error)))
    return findings


def _record(context: Context, steps: tuple[Step, ...]) -> Iterator[Finding]:
    records = context.records
    under_way = records.pending.step if records.pending else "none"
    yield Finding("record: transaction under way", "none", under_way)
    planned = {step.record for step in steps if isinstance(step, Deploy | Use)}
    strange = sorted({*records.contracts, *records.existing} - planned)
    yield Finding("record: contracts outside the plan", "none", ", ".join(strange) or "none")
