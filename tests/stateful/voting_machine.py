"""Random lives of the treasury's governor while stake moves underneath it.

A rule is a transaction, or a usual run of them, on contracts and models alike. What happened is
counted by name, so that a test can tell that the lives met all there is to meet.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from eth_utils.crypto import keccak
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.models.arithmetic import PERC
from tests.models.governed import SETTERS
from tests.models.governor import (
    ACTIVE,
    CANCELED,
    DEFEATED,
    EXECUTED,
    FOR,
    PENDING,
    QUEUED,
    SUCCEEDED,
    GovernorModel,
    Proposal,
)
from tests.models.records import ZERO
from tests.models.timelock import FAILED, NOT_READY, Actions, operation_id
from tests.stateful.invariants import stakes_fit_into_delegated_amounts, votes_equal_stakes
from tests.stateful.strategies import actors, chosen, picks, share_of
from tests.stateful.system import ACTORS, FIRST_BLOCK, LPT, ROLES, ROUND_LENGTH
from tests.stateful.voting_actions import (
    SETTER_NAMES,
    actions_of,
    ballots,
    kinds,
    misfit,
    misfits,
    parts,
    settings,
    word,
)
from tests.stateful.voting_system import GUARDIAN, Settings, VotingSystem, new_voting_system
from tests.stateful.voting_views import (
    LOOK_BACK,
    assert_governor_agrees,
    assert_past_votes_agree,
    assert_transcoders_agree,
    states,
)

NO_HINTS = (ZERO, ZERO)
MAX_PROPOSALS = 6
SETTING_EVENTS = {"VotingDelaySet", "VotingPeriodSet", "ProposalThresholdSet"}
STATES = {
    PENDING: "pending",
    ACTIVE: "active",
    CANCELED: "canceled",
    DEFEATED: "defeated",
    SUCCEEDED: "succeeded",
    QUEUED: "queued",
    EXECUTED: "executed",
}


class VotingMachine(RuleBasedStateMachine):
    """`met` counts steps, and what they met."""

    system: VotingSystem

    def __init__(self, met: Counter[str]) -> None:
        super().__init__()
        self.met = met
        self.contents: list[tuple[Actions, str]] = []  # of proposals, in order

    @property
    def model(self) -> GovernorModel:
        return self.system.model.governor

    # -- start

    @initialize(settings=settings, stakes=st.lists(st.integers(5, 60), min_size=5, max_size=5))
    def start(self, settings: Settings, stakes: list[int]) -> None:
        """Two transcoders; two delegators of the first, and one of somebody who is none."""
        self.system = new_voting_system(settings, pool_size=2)
        delegates = (ACTORS[0], ACTORS[1], ACTORS[0], ACTORS[0], ACTORS[5])
        for owner, stake, to in zip(ACTORS, stakes, delegates, strict=False):
            self.bond(owner, stake * LPT, to)
        self.turn_round()
        self.turn_round()
        self.propose_anew(ACTORS[0], "setting", 7)

    # -- stake and time

    @rule(
        owner=actors,
        amount=st.sampled_from((1, LPT, 7 * LPT + 3, 30 * LPT)),
        to=st.sampled_from((*ACTORS[:2], *ACTORS)),
    )
    def bond(self, owner: str, amount: int, to: str) -> None:
        self.system.do(
            self.system.bonding.transact("bond", amount, to, sender=owner),
            lambda m: m.bonding.bond(owner, amount, owner, to),
        )

    @rule(pick=picks, share=parts)
    def unbond(self, pick: int, share: int) -> None:
        sender = chosen(self.bonded(), pick)
        amount = share_of(self.system.model.bonding.pending_stake(sender), share)
        self.system.do(
            self.system.bonding.transact("unbond", amount, sender=sender),
            lambda m: m.bonding.unbond(sender, amount),
        )

    @rule(pick=picks, receiver=actors, share=parts)
    def transfer_bond(self, pick: int, receiver: str, share: int) -> None:
        sender = chosen(self.bonded(), pick)
        amount = share_of(self.system.model.bonding.pending_stake(sender), share)
        hints = (*NO_HINTS, *NO_HINTS)
        self.system.do(
            self.system.bonding.transact("transferBond", receiver, amount, *hints, sender=sender),
            lambda m: m.bonding.transfer_bond(sender, receiver, amount),
        )

    @rule(pick=picks, share=st.sampled_from((1, 333_333, PERC)))
    def slash(self, pick: int, share: int) -> None:
        """Now and then."""
        if pick < 8:
            return
        account, verifier = chosen(self.bonded(), pick - 8), ROLES["Verifier"]
        self.system.do(
            self.system.bonding.transact(
                "slashTranscoder", account, ZERO, share, 0, sender=verifier
            ),
            lambda m: m.bonding.slash(verifier, account, ZERO, share, 0),
        )

    @rule()
    def reward_everybody(self) -> None:
        """A usual round: transcoders call reward, then the next one starts."""
        for transcoder in ACTORS:
            if self.system.model.bonding.is_active(transcoder):
                self.system.do(
                    self.system.bonding.transact("reward", sender=transcoder),
                    lambda m, t=transcoder: m.bonding.reward(t),
                )
        self.turn_round()

    def turn_round(self) -> None:
        self.system.pass_rounds(1)
        self.system.initialize_round()

    @rule(rounds=st.integers(0, 2), blocks=st.integers(0, ROUND_LENGTH // 2))
    def let_time_pass(self, rounds: int, blocks: int) -> None:
        """The governor's clock does not wait until somebody initialises a round."""
        self.system.pass_rounds(rounds)
        self.system.move_to(self.system.model.rounds.block + blocks)

    @precondition(lambda self: self.in_state(PENDING, ACTIVE))
    @rule(pick=picks)
    def wait_for_a_proposal(self, pick: int) -> None:
        """Until its vote opens, or is over."""
        self.wait_for(self.one_of(PENDING, ACTIVE, pick=pick))

    def wait_for(self, key: int) -> None:
        p = self.model.proposals[key]
        end = p.snapshot if self.model.state(key) == PENDING else p.deadline
        self.system.pass_rounds(end + 1 - self.model.clock)
        self.system.initialize_round()

    # -- proposals

    @rule(
        sender=actors,
        kind=kinds,
        pick=picks,
        named=st.sampled_from(("", "", "", ACTORS[0])),
        lengths=misfits,
    )
    def propose(
        self, sender: str, kind: str, pick: int, named: str, lengths: tuple[int, int, int]
    ) -> None:
        """Mostly something new."""
        if pick == 11:
            self.submit(sender, misfit(lengths), "misfit")
        elif len(self.contents) == MAX_PROPOSALS:
            self.submit(sender, *self.contents[pick % MAX_PROPOSALS])
        else:
            self.propose_anew(sender, kind, pick, named)

    def propose_anew(self, sender: str, kind: str, pick: int, named: str = "") -> None:
        text = f"proposal {len(self.contents)}" + (f"#proposer={named}" if named else "")
        self.submit(sender, actions_of(self.system, kind, pick), text)

    def submit(self, sender: str, actions: Actions, text: str) -> None:
        outcome = self.system.do(
            self.system.governor.transact("propose", *actions, text, sender=sender),
            lambda m: m.governor.propose(sender, actions, text),
        )
        if outcome.reverted is None:
            self.contents.append((actions, text))

    # -- votes

    @precondition(lambda self: bool(self.contents))
    @rule(ballots=st.lists(ballots, min_size=1, max_size=8), pick=picks)
    def vote(self, ballots: list[tuple[str, int, str]], pick: int) -> None:
        """Some votes in some order, mostly on a proposal that is open."""
        if pick < 10 and self.in_state(PENDING) and not self.in_state(ACTIVE):
            self.wait_for(self.one_of(PENDING, pick=pick))
        keys = (self.in_state(ACTIVE) if pick < 10 else []) or list(self.model.proposals)
        for voter, support, extra in ballots:
            self.cast(voter, keys[pick % len(keys)], support, extra)

    @rule(
        kind=kinds,
        pick=picks,
        voters=st.permutations(ACTORS),
        then=st.sampled_from(("", "execute", "execute", "execute", "past", "past", "cancel")),
    )
    def carry_a_proposal(self, kind: str, pick: int, voters: list[str], then: str) -> None:
        """All vote for it, and it is queued and executed if that was enough."""
        if not self.in_state(PENDING, ACTIVE):
            self.propose_anew(ACTORS[pick % 2], kind, pick)
        if not self.in_state(PENDING, ACTIVE):
            return
        key = self.one_of(PENDING, ACTIVE, pick=pick)
        if self.model.state(key) == PENDING:
            self.wait_for(key)
        for voter, support in ((voters[0], 3), *((v, FOR) for v in voters), (voters[0], FOR)):
            self.cast(voter, key, support, "")
        self.compare()
        self.wait_for(key)
        self.compare()
        content = self.content_of(key)
        self.queue(*content)
        if then == "cancel":
            self.cancel_in_the_timelock(*content)
        if then == "execute":
            self.execute(*content)  # too early, if the treasury waits
        self.turn_round()
        self.turn_round()
        if then == "execute":
            self.execute(*content)
        if then == "past":
            self.execute_in_the_timelock(*content)

    def cast(self, voter: str, key: int, support: int, extra: str) -> None:
        function, arguments = {
            "": ("castVote", ()),
            "reason": ("castVoteWithReason", ("because",)),
            "params": ("castVoteWithReasonAndParams", ("", b"\x01")),
        }[extra]
        outcome = self.system.do(
            self.system.governor.transact(function, key, support, *arguments, sender=voter),
            lambda m: m.governor.vote(voter, key, support, *arguments),
        )
        if outcome.reverted is None:
            self.note_ballot(voter, self.model.proposals[key])
        else:
            self.met[f"vote refused: {outcome.reverted}"] += 1

    def note_ballot(self, voter: str, p: Proposal) -> None:
        ballot, others = p.tally.ballots[voter], p.tally.ballots
        if ballot.weight == 0:
            self.met["vote without weight"] += 1
        elif ballot.overrides and ballot.delegate in others:
            self.met["delegator after its transcoder"] += 1
        elif any(b.overrides and b.delegate == voter and b.weight for b in others.values()):
            self.met["transcoder after a delegator"] += 1
        if ballot.delegate not in (ZERO, voter) and not ballot.overrides:
            self.met["delegator of no transcoder"] += 1

    # -- after the vote

    @precondition(lambda self: bool(self.contents))
    @rule(
        step=st.sampled_from(("queue", "execute", "execute", "cancel", "past", "past")),
        pick=picks,
        stranger=actors,
    )
    def proceed(self, step: str, pick: int, stranger: str) -> None:
        """Mostly with a proposal that is ready for it."""
        if step == "queue":
            self.queue(*self.content(SUCCEEDED, pick))
        elif step == "execute":
            self.execute(*self.content(QUEUED, pick))
        elif step == "cancel":
            self.cancel(*self.content(PENDING, pick), stranger if pick % 2 else "")
        elif pick < 3:
            self.cancel_in_the_timelock(*self.content(QUEUED, pick))
        else:
            self.execute_in_the_timelock(*self.content(QUEUED, pick))

    def queue(self, actions: Actions, text: str) -> None:
        self.system.do(
            self.system.governor.transact("queue", *actions, keccak(text=text), sender=GUARDIAN),
            lambda m: m.governor.queue(actions, text),
        )

    def execute(self, actions: Actions, text: str) -> None:
        salt = keccak(text=text)
        outcome = self.system.do(
            self.system.governor.transact("execute", *actions, salt, sender=GUARDIAN),
            lambda m: m.execute_proposal(GUARDIAN, actions, text),
        )
        names = {event.name for event in outcome.events}
        self.met["setting changed"] += bool(SETTING_EVENTS & names)
        self.met["quorum changed"] += "QuorumNumeratorUpdated" in names
        self.met["executed too early"] += outcome.reverted == NOT_READY
        self.met["action failed"] += outcome.reverted == FAILED

    def cancel(self, actions: Actions, text: str, stranger: str) -> None:
        key = self.model.id_of(actions, text)
        sender = stranger or self.model.proposals[key].proposer
        self.system.do(
            self.system.governor.transact("cancel", *actions, keccak(text=text), sender=sender),
            lambda m: m.governor.cancel(sender, actions, text),
        )

    def cancel_in_the_timelock(self, actions: Actions, text: str) -> None:
        operation = operation_id(actions, keccak(text=text))
        outcome = self.system.do(
            self.system.treasury.transact("cancel", operation, sender=GUARDIAN),
            lambda m: m.timelock.cancel(GUARDIAN, operation),
        )
        self.met["cancelled in the timelock"] += outcome.reverted is None

    def execute_in_the_timelock(self, actions: Actions, text: str) -> None:
        """By somebody else than the governor, so that it does not expect its own calls."""
        salt = keccak(text=text)
        arguments = (*actions, bytes(32), salt)
        outcome = self.system.do(
            self.system.treasury.transact("executeBatch", *arguments, sender=GUARDIAN),
            lambda m: m.execute_operation(GUARDIAN, actions, salt),
        )
        self.met["executed past the governor"] += outcome.reverted is None
        if self.system.governor.address in actions.targets:
            kept = outcome.reverted == FAILED
            self.met["kept from changing settings past the governor"] += kept

    @rule(sender=st.sampled_from((*ACTORS, GUARDIAN)), pick=picks)
    def try_to_change_settings(self, sender: str, pick: int) -> None:
        data = list(SETTERS)[pick % 4] + word(pick)
        self.system.do(
            self.system.governor.transact(SETTER_NAMES[pick % 4], pick, sender=sender),
            lambda m: m.call_governor(sender, data),
        )

    # -- what there is

    def bonded(self) -> list[str]:
        delegators = self.system.model.bonding.delegators
        return [actor for actor in ACTORS if delegators[actor].bonded_amount > 0]

    def in_state(self, *wanted: int) -> list[int]:
        return [key for key, state in states(self.model).items() if state in wanted]

    def one_of(self, *wanted: int, pick: int) -> int:
        keys = self.in_state(*wanted)
        return keys[pick % len(keys)]

    def content(self, state: int, pick: int) -> tuple[Actions, str]:
        """Of a proposal in this state; of any if there is none, or for the highest picks."""
        keys: Sequence[int] = self.in_state(state)
        if pick > 9 or not keys:
            keys = list(self.model.proposals)
        return self.content_of(keys[pick % len(keys)])

    def content_of(self, key: int) -> tuple[Actions, str]:
        return next(c for c in self.contents if self.model.id_of(*c) == key)

    # -- claims

    @precondition(lambda self: hasattr(self, "system"))
    @invariant()
    def contracts_agree_with_the_model(self) -> None:
        self.met["steps"] += 1
        self.compare()

    def compare(self) -> None:
        for state in set(states(self.model).values()):
            self.met[f"state {STATES[state]}"] += 1
        assert_governor_agrees(self.system)
        now = self.model.clock
        assert_past_votes_agree(self.system, range(now - LOOK_BACK, now))
        assert_transcoders_agree(self.system)
        votes_equal_stakes(self.system)
        stakes_fit_into_delegated_amounts(self.system)

    def teardown(self) -> None:
        """All history at once."""
        if hasattr(self, "system"):
            first = FIRST_BLOCK // ROUND_LENGTH
            assert_past_votes_agree(self.system, range(first - 1, self.model.clock))
