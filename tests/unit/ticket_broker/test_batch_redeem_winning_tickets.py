"""batchRedeemWinningTickets(ticket[], bytes[], uint256[])"""

from __future__ import annotations

import boa
import pytest
from eth_abi import encode
from eth_utils import function_signature_to_4byte_selector as selector

from keepers.tickets import ZERO_ADDRESS
from tests.support.calls import error_data, logs, reverted
from tests.support.ticket_broker import ROUND, BrokerOnMocks, Key, Redemption, batch, redemption

TUPLE = "(address,address,uint256,uint256,uint256,bytes32,bytes)"
OUT_OF_BOUNDS = error_data("Panic(uint256)", 0x32)
MAX_BATCH = 175


def call_data(tickets: list[object], sigs: list[bytes], rands: list[int]) -> bytes:
    """Encoded outside the broker's ABI, which refuses what is above its bounds."""
    types = [f"{TUPLE}[]", "bytes[]", "uint256[]"]
    name = f"batchRedeemWinningTickets({','.join(types)})"
    return selector(name) + encode(types, [tickets, sigs, rands])


def paid(system: BrokerOnMocks) -> list[int]:
    """Nonces of the tickets that the last call redeemed."""
    return [entry[5] for entry in logs(system.broker) if entry[0] == "WinningTicketRedeemed"]


@pytest.fixture
def items(
    system: BrokerOnMocks, gateway: str, gateway_key: Key, orchestrator: str
) -> list[Redemption]:
    """Three good tickets of 100 wei each, with money for all."""
    system.fund(gateway, deposit=1_000)
    return [redemption(gateway_key, orchestrator, 100, sender_nonce=n) for n in (1, 2, 3)]


def test_batch_redeem_winning_tickets__good_tickets__redeems_each(
    system: BrokerOnMocks, gateway: str, orchestrator: str, items: list[Redemption]
) -> None:
    system.redeem_batch(items, sender=orchestrator)

    names = [name for name, *_ in logs(system.broker)]
    assert names == ["FeesCredited", "WinningTicketTransfer", "WinningTicketRedeemed"] * 3
    assert paid(system) == [1, 2, 3]
    assert system.deposit_of(gateway) == 700


@pytest.mark.parametrize("bad", range(3))
def test_batch_redeem_winning_tickets__one_bad_ticket__the_others_are_paid(
    system: BrokerOnMocks, gateway: str, orchestrator: str, items: list[Redemption], bad: int
) -> None:
    broken = items[bad]._replace(sig=bytes(65))
    system.redeem_batch([*items[:bad], broken, *items[bad + 1 :]], sender=orchestrator)

    assert paid(system) == [nonce for nonce in (1, 2, 3) if nonce != bad + 1]
    assert [system.is_used(item) for item in items] == [i != bad for i in range(3)]
    assert system.deposit_of(gateway) == 800


def test_batch_redeem_winning_tickets__failure_after_effects__leaves_no_trace(
    system: BrokerOnMocks, gateway: str, orchestrator: str, items: list[Redemption]
) -> None:
    system.bonding_manager.setRefusal("transcoder must be active")

    system.redeem_batch(items, sender=orchestrator)

    assert logs(system.broker) == []
    assert not any(system.is_used(item) for item in items)
    assert system.deposit_of(gateway) == 1_000


def test_batch_redeem_winning_tickets__same_ticket_twice__is_paid_once(
    system: BrokerOnMocks, gateway: str, orchestrator: str, items: list[Redemption]
) -> None:
    system.redeem_batch([items[0], items[0], items[1]], sender=orchestrator)

    assert paid(system) == [1, 2]
    assert system.deposit_of(gateway) == 800


def test_batch_redeem_winning_tickets__money_for_some__pays_in_order_and_keeps_the_rest(
    system: BrokerOnMocks, gateway: str, gateway_key: Key, orchestrator: str
) -> None:
    system.fund(gateway, deposit=250)
    values = (200, 100, 50)
    items = [redemption(gateway_key, orchestrator, v, sender_nonce=v) for v in values]

    system.redeem_batch(items, sender=orchestrator)

    assert paid(system) == [200, 50]
    assert not system.is_used(items[1])


def test_batch_redeem_winning_tickets__empty__does_nothing(
    system: BrokerOnMocks, stranger: str
) -> None:
    system.redeem_batch([], sender=stranger)

    assert logs(system.broker) == []


@pytest.mark.parametrize("short", [1, 2], ids=["signatures", "numbers"])
def test_batch_redeem_winning_tickets__short_array__reverts_with_panic_0x32(
    system: BrokerOnMocks, orchestrator: str, items: list[Redemption], short: int
) -> None:
    arrays = list(batch(items))
    arrays[short] = arrays[short][:2]

    assert reverted(system.broker.address, call_data(*arrays), sender=orchestrator) == OUT_OF_BOUNDS
    assert not any(system.is_used(item) for item in items)


def test_batch_redeem_winning_tickets__long_arrays__ignores_what_is_too_much(
    system: BrokerOnMocks, orchestrator: str, items: list[Redemption]
) -> None:
    tickets, sigs, rands = batch(items)

    system.broker.batchRedeemWinningTickets(tickets[:2], sigs, rands, sender=orchestrator)

    assert paid(system) == [1, 2]


def test_batch_redeem_winning_tickets__system_paused__reverts_before_the_lengths(
    system: BrokerOnMocks, orchestrator: str, items: list[Redemption]
) -> None:
    system.rounds_manager.setRound(ROUND, False)
    system.controller.pause(sender=system.owner)

    with boa.reverts("system is paused"):
        system.broker.batchRedeemWinningTickets(batch(items)[0], [], [], sender=orchestrator)


def test_batch_redeem_winning_tickets__round_not_initialized__reverts_before_the_lengths(
    system: BrokerOnMocks, orchestrator: str, items: list[Redemption]
) -> None:
    system.rounds_manager.setRound(ROUND, False)

    with boa.reverts("current round is not initialized"):
        system.broker.batchRedeemWinningTickets(batch(items)[0], [], [], sender=orchestrator)


def test_batch_redeem_winning_tickets__lengths_up_to_the_bounds__fail_only_their_ticket(
    system: BrokerOnMocks, orchestrator: str, gateway_key: Key, items: list[Redemption]
) -> None:
    long_aux = redemption(gateway_key, orchestrator, 100, aux_data=bytes(128))
    long_sig = items[1]._replace(sig=bytes(96))

    system.redeem_batch([long_aux, long_sig, items[2]], sender=orchestrator)

    assert paid(system) == [3]


@pytest.mark.parametrize(("aux", "sig"), [(129, 65), (64, 97)], ids=["auxData", "signature"])
def test_batch_redeem_winning_tickets__length_above_the_bounds__whole_batch_reverts_without_data(
    system: BrokerOnMocks,
    orchestrator: str,
    gateway_key: Key,
    items: list[Redemption],
    aux: int,
    sig: int,
) -> None:
    ticket = redemption(gateway_key, orchestrator, 100, aux_data=bytes(aux)).ticket
    data = call_data(*batch([items[0], Redemption(ticket, bytes(sig), 5)]))

    assert reverted(system.broker.address, data, sender=orchestrator) == b""
    assert not system.is_used(items[0])


def test_batch_redeem_winning_tickets__largest_batch__works(
    system: BrokerOnMocks, orchestrator: str, gateway_key: Key, items: list[Redemption]
) -> None:
    null = redemption(gateway_key, ZERO_ADDRESS, 100)

    system.redeem_batch([null] * (MAX_BATCH - 1) + [items[0]], sender=orchestrator)

    assert paid(system) == [1]


def test_batch_redeem_winning_tickets__one_more_than_the_largest__reverts_without_data(
    system: BrokerOnMocks, orchestrator: str, items: list[Redemption]
) -> None:
    data = call_data(*batch(items[:1] * (MAX_BATCH + 1)))

    assert reverted(system.broker.address, data, sender=orchestrator) == b""


def test_batch_redeem_winning_tickets__as_many_as_fit_an_arbitrum_transaction__are_within_the_bound(
    items: list[Redemption],
) -> None:
    assert len(call_data(*batch(items[:1] * (MAX_BATCH - 1)))) < 95_000
    assert len(call_data(*batch(items[:1] * MAX_BATCH))) > 95_000
