"""A simulation in the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from io import StringIO

from rich import box
from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

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


def render(simulation: Simulation, *, width: int) -> str:
    """As text without colours, `width` columns wide."""
    console = Console(file=StringIO(), width=width, color_system=None, legacy_windows=False)
    console.print(view(simulation))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"


def view(simulation: Simulation) -> RenderableType:
    """For a rich console."""
    parts: list[RenderableType] = [Text(headline(simulation), style="bold")]
    if simulation.what_if:
        parts.append(Text(f"WHAT IF: {simulation.what_if}", style="bold yellow"))
    parts.append(Text(f"{simulation.route}, on {simulation.network}"))
    parts += [Text(f"{what}: {value}") for what, value in simulation.identity]
    parts.append(Text(""))
    for action in simulation.actions:
        note = f"  ({action.note})" if action.note else ""
        ether = f", with {amount(action.value, 'ETH')}" if action.value else ""
        parts.append(Text(f"{action.number}. {action.line}{ether}{note}"))
    parts.append(_table("What changes", ("what", "from", "to"), changes(simulation)))
    if simulation.votes:
        parts.append(_table("Votes", ("", ""), simulation.votes.rows()))
    parts.append(_checks(simulation, "Checks before", simulation.before))
    parts.append(_checks(simulation, "Checks after", simulation.after))
    parts += [_step(number, step) for number, step in enumerate(simulation.steps, start=1)]
    parts += [Text(named_line(simulation)), *_verdict(simulation)]
    return Group(*parts)


def _verdict(simulation: Simulation) -> Iterable[Text]:
    style = "bold green" if simulation.holds else "bold red"
    yield Text(verdict(simulation), style=style)
    for problem in simulation.problems:
        yield Text(f"  {problem}", style="red")


def _checks(simulation: Simulation, title: str, checks: Sequence[Check]) -> RenderableType:
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
    return _table(title, ("action", "what", "found", "expected", ""), rows)


def _step(number: int, step: Step) -> RenderableType:
    title = Text(f"\nStep {number}: {step.label}", style="bold")
    about = Text(f"from {step.sender} to {step.to}")
    if isinstance(step.result, str):
        return Group(title, about, Text(f"cannot be sent: {step.result}", style="red"))
    return Group(title, about, *_effects(step.result))


def _effects(effects: Effects) -> Iterable[RenderableType]:
    yield Text(f"{effects.gas_used:,} gas, {effects.calldata_bytes:,} bytes of calldata")
    if effects.error:
        yield Text(f"reverted: {effects.error}", style="red")
    yield _tree(effects.call_tree)
    yield Text("\nStorage", style="italic")
    for change in effects.storage:
        yield from _slot(change)
    balances = [
        (item.account, amount(item.before, item.token), amount(item.after, item.token))
        for item in effects.balances
    ]
    yield _table("Balances", ("account", "before", "after"), balances)
    yield _table("Events", ("contract", "event"), [event_line(event) for event in effects.events])


def _tree(call: CallNode) -> Tree:
    tree = Tree(escape(_call_line(call)))
    stack = [(tree, call)]
    while stack:
        branch, node = stack.pop()
        stack += [(branch.add(escape(_call_line(inner))), inner) for inner in node.calls]
    return tree


def _call_line(call: CallNode) -> str:
    note = call_note(call)
    return call.line + (f"  [{note}]" if note else "")


def _slot(change: SlotChange) -> Iterable[Text]:
    words = "" if change.parts else f": {change.shown_before} -> {change.shown_after}"
    unnamed = "" if change.variable or not change.ours else " (NOT NAMED)"
    yield Text(f"  {change.name}{unnamed}{words}")
    for part in change.parts:
        yield Text(f"    {part.name}: {part.before} -> {part.after}")


def _table(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> RenderableType:
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, show_header=any(head))
    for name in head:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*map(escape, row))
    return table if table.row_count else Text(f"{title}: none")
