# pragma version 0.4.3
"""
@title errors
@notice Reverts with a reason, in half the bytecode of an `assert` with one.
@dev The compiler writes the encoding of the reason out at every `assert`: about 55 bytes each. Contracts near the
     24,576 byte limit check through here instead; the revert data is the same `Error(string)`.
"""


@internal
@pure
def _check(_condition: bool, _reason: String[96]):
    assert _condition, _reason
