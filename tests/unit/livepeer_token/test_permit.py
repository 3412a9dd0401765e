"""permit(): EIP-712 digests built here, and the rules about signatures."""

from __future__ import annotations

from typing import NamedTuple

import boa
import pytest
from eth_abi import encode
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_keys import keys
from eth_utils import keccak

from tests.support.calls import logs
from tests.support.contracts import ZERO
from tests.unit.livepeer_token.conftest import Token

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
MAX_S = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
PERMIT_TYPE_HASH = "6e71edae12b1b97f4d1f60370fef10105fa2faae0126114a169c64845d6126c9"
DOMAIN_TYPE_HASH = "8b73c3c69bb8fe3d512ecc4cf759cc79239f7b179b0ffacaa9a75d522b39400f"
KEY = keccak(text="key of the owner")
OWNER = Account.from_key(KEY).address
BAD_S = "ECDSA: invalid signature 's' value"
BAD_SIGNATURE = "ECDSA: invalid signature"
WRONG_SIGNER = "ERC20Permit: invalid signature"


class Signature(NamedTuple):
    v: int
    r: bytes
    s: bytes


def now() -> int:
    return int(boa.env.evm.patch.timestamp)


def signed(
    token: Token, spender: str, *, value: int = 500, nonce: int = 0, deadline: int | None = None
) -> Signature:
    """What a wallet signs, by an encoder that shares nothing with the contract."""
    message = {
        "types": {
            "EIP712Domain": [
                {"name": "name", "type": "string"},
                {"name": "version", "type": "string"},
                {"name": "chainId", "type": "uint256"},
                {"name": "verifyingContract", "type": "address"},
            ],
            "Permit": [
                {"name": "owner", "type": "address"},
                {"name": "spender", "type": "address"},
                {"name": "value", "type": "uint256"},
                {"name": "nonce", "type": "uint256"},
                {"name": "deadline", "type": "uint256"},
            ],
        },
        "primaryType": "Permit",
        "domain": {
            "name": "Livepeer Token",
            "version": "1",
            "chainId": boa.env.evm.patch.chain_id,
            "verifyingContract": token.lpt.address,
        },
        "message": {
            "owner": OWNER,
            "spender": spender,
            "value": value,
            "nonce": nonce,
            "deadline": now() if deadline is None else deadline,
        },
    }
    found = Account.sign_message(encode_typed_data(full_message=message), KEY)
    return Signature(found.v, found.r.to_bytes(32, "big"), found.s.to_bytes(32, "big"))


def permit(
    token: Token,
    spender: str,
    signature: Signature,
    *,
    owner: str = OWNER,
    value: int = 500,
    deadline: int | None = None,
) -> None:
    token.lpt.permit(owner, spender, value, now() if deadline is None else deadline, *signature)


def test_permit__signed_by_the_owner__approves_once(token: Token, spender: str) -> None:
    signature = signed(token, spender)
    permit(token, spender, signature)

    assert logs(token.lpt) == [("Approval", OWNER, spender, 500)]
    assert token.lpt.allowance(OWNER, spender) == 500
    assert token.lpt.nonces(OWNER) == 1
    with boa.reverts(WRONG_SIGNER):
        permit(token, spender, signature)


def test_permit__next_nonce__approves_again(token: Token, spender: str) -> None:
    permit(token, spender, signed(token, spender))
    permit(token, spender, signed(token, spender, value=7, nonce=1), value=7)
    assert token.lpt.allowance(OWNER, spender) == 7
    assert token.lpt.nonces(OWNER) == 2


def test_permit__after_the_deadline__reverts(token: Token, spender: str) -> None:
    deadline = now() - 1
    with boa.reverts("ERC20Permit: expired deadline"):
        permit(token, spender, signed(token, spender, deadline=deadline), deadline=deadline)


def test_permit__other_amount_than_signed__reverts(token: Token, spender: str) -> None:
    with boa.reverts(WRONG_SIGNER):
        permit(token, spender, signed(token, spender), value=501)


def test_permit__other_owner_than_signed__reverts_and_keeps_the_nonce(
    token: Token, spender: str, stranger: str
) -> None:
    with boa.reverts(WRONG_SIGNER):
        permit(token, spender, signed(token, spender), owner=stranger)
    assert token.lpt.nonces(stranger) == 0


def test_permit__zero_owner__reverts(token: Token, spender: str) -> None:
    """No signature recovers to zero, so nothing is approved for the zero address."""
    with boa.reverts(BAD_SIGNATURE):
        permit(token, spender, Signature(29, bytes(32), bytes(32)), owner=ZERO)


def test_permit__zero_spender__reverts(token: Token) -> None:
    with boa.reverts("ERC20: approve to the zero address"):
        permit(token, ZERO, signed(token, ZERO))


def test_permit__upper_s__reverts_although_the_curve_takes_it(token: Token, spender: str) -> None:
    v, r, s = signed(token, spender)
    upper = ORDER - int.from_bytes(s, "big")
    assert upper > MAX_S
    with boa.reverts(BAD_S):
        permit(token, spender, Signature(55 - v, r, upper.to_bytes(32, "big")))


@pytest.mark.parametrize(("s", "text"), [(MAX_S + 1, BAD_S), (MAX_S, WRONG_SIGNER)])
def test_permit__s_at_the_bound__only_above_it_is_refused_as_such(
    token: Token, spender: str, s: int, text: str
) -> None:
    v, r, _ = signed(token, spender)
    with boa.reverts(text):
        permit(token, spender, Signature(v, r, s.to_bytes(32, "big")))


@pytest.mark.parametrize("v", [0, 1, 26, 29, 255])
def test_permit__v_neither_27_nor_28__reverts(token: Token, spender: str, v: int) -> None:
    _, r, s = signed(token, spender)
    with boa.reverts(BAD_SIGNATURE):
        permit(token, spender, Signature(v, r, s))


def test_permit__flipped_v__recovers_somebody_else(token: Token, spender: str) -> None:
    v, r, s = signed(token, spender)
    with boa.reverts(WRONG_SIGNER):
        permit(token, spender, Signature(55 - v, r, s))


def test_domain_separator__this_chain__follows_eip_712(token: Token) -> None:
    def expected(chain_id: int) -> bytes:
        types = ["bytes32", "bytes32", "bytes32", "uint256", "address"]
        name, version = keccak(text="Livepeer Token"), keccak(text="1")
        domain = bytes.fromhex(DOMAIN_TYPE_HASH)
        return keccak(encode(types, [domain, name, version, chain_id, token.lpt.address]))

    chain_id = boa.env.evm.patch.chain_id
    assert token.lpt.DOMAIN_SEPARATOR() == expected(chain_id)
    boa.env.evm.patch.chain_id = chain_id + 1
    assert token.lpt.DOMAIN_SEPARATOR() == expected(chain_id + 1)
    boa.env.evm.patch.chain_id = chain_id


def test_permit__digest_by_hand__has_the_type_hash_of_erc_2612(token: Token, spender: str) -> None:
    types = ["bytes32", "address", "address", "uint256", "uint256", "uint256"]
    values = [bytes.fromhex(PERMIT_TYPE_HASH), OWNER, spender, 500, 0, now()]
    digest = keccak(b"\x19\x01" + token.lpt.DOMAIN_SEPARATOR() + keccak(encode(types, values)))
    signature = keys.PrivateKey(KEY).sign_msg_hash(digest)
    r, s = signature.r.to_bytes(32, "big"), signature.s.to_bytes(32, "big")
    permit(token, spender, Signature(27 + signature.v, r, s))
    assert token.lpt.allowance(OWNER, spender) == 500


def test_eip712_domain__asked__names_its_fields(token: Token) -> None:
    chain_id = boa.env.evm.patch.chain_id
    address = token.lpt.address
    domain = (b"\x0f", "Livepeer Token", "1", chain_id, address, bytes(32), [])
    assert token.lpt.eip712Domain() == domain
