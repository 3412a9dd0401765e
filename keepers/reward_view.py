"""What the chain says about orchestrators and the rewards that are due to them, at one block.

A reward is the orchestrator's share of what may be minted in the round, less the treasury's part:
    minted = mintable * share of the active stake       reward = minted - treasury's cut of it
Every division floors, as in the contracts. Source: core spec, section 0.4; bonding spec, 12.12.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from keepers.core.chain import Chain
from keepers.core.contracts import Book
from keepers.core.model import Call, Head, Reverted
from keepers.core.questions import Question, ask
from keepers.pool import MANAGER, Hints, PoolReader
from keepers.rounds import ROUND_QUESTIONS, Round

MINTER_PERC = 10**9
PRECISE_PERC = 10**27
ECONOMY = (
    Question("Minter", "currentMintableTokens"),
    Question(MANAGER, "currentRoundTotalActiveStake"),
    Question(MANAGER, "treasuryRewardCutRate"),
)


@dataclass(frozen=True)
class Orchestrator:
    """Round numbers are the contract's. `caller`: its reward caller, None if that was not asked."""

    address: str
    last_reward: int
    stake_round: int  # the last round that has its stake written down
    activation: int
    deactivation: int
    caller: str | None


@dataclass(frozen=True)
class Prospect:
    """What calling the reward of an orchestrator does. `reward` in base units of LPT.

    `gas` is what a node estimates, or why it would revert; None if nobody needs to know.
    """

    orchestrator: str
    hints: Hints
    call: Call
    reward: int
    gas: int | Reverted | None = None


class RewardView:
    """`sender` is whoever calls BondingManager."""

    def __init__(self, book: Book, sender: str, *, delegated: bool) -> None:
        self._book, self._sender, self._delegated = book, sender, delegated
        self._pool = PoolReader(book)

    def standings(
        self, chain: Chain, head: Head, addresses: Sequence[str]
    ) -> tuple[Round, tuple[Orchestrator, ...]]:
        """In one request. Raises KeeperError."""
        questions = list(ROUND_QUESTIONS)
        questions += [Question(MANAGER, "getTranscoder", (one,)) for one in addresses]
        if self._delegated:
            questions += [
                Question(MANAGER, "transcoderToRewardCaller", (one,)) for one in addresses
            ]
        answers = iter(ask(chain, self._book, questions, head.number))
        round = Round.of([next(answers) for _ in ROUND_QUESTIONS])
        terms = [next(answers) for _ in addresses]
        callers = list(answers) if self._delegated else [None] * len(addresses)
        return round, tuple(
            Orchestrator(address, term[0], term[3], term[4], term[5], caller)
            for address, term, caller in zip(addresses, terms, callers, strict=True)
        )

    def prospects(
        self, chain: Chain, head: Head, round: int, due: Sequence[Orchestrator]
    ) -> tuple[Prospect, ...]:
        """In the order given, in which they are to be called. Raises KeeperError."""
        addresses = [one.address for one in due]
        pools = [
            Question(
                MANAGER,
                "getTranscoderEarningsPoolForRound",
                (one.address, min(one.stake_round, round)),
            )
            for one in due
        ]
        totals = [Question(MANAGER, "transcoderTotalStake", (one,)) for one in addresses]
        mintable, active, cut, *answers = ask(
            chain, self._book, [*ECONOMY, *pools, *totals], head.number
        )
        terms, stakes = answers[: len(due)], answers[len(due) :]
        pool = self._pool.read(chain, head.number, addresses)
        found = []
        for address, stake, term in zip(addresses, stakes, terms, strict=True):
            reward = reward_of(mintable, term[0], active, cut)
            hints, pool = pool.after(address, stake + reward)
            call = self._call(address, hints, head.number)
            found.append(Prospect(address, hints, call, reward))
        return tuple(found)

    def _call(self, orchestrator: str, hints: Hints, block: int) -> Call:
        function = "rewardForTranscoderWithHint" if self._delegated else "rewardWithHint"
        args = (orchestrator, *hints) if self._delegated else hints
        return self._book.call(MANAGER, function, *args, block=block, sender=self._sender)


def reward_of(mintable: int, stake: int, active: int, cut: int) -> int:
    """`stake` of the orchestrator and of all active ones in the round; `cut` of the treasury."""
    if active == 0:
        return 0
    minted = mintable * (stake * MINTER_PERC // active) // MINTER_PERC
    return minted - minted * cut // PRECISE_PERC
