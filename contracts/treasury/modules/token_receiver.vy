# pragma version 0.4.3
"""
@title token_receiver
@notice Accepts every ERC-721 and ERC-1155 token that is sent to the contract.
@dev Owns nothing. The answer to each hook is its own selector. Data over 16,384 bytes, and batches
     of over 256 tokens, revert with empty data. Sources: core spec, sections 15.3 and 16.12.
"""

MAX_DATA: constant(uint256) = 16384
MAX_TOKENS: constant(uint256) = 256

ERC1155_RECEIVER_ID: constant(bytes4) = 0x4e2312e0  # ERC-721 receivers announce no id


@external
def onERC721Received(
    operator: address, sender: address, tokenId: uint256, data: Bytes[MAX_DATA]
) -> bytes4:
    return method_id("onERC721Received(address,address,uint256,bytes)", output_type=bytes4)


@external
def onERC1155Received(
    operator: address, sender: address, id: uint256, amount: uint256, data: Bytes[MAX_DATA]
) -> bytes4:
    return method_id("onERC1155Received(address,address,uint256,uint256,bytes)", output_type=bytes4)


@external
def onERC1155BatchReceived(
    operator: address,
    sender: address,
    ids: DynArray[uint256, MAX_TOKENS],
    amounts: DynArray[uint256, MAX_TOKENS],
    data: Bytes[MAX_DATA],
) -> bytes4:
    return method_id(
        "onERC1155BatchReceived(address,address,uint256[],uint256[],bytes)", output_type=bytes4
    )


@internal
@pure
def _supports_interface(_interface_id: bytes4) -> bool:
    """
    @dev ERC-165 answer for what this module adds; a deployable ors in its own ids.
    """
    return _interface_id == ERC1155_RECEIVER_ID
