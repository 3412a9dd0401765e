"""What one tick would do, or did: a line for each thing, as a table and as JSON.

The same lines come from a dry run and from a live one. Source: keepers spec (e1), R19.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.markup import escape
from rich.table import Table

from keepers.core.amounts import ETHER, GWEI, show_short

VERDICTS = ("send", "wait", "skip", "replace", "cancel", "done")
ACTS = ("send", "replace", "cancel")  # verdicts with which a transaction leaves


@dataclass(frozen=True)
class PlanLine:
    """`why` is why it is due, `reason` why the verdict is what it is; fees and amounts in wei.

    `gas` is the limit of the transaction, `estimate` what it is expected to use, and `cost` the
    most it can cost. `worth` is None if nobody knows. `tx` is the newest transaction under way for
    it.
    """

    keeper: str
    kind: str
    subject: str
    why: str
    verdict: str
    reason: str
    gas: int | None = None
    estimate: int | None = None
    max_fee: int | None = None
    cost: int | None = None
    worth: int | None = None
    tx: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Wei as decimal strings: many readers of JSON hold 53 bits only."""
        return {
            "keeper": self.keeper,
            "kind": self.kind,
            "subject": self.subject,
            "why": self.why,
            "verdict": self.verdict,
            "reason": self.reason,
            "gas": self.gas,
            "gasEstimate": self.estimate,
            "maxFee": _text(self.max_fee),
            "cost": _text(self.cost),
            "worth": _text(self.worth),
            "tx": self.tx,
        }


def to_json(lines: Sequence[PlanLine], *, live: bool) -> dict[str, Any]:
    """One tick. `cost` sums what would be spent at most, over the lines that act."""
    return {
        "live": live,
        "cost": str(cost_of(lines)),
        "lines": [line.to_json() for line in lines],
    }


def to_table(lines: Sequence[PlanLine]) -> Table:
    table = Table("what", "for whom", "verdict", "why", "gas", "fee", "cost", "worth")
    for line in lines:
        table.add_row(
            escape(line.kind),
            escape(_short(line.subject)),
            line.verdict,
            escape("; ".join(text for text in (line.why, line.reason) if text)),
            _gas(line),
            _amount(line.max_fee, GWEI, "gwei"),
            _amount(line.cost, ETHER, "ETH"),
            _amount(line.worth, ETHER, "ETH"),
        )
    return table


def summary(lines: Sequence[PlanLine], *, live: bool) -> str:
    """One line: "2 would be sent for at most 0.0009 ETH, 1 waiting; nothing was sent (dry run)".

    A keeper that can look has a line for whatever it looks at, if only that it is done.
    """
    acts = sum(line.verdict in ACTS for line in lines)
    waits = sum(line.verdict == "wait" for line in lines)
    skips = sum(line.verdict == "skip" for line in lines)
    if not lines:
        return "Nothing could be looked at; the log says why."
    cost = _amount(cost_of(lines), ETHER, "ETH")
    parts = [f"{acts} {'sent' if live else 'would be sent'} for at most {cost}"] if acts else []
    parts += [f"{waits} waiting"] if waits else []
    parts += [f"{skips} skipped"] if skips else []
    end = "" if live else "; nothing was sent (dry run)"
    return (", ".join(parts) or "nothing to do") + end


def cost_of(lines: Sequence[PlanLine]) -> int:
    return sum(line.cost or 0 for line in lines if line.verdict in ACTS)


def _short(subject: str) -> str:
    """An address by both ends: the whole one is in the JSON."""
    return f"{subject[:10]}...{subject[-4:]}" if len(subject) == 42 else subject


def _gas(line: PlanLine) -> str:
    limit = "" if line.gas is None else f"{line.gas:,}"
    return limit if line.estimate is None else f"{line.estimate:,} of {limit}"


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)


def _amount(wei: int | None, decimals: int, unit: str) -> str:
    return "" if wei is None else f"{show_short(wei, decimals)} {unit}"
