"""BondingVotes: the history of bonding states that votes count from. Bonding spec, section 14."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from tests.models.arithmetic import Reverted, require
from tests.models.economy import Rounds
from tests.models.records import ZERO, Event, Factors, grown_stake


class Checkpoint(NamedTuple):
    """State of an account from a round on. The default is an account without history."""

    bonded_amount: int = 0
    delegate: str = ZERO
    delegated_amount: int = 0
    last_claim_round: int = 0
    last_reward_round: int = 0

    def is_transcoder(self, account: str) -> bool:
        return self.delegate == account and self.bonded_amount > 0

    def votes_as_transcoder(self, account: str) -> int:
        return self.delegated_amount if self.is_transcoder(account) else 0


class Stakes(Protocol):
    """What BondingVotes asks the BondingManager."""

    next_total_stake: int

    def factors(self, transcoder: str, round_: int) -> Factors: ...


@dataclass
class VotesModel:
    events: list[Event]
    rounds: Rounds
    stakes: Stakes
    checkpoints: defaultdict[str, dict[int, Checkpoint]] = field(
        default_factory=lambda: defaultdict(dict)
    )  # per account, by start round; ascending because rounds only grow
    totals: dict[int, int] = field(
        default_factory=dict
    )  # active stake by round, ascending likewise

    def log(self, name: str, *args: object) -> None:
        self.events.append(Event("BondingVotes", name, args))

    # -- written by the BondingManager

    def checkpoint(self, account: str, start_round: int, state: Checkpoint) -> None:
        required = self.rounds.current + 1
        require(start_round == required, f"InvalidStartRound({start_round}, {required})")
        require(
            state.last_claim_round < start_round,
            f"FutureLastClaimRound({state.last_claim_round}, {start_round - 1})",
        )
        previous = self.state_at(account, start_round)
        self.checkpoints[account][start_round] = state
        self._log_changes(account, previous, state)

    def checkpoint_total(self, total_stake: int, round_: int) -> None:
        required = self.rounds.current
        require(round_ == required, f"InvalidTotalStakeCheckpointRound({round_}, {required})")
        self.totals[round_] = total_stake

    def _log_changes(self, account: str, old: Checkpoint, new: Checkpoint) -> None:
        if old.delegate != new.delegate:
            self.log("DelegateChanged", account, old.delegate, new.delegate)
        old_votes, new_votes = old.votes_as_transcoder(account), new.votes_as_transcoder(account)
        if old_votes != new_votes:
            self.log("DelegateVotesChanged", account, old_votes, new_votes)
        old_stake = (old.bonded_amount, old.last_claim_round)
        new_stake = (new.bonded_amount, new.last_claim_round)
        if old_stake != new_stake:
            self.log("DelegatorBondedAmountChanged", account, *old_stake, *new_stake)

    # -- read

    def has_checkpoint(self, account: str) -> bool:
        return bool(self.checkpoints[account])

    def state_at(self, account: str, round_: int) -> Checkpoint:
        """The last checkpoint that starts at or before the round."""
        self._require_known(round_)
        starts = list(self.checkpoints[account])
        found = bisect_right(starts, round_)
        return self.checkpoints[account][starts[found - 1]] if found else Checkpoint()

    def votes_and_delegate(self, account: str, round_: int) -> tuple[int, str]:
        """Voting power of an account, and who holds it, at the start of a round."""
        state = self.state_at(account, round_)
        if state.bonded_amount == 0:
            return 0, state.delegate
        if state.delegate == account:
            return state.delegated_amount, account
        return self._delegator_votes(state, round_), state.delegate

    def _delegator_votes(self, state: Checkpoint, round_: int) -> int:
        """Its stake with rewards up to its delegate's last reward call before the round."""
        delegate = self.state_at(state.delegate, round_)
        rewarded = delegate.last_reward_round
        end = Factors()
        if rewarded > 0:
            end = self.stakes.factors(state.delegate, rewarded)
            require(end.reward > 0, f"MissingEarningsPool({state.delegate}, {rewarded})")
        if not delegate.is_transcoder(state.delegate):
            return 0
        if rewarded < state.last_claim_round:
            return state.bonded_amount
        start = self.stakes.factors(state.delegate, state.last_claim_round)
        return grown_stake(start, end, state.bonded_amount)

    def total_at(self, round_: int) -> int:
        """Active stake of a round; in a gap, of the next initialised one; after all, the pool's."""
        self._require_known(round_)
        if self.totals.get(round_, 0) > 0:
            return self.totals[round_]
        initialised = list(self.totals)
        later = bisect_left(initialised, round_)
        if later == 0:
            return 0
        if later < len(initialised):
            return self.totals[initialised[later]]
        return self.stakes.next_total_stake

    def _require_known(self, round_: int) -> None:
        latest = self.rounds.current + 1
        if round_ > latest:
            raise Reverted(f"FutureLookup({round_}, {latest})")
