"""What the data of a revert means for whoever wanted the operation.

    done          it has happened already: nobody needs to do it
    not yet       it may be possible later: try again, and pay nothing for trying
    never         it cannot happen any more
    out of gas    it may succeed with more
    unknown       nothing above; worth a try or two

Reasons: core spec and bonding spec, by the names of the functions. Keepers spec (e1), R18 and R19.
"""

from __future__ import annotations

from enum import Enum

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError

ERROR = bytes.fromhex("08c379a0")  # Error(string)
PANIC = bytes.fromhex("4e487b71")  # Panic(uint256)
PANICS = {
    0x01: "an assertion failed",
    0x11: "an overflow",
    0x12: "a division by zero",
    0x32: "an index out of bounds",
}
LONGEST = 200  # characters of a reason that go into a log


class Class(Enum):
    DONE = "done"
    NOT_YET = "not yet"
    NEVER = "never"
    OUT_OF_GAS = "out of gas"
    UNKNOWN = "unknown"


_REASONS = {
    Class.DONE: (
        # initializeRound; also right after the boundary, while the chain's L1 number lags: the
        # keeper sees that the round is still due and asks again
        "round already initialized",
        # reward, rewardForTranscoder
        "caller has already called reward for the current round",
        # redeemWinningTicket
        "ticket is used",
        # Governor.stage, Treasury.schedule
        "update already staged",
        "TimelockController: operation already scheduled",
    ),
    Class.NOT_YET: (
        "system is paused",
        "current round is not initialized",
        # reward: until the pool or the jail changes, or the orchestrator names its reward caller
        "caller must be an active transcoder",
        "caller must be transcoder's reward caller",
        # redeemWinningTicket
        "ticket creationRound does not have a block hash",
        "sender deposit and reserve are zero",
        # Governor.execute, LivepeerGovernor.queue and execute
        "delay for update not expired",
        "Governor: proposal not successful",
        "Governor: vote not currently active",
        "TimelockController: operation is not ready",
    ),
    Class.NEVER: (
        # redeemWinningTicket
        "ticket is expired",
        "ticket did not win",
        "ticket sender is null address",
        "ticket recipient is null address",
        "invalid signature over ticket hash",
        "invalid length for ticket auxData: must be 64 bytes",
        "recipientRand does not match recipientRandHash",
        # Governor.execute, LivepeerGovernor
        "update is not staged",
        "Governor: unknown proposal id",
    ),
}
CLASS_OF = {reason: found for found, reasons in _REASONS.items() for reason in reasons}


def classify(data: bytes, *, gas_exhausted: bool = False) -> tuple[Class, str]:
    """What it means, and one line for the operator.

    `gas_exhausted`: the transaction used all its gas but the 64th that a call leaves its caller.
    """
    reason = reason_of(data)
    if reason is not None:
        return CLASS_OF.get(reason, Class.UNKNOWN), " ".join(reason.split())[:LONGEST]
    if not data:
        if gas_exhausted:
            return Class.OUT_OF_GAS, "it used up its gas"
        return Class.UNKNOWN, "reverted without a reason"
    if data[:4] == PANIC and len(data) == 36:
        code = int.from_bytes(data[4:])
        return Class.UNKNOWN, f"panic 0x{code:02x}, {PANICS.get(code, 'see the Solidity manual')}"
    return Class.UNKNOWN, f"custom error 0x{data[:4].hex()}"


def reason_of(data: bytes) -> str | None:
    """The text of an Error(string), None for anything else."""
    if data[:4] != ERROR:
        return None
    try:
        (reason,) = decode(["string"], data[4:])
    except (DecodingError, ValueError, OverflowError):
        return None
    return str(reason)
