"""Reference vectors: of the off-chain specification, and of the deployed TicketBroker."""

from __future__ import annotations

from fractions import Fraction

from eth_utils import keccak

from keepers.tickets import (
    MAX_WIN_PROB,
    ZERO_ADDRESS,
    Ticket,
    aux_data,
    is_winning,
    personal_sign,
    recipient_rand,
    recipient_rand_hash,
    request_digest,
    result_digest,
    segment_digest,
    sign_ticket,
    signer_of,
    win_prob,
    winning_number,
)

GATEWAY_KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
ORCHESTRATOR_KEY = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"
GATEWAY = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
ORCHESTRATOR = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
ROUND_HASH = bytes.fromhex("41b1a0649752af1b28b3dc29a1556eee781e4a4c3a1f7f53f90fa834de098c4d")
FACE_VALUE = 80_000_000_000_000
EV = 8_000_000_000
WIN_PROB = 11579208923731619542357098500868790785326998466564056403945758408000000000


def ticket(win_prob: int = WIN_PROB, nonce: int = 1) -> Ticket:
    return Ticket(
        recipient=ORCHESTRATOR,
        sender=GATEWAY,
        face_value=FACE_VALUE,
        win_prob=win_prob,
        sender_nonce=nonce,
        recipient_rand_hash=recipient_rand_hash(10),
        aux_data=aux_data(1234, ROUND_HASH),
    )


def test_ticket__vector_of_a_losing_ticket__matches() -> None:
    lost = ticket()
    sig = sign_ticket(lost, GATEWAY_KEY)

    assert lost.recipient_rand_hash.hex() == (
        "c65a7bb8d6351c1cf70c95a316cc6a92839c986682d98bc35f958f4883f9d2a8"
    )
    assert lost.hash().hex() == "5f207534ea6315b045695d3deba02f4f0bc433ed2a90667f1a238e91f59ba3a1"
    assert sig.hex() == (
        "cab06749b015d3e3f4a042242ddc1670a2d9f716638e8ff40d97ec428d3997ea"
        "0ad9c4762a218fc92f1cbb7ec99c303c7be3dfed54e9f9eee2292698391f3e681b"
    )
    assert winning_number(sig, 10) == (
        0xB2EEE23AD61C5A8E22B745DF7573D5605608EFB9C41619D8D3E6C5D1A2422233
    )
    assert not is_winning(sig, 10, lost.win_prob)


def test_ticket__vector_with_odds_of_a_quarter__seventh_nonce_wins() -> None:
    quarter = MAX_WIN_PROB // 4
    draws = []
    for nonce in range(1, 8):
        draws.append(is_winning(sign_ticket(ticket(quarter, nonce), GATEWAY_KEY), 10, quarter))

    assert draws == [False] * 6 + [True]
    won = ticket(quarter, 7)
    assert won.hash().hex() == "0e26a9947f49d7094a88d13ed2528095d2e12e4638c83483ab47843e2bd81948"
    assert winning_number(sign_ticket(won, GATEWAY_KEY), 10) == (
        0x23C6DDC9C49C1632F656B1020765ABCD77906CAE6395BBDFEAEC26D0CDB13D7A
    )


def test_ticket__vector_of_the_contract__matches() -> None:
    key = b"\x01" * 32
    sample = Ticket(
        recipient="0x00000000000000000000000000000000000000AA",
        sender="0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1",
        face_value=1_000,
        win_prob=MAX_WIN_PROB,
        sender_nonce=0,
        recipient_rand_hash=recipient_rand_hash(5),
        aux_data=aux_data(10, ROUND_HASH),
    )
    sig = sign_ticket(sample, key)

    assert keccak(text="foo") == ROUND_HASH
    assert sample.recipient_rand_hash.hex() == (
        "036b6384b5eca791c62761152d0c79bb0604c104a5fb6f4eb0703f3154bb3db0"
    )
    assert sample.hash().hex() == "f325fb8edd646ae5d0bdde2ba3af96afe222d218c7ea0a2df61446a1f118b601"
    assert keccak(b"\x19Ethereum Signed Message:\n32" + sample.hash()).hex() == (
        "61f60383d46f88cda74c6082125a57d8c0444a8bddccc257fdf278d777e9a7d3"
    )
    assert sig.hex() == (
        "5aeb5f9d2230990001bdf7af9e22cc83855a6c87cbc0faa31f3ae42f8395033e"
        "5034d8c835ec51145f3d337e79336853da9572ea399d7081a54343e4436db5261b"
    )
    assert winning_number(sig, 5) == (
        0x6CCD2B958131ECD199B9F2984026530C6A69C89E57A8EA1D6483188F6B592F17
    )
    assert signer_of(sample, sig) == sample.sender


def test_ticket__vector_of_all_zero_fields__matches() -> None:
    zero = Ticket(ZERO_ADDRESS, ZERO_ADDRESS, 0, 0, 0, bytes(32), aux_data(10, ROUND_HASH))

    assert zero.hash().hex() == "e502907c16036ab3d11b78c5a2e93c20f3d6415c67f91de4ed01348182b3b2e2"


def test_win_prob__vector__matches() -> None:
    assert win_prob(EV, FACE_VALUE) == WIN_PROB


def test_recipient_rand__vector__matches() -> None:
    rand = recipient_rand(
        bytes(range(32)),
        int.from_bytes(b"\x11" * 32, "big"),
        GATEWAY,
        FACE_VALUE,
        WIN_PROB,
        20_000_040,
        Fraction(1_200, 1),
        aux_data(1234, ROUND_HASH),
    )

    assert rand == 0x9B207A704364D7E3E4FA8AA5327315B8804C0219C86AD7D89C068C7AB6809CE8
    assert recipient_rand_hash(rand).hex() == (
        "fc36818548e0f1a54822d27a4b9ba72a8e2cf93e90264823ab0cc6eff4f76cdb"
    )


def test_request_digest__vector__matches() -> None:
    digest = request_digest(GATEWAY.lower())

    assert digest.hex() == "db2ec52069cba65d62a560cad9088e7a709d09e7c14b33d740b428038e383e34"
    assert personal_sign(digest, GATEWAY_KEY).hex() == (
        "47d66008c2c5b0671b8e7b43b62245ae9c4ba5f6ff7e94328b68eb45090cb108"
        "0815dec67a20bdec15ce794c9ce271fa8e6552d6b0976ab7a0b92d5516b32ef31c"
    )


def test_segment_digest__vector__matches() -> None:
    profiles = ["P240p30fps16x9", "P360p30fps16x9"]
    digest = segment_digest("abcd1234", 7, keccak(b"segment-bytes"), profiles)

    assert digest.hex() == "e61056947d4403f4ea141babf614a6175197e5ca500bc33a7105ebf74deb6423"
    assert personal_sign(digest, GATEWAY_KEY).hex() == (
        "eb9dc5c7dd88e758ced4eb319c32d26447e111b2661e5d162d68e73d025126cf"
        "7988ff90bac8fe37e959fda8afde6b32a55a308d1c793d827fc116f1e8830f7e1b"
    )


def test_result_digest__vector__matches() -> None:
    digest = result_digest([keccak(b"A" * 30), keccak(b"B" * 31)])

    assert digest.hex() == "c1069908eea543c9356a0dc24d7414b75a112569e716ee13d94976a00bf53e50"
    assert personal_sign(digest, ORCHESTRATOR_KEY).hex() == (
        "8db82ffcc4837927eaab1179ab41f560dd7a1fce538bf099b7af59d2207c5a40"
        "2774a630497bbb8e146b5b494a6a76c3d005ad0ae71cd3e752c978bd0feb76131b"
    )
