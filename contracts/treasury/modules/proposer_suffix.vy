# pragma version 0.4.3
"""
@title proposer_suffix
@notice Lets a description name who may propose it, so that nobody else takes a proposal's id first.
@dev The name is the last 52 bytes: `#proposer=0x` and 40 hexadecimal digits. Whatever does not match exactly names
     nobody. Source: core spec, section 16.5, check 1.
"""

LENGTH: constant(uint256) = 52

_MARKER: constant(uint256) = 12


@internal
@pure
def _allows(_suffix: String[LENGTH], _proposer: address) -> bool:
    """
    @dev Whether this account may propose a description with these last 52 bytes.
    """
    if slice(_suffix, 0, _MARKER) != "#proposer=0x":
        return True

    digits: uint256 = convert(convert(slice(_suffix, _MARKER, 32), Bytes[32]), uint256)
    rest: uint256 = convert(convert(slice(_suffix, _MARKER + 32, 8), Bytes[8]), uint256)
    named: uint256 = 0
    for i: uint256 in range(40):
        letter: uint256 = (
            (digits >> (8 * (31 - i))) & 255 if i < 32 else (rest >> (8 * (39 - i))) & 255
        )
        digit: uint256 = self._hex_digit(letter)
        if digit > 15:
            return True
        named = named << 4 | digit
    return named == convert(_proposer, uint256)


@internal
@pure
def _hex_digit(_letter: uint256) -> uint256:
    """
    @dev Value of a hexadecimal digit of either case; 16 for any other letter.
    """
    if _letter >= 48 and _letter <= 57:
        return _letter - 48
    if _letter >= 65 and _letter <= 70:
        return _letter - 55
    if _letter >= 97 and _letter <= 102:
        return _letter - 87
    return 16
