"""A simulation as one page for voters: nothing is loaded from elsewhere, and it prints."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from devnet.markup import page
from scripts._governance.charts import tally_chart
from scripts._governance.model import Check
from scripts._governance.observe import Effects, SlotChange
from scripts._governance.report_words import (
    amount,
    call_note,
    changes,
    event_line,
    headline,
    named_line,
    say,
    verdict,
)
from scripts._governance.simulation import Simulation, Step
from scripts._governance.trace import CallNode

CSS = Path(__file__).with_name("report.css")


def render(simulation: Simulation) -> str:
    parts = [
        _head(simulation),
        _short(simulation),
        _votes(simulation),
        _section(
            "Checks",
            "Written by the proposal's author, at least one for each action, and evaluated before "
            "and after.",
            _checks(simulation, "Before the proposal", simulation.before),
            _checks(simulation, "After the proposal", simulation.after),
        ),
        *(_step(number, step) for number, step in enumerate(simulation.steps, start=1)),
        _names(simulation),
    ]
    return page(headline(simulation), CSS.read_text(), "".join(parts))


def _head(simulation: Simulation) -> str:
    what_if = (
        '<p class="whatif"><strong>What if, not a proposal.</strong> '
        f"{escape(simulation.what_if)}</p>"
        if simulation.what_if
        else ""
    )
    problems = "".join(f"<li>{escape(problem)}</li>" for problem in simulation.problems)
    return (
        f"<header><h1>{escape(headline(simulation))}</h1>"
        f'<p class="lead">{escape(simulation.route)}, simulated on {escape(simulation.network)}.'
        f"</p>{what_if}"
        f'<div class="verdict {"good" if simulation.holds else "bad"}">'
        f"<p>{escape(verdict(simulation))}</p>{f'<ul>{problems}</ul>' if problems else ''}</div>"
        "</header>"
    )


def _short(simulation: Simulation) -> str:
    actions = "".join(
        f"<li><code>{escape(action.line)}</code>"
        + (f" with {escape(amount(action.value, 'ETH'))}" if action.value else "")
        + (f'<p class="about">{escape(action.note)}</p>' if action.note else "")
        + "</li>"
        for action in simulation.actions
    )
    identity = "To compare with what you sign or vote on"
    return _section(
        "In short",
        "The calls the proposal makes, and what carrying it out changed in the protocol.",
        f'<ol class="actions">{actions}</ol>',
        _table("What changes", ("What", "From", "To"), changes(simulation), big=True),
        _table(identity, ("What", "Value"), simulation.identity) if simulation.identity else "",
        f'<p class="about">{escape(named_line(simulation))}</p>',
    )


def _votes(simulation: Simulation) -> str:
    if simulation.votes is None:
        return ""
    return _section(
        "Votes",
        "As read from the governor contract on the simulated chain.",
        tally_chart(simulation.votes),
        _table("The tally", ("What", "Value"), simulation.votes.rows()),
    )


def _checks(simulation: Simulation, caption: str, checks: Sequence[Check]) -> str:
    rows = [
        (
            str(check.action),
            check.name,
            say(simulation, check.found),
            say(simulation, check.expected),
            "holds" if check.holds else "FAILS",
        )
        for check in checks
    ]
    return _table(caption, ("Action", "What", "Found", "Expected", "Verdict"), rows)


def _step(number: int, step: Step) -> str:
    title = f"Step {number}: {step.label}"
    about = f"From {step.sender} to {step.to}."
    if isinstance(step.result, str):
        text = f'<p class="verdict bad">Cannot be sent: {escape(step.result)}</p>'
        return _section(title, about, text)
    about += f" {step.result.gas_used:,} gas, {step.result.calldata_bytes:,} bytes of calldata."
    return _section(title, about, *_effects(step.result))


def _effects(effects: Effects) -> Iterable[str]:
    if effects.error:
        yield f'<p class="verdict bad">Reverted: {escape(effects.error)}</p>'
    yield f'<h3>Calls</h3><ul class="calls">{_call(effects.call_tree)}</ul>'
    rows = [row for change in effects.storage for row in _slot_rows(change)]
    yield _table("Storage that changed", ("Variable", "Type", "Before", "After"), rows)
    yield _table(
        "Balances that changed, without the fee of the transaction",
        ("Account", "Before", "After", "Change"),
        [
            (
                item.account,
                amount(item.before, item.token),
                amount(item.after, item.token),
                ("+" if item.change > 0 else "") + amount(item.change, item.token),
            )
            for item in effects.balances
        ],
    )
    yield _table("Events, in order", ("Contract", "Event"), map(event_line, effects.events))


def _call(call: CallNode) -> str:
    inner = f"<ul>{''.join(map(_call, call.calls))}</ul>" if call.calls else ""
    kind = ' class="failed"' if call.error else ' class="read"' if call.kind == "STATICCALL" else ""
    return (
        f"<li{kind}><code>{escape(call.line)}</code> "
        f'<span class="note">{escape(call_note(call))}</span>{inner}</li>'
    )


def _slot_rows(change: SlotChange) -> Iterable[tuple[str, str, str, str]]:
    name = change.name if change.variable else f"{change.name}, not named"
    yield name, change.type, change.shown_before, change.shown_after
    for part in change.parts:
        yield f"\u2514 {part.name}", "", part.before, part.after


def _names(simulation: Simulation) -> str:
    if not simulation.names:
        return ""
    rows = sorted(simulation.names.items())
    return _section(
        "Names", "", _table("Addresses by the names used here", ("Name", "Address"), rows)
    )


# -- pieces


def _section(title: str, about: str, *markup: str) -> str:
    lead = f'<p class="about">{escape(about)}</p>' if about else ""
    return f"<section><h2>{escape(title)}</h2>{lead}{''.join(markup)}</section>"


def _table(
    caption: str, head: Sequence[str], rows: Iterable[Sequence[str]], *, big: bool = False
) -> str:
    """With a caption and named columns, for those who listen to it."""
    body = "".join(
        f'<tr><th scope="row">{escape(first)}</th>{"".join(map(_cell, rest))}</tr>'
        for first, *rest in rows
    )
    if not body:
        return f'<p class="none">{escape(caption)}: none.</p>'
    columns = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    return (
        f'<div class="scroll"><table{" class=big" if big else ""}><caption>{escape(caption)}'
        f"</caption><thead><tr>{columns}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _cell(text: str) -> str:
    kind = {"holds": ' class="yes"', "FAILS": ' class="no"'}.get(text, "")
    return f"<td{kind}>{escape(text)}</td>"
