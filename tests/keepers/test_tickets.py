"""The ticket module against itself; its reference vectors are in test_ticket_vectors.py."""

from __future__ import annotations

from fractions import Fraction

import pytest
from eth_account import Account
from eth_utils import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from keepers.tickets import (
    MAX_S,
    MAX_UINT256,
    MAX_WIN_PROB,
    ZERO_ADDRESS,
    SignatureError,
    Ticket,
    aux_data,
    be,
    expected_value,
    face_value,
    is_winning,
    personal_sign,
    personal_signer,
    recipient_rand,
    recipient_rand_hash,
    result_digest,
    segment_digest,
    sign_ticket,
    signer_of,
    u256,
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

keys = st.binary(min_size=32, max_size=32).filter(
    lambda raw: 0 < int.from_bytes(raw, "big") < 2 * MAX_S
)
uint256 = st.integers(0, MAX_UINT256)
hashes = st.binary(min_size=32, max_size=32)
addresses = st.binary(min_size=20, max_size=20).map(lambda raw: "0x" + raw.hex())


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


# -- bytes


@pytest.mark.parametrize(
    ("number", "data"), [(0, b""), (1, b"\x01"), (255, b"\xff"), (256, b"\x01\x00")]
)
def test_be__number__takes_the_fewest_bytes(number: int, data: bytes) -> None:
    assert be(number) == data


@pytest.mark.parametrize("number", [-1, 2**256])
def test_u256__out_of_range__is_refused(number: int) -> None:
    with pytest.raises(ValueError, match="does not fit in uint256"):
        u256(number)


def test_be__negative__is_refused() -> None:
    with pytest.raises(ValueError, match="-1 is negative"):
        be(-1)


@pytest.mark.parametrize(
    ("round_", "block_hash", "data"),
    [
        (0, b"", b""),
        (0, bytes(32), b""),
        (0, ROUND_HASH, bytes(32) + ROUND_HASH),
        (7, b"", u256(7) + bytes(32)),
        (7, ROUND_HASH, u256(7) + ROUND_HASH),
    ],
)
def test_aux_data__round_and_hash__is_64_bytes_or_nothing(
    round_: int, block_hash: bytes, data: bytes
) -> None:
    assert aux_data(round_, block_hash) == data


def test_aux_data__short_hash__is_refused() -> None:
    with pytest.raises(ValueError, match="block hash must be 32 bytes, got 31"):
        aux_data(7, ROUND_HASH[:31])


def test_ticket__short_commitment__is_refused() -> None:
    with pytest.raises(ValueError, match="recipient_rand_hash must be 32 bytes, got 3"):
        Ticket(ORCHESTRATOR, GATEWAY, 1, 1, 1, b"abc", b"")


def test_ticket__no_aux_data__hashes_168_bytes() -> None:
    zero = Ticket(ZERO_ADDRESS, ZERO_ADDRESS, 0, 0, 0, bytes(32), b"")

    assert zero.hash() == keccak(bytes(168))


def test_ticket__lower_case_addresses__equals_the_checksummed_one() -> None:
    fields = ticket().as_tuple()[2:]

    assert Ticket(ORCHESTRATOR.lower(), GATEWAY.lower(), *fields) == ticket()


# -- signatures


@given(key=keys, digest=hashes)
@settings(max_examples=20)
def test_personal_signer__signed_by_a_key__is_its_address(key: bytes, digest: bytes) -> None:
    sig = personal_sign(digest, key)

    assert len(sig) == 65
    assert sig[64] in (27, 28)
    assert int.from_bytes(sig[32:64], "big") <= MAX_S
    assert personal_signer(digest, sig) == Account.from_key(key).address


@given(sig=st.binary(min_size=65, max_size=65), digest=hashes)
@settings(max_examples=50)
def test_personal_signer__any_65_bytes__is_an_address_or_refused(sig: bytes, digest: bytes) -> None:
    try:
        signer = personal_signer(digest, sig)
    except SignatureError as error:
        assert str(error).startswith("ECDSA: invalid signature")  # noqa: PT017
    else:
        assert signer != ZERO_ADDRESS


@pytest.mark.parametrize("length", [0, 64, 66])
def test_personal_signer__other_length__is_refused(length: int) -> None:
    with pytest.raises(SignatureError, match="^INVALID_SIGNATURE_LENGTH$"):
        personal_signer(bytes(32), bytes(length))


def test_personal_signer__high_s__is_refused() -> None:
    sig = personal_sign(bytes(32), GATEWAY_KEY)
    high = sig[:32] + u256(MAX_S + 1) + sig[64:]

    with pytest.raises(SignatureError, match="^ECDSA: invalid signature 's' value$"):
        personal_signer(bytes(32), high)


@pytest.mark.parametrize("v", [0, 1, 26, 29])
def test_personal_signer__other_v__is_refused(v: int) -> None:
    sig = personal_sign(bytes(32), GATEWAY_KEY)

    with pytest.raises(SignatureError, match="^ECDSA: invalid signature$"):
        personal_signer(bytes(32), sig[:64] + bytes([v]))


@pytest.mark.parametrize("r", [0, MAX_UINT256])
def test_personal_signer__r_that_is_no_point__is_refused(r: int) -> None:
    with pytest.raises(SignatureError, match="^ECDSA: invalid signature$"):
        personal_signer(bytes(32), u256(r) + u256(1) + b"\x1b")


def test_personal_sign__not_32_bytes__is_refused() -> None:
    with pytest.raises(ValueError, match="digest must be 32 bytes, got 3"):
        personal_sign(b"abc", GATEWAY_KEY)


@given(key=keys, face=uint256, chance=uint256, nonce=uint256, rand=uint256)
@settings(max_examples=15)
def test_signer_of__any_ticket__is_its_sender(
    key: bytes, face: int, chance: int, nonce: int, rand: int
) -> None:
    signed = Ticket(
        recipient=ORCHESTRATOR,
        sender=Account.from_key(key).address,
        face_value=face,
        win_prob=chance,
        sender_nonce=nonce,
        recipient_rand_hash=recipient_rand_hash(rand),
        aux_data=aux_data(nonce, ROUND_HASH),
    )
    sig = sign_ticket(signed, key)

    assert signer_of(signed, sig) == signed.sender
    assert is_winning(sig, rand, chance) == (winning_number(sig, rand) < chance)


# -- worth


def test_is_winning__probability_zero__never_wins() -> None:
    assert not is_winning(sign_ticket(ticket(), GATEWAY_KEY), 10, 0)


def test_is_winning__draw_equal_to_the_probability__loses() -> None:
    sig = sign_ticket(ticket(), GATEWAY_KEY)
    draw = winning_number(sig, 10)

    assert not is_winning(sig, 10, draw)
    assert is_winning(sig, 10, draw + 1)


@given(face=uint256, chance=uint256)
def test_expected_value__any_ticket__is_exact(face: int, chance: int) -> None:
    ev = expected_value(face, chance)

    assert ev * MAX_WIN_PROB == face * chance
    assert expected_value(face, MAX_WIN_PROB) == face


@given(data=st.data(), face=st.integers(1, 10**27))
def test_win_prob__any_expected_value__is_met_and_hardly_exceeded(
    data: st.DataObject, face: int
) -> None:
    ev = data.draw(st.integers(0, face))
    chance = win_prob(ev, face)

    assert 0 <= chance <= MAX_WIN_PROB
    worth = expected_value(face, chance)
    assert ev <= worth < ev + 1


@pytest.mark.parametrize(("ev", "face", "chance"), [(0, 0, 0), (5, 5, MAX_WIN_PROB), (0, 5, 0)])
def test_win_prob__edges__are_never_and_always(ev: int, face: int, chance: int) -> None:
    assert win_prob(ev, face) == chance


def test_win_prob__expected_value_above_the_face_value__is_refused() -> None:
    with pytest.raises(ValueError, match="expected value 6 is above the face value 5"):
        win_prob(6, 5)


@pytest.mark.parametrize(
    ("ev", "limits", "value"),
    [
        (10, {"max_float": 10**9}, 50_000),  # 100 times the redemption
        (60_000, {"max_float": 10**9}, 6_000_000),  # 100 times the expected value
        (10, {"max_float": 700}, 700),
        (10, {"max_float": 10**9, "max_face_value": 600}, 600),
        (10, {"max_float": 500}, 500),  # pays for the redemption, just
    ],
)
def test_face_value__limits__is_the_smallest_of_them(
    ev: int, limits: dict[str, int], value: int
) -> None:
    assert face_value(ev, redeem_gas=100, gas_price=5, **limits) == value


@pytest.mark.parametrize(
    ("ev", "gas_price", "max_float"),
    [(501, 5, 500), (10, 5, 499), (10, 4 * 10**9, 100 * 3 * 10**9 - 1)],
    ids=["below one ticket", "below the cost now", "below the cost at 3 gwei"],
)
def test_face_value__sender_good_for_too_little__is_refused(
    ev: int, gas_price: int, max_float: int
) -> None:
    with pytest.raises(ValueError, match="^insufficient sender reserve$"):
        face_value(ev, redeem_gas=100, gas_price=gas_price, max_float=max_float)


def test_face_value__gas_dear_for_now__covers_the_cost_at_3_gwei() -> None:
    value = 100 * 3 * 10**9

    assert face_value(10, redeem_gas=100, gas_price=4 * 10**9, max_float=value) == value


# -- commitments and digests


@given(
    seed=uint256,
    sender=addresses,
    face=uint256,
    chance=uint256,
    block=st.integers(0, 2**63 - 1),
    numerator=st.integers(0, 2**63 - 1),
    denominator=st.integers(1, 2**63 - 1),
)
@settings(max_examples=20)
def test_recipient_rand__same_parameters__same_number(
    seed: int,
    sender: str,
    face: int,
    chance: int,
    block: int,
    numerator: int,
    denominator: int,
) -> None:
    def rand(secret: bytes, factor: int) -> int:
        price = Fraction(numerator * factor, denominator * factor)
        return recipient_rand(secret, seed, sender, face, chance, block, price, b"aux")

    assert rand(b"secret", 1) == rand(b"secret", 3)  # a ratio, not two numbers
    assert rand(b"secret", 1) != rand(b"other secret", 1)
    assert 0 <= rand(b"secret", 1) <= MAX_UINT256


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 2},
        {"sender": ORCHESTRATOR},
        {"face_value": 2},
        {"win_prob": 2},
        {"expiration_block": 2},
        {"price": Fraction(2)},
        {"aux_data": b"other"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_recipient_rand__another_parameter__another_number(change: dict[str, object]) -> None:
    good = {
        "secret": b"secret",
        "seed": 1,
        "sender": GATEWAY,
        "face_value": 1,
        "win_prob": 1,
        "expiration_block": 1,
        "price": Fraction(1),
        "aux_data": b"aux",
    }

    assert recipient_rand(**good) != recipient_rand(**(good | change))  # type: ignore[arg-type]


@given(source=hashes, seq=uint256, profiles=st.lists(st.text(max_size=8), max_size=3))
@settings(max_examples=20)
def test_segment_digest__any_part_changed__changes(
    source: bytes, seq: int, profiles: list[str]
) -> None:
    digest = segment_digest("manifest", seq, source, profiles)
    others = [
        segment_digest("manifesto", seq, source, profiles),
        segment_digest("manifest", seq ^ 1, source, profiles),
        segment_digest("manifest", seq, bytes(31) + bytes([source[-1] ^ 1]), profiles),
        segment_digest("manifest", seq, source, [*profiles, "another"]),
    ]

    assert digest not in others


def test_segment_digest__source_instead_of_its_hash__is_refused() -> None:
    with pytest.raises(ValueError, match="source_hash must be 32 bytes, got 13"):
        segment_digest("abcd1234", 7, b"segment-bytes", [])


def test_result_digest__order_of_renditions__matters() -> None:
    one, two = keccak(b"A"), keccak(b"B")

    assert result_digest([one, two]) != result_digest([two, one])


def test_result_digest__rendition_instead_of_its_hash__is_refused() -> None:
    with pytest.raises(ValueError, match="rendition hash must be 32 bytes, got 30"):
        result_digest([b"A" * 30])
