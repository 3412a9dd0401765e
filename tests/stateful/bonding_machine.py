"""Random lives of the bonding contracts. A rule is a transaction, on contracts and model alike.

Arguments are drawn as picks and shares, relative to the state, so that most calls make sense; the
rest must revert with the same text on both sides.
"""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.models.arithmetic import PERC
from tests.models.bonding import BondingModel
from tests.models.records import ZERO
from tests.stateful import invariants, slashing
from tests.stateful.strategies import (
    actors,
    amounts,
    chosen,
    hints,
    percentages,
    picks,
    share_of,
    shares,
    targets,
)
from tests.stateful.system import (
    ACTORS,
    LPT,
    OWNER,
    ROLES,
    ROUND_LENGTH,
    System,
    new_system,
)
from tests.stateful.views import assert_views_agree, assert_votes_agree
from tests.support.pyrevm_chain import Contract

BROKER, VERIFIER, MIGRATOR = ROLES["TicketBroker"], ROLES["Verifier"], ROLES["L2Migrator"]


class BondingMachine(RuleBasedStateMachine):
    system: System

    @property
    def bonding(self) -> Contract:
        return self.system.bonding

    @property
    def model(self) -> BondingModel:
        return self.system.model.bonding

    # -- start

    @initialize(
        pool_size=st.integers(2, 4),
        unbonding_period=st.integers(0, 3),
        treasury_cut=st.sampled_from((0, 10**26, 63_100_000 * 10**18, 10**27)),
        stakes=st.lists(st.integers(1, 60), min_size=3, max_size=5),
    )
    def start(
        self, pool_size: int, unbonding_period: int, treasury_cut: int, stakes: list[int]
    ) -> None:
        self.system = new_system(pool_size=pool_size, unbonding_period=unbonding_period)
        self.set_treasury_cut(treasury_cut)
        for orchestrator, stake in zip(ACTORS, stakes, strict=False):
            self.bond(orchestrator, stake * LPT, orchestrator, (ZERO, ZERO), (ZERO, ZERO))
            self.update_cuts(orchestrator, 100_000, 500_000, (ZERO, ZERO))
        self.turn_round()

    # -- time

    @rule()
    def turn_round(self) -> None:
        self.system.pass_rounds(1)
        self.system.initialize_round()

    @rule(rounds=st.integers(1, 3))
    def turn_round_after_a_gap(self, rounds: int) -> None:
        self.system.pass_rounds(rounds)
        self.system.initialize_round()

    def initialize_round_again(self) -> None:
        self.system.initialize_round()

    @precondition(lambda self: self.system.model.rounds.initialized)
    @rule(pick=picks)
    def let_a_round_start(self, pick: int) -> None:
        """Rarely, since hardly anything works until somebody initialises it."""
        if pick > 9:
            self.system.pass_rounds(1)

    @rule(blocks=st.integers(1, ROUND_LENGTH // 2))
    def mine(self, blocks: int) -> None:
        """Towards the end of the round, where cuts are locked, not beyond."""
        rounds = self.system.model.rounds
        end = (rounds.current + 1) * ROUND_LENGTH - 1
        self.system.move_to(min(rounds.block + blocks, end))

    @rule()
    def reward_everybody(self) -> None:
        """A usual round: every active transcoder calls reward, then the next round starts."""
        for transcoder in self.active_transcoders():
            self.reward(transcoder, (ZERO, ZERO))
        self.turn_round()

    # -- delegators

    @rule(owner=actors, amount=amounts, to=targets, old=hints, new=hints)
    def bond(
        self, owner: str, amount: int, to: str, old: tuple[str, str], new: tuple[str, str]
    ) -> None:
        self.system.do(
            self.bonding.transact("bondWithHint", amount, to, *old, *new, sender=owner),
            lambda m: m.bonding.bond(owner, amount, owner, to, old, new),
        )

    @rule(owner=actors, amount=amounts, to=targets)
    def bond_without_hint(self, owner: str, amount: int, to: str) -> None:
        self.system.do(
            self.bonding.transact("bond", amount, to, sender=owner),
            lambda m: m.bonding.bond(owner, amount, owner, to),
        )

    @rule(
        sender=st.sampled_from((*ACTORS, MIGRATOR, MIGRATOR)),
        owner=st.sampled_from((*ACTORS, ZERO)),
        amount=amounts,
        pick=picks,
        new=hints,
    )
    def bond_for(
        self, sender: str, owner: str, amount: int, pick: int, new: tuple[str, str]
    ) -> None:
        """By a third party: mostly to the delegate the owner has."""
        to = chosen((self.model.delegators[owner].delegate,), pick)
        none = (ZERO, ZERO)
        self.system.do(
            self.bonding.transact("bondForWithHint", amount, owner, to, *none, *new, sender=sender),
            lambda m: m.bonding.bond(sender, amount, owner, to, none, new),
        )

    @rule(pick=picks, share=shares, hint=hints)
    def unbond(self, pick: int, share: int, hint: tuple[str, str]) -> None:
        sender = chosen(self.bonded(), pick)
        amount = share_of(self.model.pending_stake(sender), share)
        self.system.do(
            self.bonding.transact("unbondWithHint", amount, *hint, sender=sender),
            lambda m: m.bonding.unbond(sender, amount, *hint),
        )

    @rule(sender=actors, share=shares)
    def unbond_without_hint(self, sender: str, share: int) -> None:
        amount = share_of(self.model.delegators[sender].bonded_amount, share)
        self.system.do(
            self.bonding.transact("unbond", amount, sender=sender),
            lambda m: m.bonding.unbond(sender, amount),
        )

    @rule(pick=picks, hint=hints)
    def rebond(self, pick: int, hint: tuple[str, str]) -> None:
        sender = chosen([a for a in self.with_locks() if a in self.bonded()], pick)
        lock_id = self.lock_of(sender, pick)
        self.system.do(
            self.bonding.transact("rebondWithHint", lock_id, *hint, sender=sender),
            lambda m: m.bonding.rebond(sender, lock_id, *hint),
        )

    @rule(to=targets, pick=picks, hint=hints)
    def rebond_from_unbonded(self, to: str, pick: int, hint: tuple[str, str]) -> None:
        unbonded = [a for a in self.with_locks() if a not in self.bonded()]
        sender = chosen(unbonded, pick)
        lock_id = self.lock_of(sender, pick)
        self.system.do(
            self.bonding.transact("rebondFromUnbondedWithHint", to, lock_id, *hint, sender=sender),
            lambda m: m.bonding.rebond_from_unbonded(sender, to, lock_id, *hint),
        )

    @rule(
        pick=picks,
        receiver=st.sampled_from((*ACTORS, ZERO)),
        share=shares,
        old=hints,
        new=hints,
    )
    def transfer_bond(
        self,
        pick: int,
        receiver: str,
        share: int,
        old: tuple[str, str],
        new: tuple[str, str],
    ) -> None:
        sender = chosen(self.bonded(), pick)
        amount = share_of(self.model.pending_stake(sender), share)
        self.system.do(
            self.bonding.transact("transferBond", receiver, amount, *old, *new, sender=sender),
            lambda m: m.bonding.transfer_bond(sender, receiver, amount, old, new),
        )

    @rule(sender=actors)
    def claim_earnings(self, sender: str) -> None:
        self.system.do(
            self.bonding.transact("claimEarnings", 0, sender=sender),
            lambda m: m.bonding.claim_earnings(sender),
        )

    @rule(pick=picks)
    def withdraw_stake(self, pick: int) -> None:
        sender = chosen(self.with_locks(), pick)
        lock_id = self.lock_of(sender, pick)
        self.system.do(
            self.bonding.transact("withdrawStake", lock_id, sender=sender),
            lambda m: m.bonding.withdraw_stake(sender, lock_id),
        )

    @rule(sender=actors, recipient=st.sampled_from((*ACTORS, ZERO)), share=shares)
    def withdraw_fees(self, sender: str, recipient: str, share: int) -> None:
        amount = share_of(self.model.pending_fees(sender), share)
        self.system.do(
            self.bonding.transact("withdrawFees", recipient, amount, sender=sender),
            lambda m: m.bonding.withdraw_fees(sender, recipient, amount),
        )

    @rule(sender=actors, account=st.sampled_from((*ACTORS, ZERO)))
    def checkpoint(self, sender: str, account: str) -> None:
        self.system.do(
            self.bonding.transact("checkpointBondingState", account, sender=sender),
            lambda m: m.bonding.checkpoint(account),
        )

    # -- transcoders

    @rule(pick=picks, cut=percentages, share=percentages, hint=hints)
    def call_transcoder(self, pick: int, cut: int, share: int, hint: tuple[str, str]) -> None:
        registered = [actor for actor in ACTORS if self.model.is_registered(actor)]
        self.update_cuts(chosen(registered, pick), cut, share, hint)

    def update_cuts(self, sender: str, cut: int, share: int, hint: tuple[str, str]) -> None:
        self.system.do(
            self.bonding.transact("transcoderWithHint", cut, share, *hint, sender=sender),
            lambda m: m.bonding.transcoder(sender, cut, share, *hint),
        )

    @rule(pick=picks, hint=hints)
    def call_reward(self, pick: int, hint: tuple[str, str]) -> None:
        self.reward(chosen(self.active_transcoders(), pick), hint)

    def reward(self, transcoder: str, hint: tuple[str, str]) -> None:
        self.system.do(
            self.bonding.transact("rewardWithHint", *hint, sender=transcoder),
            lambda m: m.bonding.reward(transcoder, *hint),
        )

    @rule(sender=actors, caller=st.sampled_from((*ACTORS, ZERO)))
    def set_reward_caller(self, sender: str, caller: str) -> None:
        self.system.do(
            self.bonding.transact("setRewardCaller", caller, sender=sender),
            lambda m: m.bonding.set_reward_caller(sender, caller),
        )

    @rule(pick=picks, stranger=actors, hint=hints)
    def reward_for_transcoder(self, pick: int, stranger: str, hint: tuple[str, str]) -> None:
        transcoder = chosen(self.active_transcoders(), pick)
        caller = self.model.reward_callers.get(transcoder, stranger)
        sender = stranger if caller == ZERO else caller
        self.system.do(
            self.bonding.transact("rewardForTranscoderWithHint", transcoder, *hint, sender=sender),
            lambda m: m.bonding.reward_for_transcoder(sender, transcoder, *hint),
        )

    # -- contracts and governance

    @rule(pick=picks, fees=st.sampled_from((0, 1, 10**15, 10**18, 7 * 10**18 + 3)))
    def pay_fees(self, pick: int, fees: int) -> None:
        """As the TicketBroker does: credit the transcoder, then put the ETH into the Minter."""
        transcoder = chosen(self.active_transcoders(), pick)
        outcome = self.system.do(
            self.bonding.transact("updateTranscoderWithFees", transcoder, fees, 0, sender=BROKER),
            lambda m: m.bonding.update_with_fees(BROKER, transcoder, fees),
        )
        if outcome.reverted is None:
            self.system.minter.must("depositETH", sender=BROKER, value=fees)
            self.system.model.deposit_fees(fees)

    @rule(
        account=st.sampled_from((*ACTORS[:4], *ACTORS, ZERO)),
        finder=st.sampled_from((*ACTORS, ZERO)),
        amount=percentages,
        fee=percentages,
        pick=picks,
    )
    def slash(self, account: str, finder: str, amount: int, fee: int, pick: int) -> None:
        """Now and then; one in twelve by somebody who may not."""
        if pick < 8:
            return
        sender = ACTORS[0] if pick == 11 else VERIFIER
        before = slashing.books(self.system, account)
        outcome = self.system.do(
            self.bonding.transact("slashTranscoder", account, finder, amount, fee, sender=sender),
            lambda m: m.bonding.slash(sender, account, finder, amount, fee),
        )
        if outcome.reverted is None:
            paid_fee = 0 if finder == ZERO else fee
            slashing.moves_exactly_the_penalty(self.system, account, before, amount, paid_fee)

    @rule(account=actors, resign=st.booleans(), pick=picks)
    def hold(self, account: str, resign: bool, pick: int) -> None:
        """Rarely; what is held is mostly released soon, or nothing would happen any more."""
        if pick < 8:
            held = [actor for actor in ACTORS if self.model.delegators[actor].held]
            self.release(chosen(held, pick) if held else account)
            return
        sender = ACTORS[0] if pick == 11 else VERIFIER
        self.system.do(
            self.bonding.transact("holdStake", account, resign, sender=sender),
            lambda m: m.bonding.hold(sender, account, resign),
        )

    def release(self, account: str) -> None:
        self.system.do(
            self.bonding.transact("releaseStake", account, sender=VERIFIER),
            lambda m: m.bonding.release(VERIFIER, account),
        )

    @rule(finder=st.sampled_from((*ACTORS, ZERO)), amount=percentages, fee=percentages, pick=picks)
    def slash_lock(self, finder: str, amount: int, fee: int, pick: int) -> None:
        if pick < 6:
            return
        account = chosen(self.with_locks(), pick)
        lock_id = self.lock_of(account, pick)
        sender = ACTORS[0] if pick == 11 else VERIFIER
        self.system.do(
            self.bonding.transact(
                "slashUnbondingLock", account, lock_id, finder, amount, fee, sender=sender
            ),
            lambda m: m.bonding.slash_lock(sender, account, lock_id, finder, amount, fee),
        )

    @rule(
        what=st.sampled_from(("cut", "ceiling", "period", "pool", "round")),
        pick=picks,
        sender=st.sampled_from((OWNER, OWNER, OWNER, ACTORS[0])),
    )
    def govern(self, what: str, pick: int, sender: str) -> None:
        """One of the things that happen rarely."""
        if what == "cut":
            self.set_treasury_cut((0, 10**26, 10**27, 10**27 + 1)[pick % 4], sender)
        elif what == "ceiling":
            self.set_treasury_ceiling((0, LPT, 100 * LPT)[pick % 3], sender)
        elif what == "period":
            self.set_unbonding_period(pick % 4, sender)
        elif what == "pool":
            self.set_pool_size(self.model.pool.max_size + (pick == 11), sender)
        else:
            self.initialize_round_again()

    def set_treasury_cut(self, cut: int, sender: str = OWNER) -> None:
        self.system.do(
            self.bonding.transact("setTreasuryRewardCutRate", cut, sender=sender),
            lambda m: m.bonding.set_treasury_cut(sender, cut),
        )

    def set_treasury_ceiling(self, ceiling: int, sender: str) -> None:
        self.system.do(
            self.bonding.transact("setTreasuryBalanceCeiling", ceiling, sender=sender),
            lambda m: m.bonding.set_treasury_ceiling(sender, ceiling),
        )

    def set_unbonding_period(self, period: int, sender: str) -> None:
        self.system.do(
            self.bonding.transact("setUnbondingPeriod", period, sender=sender),
            lambda m: m.bonding.set_unbonding_period(sender, period),
        )

    def set_pool_size(self, size: int, sender: str) -> None:
        self.system.do(
            self.bonding.transact("setNumActiveTranscoders", size, sender=sender),
            lambda m: m.bonding.set_num_active_transcoders(sender, size),
        )

    @rule(sender=actors, to=targets, pick=picks)
    def try_while_paused(self, sender: str, to: str, pick: int) -> None:
        """Rarely: nothing happens."""
        if pick < 10:
            return
        self.system.set_paused(True)
        self.bond_without_hint(sender, LPT, to)
        self.unbond_without_hint(sender, 50)
        self.reward(sender, (ZERO, ZERO))
        self.set_reward_caller(sender, to)
        self.slash(sender, to, PERC, PERC, 10)
        self.pay_fees(0, 10**18)
        self.initialize_round_again()
        self.checkpoint(sender, to)
        self.system.set_paused(False)

    # -- what there is

    def active_transcoders(self) -> list[str]:
        return [actor for actor in ACTORS if self.model.is_active(actor)]

    def bonded(self) -> list[str]:
        return [actor for actor in ACTORS if self.model.delegators[actor].bonded_amount > 0]

    def with_locks(self) -> list[str]:
        return [actor for actor in ACTORS if self.model.delegators[actor].locks]

    def lock_of(self, account: str, pick: int) -> int:
        """A lock that exists, if any; for the highest picks the next, unused id."""
        d = self.model.delegators[account]
        ids = list(d.locks)
        return d.next_lock_id if pick > 9 or not ids else ids[pick % len(ids)]

    # -- claims

    @precondition(lambda self: hasattr(self, "system"))
    @invariant()
    def contracts_agree_with_the_model(self) -> None:
        assert_views_agree(self.system)
        now = self.system.model.rounds.current
        assert_votes_agree(self.system, range(now, now + 2))

    @precondition(lambda self: hasattr(self, "system"))
    @invariant()
    def named_invariants_hold(self) -> None:
        for holds in invariants.ALWAYS:
            holds(self.system)

    def teardown(self) -> None:
        """All history at once: no past vote has changed since it was written."""
        if hasattr(self, "system"):
            now = self.system.model.rounds.current
            first = 10_000 // ROUND_LENGTH
            assert_votes_agree(self.system, range(first - 1, now + 3))
