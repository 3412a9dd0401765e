"""redeemWinningTicket(ticket, bytes, uint256): which tickets are good."""

from __future__ import annotations

from dataclasses import dataclass

import boa
import pytest
from eth_utils import keccak

from keepers.tickets import (
    MAX_WIN_PROB,
    ZERO_ADDRESS,
    aux_data,
    is_winning,
    winning_number,
)
from tests.support.calls import reverted
from tests.support.ticket_broker import (
    ORDER,
    RAND,
    ROUND,
    ROUND_HASH,
    UNLOCK_PERIOD,
    USED_TICKETS_SLOT,
    VALIDITY_PERIOD,
    BrokerOnMocks,
    Key,
    Redemption,
    flip_s,
    key_of,
    redemption,
)

# Each fault with the text that reports it, in the order of the checks.
FAULTS = {
    "paused": "system is paused",
    "round not initialized": "current round is not initialized",
    "no recipient": "ticket recipient is null address",
    "no sender": "ticket sender is null address",
    "auxData too short": "invalid length for ticket auxData: must be 64 bytes",
    "round without hash": "ticket creationRound does not have a block hash",
    "other block hash": "ticket creationRoundBlockHash invalid for creationRound",
    "expired": "ticket is expired",
    "other number": "recipientRand does not match recipientRandHash",
    "used": "ticket is used",
    "signature too short": "INVALID_SIGNATURE_LENGTH",
    "high s": "ECDSA: invalid signature 's' value",
    "other v": "ECDSA: invalid signature",
    "other signer": "invalid signature over ticket hash",
    "lost": "ticket did not win",
    "unlocked": "sender is unlocked",
    "no funds": "sender deposit and reserve are zero",
    "short of funds": "sender deposit and reserve insufficient to cover ticket face value",
    "refused": "transcoder must be active",
}
# Faults that cannot be there at the same time as an earlier one.
HIDDEN = {
    "auxData too short": {"round without hash", "other block hash"},
    "round without hash": {"other block hash"},
}


@dataclass
class Case:
    """A good redemption of 1,000 wei by an active orchestrator, spoilt by `faults`."""

    system: BrokerOnMocks
    key: Key
    orchestrator: str

    def spoil(self, faults: set[str]) -> Redemption:
        round_ = ROUND if "round without hash" not in faults else ROUND + 1
        block_hash = ROUND_HASH if "other block hash" not in faults else keccak(text="bar")
        aux = aux_data(round_, block_hash)
        item = redemption(
            self.key if "other signer" not in faults else key_of("forger"),
            self.orchestrator if "no recipient" not in faults else ZERO_ADDRESS,
            sender=self.key.address if "no sender" not in faults else ZERO_ADDRESS,
            aux_data=aux if "auxData too short" not in faults else aux[:63],
            win_prob=MAX_WIN_PROB if "lost" not in faults else 0,
        )
        sig = item.sig
        if "other v" in faults:
            sig = sig[:64] + b"\x1d"
        if "high s" in faults:
            sig = flip_s(sig)[:64] + sig[64:]
        if "signature too short" in faults:
            sig = sig[:64]
        item = item._replace(sig=sig)
        if "other number" in faults:
            item = item._replace(recipient_rand=RAND + 1)
        self._set_state(faults, item)
        return item

    def _set_state(self, faults: set[str], item: Redemption) -> None:
        system, sender = self.system, self.key.address
        if "unlocked" in faults:
            system.fund(sender, deposit=1)
            system.broker.setUnlockPeriod(0, sender=system.owner)
            system.broker.unlock(sender=sender)
        if "no funds" in faults:
            if "unlocked" in faults:
                system.broker.withdraw(sender=sender)
        elif "short of funds" in faults:
            system.broker.fundDepositAndReserveFor(sender, 1, 0, value=1, sender=boa.env.eoa)
        else:
            gift = 1_000
            system.broker.fundDepositAndReserveFor(sender, gift, 0, value=gift, sender=boa.env.eoa)
        if "used" in faults:
            slot = keccak(USED_TICKETS_SLOT.to_bytes(32, "big") + item.ticket.hash())
            boa.env.set_storage(system.broker.address, int.from_bytes(slot, "big"), 1)
        if "expired" in faults:
            system.to_round(ROUND + VALIDITY_PERIOD + 1)
        if "refused" in faults:
            system.bonding_manager.setRefusal(FAULTS["refused"])
        if "round not initialized" in faults:
            system.rounds_manager.setRound(ROUND, False)
        if "paused" in faults:
            system.controller.pause(sender=system.owner)


@pytest.fixture
def case(system: BrokerOnMocks, gateway: str, gateway_key: Key, orchestrator: str) -> Case:
    boa.env.set_balance(boa.env.eoa, 10**18)
    assert gateway == gateway_key.address
    return Case(system, gateway_key, orchestrator)


def test_redeem_winning_ticket__no_fault__is_redeemed(case: Case) -> None:
    item = case.spoil(set())

    case.system.redeem(item)

    assert case.system.is_used(item)


@pytest.mark.parametrize("fault", FAULTS)
def test_redeem_winning_ticket__one_fault__reverts(case: Case, fault: str) -> None:
    item = case.spoil({fault})

    with boa.reverts(FAULTS[fault]):
        case.system.redeem(item)

    assert case.system.is_used(item) == (fault == "used")


@pytest.mark.parametrize("fault", FAULTS)
def test_redeem_winning_ticket__all_later_faults_too__reports_the_first(
    case: Case, fault: str
) -> None:
    names = list(FAULTS)
    faults = set(names[names.index(fault) :]) - HIDDEN.get(fault, set())
    item = case.spoil(faults)

    with boa.reverts(FAULTS[fault]):
        case.system.redeem(item)


@pytest.mark.parametrize("length", [0, 1, 32, 63, 65, 96, 1024])
def test_redeem_winning_ticket__aux_data_of_other_length__reverts(case: Case, length: int) -> None:
    good = aux_data(ROUND, ROUND_HASH)
    item = redemption(case.key, case.orchestrator, aux_data=good.ljust(length, b"\0")[:length])

    with boa.reverts("invalid length for ticket auxData: must be 64 bytes"):
        case.system.redeem(item)


def test_redeem_winning_ticket__aux_data_above_the_bound__reverts_without_data(
    case: Case,
) -> None:
    item = case.spoil(set())
    good = bytes(case.system.broker.redeemWinningTicket.prepare_calldata(*item.args))
    word = (64).to_bytes(32, "big")
    long = good.replace(word + item.ticket.aux_data, (1025).to_bytes(32, "big") + bytes(1056))

    assert len(long) > len(good)
    assert reverted(case.system.broker.address, long, sender=case.orchestrator) == b""


@pytest.mark.parametrize("length", [0, 64, 66, 256])
def test_redeem_winning_ticket__signature_of_other_length__reverts(case: Case, length: int) -> None:
    item = case.spoil(set())
    item = item._replace(sig=item.sig.ljust(length, b"\0")[:length])

    with boa.reverts("INVALID_SIGNATURE_LENGTH"):
        case.system.redeem(item)


@pytest.mark.parametrize("v", [0, 1, 26, 29, 255])
def test_redeem_winning_ticket__v_neither_27_nor_28__reverts(case: Case, v: int) -> None:
    item = case.spoil(set())
    item = item._replace(sig=item.sig[:64] + bytes([v]))

    with boa.reverts("ECDSA: invalid signature"):
        case.system.redeem(item)


def test_redeem_winning_ticket__the_other_v__reverts(case: Case) -> None:
    item = case.spoil(set())
    item = item._replace(sig=item.sig[:64] + bytes([55 - item.sig[64]]))

    with boa.reverts("invalid signature over ticket hash"):
        case.system.redeem(item)


@pytest.mark.parametrize("s", [ORDER // 2 + 1, ORDER, 2**256 - 1])
def test_redeem_winning_ticket__s_above_half_the_order__reverts(case: Case, s: int) -> None:
    item = case.spoil(set())
    item = item._replace(sig=item.sig[:32] + s.to_bytes(32, "big") + item.sig[64:])

    with boa.reverts("ECDSA: invalid signature 's' value"):
        case.system.redeem(item)


def test_redeem_winning_ticket__s_of_half_the_order__gets_past_the_bound(case: Case) -> None:
    item = case.spoil(set())
    item = item._replace(sig=item.sig[:32] + (ORDER // 2).to_bytes(32, "big") + item.sig[64:])

    with boa.reverts("invalid signature over ticket hash"):
        case.system.redeem(item)


def test_redeem_winning_ticket__signature_of_zeros__reverts(case: Case) -> None:
    item = case.spoil(set())._replace(sig=bytes(65))

    with boa.reverts("ECDSA: invalid signature"):
        case.system.redeem(item)


def test_redeem_winning_ticket__half_of_all_draws_win__agrees_with_the_win_rule(case: Case) -> None:
    case.spoil(set())
    half = MAX_WIN_PROB // 2
    outcomes = set()

    for nonce in range(8):
        item = redemption(case.key, case.orchestrator, 1, win_prob=half, sender_nonce=nonce)
        outcomes.add(is_winning(item.sig, RAND, half))
        if is_winning(item.sig, RAND, half):
            case.system.redeem(item)
        else:
            with boa.reverts("ticket did not win"):
                case.system.redeem(item)

    assert outcomes == {True, False}


def test_redeem_winning_ticket__draw_equal_to_win_prob__loses(case: Case) -> None:
    # No ticket can be signed for a chosen draw, so this asks the check itself.
    sig = case.spoil(set()).sig
    draw = winning_number(sig, RAND)
    check = f'tickets._check_won(x"{sig.hex()}", {RAND}, {{}})'

    case.system.broker.eval(check.format(draw + 1))
    with boa.reverts("ticket did not win"):
        case.system.broker.eval(check.format(draw))


@pytest.mark.parametrize("age", range(VALIDITY_PERIOD))
def test_redeem_winning_ticket__within_the_validity_period__is_redeemed(
    case: Case, age: int
) -> None:
    item = case.spoil(set())
    case.system.to_round(ROUND + age)

    case.system.redeem(item)

    assert case.system.is_used(item)


def test_redeem_winning_ticket__first_round_after_the_validity_period__reverts(
    case: Case,
) -> None:
    item = case.spoil(set())
    case.system.to_round(ROUND + VALIDITY_PERIOD)

    with boa.reverts("ticket is expired"):
        case.system.redeem(item)


def test_redeem_winning_ticket__second_time__reverts_whatever_the_signature(case: Case) -> None:
    item = case.spoil(set())
    case.system.redeem(item)

    with boa.reverts("ticket is used"):
        case.system.redeem(item)
    with boa.reverts("ticket is used"):
        case.system.redeem(item._replace(sig=item.sig[:64]))


def test_redeem_winning_ticket__sender_still_in_its_unlock_period__is_redeemed(
    case: Case,
) -> None:
    item = case.spoil(set())
    case.system.broker.setUnlockPeriod(1, sender=case.system.owner)
    case.system.broker.unlock(sender=case.key.address)

    case.system.redeem(item)

    assert case.system.is_used(item)


def test_redeem_winning_ticket__unlock_period_over__reverts(case: Case) -> None:
    item = case.spoil(set())
    case.system.broker.setTicketValidityPeriod(UNLOCK_PERIOD + 1, sender=case.system.owner)
    case.system.broker.unlock(sender=case.key.address)
    case.system.to_round(ROUND + UNLOCK_PERIOD)

    with boa.reverts("sender is unlocked"):
        case.system.redeem(item)
