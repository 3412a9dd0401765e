"""What may be spent: keepers spec (e1), R20."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from itertools import count

import pytest

from keepers.core.budget import DAY, Budget, Limits
from keepers.core.fees import FeePolicy
from keepers.core.journal import Journal
from keepers.core.model import GWEI, MILLION, Wish
from tests.keepers.core.journal_places import ACCOUNT, IDENTITY, NOW, attempt, receipt, wish

MILLI_ETHER = 10**15


@pytest.fixture
def journal() -> Iterator[Journal]:
    opened = Journal.open("sqlite://", identity=IDENTITY)
    yield opened
    opened.close()


def sign(
    journal: Journal, wanted: Wish, cost: int, *, nonce: int, at: float = NOW, tx: str = "0x0"
) -> str:
    """An attempt under way that can cost so much."""
    journal.want(wanted, ACCOUNT, at)
    one = attempt(tx, nonce, intent=wanted.key, gas=1, max_fee=cost, tip=0, signed_at=at)
    journal.sign_off(one, None)
    return tx


def pay(journal: Journal, tx: str, paid: int) -> None:
    journal.included(receipt(tx, paid=paid))
    journal.final(tx)


# -- each limit


def test_refusal__no_limits__is_none(journal: Journal) -> None:
    sign(journal, wish("a"), 10**20, nonce=0)
    assert Budget(Limits(), journal).refusal(wish("a"), 10**30, NOW) is None


@pytest.mark.parametrize(
    ("key", "whose"),
    [
        ("per_operation", "one operation"),
        ("per_round", "round 7"),
        ("per_day", "a day"),
        ("per_orchestrator_per_day", "a day of a"),
    ],
)
def test_refusal__each_limit__is_passed_by_no_wei_and_named(
    journal: Journal, key: str, whose: str
) -> None:
    budget = Budget(Limits(**{key: 100 * MILLI_ETHER}), journal)
    sign(journal, wish("a"), 60 * MILLI_ETHER, nonce=0)
    assert budget.refusal(wish("a"), 40 * MILLI_ETHER, NOW) is None
    assert budget.refusal(wish("a"), 45 * MILLI_ETHER, NOW) == (
        f"0.005 ETH more than {whose} may cost: 0.06 ETH spent or under way, 0.045 ETH needed, "
        f"limits.{key}_eth is 0.1 ETH"
    )
    found = budget.check(wish("a"), 40 * MILLI_ETHER + 1, NOW)
    assert found
    assert (found.key, found.missing) == (key, 1)


@pytest.mark.parametrize(
    ("key", "free"),
    [
        ("per_operation", wish("b")),
        ("per_round", wish("b", round=8)),
        ("per_orchestrator_per_day", wish("b")),
    ],
)
def test_refusal__limit_of_another__leaves_this_one_alone(
    journal: Journal, key: str, free: Wish
) -> None:
    budget = Budget(Limits(**{key: 100}), journal)
    sign(journal, wish("a"), 100, nonce=0)
    assert budget.refusal(free, 100, NOW) is None
    assert budget.refusal(free, 101, NOW)
    assert budget.refusal(wish("a"), 1, NOW)


@pytest.mark.parametrize("key", ["per_day", "per_orchestrator_per_day"])
def test_refusal__a_day_later__what_was_paid_is_forgotten(journal: Journal, key: str) -> None:
    budget = Budget(Limits(**{key: 100}), journal)
    pay(journal, sign(journal, wish("a"), 100, nonce=0), 90)
    assert budget.refusal(wish("a"), 10, NOW + DAY) is None
    assert budget.refusal(wish("a"), 11, NOW + DAY)
    assert budget.refusal(wish("a"), 100, NOW + DAY + 1) is None


def test_refusal__many_accounts__share_a_day(journal: Journal) -> None:
    journal.want(wish("a"), "0x02", NOW)
    journal.sign_off(attempt("0x1", 0, account="0x02", gas=1, max_fee=70), None)
    assert Budget(Limits(per_day=100), journal).refusal(wish("b"), 31, NOW)


def test_refusal__wish_of_no_round__is_not_added_up_for_ever(journal: Journal) -> None:
    budget = Budget(Limits(per_round=100), journal)
    sign(journal, wish("a", round=0), 100, nonce=0)
    assert budget.refusal(wish("a", round=0), 1, NOW) is None


def test_refusal__replacement__counts_what_it_costs_more(journal: Journal) -> None:
    """As the engine asks: only the difference to the dearest attempt under way."""
    budget = Budget(Limits(per_operation=100), journal)
    sign(journal, wish("a"), 80, nonce=0)
    assert budget.refusal(wish("a"), 20, NOW) is None
    dearer = attempt("0xb", 0, intent="reward/a", gas=1, max_fee=100, signed_at=NOW)
    journal.sign_off(dearer, None)
    assert budget.refusal(wish("a"), 0, NOW) is None
    assert budget.refusal(wish("a"), 1, NOW)


# -- together


@pytest.mark.parametrize("seed", range(3))
def test_refusal__fees_walk_for_500_rounds__no_limit_is_passed_by_a_wei(
    journal: Journal, seed: int
) -> None:
    """What is not refused is signed, then replaced some times, then mined for a part of it."""
    dice = random.Random(seed)
    limits = Limits(
        per_operation=300_000 * GWEI,
        per_round=600_000 * GWEI,
        per_day=1_100_000 * GWEI,
        per_orchestrator_per_day=450_000 * GWEI,
    )
    budget, policy = Budget(limits, journal), FeePolicy(3 * GWEI, 9 * GWEI)
    base, nonces, refused = GWEI, count(), set()
    for number in range(1, 501):
        now = NOW + number * DAY / 4
        base = min(12 * GWEI, max(GWEI // 4, base * dice.choice((60, 80, 100, 125, 166)) // 100))
        for name in "abc":
            one = wish(f"{number}/{name}", subject=name, round=number)
            nonce, signed = next(nonces), [0]
            fee = policy.first(base, 0, dice.randrange(MILLION))
            while fee:
                cost = 100_000 * fee.max_fee
                if found := budget.check(one, cost - signed[-1], now):
                    refused.add(found.key)
                    break
                signed.append(cost)
                tx = sign(journal, one, cost, nonce=nonce, at=now, tx=f"{nonce}/{len(signed)}")
                fee = policy.replacement(fee, base, 0, MILLION) if dice.random() < 0.6 else None
            _within(journal, limits, one, now)
            if len(signed) > 1:
                pay(journal, tx, dice.randrange(signed[-1] // 2, signed[-1] + 1))
    assert refused == {"per_operation", "per_round", "per_day", "per_orchestrator_per_day"}


def _within(journal: Journal, limits: Limits, one: Wish, now: float) -> None:
    assert limits.per_operation is not None
    assert limits.per_round is not None
    assert limits.per_day is not None
    assert limits.per_orchestrator_per_day is not None
    since = now - DAY
    assert journal.spent(key=one.key) <= limits.per_operation
    assert journal.spent(round=one.round) <= limits.per_round
    assert journal.spent(since=since) <= limits.per_day
    assert journal.spent(subject=one.subject, since=since) <= limits.per_orchestrator_per_day


# -- balance


def test_low_balance__enough__is_none(journal: Journal) -> None:
    assert Budget(Limits(min_balance=10), journal).low_balance(ACCOUNT, 10, NOW) is None
    assert Budget(Limits(), journal).low_balance(ACCOUNT, 0, NOW) is None


def test_low_balance__too_little__says_how_much_is_missing_and_how_long_it_lasts(
    journal: Journal,
) -> None:
    budget = Budget(Limits(min_balance=10 * MILLI_ETHER), journal)
    text = f"{ACCOUNT} holds 0.004 ETH, 0.006 ETH less than limits.min_balance_eth: send it ETH"
    assert budget.low_balance(ACCOUNT, 4 * MILLI_ETHER, NOW) == text
    pay(journal, sign(journal, wish("a"), MILLI_ETHER, nonce=0), MILLI_ETHER)
    others = replace(wish("b"), subject="b")
    journal.want(others, "0x02", NOW)
    journal.sign_off(attempt("0xc", 0, account="0x02", intent=others.key), None)
    assert budget.low_balance(ACCOUNT, 4 * MILLI_ETHER, NOW) == (
        text + "; at the last 24 hours' spending it lasts 96 hours"
    )
