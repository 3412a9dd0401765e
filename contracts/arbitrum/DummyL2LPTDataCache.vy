# pragma version 0.4.3
# pragma evm-version cancun
"""
@title DummyL2LPTDataCache
@notice Stands in for the bridge's cache of the L1 supply on networks without a bridge: nothing
        circulates on L1.
@dev Source: core spec, section 17.
"""


@external
@pure
def l1CirculatingSupply() -> uint256:
    """
    @notice LPT that circulate on L1: none.
    """
    return 0
