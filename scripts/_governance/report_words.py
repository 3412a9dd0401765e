"""What the reports say, in the same words in the terminal and on the page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from eth_utils.address import is_checksum_address

from scripts._governance.observe import Event, SlotChange
from scripts._governance.showing import call_text, exact
from scripts._governance.simulation import Simulation
from scripts._governance.trace import CallNode
from scripts._governance.units import Amount

# What a route writes down about a proposal itself: not what the proposal is for.
BOOKKEEPING = (
    "Governor.updates[",
    "LivepeerGovernor.proposals.",
    "Treasury.timelock.getTimestamp[",
)


def headline(simulation: Simulation) -> str:
    return f"LIP-{simulation.lip}: {simulation.title}"


def verdict(simulation: Simulation) -> str:
    checks = len(simulation.before) + len(simulation.after)
    if simulation.holds:
        steps = _counted(len(simulation.steps), "transaction")
        return f"It does what it says: {steps}, and {checks} of {checks} checks hold."
    return f"Do not send this: {_counted(len(simulation.problems), 'problem')}."


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}{'s' * (number != 1)}"


def named_line(simulation: Simulation) -> str:
    named, slots = simulation.slots
    if not slots:
        return "No storage of a protocol contract changed."
    percent = 100 * named // slots
    return (
        f"{named} of {slots} changed storage slots of protocol contracts have a name: {percent} %."
    )


def changes(simulation: Simulation) -> list[tuple[str, str, str]]:
    """What the proposal changes, from what, to what: settings and registrations, then balances."""
    rows = [row for change in simulation.settings for row in _setting(change)]
    if simulation.effects:
        rows += [
            (
                f"{item.token} of {item.account}",
                amount(item.before, item.token),
                amount(item.after, item.token),
            )
            for item in simulation.effects[-1].balances
        ]
    return rows


def _setting(change: SlotChange) -> Iterator[tuple[str, str, str]]:
    if change.name.startswith(BOOKKEEPING) or change.name.startswith("LivepeerToken.balanceOf["):
        return  # balances have rows of their own
    if not change.parts:
        what = words_of(change.variable) if change.variable else f"slot {change.slot}"
        yield f"{change.contract}: {what}", change.shown_before, change.shown_after
    for part in change.parts:
        keys = "".join(re.findall(r"\[.*?\]", change.variable or ""))
        yield f"{change.contract}{keys}: {words_of(part.name)}", part.before, part.after


def words_of(variable: str) -> str:
    """A variable in words: "rewards.treasuryRewardCutRate" is "treasury reward cut rate"."""
    start = variable.split("[", 1)[0].rfind(".") + 1  # behind the path of its module
    parts = re.split(r"(\[.*?\])", variable[start:])
    return "".join(text if text.startswith("[") else _plain_words(text) for text in parts)


def _plain_words(name: str) -> str:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name.replace(".", ", ").replace("_", " "))
    return " ".join(
        word if word.isupper() else word[:1].lower() + word[1:] for word in spaced.split()
    ).replace(" ,", ",")


def amount(wei: int, token: str) -> str:
    return Amount(token).show(wei)


def say(simulation: Simulation, value: Any) -> str:
    """A value of a check: numbers in groups, addresses with their names."""
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    if isinstance(value, str) and is_checksum_address(value):
        known = {address: name for name, address in (simulation.names or {}).items()}
        return f"{known[value]} {value}" if value in known else value
    if isinstance(value, tuple | list):
        return ", ".join(say(simulation, item) for item in value)
    return exact(value)


def event_line(event: Event) -> tuple[str, str]:
    """The contract, and the event as a call."""
    if event.unknown:
        return event.contract, f"{event.event} ({event.unknown})"
    return event.contract, call_text(event.event, event.arguments)


def call_note(call: CallNode) -> str:
    """What is to be said of a call beside the call itself."""
    return "; ".join(
        note
        for note in (
            ""
            if call.kind == "CALL"
            else {"STATICCALL": "reads"}.get(call.kind, call.kind.lower()),
            f"with {amount(call.value, 'ETH')}" if call.value else "",
            f"via {call.via}" if call.via else "",
            f"{call.lookups} look-ups in the Controller" if call.lookups > 1 else "",
            "1 look-up in the Controller" if call.lookups == 1 else "",
            f"{call.gas_used:,} gas",
            f"not understood: {call.unknown}" if call.unknown else "",
            f"REVERTED: {call.error}" if call.error else "",
        )
        if note
    )
