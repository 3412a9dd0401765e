"""Counts a Poll the way LIP-16 lays down, from its events and the stakes at its end block.

A poll stores nothing: a vote is an event, and what it weighs is read from BondingManager as of the
end block. Choice 0 is yes, choice 1 is no, any other is no vote at all; of a voter's votes the last
one counts. A registered transcoder votes with all the stake delegated to it, less the stake of each
of its delegators that voted itself.

The poll is valid if yes + no >= floor(quorum * total active stake), and accepted if yes is more
than floor(quota * (yes + no)), both shares of 10^6. Source: core spec 13, LIP-16, LIP-73 (who may
create one).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from hashlib import sha256
from typing import Any

from eth_utils.address import to_checksum_address

from scripts._governance.node import Node, contract_height

BASE = 1_000_000
QUORUM = 333_300
QUOTA = 500_000


class PollError(ValueError):
    """One line: what is wrong with the poll or its stakes."""


class Choice(IntEnum):
    YES = 0
    NO = 1


class Outcome(StrEnum):
    INVALID = "invalid: quorum not reached"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


@dataclass(frozen=True)
class Vote:
    """A Vote event. `block` is the number the poll saw; `order` decides inside a block."""

    voter: str
    choice: int
    block: int
    order: int


@dataclass(frozen=True)
class Stake:
    """Of one voter at the end block, in LPT wei.

    `amount` is all that is delegated to a registered transcoder, and anybody else's own pending
    stake. `overrides` is the registered transcoder out of whose vote that own stake is taken; None
    for a transcoder, and for a delegator of nobody registered.
    """

    amount: int
    overrides: str | None = None


@dataclass(frozen=True)
class Ballot:
    """One voter, counted: `weight` = `stake` - `overridden`."""

    voter: str
    choice: Choice
    stake: int
    overridden: int

    @property
    def weight(self) -> int:
        return self.stake - self.overridden


@dataclass(frozen=True)
class PollTally:
    """A counted poll. Ballots by address. `total` is the total active stake at `end_block`."""

    end_block: int
    quorum: int
    quota: int
    total: int
    ballots: tuple[Ballot, ...]

    @property
    def yes(self) -> int:
        return sum(ballot.weight for ballot in self.ballots if ballot.choice is Choice.YES)

    @property
    def no(self) -> int:
        return sum(ballot.weight for ballot in self.ballots if ballot.choice is Choice.NO)

    @property
    def needed(self) -> int:
        """Least stake that has to vote."""
        return self.total * self.quorum // BASE

    @property
    def outcome(self) -> Outcome:
        voted = self.yes + self.no
        if voted < self.needed:
            return Outcome.INVALID
        accepted = self.yes > voted * self.quota // BASE
        return Outcome.ACCEPTED if accepted else Outcome.REJECTED

    def to_json(self) -> str:
        """Canonical: sorted keys, no spaces, amounts as decimal strings."""
        content = {
            "ballots": [
                {
                    "choice": ballot.choice.name.lower(),
                    "overridden": str(ballot.overridden),
                    "stake": str(ballot.stake),
                    "voter": ballot.voter,
                    "weight": str(ballot.weight),
                }
                for ballot in self.ballots
            ],
            "end_block": self.end_block,
            "needed": str(self.needed),
            "no": str(self.no),
            "outcome": self.outcome.value,
            "quorum": self.quorum,
            "quota": self.quota,
            "total": str(self.total),
            "yes": str(self.yes),
        }
        return json.dumps(content, sort_keys=True, separators=(",", ":"))

    @property
    def digest(self) -> str:
        """SHA-256 of `to_json`: whoever counts the same poll gets the same."""
        return sha256(self.to_json().encode()).hexdigest()


def last_choices(votes: Iterable[Vote], *, end_block: int) -> dict[str, Choice]:
    """What each voter voted last, up to and including the end block."""
    choices = {}
    for vote in sorted(votes, key=lambda vote: (vote.block, vote.order)):
        if vote.block <= end_block and vote.choice in (Choice.YES, Choice.NO):
            choices[vote.voter] = Choice(vote.choice)
    return choices


def tally(
    votes: Iterable[Vote],
    stakes: Mapping[str, Stake],
    total: int,
    *,
    end_block: int,
    quorum: int = QUORUM,
    quota: int = QUOTA,
) -> PollTally:
    """Count the votes. Raises PollError if a voter's stake is missing, or less than was taken."""
    choices = last_choices(votes, end_block=end_block)
    if missing := sorted(choices.keys() - stakes.keys()):
        raise PollError(f"no stake given for the voter {missing[0]}")
    overridden: dict[str, int] = {}
    for voter in choices:
        if delegate := stakes[voter].overrides:
            overridden[delegate] = overridden.get(delegate, 0) + stakes[voter].amount
    ballots = tuple(
        Ballot(voter, choices[voter], stakes[voter].amount, overridden.get(voter, 0))
        for voter in sorted(choices)
    )
    for ballot in ballots:
        if ballot.weight < 0:
            raise PollError(
                f"{ballot.voter} has {ballot.stake} of stake, its delegators voted with "
                f"{ballot.overridden}: these stakes are not of one block"
            )
    return PollTally(end_block, quorum, quota, total, ballots)


# -- reading


@dataclass(frozen=True)
class PollReading:
    """A poll read from a chain. Not `final` before its end block: stakes are then today's."""

    poll: str
    final: bool
    node_block: int
    tally: PollTally


def read_poll(web3: Any, poll: str, bonding_manager: str, *, since: int = 0) -> PollReading:
    """Count a poll of the connected chain, with the stakes of its end block (an archive node).

    `since` is a block not after the poll's creation; the search for votes starts there. Raises
    PollError, NodeError.
    """
    node = Node.of(web3)
    height = node.height()
    answer = node.call(poll, "endBlock()", [], ["uint256"], height)
    if answer is None:
        raise PollError(f"{poll}: no Poll at this address")
    end_block = int(answer[0])
    last = last_block(node, end_block, height)
    votes = [
        Vote(log.account(1), log.values("uint256")[0], contract_height(node.header(log.block)), at)
        for at, log in enumerate(node.logs(poll, "Vote(address,uint256)", since, last))
    ]
    voters = last_choices(votes, end_block=end_block)
    stakes = {voter: read_stake(node, bonding_manager, voter, last) for voter in voters}
    (total,) = _bonding(node, bonding_manager, "getTotalBonded()", [], ["uint256"], last)
    return PollReading(
        poll=poll,
        final=contract_height(node.header(height)) > end_block,
        node_block=last,
        tally=tally(votes, stakes, int(total), end_block=end_block),
    )


def last_block(node: Node, wanted: int, height: int) -> int:
    """The last block of the node whose contracts saw a `block.number` up to `wanted`."""
    low, high = 0, height
    while low < high:
        middle = (low + high + 1) // 2
        if contract_height(node.header(middle)) <= wanted:
            low = middle
        else:
            high = middle - 1
    return low


def read_stake(node: Node, bonding_manager: str, voter: str, height: int) -> Stake:
    """What a voter's vote weighs at the end of a block."""

    def registered(account: str) -> bool:
        question = "isRegisteredTranscoder(address)"
        return bool(_bonding(node, bonding_manager, question, [account], ["bool"], height)[0])

    kinds = ["uint256", "uint256", "address", "uint256", "uint256", "uint256", "uint256"]
    _, _, delegate, delegated, *_ = _bonding(
        node, bonding_manager, "getDelegator(address)", [voter], kinds, height
    )
    if registered(voter):
        return Stake(int(delegated))
    (pending,) = _bonding(
        node, bonding_manager, "pendingStake(address,uint256)", [voter, 0], ["uint256"], height
    )
    return Stake(int(pending), str(to_checksum_address(delegate)) if registered(delegate) else None)


def _bonding(
    node: Node, address: str, signature: str, args: list[Any], kinds: list[str], height: int
) -> tuple[Any, ...]:
    answer = node.call(address, signature, args, kinds, height)
    if answer is None:
        raise PollError(f"{address}: no BondingManager at this address in block {height}")
    return answer
