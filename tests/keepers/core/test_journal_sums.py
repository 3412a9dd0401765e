"""What the journal adds up, and what it drops. Source: keepers spec (e1), R20 and R25."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

import pytest

from keepers.core.journal import Journal
from keepers.core.model import Attempt, IntentState
from tests.keepers.core.journal_places import ACCOUNT, NOW, attempt, receipt, wish

DAY = 86_400


# -- sums


def test_spent__under_way__is_the_most_that_one_of_a_nonce_can_cost(wanted: Journal) -> None:
    for tx, nonce, fee in (("a", 5, 10), ("b", 5, 30), ("c", 5, 20), ("d", 6, 1)):
        wanted.sign_off(attempt(tx, nonce, max_fee=fee), None)
    assert wanted.spent() == 100_000 * (30 + 1)
    wanted.included(receipt("a", paid=77))
    assert wanted.spent() == 77 + 100_000
    wanted.vanished("a")
    assert wanted.spent() == 100_000 * (30 + 1)
    wanted.lost(ACCOUNT, 5)
    assert wanted.spent() == 100_000


def test_spent__within_a_time__counts_what_was_signed_in_it_or_is_under_way(
    wanted: Journal,
) -> None:
    for tx, nonce in (("old", 1), ("waits", 2), ("new", 3), ("raised", 4)):
        at = NOW if tx == "new" else NOW - DAY
        wanted.sign_off(attempt(tx, nonce, signed_at=at, max_fee=1), None)
    wanted.sign_off(attempt("raised twice", 4, signed_at=NOW, max_fee=2), None)
    for tx, paid in (("old", 1), ("new", 10), ("raised", 100)):
        wanted.included(receipt(tx, paid=paid))
        wanted.final(tx)
    assert wanted.spent(since=NOW - 1) == 10 + 100 + 100_000
    assert wanted.spent(since=NOW - DAY) == 1 + 10 + 100 + 100_000


@dataclass(frozen=True)
class Question:
    account: str | None
    kind: str | None
    subject: str | None
    round: int | None
    key: str | None
    since: float | None

    def is_about(self, one: Attempt, journal: Journal) -> bool:
        intent = journal.intent(one.intent)
        assert intent
        return (
            self.account in (None, one.account)
            and self.kind in (None, intent.kind)
            and self.subject in (None, intent.subject)
            and self.round in (None, intent.round)
            and self.key in (None, intent.key)
        )


@pytest.mark.parametrize("seed", range(5))
def test_spent__any_journal_and_question__equals_a_plain_sum(journal: Journal, seed: int) -> None:
    dice = random.Random(seed)
    names = "abcdef"
    for name in names:
        fill(journal, dice, name)
    written = [one for name in names for one in journal.attempts_of(f"reward/{name}")]
    for _ in range(40):
        question = Question(
            account=dice.choice((None, *(one.account for one in written))),
            kind=dice.choice((None, "reward", "round")),
            subject=dice.choice((None, *names)),
            round=dice.choice((None, 0, 1, 2)),
            key=dice.choice((None, "reward/a", "reward/b")),
            since=dice.choice((None, 0, 1, 2, 3, 4)),
        )
        about = [one for one in written if question.is_about(one, journal)]
        assert journal.spent(**vars(question)) == plain_sum(about, question.since)


def fill(journal: Journal, dice: random.Random, name: str) -> None:
    """An intent with attempts at two nonces, of one account or two, in any state."""
    kind, at = dice.choice(("reward", "round")), dice.randrange(3)
    journal.want(wish(name, kind=kind, round=at), ACCOUNT, NOW)
    for nonce in dice.sample(range(9), 2):
        account = f"{name}/{dice.randrange(2)}"
        for number in range(dice.randrange(1, 4)):
            tx = f"{account}/{nonce}/{number}"
            fee, at = dice.randrange(2**200), dice.randrange(4)
            changes = {"intent": f"reward/{name}", "account": account}
            journal.sign_off(attempt(tx, nonce, max_fee=fee, signed_at=at, **changes), None)
        if dice.random() < 0.6:
            journal.included(receipt(tx, paid=dice.randrange(2**200)))
            if dice.random() < 0.5:
                journal.final(tx)
        elif dice.random() < 0.3:
            journal.lost(account, nonce)


def plain_sum(written: list[Attempt], since: float | None) -> int:
    nonces: dict[tuple[str, int], list[Attempt]] = {}
    for one in written:
        nonces.setdefault((one.account, one.nonce), []).append(one)
    total = 0
    for group in nonces.values():
        paid = [one.paid for one in group if one.paid is not None]
        may_cost = [one.most for one in group if one.state in ("signed", "sent")]
        if since is None or may_cost or any(one.signed_at >= since for one in group):
            total += paid[0] if paid else max(may_cost, default=0)
    return total


def test_gas_samples__are_of_successes_of_the_kind_newest_first(wanted: Journal) -> None:
    wanted.want(wish("b", kind="round"), ACCOUNT, NOW)
    for number in range(8):
        changes = {"intent": "reward/b"} if number == 3 else {}
        wanted.sign_off(attempt(f"{number}", number, cancels=number == 4, **changes), None)
        if number != 6:
            found = receipt(f"{number}", ok=number != 5)
            wanted.included(replace(found, gas_used=number))
    wanted.final("2")
    assert wanted.gas_samples("reward") == [7, 2, 1, 0]
    assert wanted.gas_samples("reward", 2) == [7, 2]
    assert wanted.gas_samples("round") == [3]
    assert wanted.gas_samples("x") == []


# -- prune


def test_prune__drops_what_is_over_and_old_and_nothing_else(journal: Journal) -> None:
    for name in ("final", "under way", "young", "raised", "untried"):
        journal.want(wish(name), ACCOUNT, NOW - 9 * DAY if name != "young" else NOW)
    journal.want(wish("open"), ACCOUNT, NOW - 9 * DAY)
    for nonce, name in enumerate(("final", "under way", "raised", "open")):
        key, at = f"reward/{name}", NOW - 9 * DAY
        journal.sign_off(attempt(name, nonce, intent=key, signed_at=at), None)
        journal.sign_off(attempt(f"{name} 2", nonce, intent=key, signed_at=at), None)
    journal.sign_off(attempt("new", 2, intent="reward/raised", signed_at=NOW), None)
    for tx in ("final", "raised", "open"):
        journal.included(receipt(tx))
        journal.final(tx)
    for name in ("final", "under way", "young", "raised", "untried"):
        journal.close_intent(f"reward/{name}", IntentState.FINAL, "")
    assert journal.prune(NOW - DAY) == 2
    left = [
        name
        for name in ("final", "under way", "young", "raised", "untried", "open")
        if journal.intent(f"reward/{name}")
    ]
    assert left == ["under way", "young", "raised", "open"]
    assert journal.attempts_of("reward/final") == []
    assert len(journal.attempts_of("reward/raised")) == 3
    assert journal.prune(NOW - DAY) == 0
