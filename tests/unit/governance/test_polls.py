"""The tally of polls: counted again slowly, at its edges, and read from blocks of Arbitrum."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from random import Random
from typing import Any

import pytest
from eth_abi import encode
from eth_utils import event_signature_to_log_topic, to_checksum_address
from eth_utils import function_signature_to_4byte_selector as selector

from scripts._governance.node import Node
from scripts._governance.polls import (
    Choice,
    Outcome,
    PollError,
    Stake,
    Vote,
    last_block,
    read_poll,
    tally,
)

PERIOD = 57_600
END = 1_000 + PERIOD
LPT = 10**18


def account(number: int) -> str:
    return str(to_checksum_address(number.to_bytes(20, "big")))


ORCHESTRATOR, OTHER, DELEGATOR, STRANGER = map(account, range(1, 5))


def vote(voter: str, choice: int, block: int = END, order: int = 0) -> Vote:
    return Vote(voter, choice, block, order)


# -- against another way of counting


def counted_slowly(
    votes: list[Vote], stakes: dict[str, Stake], total: int, quorum: int, quota: int
) -> tuple[int, int, Outcome]:
    """Wei by wei of who speaks for it: every voter's own stake, then what is left of delegates."""
    valid = [one for one in votes if one.choice < 2 and one.block <= END]
    said: dict[str, int] = {}
    for voter in {one.voter for one in valid}:
        mine = [one for one in valid if one.voter == voter]
        said[voter] = max(mine, key=lambda one: (one.block, one.order)).choice
    sums = [0, 0]
    for voter, choice in said.items():
        theirs = sum(
            stake.amount
            for other, stake in stakes.items()
            if other in said and stake.overrides == voter
        )
        sums[choice] += stakes[voter].amount - theirs
    yes, no = sums
    if yes + no < int(Fraction(total) * quorum / 1_000_000):
        return yes, no, Outcome.INVALID
    passed = Fraction(yes) > Fraction(yes + no) * quota / 1_000_000
    return yes, no, Outcome.ACCEPTED if passed else Outcome.REJECTED


def random_case(random: Random) -> tuple[list[Vote], dict[str, Stake], int]:
    """Transcoders with delegators, some stake that did not vote, votes repeated and void."""
    stakes: dict[str, Stake] = {}
    unit = random.choice([1, 3, LPT])
    for number in range(random.randint(1, 4)):
        transcoder = account(100 * (number + 1))
        own = [random.randrange(50) * unit for _ in range(random.randint(0, 4))]
        for at, amount in enumerate(own, start=1):
            stakes[account(100 * (number + 1) + at)] = Stake(amount, transcoder)
        stakes[transcoder] = Stake(sum(own) + random.randrange(100) * unit)
    stakes[STRANGER] = Stake(random.randrange(20) * unit)
    votes = [
        vote(
            random.choice(sorted(stakes)),
            random.choice([0, 0, 1, 1, 2, 7]),
            END + random.randint(-3, 1),
            order,
        )
        for order in range(random.randint(0, 20))
    ]
    total = sum(stake.amount for stake in stakes.values() if stake.overrides is None)
    return votes, stakes, random.choice([total, 2 * total, 3 * total])


@pytest.mark.parametrize("seed", range(50))
def test_tally__random_polls__agree_with_a_slow_count(seed: int) -> None:
    random = Random(seed)
    votes, stakes, total = random_case(random)
    quorum, quota = random.choice([333_300, 1]), random.choice([500_000, 333_333])

    counted = tally(votes, stakes, total, end_block=END, quorum=quorum, quota=quota)

    found = counted.yes, counted.no, counted.outcome
    assert found == counted_slowly(votes, stakes, total, quorum, quota)


def test_tally__the_random_polls__meet_every_outcome_and_an_override() -> None:
    counted = []
    for seed in range(50):
        votes, stakes, total = random_case(Random(seed))
        counted.append(tally(votes, stakes, total, end_block=END))
    assert {one.outcome for one in counted} == set(Outcome)
    assert any(ballot.overridden for one in counted for ballot in one.ballots)


# -- edges


@pytest.mark.parametrize(
    ("block", "yes"), [(END - PERIOD, 9), (END - 1, 9), (END, 9), (END + 1, 0)]
)
def test_tally__vote_around_the_end_block__counts_up_to_and_in_it(block: int, yes: int) -> None:
    counted = tally([vote(ORCHESTRATOR, 0, block)], {ORCHESTRATOR: Stake(9)}, 9, end_block=END)
    assert counted.yes == yes


def test_tally__several_votes__last_valid_one_counts() -> None:
    votes = [
        vote(ORCHESTRATOR, 1, END, 2),
        vote(ORCHESTRATOR, 0, END, 1),
        vote(ORCHESTRATOR, 0, END - 5, 9),
        vote(ORCHESTRATOR, 2, END, 3),
        vote(ORCHESTRATOR, 0, END + 1, 4),
    ]
    (ballot,) = tally(votes, {ORCHESTRATOR: Stake(9)}, 9, end_block=END).ballots
    assert ballot.choice is Choice.NO


def test_tally__only_invalid_choices__is_no_voter() -> None:
    assert tally([vote(STRANGER, 2)], {}, 9, end_block=END).ballots == ()


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_tally__delegator_votes_too__is_taken_from_the_delegate_in_either_order(
    order: tuple[int, int],
) -> None:
    votes = [vote(ORCHESTRATOR, 0, END, order[0]), vote(DELEGATOR, 1, END, order[1])]
    stakes = {ORCHESTRATOR: Stake(10), DELEGATOR: Stake(4, ORCHESTRATOR)}
    counted = tally(votes, stakes, 10, end_block=END)
    assert (counted.yes, counted.no) == (6, 4)


def test_tally__delegate_did_not_vote__only_the_delegators_stake_counts() -> None:
    stakes = {DELEGATOR: Stake(4, ORCHESTRATOR)}
    assert tally([vote(DELEGATOR, 0)], stakes, 10, end_block=END).yes == 4


def test_tally__delegator_of_nobody_registered__is_taken_from_nobody() -> None:
    votes = [vote(ORCHESTRATOR, 0), vote(DELEGATOR, 0)]
    stakes = {ORCHESTRATOR: Stake(10), DELEGATOR: Stake(4)}
    assert tally(votes, stakes, 10, end_block=END).yes == 14


@pytest.mark.parametrize(
    ("yes", "no", "outcome"),
    [
        (3_332, 0, Outcome.INVALID),
        (3_333, 0, Outcome.ACCEPTED),
        (2_000, 2_000, Outcome.REJECTED),  # strict
        (2_001, 2_000, Outcome.ACCEPTED),
        (2_000, 2_001, Outcome.REJECTED),
    ],
)
def test_tally__at_quorum_and_quota__decides_as_lip_16_says(
    yes: int, no: int, outcome: Outcome
) -> None:
    votes = [vote(ORCHESTRATOR, 0), vote(OTHER, 1)]
    stakes = {ORCHESTRATOR: Stake(yes), OTHER: Stake(no)}
    assert tally(votes, stakes, 10_001, end_block=END).outcome is outcome  # needs 3333.3333


def test_tally__voter_without_a_stake__is_an_error() -> None:
    with pytest.raises(PollError, match=f"no stake given for the voter {ORCHESTRATOR}"):
        tally([vote(ORCHESTRATOR, 0)], {}, 1, end_block=END)


def test_tally__delegators_hold_more_than_their_delegate__is_an_error() -> None:
    votes = [vote(ORCHESTRATOR, 0), vote(DELEGATOR, 1)]
    stakes = {ORCHESTRATOR: Stake(3), DELEGATOR: Stake(4, ORCHESTRATOR)}
    with pytest.raises(PollError, match="not of one block"):
        tally(votes, stakes, 3, end_block=END)


# -- digest


def test_digest__same_votes_in_another_order__is_the_same() -> None:
    votes, stakes, total = random_case(Random(7))
    one = tally(votes, stakes, total, end_block=END)
    two = tally(votes[::-1], dict(reversed(stakes.items())), total, end_block=END)
    assert one.to_json() == two.to_json()
    assert one.digest == two.digest


def test_digest__another_stake_or_choice__is_another() -> None:
    votes, stakes = [vote(ORCHESTRATOR, 0)], {ORCHESTRATOR: Stake(9)}
    first = tally(votes, stakes, 9, end_block=END).digest
    assert tally(votes, {ORCHESTRATOR: Stake(8)}, 9, end_block=END).digest != first
    assert tally([replace(votes[0], choice=1)], stakes, 9, end_block=END).digest != first


def test_to_json__large_amounts__are_strings() -> None:
    content = json.loads(
        tally([vote(ORCHESTRATOR, 0)], {ORCHESTRATOR: Stake(10**25)}, 1, end_block=END).to_json()
    )
    assert content["yes"] == content["ballots"][0]["weight"] == str(10**25)


# -- reading


class ArbitrumPoll:
    """A node of Arbitrum: three of its blocks to each number the contracts see."""

    poll, bonding = account(900), account(901)

    def __init__(self, end_block: int, votes: list[tuple[int, str, int]], height: int) -> None:
        self.end_block, self.votes, self.height = end_block, votes, height
        self.provider = self

    def make_request(self, method: str, params: list[Any]) -> dict[str, Any]:
        return {"result": getattr(self, method)(*params)}

    def eth_blockNumber(self) -> str:
        return hex(self.height)

    def eth_getBlockByNumber(self, number: str, _full: bool) -> dict[str, Any]:
        return {"number": number, "l1BlockNumber": hex(int(number, 16) // 3)}

    def eth_getLogs(self, query: dict[str, Any]) -> list[dict[str, Any]]:
        first, last = int(query["fromBlock"], 16), int(query["toBlock"], 16)
        topic = "0x" + event_signature_to_log_topic("Vote(address,uint256)").hex()
        assert (query["address"], query["topics"]) == (self.poll, [topic])
        return [
            {
                "address": self.poll.lower(),
                "topics": [topic, "0x" + "00" * 12 + voter[2:].lower()],
                "data": "0x" + choice.to_bytes(32, "big").hex(),
                "blockNumber": hex(block),
                "transactionHash": "0x" + "11" * 32,
                "logIndex": hex(at),
            }
            for at, (block, voter, choice) in enumerate(self.votes)
            if first <= block <= last
        ]

    def eth_call(self, call: dict[str, str], height: str) -> str:
        data = bytes.fromhex(call["data"][2:])
        if call["to"] == self.poll:
            return "0x" + encode(["uint256"], [self.end_block]).hex()
        assert call["to"] == self.bonding
        # Stake grows with each block, so that the block asked about shows.
        amount = 1_000 + int(height, 16)
        voter = to_checksum_address(data[16:36]) if len(data) > 4 else None
        answers = {
            "getTotalBonded()": encode(["uint256"], [3 * amount]),
            "isRegisteredTranscoder(address)": encode(["bool"], [voter == ORCHESTRATOR]),
            "pendingStake(address,uint256)": encode(["uint256"], [amount // 2]),
            "getDelegator(address)": encode(
                ["uint256", "uint256", "address"] + ["uint256"] * 4,
                [0, 0, ORCHESTRATOR, amount, 0, 0, 0],
            ),
        }
        (answer,) = (it for name, it in answers.items() if data.startswith(selector(name)))
        return "0x" + answer.hex()


def test_read_poll__ended_on_arbitrum__counts_votes_and_stakes_of_the_last_block_in_time() -> None:
    votes = [(30, ORCHESTRATOR, 0), (302, DELEGATOR, 1), (303, ORCHESTRATOR, 1)]
    chain: Any = ArbitrumPoll(100, votes, 400)

    found = read_poll(chain, chain.poll, chain.bonding)

    assert (found.final, found.node_block) == (True, 302)
    assert (found.tally.yes, found.tally.no) == (1_302 - 651, 651)
    assert found.tally.total == 3 * 1_302
    assert read_poll(chain, chain.poll, chain.bonding).tally.digest == found.tally.digest


def test_read_poll__not_over__is_not_final() -> None:
    chain: Any = ArbitrumPoll(100, [(30, ORCHESTRATOR, 0)], 302)
    found = read_poll(chain, chain.poll, chain.bonding)
    assert (found.final, found.node_block, found.tally.yes) == (False, 302, 1_302)


@pytest.mark.parametrize(("wanted", "last"), [(0, 2), (5, 17), (50, 99), (10, 32)])
def test_last_block__three_blocks_to_a_number__is_the_third(wanted: int, last: int) -> None:
    chain: Any = ArbitrumPoll(0, [], 99)
    assert last_block(Node.of(chain), wanted, 99) == last
