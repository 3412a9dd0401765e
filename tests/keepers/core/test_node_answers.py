"""Error texts as nodes write them."""

from __future__ import annotations

import pytest

from keepers.core.model import Broadcast
from keepers.core.node_answers import Sort, outcome_of, revert_data, sort_of
from keepers.core.rpc import NodeError

REASON = "08c379a0" + "00" * 32


@pytest.mark.parametrize(
    ("code", "message", "outcome"),
    [
        # geth, nitro
        (-32000, "already known", Broadcast.KNOWN),
        (-32000, "nonce too low: next nonce 5, tx nonce 4", Broadcast.NONCE_TOO_LOW),
        (-32000, "nonce too high: address 0xab, tx: 6 state: 4", Broadcast.NONCE_TOO_HIGH),
        (-32000, "replacement transaction underpriced", Broadcast.UNDERPRICED),
        (
            -32000,
            "transaction underpriced: gas tip cap 0, minimum needed 1000000",
            Broadcast.UNDERPRICED,
        ),
        (
            -32000,
            "max fee per gas less than block base fee: address 0xab, maxFeePerGas: 1, baseFee: 2",
            Broadcast.FEE_TOO_LOW,
        ),
        (
            -32000,
            "insufficient funds for gas * price + value: balance 0, tx cost 21, overshot 21",
            Broadcast.POOR,
        ),
        (-32000, "intrinsic gas too low: gas 100, minimum needed 21000", Broadcast.REFUSED),
        (-32000, "exceeds block gas limit", Broadcast.REFUSED),
        (
            -32000,
            "max priority fee per gas higher than max fee per gas: address 0xab",
            Broadcast.REFUSED,
        ),
        (-32000, "invalid sender: invalid chain id for signer", Broadcast.REFUSED),
        (-32000, "transaction type not supported", Broadcast.REFUSED),
        # anvil
        (-32003, "transaction already imported", Broadcast.KNOWN),
        (-32003, "nonce too low", Broadcast.NONCE_TOO_LOW),
        (-32003, "max fee per gas less than block base fee", Broadcast.FEE_TOO_LOW),
        (-32003, "Insufficient funds for gas * price + value", Broadcast.POOR),
        (
            -32603,
            "[0xab]: insufficient gas price to replace existing transaction",
            Broadcast.UNDERPRICED,
        ),
        # erigon
        (-32000, "existing tx with same hash", Broadcast.KNOWN),
        (-32000, "could not replace existing tx", Broadcast.UNDERPRICED),
        (-32000, "fee too low", Broadcast.UNDERPRICED),
        (-32000, "fee cap less than block base fee", Broadcast.FEE_TOO_LOW),
        # nethermind
        (-32010, "AlreadyKnown", Broadcast.KNOWN),
        (-32010, "OldNonce, Current nonce: 5, nonce of rejected tx: 4", Broadcast.NONCE_TOO_LOW),
        (-32010, "NonceGap, Future nonce. Expected nonce: 4", Broadcast.NONCE_TOO_HIGH),
        (-32010, "ReplacementNotAllowed", Broadcast.UNDERPRICED),
        (-32010, "FeeTooLow, MaxFeePerGas too low. MaxFeePerGas: 1", Broadcast.FEE_TOO_LOW),
        (-32010, "FeeTooLowToCompete", Broadcast.UNDERPRICED),
        (-32010, "InsufficientFunds, Account balance: 0, cost: 21", Broadcast.POOR),
        # besu
        (-32000, "Known transaction", Broadcast.KNOWN),
        (-32001, "Nonce too low", Broadcast.NONCE_TOO_LOW),
        (
            -32006,
            "Transaction nonce is too distant from current sender nonce",
            Broadcast.NONCE_TOO_HIGH,
        ),
        (-32000, "Replacement transaction underpriced", Broadcast.UNDERPRICED),
        (-32009, "Gas price below configured minimum gas price", Broadcast.UNDERPRICED),
        (-32009, "gasPrice is less than the current BaseFee", Broadcast.FEE_TOO_LOW),
        (-32004, "Upfront cost exceeds account balance", Broadcast.POOR),
        # A node in trouble may have kept it.
        (-32603, "Internal error", Broadcast.UNKNOWN),
        (-32000, "context deadline exceeded", Broadcast.UNKNOWN),
        # Not looked at.
        (-32005, "daily request limit reached", None),
        (429, "slow down", None),
        (-32601, "the method eth_sendRawTransaction does not exist/is not available", None),
    ],
)
def test_outcome_of__text_of_a_node__is_understood(code, message, outcome):
    assert outcome_of(NodeError(code, message)) is outcome


@pytest.mark.parametrize(
    ("code", "message", "sort"),
    [
        (-32000, "header not found", Sort.NO_BLOCK),
        (
            -32602,
            "BlockOutOfRangeError: block height is 0 but requested was 100",
            Sort.NO_BLOCK,
        ),
        (-32602, "block range extends beyond current head block", Sort.NO_BLOCK),
        (-32000, "Block not found", Sort.NO_BLOCK),
        (-32000, "block 0x64 not found", Sort.NO_BLOCK),
        (-39001, "Unknown block", Sort.NO_BLOCK),
        (-32603, "Could not find block", Sort.NO_BLOCK),
        (-32000, "missing trie node ab (path ) state 0xab is not available", Sort.NO_STATE),
        (-32000, "World state unavailable", Sort.NO_STATE),
        (-32002, "No state available for block 0xab", Sort.NO_STATE),
        (-32000, "state at block #5 is pruned", Sort.NO_STATE),
        (-32005, "project ID request rate exceeded", Sort.LIMITED),
        (429, "Your app has exceeded its compute units per second capacity", Sort.LIMITED),
        (-32016, "over rate limit", Sort.LIMITED),
        (-32601, "Method not found", Sort.UNSUPPORTED),
        (-32600, "Unsupported method: eth_maxPriorityFeePerGas", Sort.UNSUPPORTED),
        (-32000, "the method eth_x does not exist/is not available", Sort.UNSUPPORTED),
        (-32005, "query returned more than 10000 results", Sort.OTHER),
        (-32000, "invalid block range params", Sort.OTHER),
        (-32603, "Internal error", Sort.OTHER),
    ],
)
def test_sort_of__text_of_a_node__is_understood(code, message, sort):
    assert sort_of(NodeError(code, message)) is sort


@pytest.mark.parametrize(
    ("code", "message", "data", "found"),
    [
        (3, "execution reverted: no", "0x" + REASON, REASON),
        (-32000, "execution reverted", None, ""),
        (3, "execution reverted", "0x", ""),
        (3, "", {"data": "0xAA"}, "aa"),
        (-32603, "Internal: reverted", {"message": "no", "data": {"data": "0xaa"}}, "aa"),
        (-32015, "VM execution error.", "Reverted 0x" + REASON, REASON),
        (-32015, "VM execution error.", "Bad instruction fe", ""),
        (-32000, "out of gas", None, ""),
        (-32000, "gas required exceeds allowance (30000000)", None, ""),
        (-32000, "invalid opcode: INVALID", None, ""),
        (-32000, "insufficient funds for transfer", None, ""),
        (-32000, "header not found", None, None),
        (-32602, "invalid argument 0", "0xaa", None),
    ],
)
def test_revert_data__shapes_of_nodes__are_understood(code, message, data, found):
    result = revert_data(NodeError(code, message, data))
    assert result == (None if found is None else bytes.fromhex(found))
