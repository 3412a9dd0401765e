"""propose(): its checks in order, and what it leaves behind. Core spec, sections 16.4 and 16.5."""

from __future__ import annotations

import boa
import pytest

from tests.support.calls import OVERFLOW, logs, panics
from tests.support.contracts import ZERO
from tests.unit.livepeer_governor.conftest import (
    DELAY,
    PERIOD,
    ROUND,
    THRESHOLD,
    Content,
    Hall,
    call,
)

RESTRICTED = "Governor: proposer restricted"
TOO_FEW = "Governor: proposer votes below proposal threshold"
LENGTH = "Governor: invalid proposal length"
EXISTS = "Governor: proposal already exists"
#: Core spec, section 26.
VECTOR = Content(
    ["0x00000000000000000000000000000000000000AA"],
    [0],
    [bytes.fromhex("64d62353") + bytes(32)],
    "set minDelay",
)
VECTOR_ID = 0xC9B85E4A2856A6B19F42479D4151C180892BEC903B713703A72171EFD89C75E1
VECTOR_OPERATION = "0998d634569532b918abff5fda22b1ff0d5830f3e58f63aeb4ab83b4f61fbe56"


def suffix(account: str) -> str:
    return f"#proposer={account}"


def test_hash_proposal__vectors__match(hall: Hall) -> None:
    assert hall.governor.hashProposal(*VECTOR.hashed) == VECTOR.id == VECTOR_ID
    assert VECTOR.operation.hex() == VECTOR_OPERATION
    lpt = "0x289ba1701C2F088cf0faf8B3705246331cB8A839"
    dead = "0x000000000000000000000000000000000000dEaD"
    data = bytes.fromhex("a9059cbb" + dead[2:].rjust(64, "0")) + (10**18).to_bytes(32, "big")
    transfer = Content([lpt], [0], [data], "example")
    expected = 0xFDCEB2BE3AA1946742546416BF0675AA84FD268AE140F87CD6CFCD63CF32C524
    assert hall.governor.hashProposal(*transfer.hashed) == expected


def test_hash_proposal__nothing_proposed__is_pure(hall: Hall) -> None:
    empty = Content([], [], [], "")
    assert hall.governor.hashProposal(*empty.hashed) == empty.id


def test_propose__enough_votes__logs_and_keeps_it(hall: Hall, proposer: str) -> None:
    key = hall.governor.propose(*VECTOR, sender=proposer)

    assert key == VECTOR_ID
    start, end = ROUND + DELAY, ROUND + DELAY + PERIOD
    targets, values, calldatas, text = VECTOR
    assert logs(hall.governor) == [
        ("ProposalCreated", key, proposer, targets, values, [""], calldatas, start, end, text)
    ]
    assert hall.governor.proposalSnapshot(key) == start
    assert hall.governor.proposalDeadline(key) == end
    assert hall.governor.proposalProposer(key) == proposer
    assert hall.governor.proposalEta(key) == 0
    assert hall.governor.proposalVotes(key) == (0, 0, 0)


def test_propose__several_actions__as_many_empty_signatures(hall: Hall, proposer: str) -> None:
    content = Content([ZERO] * 3, [0, 1, 2], [b"", b"\x01", b"\x02" * 40])
    hall.governor.propose(*content, sender=proposer)
    assert logs(hall.governor)[0][5] == ["", "", ""]


def test_views__unknown_id__are_zero(hall: Hall) -> None:
    for view in ("proposalSnapshot", "proposalDeadline", "proposalEta"):
        assert getattr(hall.governor, view)(1) == 0
    assert hall.governor.proposalProposer(1) == ZERO
    assert hall.governor.proposalVotes(1) == (0, 0, 0)
    assert not hall.governor.hasVoted(1, hall.owner)


# -- threshold


def test_propose__one_vote_short__reverts(hall: Hall) -> None:
    account = hall.account("proposer", THRESHOLD - 1)
    with boa.reverts(TOO_FEW):
        hall.governor.propose(*VECTOR, sender=account)


def test_propose__votes_since_this_round__count_one_round_later(hall: Hall) -> None:
    account = hall.account("proposer", THRESHOLD, since=ROUND)
    with boa.reverts(TOO_FEW):
        hall.governor.propose(*VECTOR, sender=account)
    hall.power.setClock(ROUND + 1)
    hall.governor.propose(*VECTOR, sender=account)


def test_propose__no_threshold__anybody_may(hall: Hall, stranger: str) -> None:
    hall.enact(call(hall.governor, "setProposalThreshold", 0))
    hall.governor.propose(*VECTOR, sender=stranger)


def test_propose__round_zero__panics(hall: Hall, proposer: str) -> None:
    hall.power.setClock(0)
    with panics(OVERFLOW):
        hall.governor.propose(*VECTOR, sender=proposer)


# -- shape


@pytest.mark.parametrize("lengths", [(1, 0, 1), (1, 1, 0), (1, 2, 1), (0, 1, 0), (0, 0, 1)])
def test_propose__lengths_differ__reverts(
    hall: Hall, proposer: str, lengths: tuple[int, int, int]
) -> None:
    targets, values, calldatas = lengths
    content = Content([ZERO] * targets, [0] * values, [b""] * calldatas)
    with boa.reverts(LENGTH):
        hall.governor.propose(*content, sender=proposer)


def test_propose__nothing_to_do__reverts(hall: Hall, proposer: str) -> None:
    with boa.reverts("Governor: empty proposal"):
        hall.governor.propose([], [], [], "", sender=proposer)


def test_propose__several_things_wrong__first_check_wins(hall: Hall, stranger: str) -> None:
    """Named proposer, votes, lengths, emptiness, id."""
    misfit = ([ZERO], [], [])
    with boa.reverts(RESTRICTED):
        hall.governor.propose(*misfit, suffix(ZERO), sender=stranger)
    with boa.reverts(TOO_FEW):
        hall.governor.propose(*misfit, "", sender=stranger)
    with boa.reverts(TOO_FEW):
        hall.governor.propose([], [], [], "", sender=stranger)


def test_propose__deadline_over_64_bits__reverts(hall: Hall, proposer: str) -> None:
    hall.enact(call(hall.governor, "setVotingPeriod", 2**64 - 1))
    with boa.reverts("SafeCast: value doesn't fit in 64 bits"):
        hall.governor.propose(*VECTOR, sender=proposer)


def test_propose__snapshot_over_64_bits__reverts(hall: Hall, proposer: str) -> None:
    hall.enact(call(hall.governor, "setVotingDelay", 2**64))
    with boa.reverts("SafeCast: value doesn't fit in 64 bits"):
        hall.governor.propose(*VECTOR, sender=proposer)


def test_propose__deadline_of_64_bits__is_kept(hall: Hall, proposer: str) -> None:
    now = ROUND + DELAY + PERIOD + 1
    hall.enact(call(hall.governor, "setVotingPeriod", 2**64 - 1 - DELAY - now))
    hall.governor.propose(*VECTOR, sender=proposer)
    assert hall.governor.proposalDeadline(VECTOR.id) == 2**64 - 1


# -- ids are single use


def test_propose__same_again__reverts(hall: Hall, proposer: str) -> None:
    hall.governor.propose(*VECTOR, sender=proposer)
    for sender in (proposer, hall.account("other", THRESHOLD)):
        with boa.reverts(EXISTS):
            hall.governor.propose(*VECTOR, sender=sender)


def test_propose__same_after_cancelling__reverts(hall: Hall, proposer: str) -> None:
    hall.governor.propose(*VECTOR, sender=proposer)
    hall.governor.cancel(*VECTOR.hashed, sender=proposer)
    with boa.reverts(EXISTS):
        hall.governor.propose(*VECTOR, sender=proposer)


def test_propose__same_after_executing__reverts(hall: Hall, pay: Content, proposer: str) -> None:
    hall.enact(pay)
    with boa.reverts(EXISTS):
        hall.governor.propose(*pay, sender=proposer)


def test_propose__same_actions_other_words__is_another(hall: Hall, proposer: str) -> None:
    ids = {
        hall.governor.propose(*VECTOR._replace(description=text), sender=proposer)
        for text in ("", "a", "b")
    }
    assert len(ids) == 3


# -- the named proposer


@pytest.mark.parametrize("before", ["", "text ", "#proposer=0x" + "12" * 20])
@pytest.mark.parametrize("case", ["checksummed", "lower", "upper"])
def test_propose__named_in_any_case__only_it_may(
    hall: Hall, proposer: str, before: str, case: str
) -> None:
    digits = proposer[2:]
    spelled = {"checksummed": digits, "lower": digits.lower(), "upper": digits.upper()}[case]
    content = VECTOR._replace(description=before + suffix("0x" + spelled))
    with boa.reverts(RESTRICTED):
        hall.governor.propose(*content, sender=hall.account("other", THRESHOLD))
    hall.governor.propose(*content, sender=proposer)
    assert hall.governor.proposalProposer(content.id) == proposer


@pytest.mark.parametrize(
    "text",
    [
        "#proposer=0x" + "0" * 39,  # a digit short
        "#proposer=0x" + "0" * 41,  # one more
        "#proposer=0x" + "0" * 40 + " ",  # not at the end
        "#proposer=0X" + "0" * 40,
        "#Proposer=0x" + "0" * 40,
        "#proposer:0x" + "0" * 40,
        "proposer=0x" + "0" * 40,
        "#proposer=0x" + "0" * 39 + "g",
        "#proposer=0x" + "G" + "0" * 39,
        "#proposer=0x" + "0" * 20 + "/" + "0" * 19,  # the characters beside the digits
        "#proposer=0x" + "0" * 20 + ":" + "0" * 19,
        "#proposer=0x" + "0" * 20 + "@" + "0" * 19,
        "#proposer=0x" + "0" * 20 + "`" + "0" * 19,
        "#proposer=0x" + "0" * 32 + "z" + "0" * 7,
        "#proposer=0x" + "0" * 38 + "\u00e9",  # two bytes
        "0" * 51,
        "0" * 52,
    ],
)
def test_propose__suffix_not_exactly_so__anybody_may(hall: Hall, proposer: str, text: str) -> None:
    hall.governor.propose(*VECTOR._replace(description=text), sender=proposer)


def test_propose__zero_address_named__nobody_may(hall: Hall, proposer: str) -> None:
    content = VECTOR._replace(description=suffix(ZERO))
    with boa.reverts(RESTRICTED):
        hall.governor.propose(*content, sender=proposer)
