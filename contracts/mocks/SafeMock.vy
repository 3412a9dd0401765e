# pragma version 0.4.3
# pragma evm-version cancun
"""
@title SafeMock
@notice Test double of a Safe with one owner, who is also the whole threshold.
@dev Hashes and checks a transaction as Safe 1.3 does, from its published EIP-712 types. It never
     delegates a call: operation 1 is taken to be MultiSendCallOnly, and its batch is made here,
     which is what the delegated code would do in the Safe's name. No refunds, no modules, no guard.
"""

DOMAIN_TYPEHASH: constant(bytes32) = keccak256(
    "EIP712Domain(uint256 chainId,address verifyingContract)"
)
# Of SafeTx with its ten fields: to, value, data, operation, gas and refunds, nonce.
SAFE_TX_TYPEHASH: constant(bytes32) = (
    0xbb8310d486368db6bd6f849402fdd73ad53d316b5a4b2644ad6efe0f941286d8
)
MULTI_SEND: constant(Bytes[4]) = method_id("multiSend(bytes)")
MAX_BYTES: constant(uint256) = 16_384
MAX_CALLS: constant(uint256) = 16
HEAD: constant(uint256) = 85  # operation, to, value, length of data: packed

OWNER: immutable(address)

nonce: public(uint256)


@deploy
def __init__(_owner: address):
    OWNER = _owner


@external
@payable
def execTransaction(
    _to: address,
    _value: uint256,
    _data: Bytes[MAX_BYTES],
    _operation: uint8,
    _safeTxGas: uint256,
    _baseGas: uint256,
    _gasPrice: uint256,
    _gasToken: address,
    _refundReceiver: address,
    _signature: Bytes[65],
) -> bool:
    assert _baseGas + _gasPrice == 0 and _gasToken == _refundReceiver, "no refunds"

    hash: bytes32 = self._hash_transaction(_to, _value, _data, _operation, _safeTxGas, self.nonce)
    r: uint256 = convert(slice(_signature, 0, 32), uint256)
    s: uint256 = convert(slice(_signature, 32, 32), uint256)
    v: uint256 = convert(slice(_signature, 64, 1), uint256)
    assert ecrecover(hash, v, r, s) == OWNER, "GS026"

    self.nonce += 1

    if _operation == 0:
        raw_call(_to, _data, value=_value)
    else:
        self._multi_send(_data)
    return True


@external
@view
def getTransactionHash(
    _to: address, _value: uint256, _data: Bytes[MAX_BYTES], _operation: uint8, _nonce: uint256
) -> bytes32:
    return self._hash_transaction(_to, _value, _data, _operation, 0, _nonce)


@internal
@view
def _hash_transaction(
    _to: address,
    _value: uint256,
    _data: Bytes[MAX_BYTES],
    _operation: uint8,
    _gas: uint256,
    _nonce: uint256,
) -> bytes32:
    domain: bytes32 = keccak256(abi_encode(DOMAIN_TYPEHASH, chain.id, self))
    struct_hash: bytes32 = keccak256(
        abi_encode(
            SAFE_TX_TYPEHASH,
            _to,
            _value,
            keccak256(_data),
            _operation,
            _gas,
            empty(uint256),
            empty(uint256),
            empty(address),
            empty(address),
            _nonce,
        )
    )
    return keccak256(concat(b"\x19\x01", domain, struct_hash))


@internal
def _multi_send(_data: Bytes[MAX_BYTES]):
    assert slice(_data, 0, 4) == MULTI_SEND, "not multiSend"

    size: uint256 = convert(slice(_data, 36, 32), uint256)
    packed: Bytes[MAX_BYTES] = slice(_data, 68, size)
    place: uint256 = 0
    for _: uint256 in range(MAX_CALLS):
        if place == size:
            return
        assert slice(packed, place, 1) == b"\x00", "only calls"
        target: address = convert(convert(slice(packed, place + 1, 20), bytes20), address)
        amount: uint256 = convert(slice(packed, place + 21, 32), uint256)
        length: uint256 = convert(slice(packed, place + 53, 32), uint256)

        raw_call(target, slice(packed, place + HEAD, length), value=amount)

        place += HEAD + length
    raise "too many calls"
