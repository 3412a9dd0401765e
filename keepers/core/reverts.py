"""What the data of a revert means, and one line about it for the operator.

    done          it has happened already: nobody needs to do it
    not yet       it may be possible later: try again, and pay nothing for trying
    never         it cannot happen any more
    out of gas    it may succeed with more
    unknown       nothing above; worth a try or two

Source: keepers spec (e1), R14.
"""

from __future__ import annotations

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError
from eth_utils.abi import function_signature_to_4byte_selector

from keepers.core.revert_reasons import ERRORS, PREFIXES, REASONS, Class

__all__ = ["CLASS_OF", "Class", "classify", "reason_of"]

ERROR = bytes.fromhex("08c379a0")  # Error(string)
PANIC = bytes.fromhex("4e487b71")  # Panic(uint256)
PANICS = {
    0x01: "an assertion failed",
    0x11: "an overflow",
    0x12: "a division by zero",
    0x32: "an index out of bounds",
}
LONGEST = 200  # characters of a reason that go into a log
CLASS_OF = {reason: found for found, reasons in REASONS.items() for reason in reasons}
_SIGNATURES = {bytes(function_signature_to_4byte_selector(name)): name for name in ERRORS}


def classify(data: bytes, *, gas_exhausted: bool = False) -> tuple[Class, str]:
    """What it means, and one line for the operator.

    `gas_exhausted`: the transaction used all its gas but the 64th that a call leaves its caller.
    """
    reason = reason_of(data)
    if reason is not None:
        return _class_of(reason), " ".join(reason.split())[:LONGEST] or "reverted without a reason"
    if not data:
        if gas_exhausted:
            return Class.OUT_OF_GAS, "it used up its gas"
        return Class.UNKNOWN, "reverted without a reason"
    if data[:4] == PANIC and len(data) == 36:
        code = int.from_bytes(data[4:])
        return Class.UNKNOWN, f"panic 0x{code:02x}, {PANICS.get(code, 'see the Solidity manual')}"
    if signature := _SIGNATURES.get(data[:4]):
        return ERRORS[signature], _error_text(signature, data[4:])
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


def _class_of(reason: str) -> Class:
    if known := CLASS_OF.get(reason):
        return known
    prefixes = (found for start, found in PREFIXES.items() if reason.startswith(start))
    return next(prefixes, Class.UNKNOWN)


def _error_text(signature: str, data: bytes) -> str:
    """As it is written in Solidity: FutureLookup(102, 101)."""
    name, _, types = signature.rstrip(")").partition("(")
    try:
        values = decode(types.split(",") if types else [], data)
    except (DecodingError, ValueError, OverflowError):
        return signature
    return " ".join(f"{name}({', '.join(map(str, values))})".split())[:LONGEST]
