"""The treasury's books as JSON, CSV, a table for the terminal, and a page. docs/treasury-report.md
describes the two formats; a change of either changes FORMAT.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape as escape_markup
from rich.table import Table

from devnet.markup import page, section, table
from scripts._governance.accounts_report import Account, Entry, Group, Kind, Report
from scripts._governance.charts import Balance, balance_chart
from scripts._governance.units import Amount

FORMAT = "livepeer-treasury-report/1"
CSV_HEAD = (
    "asset", "block", "time", "position", "tx", "kind", "amount_wei", "balance_wei",
    "account", "name", "round", "proposal", "note",
)  # fmt: skip
CSS = Path(__file__).with_name("report.css")
LINES = 40  # groups of an account that the terminal shows


def to_json(report: Report) -> str:
    """Amounts are decimal strings, absent values null."""
    content = {
        "format": FORMAT,
        "chain_id": report.chain_id,
        "treasury": report.treasury,
        "from_block": report.first,
        "to_block": report.last,
        "explained": report.explained,
        "accounts": [_account_json(report, account) for account in report.accounts],
    }
    return json.dumps(content, indent=2) + "\n"


def _account_json(report: Report, account: Account) -> dict[str, Any]:
    return {
        "asset": account.asset,
        "opening": str(account.opening),
        "inflows": str(account.inflows),
        "outflows": str(account.outflows),
        "closing": str(account.closing),
        "difference": str(account.difference),
        "unexplained": len(account.unexplained),
        "groups": [
            {
                "kind": group.kind.value,
                "what": group.what,
                "amount": str(group.amount),
                "entries": group.entries,
            }
            for group in account.groups(report.names)
        ],
        "entries": [_entry_json(report, entry) for entry in account.entries],
    }


def _entry_json(report: Report, entry: Entry) -> dict[str, Any]:
    return {
        "block": entry.block,
        "time": _time(report, entry),
        "position": entry.position,
        "tx": entry.tx or None,
        "kind": entry.kind.value,
        "amount": str(entry.amount),
        "account": entry.account or None,
        "name": report.names.get(entry.account),
        "round": entry.round,
        "proposal": entry.proposal,
        "note": entry.note,
    }


def to_csv(report: Report) -> str:
    """Each asset from its line "opening" to its line "closing"; balances are after the line."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(CSV_HEAD)
    for account in report.accounts:
        balance = account.opening
        writer.writerow(_bound(account.asset, report.first, "opening", balance))
        for entry in account.entries:
            balance += entry.amount
            writer.writerow(_line(report, entry, balance))
        writer.writerow(_bound(account.asset, report.last, "closing", account.closing))
    return out.getvalue()


def _bound(asset: str, block: int, kind: str, balance: int) -> list[Any]:
    return [asset, block, "", "", "", kind, "", balance, "", "", "", "", ""]


def _line(report: Report, entry: Entry, balance: int) -> list[Any]:
    return [
        entry.asset,
        entry.block,
        _time(report, entry),
        entry.position,
        entry.tx,
        entry.kind.value,
        entry.amount,
        balance,
        entry.account,
        report.names.get(entry.account, ""),
        "" if entry.round is None else entry.round,
        entry.proposal or "",
        _plain(entry.note),
    ]


def _plain(text: str) -> str:
    """Titles are anyone's text: a spreadsheet must not take one for a formula."""
    return "'" + text if text[:1] in "=+-@\t\r" and text else text


def _time(report: Report, entry: Entry) -> str:
    return datetime.fromtimestamp(report.times[entry.block], UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


# -- for people


def show(report: Report, console: Console) -> None:
    """Balances and what lies between them, then every unexplained line in full."""
    for account in report.accounts:
        console.print(_terminal_table(report, account))
    for entry in unexplained(report):
        console.print(f"UNEXPLAINED {_say(entry)}", markup=False, soft_wrap=True)
    console.print(conclusion(report), markup=False, soft_wrap=True)


def _terminal_table(report: Report, account: Account) -> Table:
    unit = Amount(account.asset)
    out = Table(box=box.SIMPLE, title=f"{account.asset} of the treasury", title_justify="left")
    out.add_column("", overflow="fold")
    out.add_column("what", overflow="fold")
    out.add_column("amount", justify="right", overflow="fold")
    opening, *rest = _bounds(report, account)
    out.add_row(*opening)
    for group in shortened(account.groups(report.names)):
        style = "red" if group.kind is Kind.UNEXPLAINED else None
        what = escape_markup(_counted(group))
        out.add_row(group.kind.value, what, _signed(unit, group.amount), style=style)
    for row in rest:
        out.add_row(*row)
    return out


def _bounds(report: Report, account: Account) -> list[tuple[str, str, str]]:
    """The line before the entries, and those after them."""
    unit = Amount(account.asset)
    return [
        ("opening", f"before block {report.first}", unit.show(account.opening)),
        ("in", "all of the above that came", unit.show(account.inflows)),
        ("out", "all of the above that went", unit.show(account.outflows)),
        ("closing", f"after block {report.last}", unit.show(account.closing)),
        ("difference", "closing - (opening + in - out)", unit.show(account.difference)),
    ]


def shortened(groups: Sequence[Group]) -> list[Group]:
    """Reward cuts of many rounds as one line, if there are more lines than a screen holds."""
    if len(groups) <= LINES:
        return list(groups)
    cuts = [group for group in groups if group.kind is Kind.REWARD]
    rest = [group for group in groups if group.kind is not Kind.REWARD]
    if not cuts:
        return rest
    what = f"{cuts[0].what} to {cuts[-1].what}"
    together = Group(
        Kind.REWARD,
        what,
        sum(group.amount for group in cuts),
        sum(group.entries for group in cuts),
    )
    return [together, *rest]


def unexplained(report: Report) -> list[Entry]:
    return [entry for account in report.accounts for entry in account.unexplained]


def conclusion(report: Report) -> str:
    count = len(unexplained(report))
    open_ones = [account for account in report.accounts if account.difference]
    if report.explained:
        return f"Blocks {report.first} to {report.last}: every wei is explained."
    problems = [f"{count} unexplained" for _ in range(1) if count]
    problems += [
        f"{Amount(one.asset).show(one.difference)} changed without a transfer" for one in open_ones
    ]
    return f"Blocks {report.first} to {report.last}: {'; '.join(problems)}."


def _say(entry: Entry) -> str:
    amount = _signed(Amount(entry.asset), entry.amount)
    other = f" {'from' if entry.amount > 0 else 'to'} {entry.account}" if entry.account else ""
    tx = f", transaction {entry.tx}" if entry.tx else ""
    return f"{amount}{other} in block {entry.block}{tx}: {entry.note}"


def _counted(group: Group) -> str:
    return group.what if group.entries == 1 else f"{group.what}, {group.entries} times"


def _signed(unit: Amount, amount: int) -> str:
    return ("+" if amount > 0 else "") + unit.show(amount)


def to_html(report: Report) -> str:
    """A page that loads nothing from elsewhere."""
    title = f"Treasury, blocks {report.first} to {report.last}"
    verdict = "good" if report.explained else "bad"
    problems = "".join(f"<li>{escape(_say(entry))}</li>" for entry in unexplained(report))
    parts = [
        f"<header><h1>{escape(title)}</h1>"
        f'<p class="lead">{escape(report.treasury)} on chain {report.chain_id}.</p>'
        f'<div class="verdict {verdict}"><p>{escape(conclusion(report))}</p>'
        f"{f'<ul>{problems}</ul>' if problems else ''}</div></header>",
        section("Balances", "After each block in which they changed.", _chart(report)),
        *(_account_html(report, account) for account in report.accounts),
    ]
    return page(title, CSS.read_text(), "".join(parts))


def _chart(report: Report) -> str:
    return balance_chart(
        [Balance(one.asset, one.points(report.first, report.last)) for one in report.accounts]
    )


def _account_html(report: Report, account: Account) -> str:
    unit = Amount(account.asset)
    opening, *rest = _bounds(report, account)
    groups = [
        (group.kind.value, _counted(group), _signed(unit, group.amount))
        for group in account.groups(report.names)
    ]
    lines = [_entry_row(report, entry, unit) for entry in account.entries]
    return section(
        account.asset,
        "Reward cuts by round, payments by proposal, gifts by giver.",
        table(["", "what", "amount"], [opening, *groups, *rest]),
        _folded("Every entry", lines),
    )


def _entry_row(report: Report, entry: Entry, unit: Amount) -> Sequence[str]:
    name = report.names.get(entry.account, entry.account)
    what = [f"round {entry.round}" if entry.round is not None else "", name, entry.note]
    return (
        str(entry.block),
        _time(report, entry),
        entry.kind.value,
        " · ".join(filter(None, what)),
        _signed(unit, entry.amount),
        entry.tx,
    )


def _folded(title: str, lines: Iterable[Sequence[str]]) -> str:
    head = ["block", "time", "kind", "what", "amount", "transaction"]
    return f"<details><summary>{escape(title)}</summary>{table(head, list(lines))}</details>"
