# pragma version 0.4.3
# pragma evm-version cancun
"""
@title ArbSysMock
@notice Stands at 0x64, where Arbitrum has ArbSys, and knows the number of the L2 block. Once it is
        told to refuse, whoever calls it reverts. For tests only.
"""

_block_number: uint256
_refuses: bool


@external
def setBlockNumber(_number: uint256):
    self._block_number = _number


@external
def refuse():
    self._refuses = True


@external
@view
def arbBlockNumber() -> uint256:
    assert not self._refuses, "ArbSys was called"
    return self._block_number


@external
@payable
def __default__():
    raise "ArbSys was called"
