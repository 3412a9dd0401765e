"""What the error texts of nodes mean. JSON-RPC has codes, but nodes do not agree on them.

Texts are those of geth and nitro, anvil, erigon, nethermind, besu, reth and of big providers.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TypeVar

from keepers.core.model import Broadcast
from keepers.core.rpc import NodeError


class Sort(StrEnum):
    """Why a node does not answer a question about the chain."""

    NO_BLOCK = "does not have the block"
    NO_STATE = "does not keep the state of so old a block"
    LIMITED = "too many requests"
    UNSUPPORTED = "does not know the method"
    OTHER = "answers with an error"


T = TypeVar("T")

_SORTS = (
    (
        Sort.LIMITED,
        r"rate.?limit|too many requests|request rate|requests per|compute units|throughput|quota"
        r"|daily (request )?limit|out of credits",
    ),
    (
        Sort.NO_STATE,
        r"missing trie node|pruned|no state available|historical state|archive"
        r"|state\b.{0,80}(unavailable|not available)",
    ),
    (
        Sort.NO_BLOCK,
        r"header not found|block ?out ?of ?range|block( \S+)? not found|unknown block"
        r"|(could not|cannot) find (the )?(block|header)|beyond (the )?current head",
    ),
    (
        Sort.UNSUPPORTED,
        r"method\b.{0,80}(not found|not supported|unsupported|not available|does not exist)"
        r"|unsupported method|not whitelisted",
    ),
)
_CODES = {429: Sort.LIMITED, -32029: Sort.LIMITED, -32601: Sort.UNSUPPORTED}

_REVERTS = re.compile(
    r"revert|vm execution error|out of gas|gas required exceeds|always failing transaction"
    r"|invalid opcode|invalid jump|stack (underflow|overflow)|insufficient (funds|balance)"
)
_HEX = re.compile(r"^(?:reverted )?0x((?:[0-9a-f]{2})*)$", re.IGNORECASE)

_OUTCOMES = (
    (
        Broadcast.KNOWN,
        r"already ?known|\bknown transaction|already imported|already exists"
        r"|already in (the )?(\w+ )?(mem)?pool|existing tx with same hash",
    ),
    (Broadcast.NONCE_TOO_LOW, r"nonce (is )?too low|oldnonce|nonce below"),
    (
        Broadcast.NONCE_TOO_HIGH,
        r"nonce (is )?too (high|distant|far)|nonce ?gap|gapped|nonce\b.{0,40}in the future",
    ),
    (
        Broadcast.FEE_TOO_LOW,
        r"(less|lower|below)\b.{0,40}\bbase ?fee|maxfeepergas too low|premium is negative"
        r"|below chain minimum",
    ),
    (
        Broadcast.UNDERPRICED,
        r"underpriced|replace existing|replacement|fee ?too ?low|gas price\b.{0,40}(too low|below)",
    ),
    (
        Broadcast.POOR,
        r"insufficient ?(funds|balance)|upfront cost exceeds|not enough (funds|balance)"
        r"|enough funds",
    ),
    # Trouble inside the node: it may have kept the transaction before.
    (
        Broadcast.UNKNOWN,
        r"internal (server )?error|time(d)? ?out|deadline exceeded|try again|unavailable"
        r"|sync(ing|\b.{0,20}in progress)",
    ),
)


def sort_of(error: NodeError) -> Sort:
    if error.code in _CODES:
        return _CODES[error.code]
    return _first(_SORTS, error.message) or Sort.OTHER


def revert_data(error: NodeError) -> bytes | None:
    """Revert data of a simulated call, perhaps empty; None if the call was not simulated.

    A call that runs out of gas, or cannot be paid for, counts as a revert without data.
    """
    if error.code != 3 and not _REVERTS.search(error.message.lower()):
        return None
    data = error.data
    while isinstance(data, dict):
        data = data.get("data")
    found = _HEX.match(data.strip()) if isinstance(data, str) else None
    return bytes.fromhex(found[1]) if found else b""


def outcome_of(error: NodeError) -> Broadcast | None:
    """What a node made of a raw transaction; None if it did not look at it."""
    if sort_of(error) in (Sort.LIMITED, Sort.UNSUPPORTED):
        return None
    return _first(_OUTCOMES, error.message) or Broadcast.REFUSED


def _first(table: tuple[tuple[T, str], ...], message: str) -> T | None:
    text = message.lower()
    return next((value for value, pattern in table if re.search(pattern, text)), None)
