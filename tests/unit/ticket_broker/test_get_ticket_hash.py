"""getTicketHash(ticket)"""

import pytest
from eth_utils import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from keepers.tickets import MAX_UINT256, ZERO_ADDRESS, Ticket, aux_data
from tests.support.ticket_broker import BrokerOnMocks

uint256 = st.integers(0, MAX_UINT256)
address = st.binary(min_size=20, max_size=20).map(lambda raw: "0x" + raw.hex())
tickets = st.builds(
    Ticket,
    recipient=address,
    sender=address,
    face_value=uint256,
    win_prob=uint256,
    sender_nonce=uint256,
    recipient_rand_hash=st.binary(min_size=32, max_size=32),
    aux_data=st.binary(max_size=1024),
)


def test_get_ticket_hash__reference_ticket__matches(system: BrokerOnMocks) -> None:
    ticket = Ticket(
        recipient="0x00000000000000000000000000000000000000AA",
        sender="0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1",
        face_value=1_000,
        win_prob=MAX_UINT256,
        sender_nonce=0,
        recipient_rand_hash=bytes.fromhex(
            "036b6384b5eca791c62761152d0c79bb0604c104a5fb6f4eb0703f3154bb3db0"
        ),
        aux_data=aux_data(10, keccak(text="foo")),
    )

    assert system.broker.getTicketHash(ticket.as_tuple()).hex() == (
        "f325fb8edd646ae5d0bdde2ba3af96afe222d218c7ea0a2df61446a1f118b601"
    )


def test_get_ticket_hash__every_field_zero__matches(system: BrokerOnMocks) -> None:
    aux = aux_data(10, keccak(text="foo"))
    ticket = Ticket(ZERO_ADDRESS, ZERO_ADDRESS, 0, 0, 0, bytes(32), aux)

    assert system.broker.getTicketHash(ticket.as_tuple()).hex() == (
        "e502907c16036ab3d11b78c5a2e93c20f3d6415c67f91de4ed01348182b3b2e2"
    )


@given(ticket=tickets)
@settings(max_examples=25)
def test_get_ticket_hash__any_ticket__equals_the_off_chain_hash(
    deployed_system: BrokerOnMocks, ticket: Ticket
) -> None:
    assert deployed_system.broker.getTicketHash(ticket.as_tuple()) == ticket.hash()


@pytest.mark.parametrize("length", [0, 1, 31, 32, 33, 64, 1024])
def test_get_ticket_hash__aux_data_of_any_length__is_packed_without_padding(
    system: BrokerOnMocks, length: int
) -> None:
    aux = bytes(range(1, 256))[:length].ljust(length, b"\xff")
    ticket = Ticket(ZERO_ADDRESS, ZERO_ADDRESS, 0, 0, 0, bytes(32), aux)

    assert system.broker.getTicketHash(ticket.as_tuple()) == keccak(bytes(168) + aux)
