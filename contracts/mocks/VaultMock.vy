# pragma version 0.4.3
# pragma evm-version cancun
"""
@title VaultMock
@notice Stands for the Minter in tests of BondingManager: mints what a test says and moves nothing.
"""

reward: uint256
currentMintableTokens: public(uint256)
currentMintedTokens: public(uint256)


@external
def setReward(_reward: uint256):
    self.reward = _reward


@external
def setMintable(_mintable: uint256, _minted: uint256):
    self.currentMintableTokens = _mintable
    self.currentMintedTokens = _minted


@external
@view
def createReward(_fracNum: uint256, _fracDenom: uint256) -> uint256:
    return self.reward


@external
def setCurrentRewardTokens():
    pass


@external
def trustedTransferTokens(_to: address, _amount: uint256):
    pass


@external
def trustedBurnTokens(_amount: uint256):
    pass


@external
def trustedWithdrawETH(_to: address, _amount: uint256):
    pass
