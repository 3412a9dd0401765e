"""The journal: what it keeps, on SQLite and on PostgreSQL. Source: keepers spec (e1), R2."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from keepers.core.journal import Journal, JournalError
from keepers.core.model import Attempt, AttemptState, Intent, IntentState
from tests.keepers.core.journal_places import (
    ACCOUNT,
    ATTEMPT,
    NOW,
    OTHER,
    WISH,
    attempt,
    receipt,
    wish,
)

DAY = 86_400
HUGE = 2**256 - 1
Open = Callable[[], Journal]


def only(journal: Journal, key: str = WISH.key) -> Attempt:
    (one,) = journal.attempts_of(key)
    return one


def states(journal: Journal, key: str = WISH.key) -> dict[str, AttemptState]:
    return {one.hash: one.state for one in journal.attempts_of(key)}


# -- intents


def test_want__new__is_kept_as_it_is(journal: Journal, again: Open) -> None:
    intent = journal.want(WISH, ACCOUNT, NOW)
    assert intent == Intent(
        WISH.key, ACCOUNT, "reward", "a", OTHER, b"\x01\x02", 7, IntentState.OPEN, 1, "due", NOW
    )
    assert again().intent(WISH.key) == intent
    assert journal.intent("reward/b") is None


@pytest.mark.parametrize("state", [IntentState.OPEN, IntentState.INCLUDED, IntentState.FINAL])
def test_want__wanted_or_happened__changes_nothing(wanted: Journal, state: IntentState) -> None:
    wanted.set_state(WISH.key, state)
    before = wanted.intent(WISH.key)
    assert wanted.want(wish("a", data=b"new"), ACCOUNT, NOW + 9) == before
    assert wanted.intent(WISH.key) == before


@pytest.mark.parametrize(
    "state", [IntentState.WITHDRAWN, IntentState.BY_OTHER, IntentState.REFUSED]
)
def test_want__closed_unhappened__opens_with_what_is_wanted_now(
    wanted: Journal, state: IntentState
) -> None:
    wanted.close_intent(WISH.key, state, "not due")
    again = wanted.want(wish("a", data=b"new", why="due again"), ACCOUNT, NOW + 9)
    assert (again.state, again.generation, again.opened_at) == (IntentState.OPEN, 2, NOW + 9)
    assert (again.data, again.reason) == (b"new", "due again")
    assert wanted.intent(WISH.key) == again


def test_close_intent__says_why(wanted: Journal) -> None:
    wanted.close_intent(WISH.key, IntentState.REFUSED, "never")
    intent = wanted.intent(WISH.key)
    assert intent
    assert (intent.state, intent.reason) == (IntentState.REFUSED, "never")


def test_close_intent__with_a_state_that_is_open__is_a_mistake(wanted: Journal) -> None:
    with pytest.raises(ValueError, match="closes nothing"):
        wanted.close_intent(WISH.key, IntentState.INCLUDED, "")


def test_open_intents__are_of_the_account_and_oldest_first(journal: Journal) -> None:
    for name, account, at in (("a", ACCOUNT, 5), ("b", OTHER, 1), ("c", ACCOUNT, 3)):
        journal.want(wish(name), account, at)
    journal.want(wish("d"), ACCOUNT, 3)
    journal.want(wish("e"), ACCOUNT, 0)
    journal.close_intent("reward/e", IntentState.WITHDRAWN, "")
    journal.set_state("reward/c", IntentState.INCLUDED)
    assert [one.subject for one in journal.open_intents(ACCOUNT)] == ["c", "d", "a"]


def test_reopen__final__is_open_and_its_transaction_waits_for_a_block(wanted: Journal) -> None:
    wanted.sign_off(ATTEMPT, None)
    wanted.included(receipt("0xaa"))
    wanted.final("0xaa")
    wanted.close_intent(WISH.key, IntentState.FINAL, "final")
    intent = wanted.reopen(WISH.key, "reorganised")
    assert (intent.state, intent.generation, intent.reason) == (IntentState.OPEN, 2, "reorganised")
    assert only(wanted) == replace(ATTEMPT, state=AttemptState.SENT)
    assert wanted.attempts(ACCOUNT) == [only(wanted)]


@pytest.mark.parametrize(
    "change",
    [
        lambda journal: journal.reopen("x", ""),
        lambda journal: journal.set_state("x", IntentState.OPEN),
        lambda journal: journal.close_intent("x", IntentState.FINAL, ""),
        lambda journal: journal.sent("x"),
        lambda journal: journal.included(receipt("x")),
        lambda journal: journal.vanished("x"),
        lambda journal: journal.final("x"),
    ],
)
def test_change__of_what_is_not_there__is_an_error(
    wanted: Journal, change: Callable[[Journal], None]
) -> None:
    with pytest.raises(JournalError, match="it holds no (intent|transaction) x"):
        change(wanted)


# -- attempts


def test_sign_off__largest_amounts__come_back_to_the_wei(wanted: Journal) -> None:
    one = replace(ATTEMPT, max_fee=HUGE, tip=HUGE - 1, gas=2**63 - 1, nonce=2**63 - 1)
    wanted.sign_off(one, None)
    assert only(wanted) == one
    assert wanted.spent() == (2**63 - 1) * HUGE
    wanted.included(receipt(one.hash, paid=HUGE))
    assert only(wanted).paid == HUGE
    assert wanted.spent() == HUGE


def test_sign_off__whatever_state_it_says__is_signed(wanted: Journal) -> None:
    wanted.sign_off(replace(ATTEMPT, state=AttemptState.FINAL, paid=5, cancels=True), None)
    assert only(wanted) == replace(ATTEMPT, cancels=True)


def test_sign_off__same_bytes_under_way__changes_nothing(wanted: Journal) -> None:
    wanted.sign_off(ATTEMPT, None)
    wanted.sent("0xaa")
    wanted.sign_off(replace(ATTEMPT, signed_at=NOW + 1), None)
    assert only(wanted) == replace(ATTEMPT, state=AttemptState.SENT)


def test_sign_off__same_bytes_given_up__are_under_way_again(wanted: Journal) -> None:
    wanted.sign_off(ATTEMPT, None)
    wanted.lost(ACCOUNT, 5)
    wanted.sign_off(replace(ATTEMPT, signed_at=NOW + 1), None)
    assert wanted.attempts(ACCOUNT) == [replace(ATTEMPT, signed_at=NOW + 1)]


def test_sign_off__nonce_of_another_intent__is_refused_until_that_is_lost(wanted: Journal) -> None:
    wanted.sign_off(ATTEMPT, None)
    wanted.want(wish("b"), ACCOUNT, NOW)
    other = attempt("0xbb", 5, intent="reward/b")
    with pytest.raises(JournalError, match=f"nonce 5 of {ACCOUNT} belongs to reward/a"):
        wanted.sign_off(other, None)
    assert wanted.attempts_of("reward/b") == []
    wanted.sign_off(replace(other, account=OTHER), None)
    wanted.lost(ACCOUNT, 5)
    wanted.sign_off(replace(other, hash="0xcc"), None)
    assert states(wanted, "reward/b") == {"0xbb": "signed", "0xcc": "signed"}


def test_sign_off__nonce_of_a_final_one__the_chain_has_forgotten_that(wanted: Journal) -> None:
    wanted.sign_off(ATTEMPT, None)
    wanted.included(receipt("0xaa"))
    wanted.final("0xaa")
    wanted.want(wish("b"), ACCOUNT, NOW)
    wanted.sign_off(attempt("0xbb", 5, intent="reward/b", max_fee=3), None)
    assert states(wanted) == {"0xaa": "lost"}
    assert wanted.spent() == 300_000


def test_sign_off__for_no_intent__is_refused(journal: Journal) -> None:
    with pytest.raises(JournalError, match="(?i)foreign key"):
        journal.sign_off(ATTEMPT, None)
    assert journal.attempts(ACCOUNT) == []


def test_attempts__from_signed_to_final__follow_the_chain(wanted: Journal) -> None:
    wanted.sign_off(ATTEMPT, None)
    assert only(wanted).state is AttemptState.SIGNED
    wanted.sent("0xaa")
    assert only(wanted) == replace(ATTEMPT, state=AttemptState.SENT)
    wanted.included(receipt("0xaa", ok=False))
    wanted.sent("0xaa")
    included = replace(
        *(ATTEMPT,),
        state=AttemptState.INCLUDED,
        block_number=10,
        block_hash="0xb10",
        gas_used=60_000,
        paid=1_000,
        ok=False,
    )
    assert only(wanted) == included
    wanted.vanished("0xaa")
    assert only(wanted) == replace(ATTEMPT, state=AttemptState.SENT)
    wanted.included(receipt("0xaa", ok=False))
    wanted.final("0xaa")
    assert only(wanted) == replace(included, state=AttemptState.FINAL)
    wanted.vanished("0xaa")
    wanted.included(receipt("0xaa", block=11))
    assert only(wanted) == replace(included, state=AttemptState.FINAL)
    assert wanted.attempts(ACCOUNT) == []


def test_included__another_of_the_same_nonce__is_so_no_longer(wanted: Journal) -> None:
    for tx, nonce in (("0xaa", 5), ("0xbb", 5), ("0xcc", 6)):
        wanted.sign_off(attempt(tx, nonce), None)
        wanted.included(receipt(tx))
    assert states(wanted) == {"0xaa": "sent", "0xbb": "included", "0xcc": "included"}
    assert wanted.attempts_of(WISH.key)[0].paid is None


def test_final__others_of_the_nonce_are_lost_and_no_more(wanted: Journal) -> None:
    for tx, nonce in (("0xaa", 5), ("0xbb", 5), ("0xcc", 6)):
        wanted.sign_off(attempt(tx, nonce), None)
    wanted.sign_off(attempt("0xdd", 5, account=OTHER), None)
    wanted.included(receipt("0xbb"))
    wanted.final("0xbb")
    assert states(wanted) == {"0xaa": "lost", "0xbb": "final", "0xcc": "signed", "0xdd": "signed"}


def test_final__what_was_in_no_block__is_refused(wanted: Journal) -> None:
    wanted.sign_off(ATTEMPT, None)
    with pytest.raises(JournalError, match="0xaa is signed: it cannot be final"):
        wanted.final("0xaa")


def test_lost__all_of_the_nonce__and_only_of_that_account(wanted: Journal) -> None:
    for tx, nonce in (("0xaa", 5), ("0xbb", 5), ("0xcc", 6)):
        wanted.sign_off(attempt(tx, nonce), None)
    wanted.sign_off(attempt("0xdd", 5, account=OTHER), None)
    wanted.lost(ACCOUNT, 5)
    assert states(wanted) == {"0xaa": "lost", "0xbb": "lost", "0xcc": "signed", "0xdd": "signed"}


def test_attempts__are_by_nonce_then_oldest_first(wanted: Journal) -> None:
    for tx, nonce, at in (("c", 7, 1), ("b", 6, 9), ("d", 7, 1), ("a", 6, 8), ("e", 5, 99)):
        wanted.sign_off(attempt(tx, nonce, signed_at=at), None)
    wanted.sign_off(attempt("f", 5, account=OTHER), None)
    assert [one.hash for one in wanted.attempts(ACCOUNT)] == ["e", "a", "b", "c", "d"]


# -- several processes


def test_open__twice__both_see_what_the_other_writes(journal: Journal, again: Open) -> None:
    other = again()
    journal.want(WISH, ACCOUNT, NOW)
    other.sign_off(ATTEMPT, None)
    assert only(journal) == ATTEMPT
    assert other.want(WISH, ACCOUNT, NOW + 1).opened_at == NOW
