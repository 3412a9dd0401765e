"""The part of the report about verification: what was signed, found, proven, and what it cost."""

from __future__ import annotations

import base64
from html import escape

from devnet.amounts import exact
from devnet.markup import Cell, Row, section, table
from devnet.prosecution import CaseStory
from devnet.trial import Verdict
from devnet.watching import Finding


def verification(verdict: Verdict, names: dict[str, str]) -> str:
    """`names` of orchestrators by address."""
    return (
        section(
            "Verification",
            "Gateway and orchestrators sign fingerprints of the decoded pictures. A verifier draws "
            "receipts after they were signed, decodes and checks them; what it can prove, the "
            "contract recomputes.",
            f"<p>{escape(verdict.line())}.</p>",
            _standings(verdict, names),
            _findings(verdict.findings, names),
        )
        + ("" if verdict.case is None else _case(verdict, verdict.case))
        + _evidence(verdict)
    )


def _standings(verdict: Verdict, names: dict[str, str]) -> str:
    rows: list[Row] = [
        (
            names.get(address, address),
            Cell(one.state, "text"),
            f"{one.weight / 10_000:.1f} %",
            str(one.samples),
            str(one.flags),
            Cell(one.reason, "text"),
        )
        for address, one in verdict.standings.items()
    ]
    head = ("orchestrator", "standing", "chance of work", "verified", "flags", "why")
    return table(head, rows)


def _findings(findings: tuple[Finding, ...], names: dict[str, str]) -> str:
    if not findings:
        return ""
    rows: list[Row] = [
        (
            names.get(one.orchestrator, one.orchestrator),
            str(one.seq),
            Cell(one.verdict, "text"),
            Cell(", ".join(one.codes), "text"),
        )
        for one in findings
    ]
    return table(("finding against", "order", "verdict", "codes"), rows)


def _case(verdict: Verdict, case: CaseStory) -> str:
    assert verdict.accused is not None
    begin = case.steps[0].at
    steps: list[Row] = [
        (
            step.what,
            f"{(step.at - begin) / 3600:.2f} h",
            str(step.block),
            f"{step.gas:,}",
            Cell(step.tx, "mono text"),
        )
        for step in case.steps
    ]
    amounts: list[Row] = [
        ("own bond before", exact(case.bond)),
        (f"penalty, {case.rate / 10_000:g} % of it", exact(case.penalty)),
        ("of that to the finder", exact(case.reward)),
        ("of that burned", exact(case.burned)),
        ("own bond after", exact(case.bond_after)),
    ]
    return section(
        f"Case against {verdict.accused.name}",
        f"It {verdict.accused.cheat.about}; {case.fault} is proven. Delegators lose nothing. "
        f"While the case was open it got {verdict.work_after} segments.",
        table(("step", "after", "block", "gas", "transaction"), steps),
        table(("", "LPT"), amounts),
    )


def _evidence(verdict: Verdict) -> str:
    """The verifier's own report, whole, in a frame."""
    if verdict.evidence is None:
        return ""
    page = base64.b64encode(verdict.evidence.encode()).decode()
    frame = (
        '<iframe class="evidence" title="evidence" sandbox '
        f'src="data:text/html;charset=utf-8;base64,{page}"></iframe>'
    )
    return section(
        "Evidence", "The verifier's report of one of the segments, as it was kept.", frame
    )
