"""The treasury's books: what explains a transfer, where to look, and what comes out."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from random import Random

import pytest
from rich.console import Console

from scripts._governance.accounts_report import (
    ZERO,
    Account,
    Action,
    Entry,
    EtherBlock,
    EtherFlow,
    Kind,
    Report,
    Reward,
    Sender,
    Transfer,
    changed_blocks,
    ether_entries,
    lpt_entries,
)
from scripts._governance.accounts_report_output import shortened, show, to_csv, to_html, to_json

TREASURY, MINTER, GRANTEE, DONOR, STRANGER, TRANSCODER = (
    "0x" + f"{n:02x}" * 20 for n in range(1, 7)
)
NAMES = {TREASURY: "Treasury", MINTER: "Minter"}
ACTION = Action(5, "0xa", 3, 7, GRANTEE, 0, "77", "Pay the grantee")


def came(amount: int, sender: str, *, tx: str = "0xa", index: int = 1) -> Transfer:
    return Transfer(5, tx, index, sender, TREASURY, amount)


def went(amount: int, *, tx: str = "0xa", index: int = 1) -> Transfer:
    return Transfer(5, tx, index, TREASURY, GRANTEE, amount)


def explain(
    *transfers: Transfer,
    rewards: tuple[Reward, ...] = (),
    actions: tuple[Action, ...] = (),
    sender: Sender | None = None,
) -> list[Entry]:
    return lpt_entries(
        transfers,
        rewards,
        actions,
        treasury=TREASURY,
        names=NAMES,
        sender_of=lambda _: sender or Sender(STRANGER, STRANGER),
    )


# -- LPT


def test_lpt_entries__reward_cut__names_transcoder_and_round() -> None:
    (entry,) = explain(came(10, MINTER), rewards=(Reward("0xa", 2, TRANSCODER, 10, 8),))
    assert (entry.kind, entry.account, entry.round) == (Kind.REWARD, TRANSCODER, 8)


@pytest.mark.parametrize(
    "reward",
    [
        Reward("0xb", 2, TRANSCODER, 10, 8),  # another transaction
        Reward("0xa", 0, TRANSCODER, 10, 8),  # before the transfer
        Reward("0xa", 2, TRANSCODER, 11, 8),  # another amount
    ],
)
def test_lpt_entries__reward_of_something_else__explains_nothing(reward: Reward) -> None:
    (entry,) = explain(came(10, MINTER), rewards=(reward,))
    assert (entry.kind, entry.note) == (Kind.UNEXPLAINED, "Minter paid without a TreasuryReward")


def test_lpt_entries__minted_beside_a_reward_of_the_same_amount__is_unexplained() -> None:
    transfers = came(10, MINTER, index=0), came(10, ZERO, index=1)
    cut, minted = explain(*transfers, rewards=(Reward("0xa", 2, TRANSCODER, 10, 8),))
    assert (cut.kind, minted.kind) == (Kind.REWARD, Kind.UNEXPLAINED)


def test_lpt_entries__one_reward_for_two_transfers__explains_one() -> None:
    transfers = came(10, MINTER, index=0), came(10, MINTER, index=1)
    first, second = explain(*transfers, rewards=(Reward("0xa", 2, TRANSCODER, 10, 8),))
    assert (first.kind, second.kind) == (Kind.UNEXPLAINED, Kind.REWARD)


@pytest.mark.parametrize(
    ("index", "kind"),
    [(2, Kind.UNEXPLAINED), (4, Kind.PROPOSAL), (6, Kind.PROPOSAL), (8, Kind.UNEXPLAINED)],
)
def test_lpt_entries__paid_around_an_executed_call__is_its_effect_only_inside(
    index: int, kind: Kind
) -> None:
    (entry,) = explain(went(10, index=index), actions=(ACTION,))
    assert (entry.kind, entry.amount, entry.account) == (kind, -10, GRANTEE)
    assert entry.proposal == ("77" if kind is Kind.PROPOSAL else None)


def test_lpt_entries__calls_nested__belong_to_the_inner_one() -> None:
    inner = replace(ACTION, start=4, index=6, proposal="78")
    before, within, after = explain(
        *(went(1, index=index) for index in (4, 5)),
        went(1, index=7),
        actions=(replace(ACTION, index=9), replace(inner, start=4)),
    )
    assert [it.proposal for it in (before, within, after)] == ["77", "78", "77"]


def test_lpt_entries__paid_in_another_transaction__is_unexplained() -> None:
    (entry,) = explain(went(10, tx="0xb", index=5), actions=(ACTION,))
    assert entry.kind is Kind.UNEXPLAINED
    assert entry.note == f"no executed call did this; {STRANGER} did, with an earlier allowance?"


@pytest.mark.parametrize(
    ("holder", "sender", "note"),
    [
        (DONOR, Sender(DONOR, MINTER), None),
        (DONOR, Sender(STRANGER, DONOR), None),  # a wallet contract, driven by somebody
        (DONOR, Sender(STRANGER, MINTER), f"moved by {STRANGER}, not by its holder"),
        (ZERO, Sender(STRANGER, None), f"minted straight to the treasury by {STRANGER}"),
        (MINTER, Sender(MINTER, MINTER), "Minter paid without a TreasuryReward"),
    ],
)
def test_lpt_entries__sent_in__is_a_donation_only_of_its_holder(
    holder: str, sender: Sender, note: str | None
) -> None:
    (entry,) = explain(came(10, holder), sender=sender)
    assert (entry.kind is Kind.DONATION) is (note is None)
    assert (entry.account, entry.note) == (holder, note or "")


def test_lpt_entries__to_itself__is_neither_in_nor_out() -> None:
    assert explain(Transfer(5, "0xa", 1, TREASURY, TREASURY, 9)) == []


# -- ETH


def test_ether_entries__flows_leave_something__is_unexplained() -> None:
    flow = EtherFlow("0xa", 0, 5, DONOR, Kind.DONATION)
    donation, rest = sorted(
        ether_entries([EtherBlock(9, 7, (flow,))]), key=lambda entry: entry.kind
    )
    assert (donation.amount, donation.account) == (5, DONOR)
    assert (rest.kind, rest.amount, rest.block) == (Kind.UNEXPLAINED, 2, 9)
    (untraced,) = ether_entries([EtherBlock(9, 7, (), traced=False)])
    assert "does not trace" in untraced.note


@pytest.mark.parametrize("seed", range(10))
def test_changed_blocks__random_growth__finds_each_change_and_what_is_known(seed: int) -> None:
    random = Random(seed)
    changes = {random.randrange(1, 500): random.randrange(1, 9) for _ in range(12)}
    spent = random.sample(sorted(changes), 3)
    for block in spent:  # paid in executed calls, to nothing or less
        changes[block] = random.randrange(-9, 1)
    asked = set()

    def balance(block: int) -> int:
        asked.add(block)
        return 100 + sum(amount for at, amount in changes.items() if at <= block)

    expected = sorted({block for block, amount in changes.items() if amount} | set(spent))
    assert changed_blocks(balance, 0, 500, spent) == expected
    assert len(asked) < 250


def test_changed_blocks__no_change__asks_for_both_ends_only() -> None:
    asked = []

    def balance(block: int) -> int:
        asked.append(block)
        return 3

    assert changed_blocks(balance, 10, 10**9, ()) == []
    assert sorted(asked) == [10, 10**9]


# -- what comes out


def report_of(*entries: Entry, opening: int = 100, closing: int | None = None) -> Report:
    total = opening + sum(entry.amount for entry in entries)
    lpt = Account("LPT", opening, total if closing is None else closing, entries)
    return Report(
        chain_id=1,
        treasury=TREASURY,
        first=5,
        last=20,
        accounts=(lpt, Account("ETH", 0, 0, ())),
        names=NAMES,
        times=dict.fromkeys(range(30), 0),
    )


CUT = Entry("LPT", Kind.REWARD, 10, 6, 1, "0xa", TRANSCODER, round=8)
PAID = Entry("LPT", Kind.PROPOSAL, -30, 7, 1, "0xb", GRANTEE, proposal="77", note="=1+1")
STRAY = Entry("LPT", Kind.UNEXPLAINED, -1, 9, 1, "0xc", STRANGER, note="[bold]odd")


def test_report__in_and_out__add_up_to_the_closing_balance() -> None:
    report = report_of(CUT, PAID)
    account = report.accounts[0]
    assert (account.inflows, account.outflows, account.closing) == (10, 30, 80)
    assert account.difference == 0
    assert report.explained
    assert account.points(5, 20) == [(5, 100), (6, 110), (7, 80), (20, 80)]


def test_report__balance_is_a_wei_off__is_not_explained() -> None:
    report = report_of(CUT, closing=109)
    assert report.accounts[0].difference == -1
    assert not report.explained


def test_report__stray_transfer__is_not_explained_although_it_adds_up() -> None:
    report = report_of(CUT, STRAY)
    assert report.accounts[0].difference == 0
    assert not report.explained


def test_to_csv__all_lines__lead_from_opening_to_closing() -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(report_of(CUT, PAID)))))
    lpt = [row for row in rows if row["asset"] == "LPT"]
    assert [row["kind"] for row in lpt] == ["opening", "reward cut", "proposal", "closing"]
    assert [row["balance_wei"] for row in lpt] == ["100", "110", "80", "80"]
    assert [row["amount_wei"] for row in lpt] == ["", "10", "-30", ""]
    assert lpt[1]["round"] == "8"
    assert lpt[2]["note"] == "'=1+1"
    assert lpt[1]["time"] == "1970-01-01T00:00:00Z"


def test_to_json__report__has_every_documented_field() -> None:
    content = json.loads(to_json(report_of(CUT, PAID, STRAY)))
    assert content["format"] == "livepeer-treasury-report/1"
    assert content["explained"] is False
    lpt = content["accounts"][0]
    assert {key: lpt[key] for key in ("opening", "inflows", "outflows", "closing")} == {
        "opening": "100",
        "inflows": "10",
        "outflows": "31",
        "closing": "79",
    }
    assert (lpt["difference"], lpt["unexplained"]) == ("0", 1)
    assert lpt["groups"][0] == {
        "kind": "reward cut",
        "what": "round 8",
        "amount": "10",
        "entries": 1,
    }
    assert lpt["entries"][1] == {
        "block": 7,
        "time": "1970-01-01T00:00:00Z",
        "position": 1,
        "tx": "0xb",
        "kind": "proposal",
        "amount": "-30",
        "account": GRANTEE,
        "name": None,
        "round": None,
        "proposal": "77",
        "note": "=1+1",
    }


def test_show__stray_transfer__is_named_in_full() -> None:
    out = io.StringIO()
    show(report_of(CUT, STRAY), Console(file=out, width=100))
    text = out.getvalue()
    assert "round 8" in text
    assert f"UNEXPLAINED -0.000000000000000001 LPT to {STRANGER} in block 9" in text
    assert "[bold]odd" in text
    assert "Blocks 5 to 20: 1 unexplained." in text


def test_show__explained__says_so() -> None:
    out = io.StringIO()
    show(report_of(CUT), Console(file=out, width=100))
    assert "Blocks 5 to 20: every wei is explained." in out.getvalue()


def test_shortened__more_rounds_than_lines__become_one() -> None:
    cuts = [replace(CUT, round=number) for number in range(1, 60)]
    groups = report_of(*cuts, PAID).accounts[0].groups(NAMES)
    together, paid = shortened(groups)
    assert (together.what, together.amount, together.entries) == ("round 1 to round 59", 590, 59)
    assert paid.kind is Kind.PROPOSAL


def test_to_html__text_of_others__is_escaped_and_nothing_is_loaded() -> None:
    page = to_html(report_of(CUT, replace(PAID, note="<script>alert(1)</script>")))
    assert "<script" not in page
    assert "src=" not in page
    assert "Balance of the treasury" in page
