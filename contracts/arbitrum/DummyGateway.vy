# pragma version 0.4.3
# pragma evm-version cancun
"""
@title DummyGateway
@notice Stands in for the bridge's token gateway on networks without a bridge.
@dev Source: core spec, section 17.
"""


@external
@pure
def calculateL2TokenAddress(_token: address) -> address:
    """
    @notice L2 address of an L1 token: the same one.
    @param _token Address of the token.
    """
    return _token


@external
@view
def counterpartGateway() -> address:
    """
    @notice The gateway on the other chain: this one.
    """
    return self
