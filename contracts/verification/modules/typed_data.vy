# pragma version 0.4.3
"""
@title typed_data
@notice EIP-712 hashes of what gateways and orchestrators sign.
@dev Owns nothing. The domain is computed on each call, because this runs behind a proxy: its address and the chain
     id are the caller's. Source: verification spec, section 8.2; verifier/messages.py.
"""

from ...interfaces import ISlashingVerifier
from ...modules import ecdsa

_DOMAIN_TYPE: constant(bytes32) = keccak256(
    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)
_NAME: constant(bytes32) = keccak256("LivepeerVerification")
_VERSION: constant(bytes32) = keccak256("1")
_ORDER_TYPE: constant(bytes32) = keccak256(
    "SegmentOrder(bytes32 jobId,uint64 seq,address gateway,address orchestrator,bytes32 sourceHash,uint32 sourceLength,bytes32 sourceRoot,uint32 sourceFrames,bytes32 profilesHash,uint16 csfVersion,uint64 issuedAt,uint64 expiry)"
)
_RECEIPT_TYPE: constant(bytes32) = keccak256(
    "SegmentReceipt(bytes32 orderHash,bytes32 jobId,uint64 seq,address orchestrator,bytes32 sourceRoot,bytes32 renditionsRoot,uint16 renditions,uint64 pixels,bytes32 prevReceipt,uint64 signedAt)"
)
_REGISTRATION_TYPE: constant(bytes32) = keccak256(
    "SignerRegistration(address orchestrator,address signer)"
)
RENDITION_TAG: constant(uint256) = 2


@internal
@pure
def _order_hash(_order: ISlashingVerifier.SegmentOrder) -> bytes32:
    return keccak256(abi_encode(_ORDER_TYPE, _order))


@internal
@pure
def _receipt_hash(_receipt: ISlashingVerifier.SegmentReceipt) -> bytes32:
    return keccak256(abi_encode(_RECEIPT_TYPE, _receipt))


@internal
@pure
def _registration_hash(_orchestrator: address, _signer: address) -> bytes32:
    return keccak256(abi_encode(_REGISTRATION_TYPE, _orchestrator, _signer))


@internal
@pure
def _leaf_hash(_leaf: ISlashingVerifier.RenditionLeaf) -> bytes32:
    return keccak256(abi_encode(RENDITION_TAG, _leaf))


@internal
@view
def _signer(_struct_hash: bytes32, _sig: Bytes[65]) -> address:
    """
    @dev Who signed a message. Reverts as `ecdsa`; a signature of another length than 65 is nobody's.
    """
    if len(_sig) != 65:
        return empty(address)
    domain: bytes32 = keccak256(abi_encode(_DOMAIN_TYPE, _NAME, _VERSION, chain.id, self))
    return ecdsa._recover(
        keccak256(concat(0x1901, domain, _struct_hash)),
        convert(slice(_sig, 64, 1), uint8),
        extract32(_sig, 0),
        extract32(_sig, 32),
    )
