"""Order of events and checkpoints in a transaction, over all contracts. Bonding spec, section 15.

Clients replay these logs, and each touched account is checkpointed just once, where stated. A log
is written here as its name, a checkpoint as `V(account)`.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.contracts import ZERO, deploy
from tests.support.protocol import LPT
from tests.unit.bonding_manager.conftest import PERC, PRECISE, Staking

NO_HINTS = (ZERO, ZERO, ZERO, ZERO)
TOKENS_IN = ["Approval", "Transfer"]
STAKE = 10 * LPT


class Recorder:
    """Names of logs in order; a checkpoint carries the name its account has here."""

    def __init__(self, manager: Any) -> None:
        self.manager = manager
        self.names: dict[str, str] = {}

    def call(self, function: str, *args: Any, sender: str) -> list[str]:
        """Logs of a call of BondingManager."""
        getattr(self.manager, function)(*args, sender=sender)
        return self.logs_of(self.manager)

    def logs_of(self, contract: Any) -> list[str]:
        """Logs of the last call of a contract, and of all it called."""
        return [self._name(event) for event in contract.get_logs()]

    def _name(self, event: Any) -> str:
        name = type(event).__name__
        return f"V({self.names[str(event.account)]})" if name == "Checkpointed" else name


@pytest.fixture
def recorder(staking: Staking) -> Recorder:
    staking.protocol.register("BondingVotes", deploy("VotesMock").address)
    return Recorder(staking.manager)


@pytest.fixture
def cast(staking: Staking, recorder: Recorder) -> dict[str, str]:
    """Transcoders T and U and delegators D of T and E of nobody, in an initialised round."""
    accounts = {"T": staking.transcoder(STAKE), "U": staking.transcoder(STAKE)}
    accounts["D"] = staking.delegator(STAKE, accounts["T"])
    accounts["E"] = staking.protocol.account("delegator", lpt=STAKE)
    recorder.names = {address: name for name, address in accounts.items()}
    staking.next_round()
    return accounts


def test_order__bond__claim_delegate_tokens_bond_owner(
    recorder: Recorder, cast: dict[str, str]
) -> None:
    assert recorder.call("bond", 1, cast["T"], sender=cast["D"]) == [
        "EarningsClaimed", "V(T)", *TOKENS_IN, "Bond", "V(D)",
    ]  # fmt: skip


def test_order__self_bond__one_checkpoint(staking: Staking, recorder: Recorder) -> None:
    account = staking.protocol.account("orchestrator", lpt=LPT)
    recorder.names[account] = "N"
    assert recorder.call("bond", 1, account, sender=account) == [
        "EarningsClaimed", "TranscoderActivated", *TOKENS_IN, "Bond", "V(N)",
    ]  # fmt: skip


def test_order__self_bond_that_evicts__deactivated_first(
    staking: Staking, recorder: Recorder
) -> None:
    staking.fill_pool()
    account = staking.protocol.account("orchestrator", lpt=LPT)
    recorder.names[account] = "N"
    assert recorder.call("bond", LPT, account, sender=account) == [
        "EarningsClaimed", "TranscoderDeactivated", "TranscoderActivated", *TOKENS_IN, "Bond",
        "V(N)",
    ]  # fmt: skip


def test_order__change_of_delegate__old_new_owner(recorder: Recorder, cast: dict[str, str]) -> None:
    assert recorder.call("bond", 1, cast["U"], sender=cast["D"]) == [
        "EarningsClaimed", "V(T)", "V(U)", *TOKENS_IN, "Bond", "V(D)",
    ]  # fmt: skip


def test_order__unbond__delegate_then_owner(recorder: Recorder, cast: dict[str, str]) -> None:
    assert recorder.call("unbond", 1, sender=cast["D"]) == [
        "EarningsClaimed", "V(T)", "Unbond", "V(D)",
    ]  # fmt: skip
    assert recorder.call("unbond", STAKE, sender=cast["U"]) == [
        "EarningsClaimed", "TranscoderDeactivated", "Unbond", "V(U)",
    ]  # fmt: skip


def test_order__rebond__delegate_then_owner(recorder: Recorder, cast: dict[str, str]) -> None:
    recorder.manager.unbond(1, sender=cast["D"])
    recorder.manager.unbond(1, sender=cast["U"])
    assert recorder.call("rebond", 0, sender=cast["D"]) == ["V(T)", "Rebond", "V(D)"]
    assert recorder.call("rebond", 0, sender=cast["U"]) == ["Rebond", "V(U)"]


def test_order__rebond_from_unbonded__to_another_and_to_oneself(
    recorder: Recorder, cast: dict[str, str]
) -> None:
    recorder.manager.unbond(STAKE, sender=cast["D"])
    recorder.manager.unbond(STAKE, sender=cast["U"])
    assert recorder.call("rebondFromUnbonded", cast["T"], 0, sender=cast["D"]) == [
        "V(T)", "Rebond", "V(D)",
    ]  # fmt: skip
    assert recorder.call("rebondFromUnbonded", cast["U"], 0, sender=cast["U"]) == [
        "TranscoderActivated", "Rebond", "V(U)",
    ]  # fmt: skip


def test_order__transfer_bond__four_checkpoints(recorder: Recorder, cast: dict[str, str]) -> None:
    recorder.manager.bond(LPT, cast["U"], sender=cast["E"])
    recorder.manager.reward(sender=cast["U"])
    assert recorder.call("transferBond", cast["E"], 1, *NO_HINTS, sender=cast["D"]) == [
        "EarningsClaimed", "V(T)", "Unbond", "V(D)", "TransferBond", "V(U)", "Rebond", "V(E)",
    ]  # fmt: skip


def test_order__transfer_bond_to_a_fresh_account__claimed_in_between(
    recorder: Recorder, cast: dict[str, str]
) -> None:
    assert recorder.call("transferBond", cast["E"], 1, *NO_HINTS, sender=cast["D"]) == [
        "EarningsClaimed", "V(T)", "Unbond", "V(D)", "TransferBond", "EarningsClaimed", "V(T)",
        "Rebond", "V(E)",
    ]  # fmt: skip


def test_order__transfer_bond_between_transcoders__two_checkpoints(
    recorder: Recorder, cast: dict[str, str]
) -> None:
    recorder.manager.reward(sender=cast["U"])
    assert recorder.call("transferBond", cast["U"], 1, *NO_HINTS, sender=cast["T"]) == [
        "EarningsClaimed", "Unbond", "V(T)", "TransferBond", "EarningsClaimed", "Rebond", "V(U)",
    ]  # fmt: skip


def test_order__reward__mint_treasury_reward_checkpoint(
    staking: Staking, recorder: Recorder, cast: dict[str, str]
) -> None:
    owner = staking.protocol.owner
    recorder.manager.setTreasuryRewardCutRate(PRECISE // 10, sender=owner)
    recorder.manager.setTreasuryBalanceCeiling(1, sender=owner)
    staking.next_round()
    paid = ["Transfer", "Mint", "Transfer", "TreasuryReward", "Reward"]
    assert recorder.call("reward", sender=cast["T"]) == [*paid, "V(T)"]
    # The treasury is full now.
    assert recorder.call("reward", sender=cast["U"]) == ["ParameterUpdate", *paid, "V(U)"]


def test_order__reward_that_rejoins_the_pool__pool_events_before_reward(
    staking: Staking, recorder: Recorder, cast: dict[str, str]
) -> None:
    for _ in range(2):
        staking.transcoder(5 * LPT)
    last = staking.transcoder(LPT)
    recorder.names[last] = "last"
    staking.next_round()
    recorder.manager.reward(sender=last)
    # U leaves, somebody takes its place, and U is too small to come back until its reward is in.
    recorder.manager.unbond(STAKE, sender=cast["U"])
    recorder.names[staking.transcoder(5 * LPT)] = "new"
    staking.protocol.token.approve(recorder.manager.address, 1, sender=cast["U"])
    recorder.manager.bond(1, cast["U"], sender=cast["U"])
    assert recorder.call("reward", sender=cast["U"]) == [
        "Transfer", "Mint", "TranscoderDeactivated", "TranscoderActivated", "Reward", "V(U)",
    ]  # fmt: skip


def test_order__transcoder__pool_events_then_update(
    staking: Staking, recorder: Recorder, vault: Any
) -> None:
    vault.setReward(0)
    members = staking.fill_pool(1_000)
    recorder.names = {member: "member" for member in members}
    staking.next_round()
    outsider, last = staking.transcoder(1_000), members[-1]
    recorder.manager.reward(sender=last)
    recorder.manager.unbond(1, sender=last)
    assert recorder.call("transcoder", 0, 0, sender=outsider) == [
        "TranscoderDeactivated", "TranscoderActivated", "TranscoderUpdate",
    ]  # fmt: skip
    assert recorder.call("transcoder", 0, 0, sender=outsider) == ["TranscoderUpdate"]


def test_order__claim_earnings__checkpoint_even_without_a_claim(
    recorder: Recorder, cast: dict[str, str]
) -> None:
    assert recorder.call("claimEarnings", 0, sender=cast["D"]) == ["EarningsClaimed", "V(D)"]
    assert recorder.call("claimEarnings", 0, sender=cast["D"]) == ["V(D)"]


def test_order__checkpoint__just_that(recorder: Recorder, cast: dict[str, str]) -> None:
    assert recorder.call("checkpointBondingState", cast["T"], sender=cast["E"]) == ["V(T)"]


def test_order__withdraw_fees__claim_withdraw_checkpoint(
    recorder: Recorder, cast: dict[str, str]
) -> None:
    assert recorder.call("withdrawFees", cast["E"], 0, sender=cast["D"]) == [
        "EarningsClaimed", "WithdrawFees", "V(D)",
    ]  # fmt: skip


def test_order__withdraw_stake__no_claim_no_checkpoint(
    staking: Staking, recorder: Recorder, cast: dict[str, str]
) -> None:
    recorder.manager.unbond(1, sender=cast["D"])
    staking.next_round(3)
    assert recorder.call("withdrawStake", 0, sender=cast["D"]) == ["Transfer", "WithdrawStake"]


def test_order__slash__leaves_the_pool_pays_burns_then_logs(
    staking: Staking, recorder: Recorder, cast: dict[str, str]
) -> None:
    verifier, half = staking.appoint("Verifier"), PERC // 2
    paid = ["Transfer", "Transfer", "Burn", "TranscoderSlashed"]
    terms = (cast["E"], half, half)
    assert recorder.call("slashTranscoder", cast["T"], *terms, sender=verifier) == [
        "EarningsClaimed", "TranscoderDeactivated", *paid, "V(T)",
    ]  # fmt: skip
    assert recorder.call("slashTranscoder", cast["D"], *terms, sender=verifier) == [
        "EarningsClaimed", "V(T)", *paid, "V(D)",
    ]  # fmt: skip


def test_order__fees__neither_event_nor_checkpoint(
    staking: Staking, recorder: Recorder, cast: dict[str, str]
) -> None:
    broker = staking.appoint("TicketBroker")
    assert recorder.call("updateTranscoderWithFees", cast["T"], 1, 0, sender=broker) == []


@pytest.mark.usefixtures("cast")
def test_order__round_turn__parameter_then_total(staking: Staking, recorder: Recorder) -> None:
    owner, rounds_manager = staking.protocol.owner, staking.protocol.rounds_manager
    recorder.manager.setTreasuryRewardCutRate(PRECISE // 10, sender=owner)
    staking.move_clock()
    rounds_manager.initializeRound(sender=owner)
    assert recorder.logs_of(rounds_manager) == [
        "ParameterUpdate", "TotalCheckpointed", "SetCurrentRewardTokens", "NewRound",
    ]  # fmt: skip
