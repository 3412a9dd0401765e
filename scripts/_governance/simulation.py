"""A proposal carried out on a chain that does not count: what was done, checked and seen.

Built by `lifecycle.py`, shown as JSON here, in the terminal by `report_text.py` and as a page by
`report_html.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from functools import cached_property
from typing import Any

from scripts._governance.calldata import Decoded, Interfaces
from scripts._governance.model import Call, Check
from scripts._governance.names import Names
from scripts._governance.observe import Effects, SlotChange
from scripts._governance.showing import Shower, Value, call_text, exact
from scripts._governance.tally import Tally

MAX_EXACT = 2**53  # what a JSON number holds exactly in every reader


@dataclass(frozen=True)
class Action:
    """One numbered call of a proposal, in words and units. `value` is in wei."""

    number: int
    contract: str
    function: str
    arguments: tuple[Value, ...]
    value: int = 0
    note: str = ""

    @property
    def line(self) -> str:
        return f"{self.contract}.{call_text(self.function, self.arguments)}"


@dataclass(frozen=True)
class Step:
    """One transaction of a route. `result` is why it could not be sent, where it is a text."""

    label: str
    sender: str
    to: str
    result: Effects | str

    @property
    def error(self) -> str:
        return self.result if isinstance(self.result, str) else self.result.error


@dataclass(frozen=True)
class Simulation:
    """`what_if` says why this is no proposal anybody has made; empty for one that is.

    `identity` is what voters and signers compare, such as ("update hash", "0x..."); `network` says
    in words what it ran on; `names` are addresses by the names this report uses.
    """

    lip: int
    title: str
    route: str
    network: str
    actions: tuple[Action, ...]
    steps: tuple[Step, ...]
    before: tuple[Check, ...]
    after: tuple[Check, ...]
    identity: tuple[tuple[str, str], ...] = ()
    votes: Tally | None = None
    what_if: str = ""
    names: Mapping[str, str] | None = None

    @cached_property
    def problems(self) -> tuple[str, ...]:
        """Why the proposal must not be sent; empty if all is well."""
        found = [f"{step.label}: {step.error}" for step in self.steps if step.error]
        for when, checks in (("before", self.before), ("after", self.after)):
            found += [
                f"action {check.action}, {check.name}, {when}: found {exact(check.found)}, "
                f"expected {exact(check.expected)}"
                for check in checks
                if not check.holds
            ]
        return tuple(found)

    @property
    def holds(self) -> bool:
        return not self.problems

    @cached_property
    def effects(self) -> tuple[Effects, ...]:
        return tuple(step.result for step in self.steps if isinstance(step.result, Effects))

    @property
    def slots(self) -> tuple[int, int]:
        """How many changed slots of project contracts have a name, and how many there are."""
        ours = sum(len(effects.ours) for effects in self.effects)
        return ours - sum(len(effects.unnamed) for effects in self.effects), ours

    @property
    def settings(self) -> tuple[SlotChange, ...]:
        """What the last step, which carries the proposal out, changes in project contracts."""
        return self.effects[-1].ours if self.effects else ()

    def to_json(self) -> str:
        """Always the same text for the same simulation. Integers a JSON number cannot hold exactly,
        and all amounts in wei, are decimal strings.
        """
        named, slots = self.slots
        summary = {"holds": self.holds, "problems": self.problems}
        counted = {"slots": {"changed": slots, "named": named}}
        own = {
            field.name: _plain(getattr(self, field.name))
            for field in fields(self)
            if field.name not in ("votes", "names")
        }
        more = {
            "votes": self.votes.to_json() if self.votes else None,
            "names": dict(sorted((self.names or {}).items())),
        }
        return json.dumps({**summary, **counted, **own, **more}, indent=1) + "\n"

    def to_terminal(self, *, width: int = 120) -> str:
        from scripts._governance.report_text import render

        return render(self, width=width)

    def to_html(self) -> str:
        from scripts._governance.report_html import render

        return render(self)


def actions_of(calls: Iterable[Call], names: Names, interfaces: Interfaces) -> tuple[Action, ...]:
    """The calls of a proposal as a reader sees them. Raises ProposalError."""
    show = Shower(names, interfaces)
    found = []
    for number, call in enumerate(calls, start=1):
        data = interfaces.encode(call.contract, call.function, call.args)
        read = interfaces.decode(call.contract, data)
        assert isinstance(read, Decoded)  # it was encoded by the same interface
        values = show.of_call(call.contract, read.function, read.arguments)
        found.append(Action(number, call.contract, read.function, values, call.value, call.note))
    return tuple(found)


def _plain(item: Any, *, wei: bool = False) -> Any:
    """As JSON has it."""
    if isinstance(item, Check):
        shown = {name: exact(getattr(item, name)) for name in ("found", "expected")}
        return {"action": item.action, "name": item.name, **shown, "holds": item.holds}
    if is_dataclass(item) and not isinstance(item, type):
        return {
            field.name: _plain(getattr(item, field.name), wei=field.name in _WEI)
            for field in fields(item)
        }
    if isinstance(item, Enum):
        return item.name.lower()
    if isinstance(item, Mapping):
        return {str(key): _plain(value) for key, value in item.items()}
    if isinstance(item, Sequence) and not isinstance(item, str | bytes):
        return [_plain(value) for value in item]
    if isinstance(item, int) and not isinstance(item, bool):
        return str(item) if wei or abs(item) >= MAX_EXACT else item
    return exact(item) if isinstance(item, bytes) else item


_WEI = frozenset({"value", "before", "after"})  # where they are integers at all
