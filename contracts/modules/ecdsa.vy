# pragma version 0.4.3
"""
@title ecdsa
@notice Address behind a secp256k1 signature, with the two texts that clients of the deployed
        protocol know.
@dev Only the lower of the two valid `s` is accepted: each signature has one form, so a ticket has
     one winning number and a permit one encoding. Source: core spec, sections 8 (permit) and 11.6,
     check 11.
"""

# Half of the order of secp256k1, floored.
MAX_S: constant(bytes32) = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0


@internal
@pure
def _recover(_digest: bytes32, _v: uint8, _r: bytes32, _s: bytes32) -> address:
    """
    @dev Never returns the zero address. The precompile answers zero for a `_v` that is neither 27
         nor 28.
    """
    assert convert(_s, uint256) <= convert(MAX_S, uint256), "ECDSA: invalid signature 's' value"

    signer: address = ecrecover(_digest, _v, _r, _s)
    assert signer != empty(address), "ECDSA: invalid signature"

    return signer
