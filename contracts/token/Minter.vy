# pragma version 0.4.3
# pragma evm-version cancun
"""
@title Minter
@notice Holds all stake (LPT) and all deposits and fees (ETH) of the protocol, and mints the rewards
        of each round.
@dev Not behind a proxy: replaced by migrating to another one. currentMintedTokens <=
     currentMintableTokens always. It trusts the accounting of BondingManager and TicketBroker.
     Source: core spec, section 10.
"""

from ..interfaces import IBondingManager
from ..interfaces import IL2LPTDataCache
from ..interfaces import ILivepeerToken
from ..interfaces import IMinter
from ..modules import contract_ids
from ..modules import managed
from ..modules import percentages

implements: IMinter

initializes: managed

exports: (
    managed.controller,
    managed.setController,
)

TRANSFER_GAS: constant(uint256) = 2300  # enough to receive and log, too little to call back

inflation: public(uint256)
inflationChange: public(uint256)
targetBondingRate: public(uint256)
currentMintableTokens: public(uint256)
currentMintedTokens: public(uint256)


@deploy
def __init__(
    _controller: address,
    _inflation: uint256,
    _inflationChange: uint256,
    _targetBondingRate: uint256,
):
    assert _inflation <= percentages.MINTER_PERC, "_inflation is invalid percentage"
    assert _inflationChange <= percentages.MINTER_PERC, "_inflationChange is invalid percentage"
    assert _targetBondingRate <= percentages.MINTER_PERC, "_targetBondingRate is invalid percentage"

    managed.__init__(_controller)
    self.inflation = _inflation
    self.inflationChange = _inflationChange
    self.targetBondingRate = _targetBondingRate


# BondingManager


@external
def createReward(_fracNum: uint256, _fracDenom: uint256) -> uint256:
    self._check_bonding_manager()
    managed._check_system_not_paused()
    mintable: uint256 = self.currentMintableTokens
    amount: uint256 = percentages._of_fraction(
        mintable, _fracNum, _fracDenom, percentages.MINTER_PERC
    )
    minted: uint256 = self.currentMintedTokens + amount
    assert minted <= mintable, "minted tokens cannot exceed mintable tokens"

    self.currentMintedTokens = minted

    extcall self._token().mint(self, amount)

    return amount


@external
def trustedTransferTokens(_to: address, _amount: uint256):
    self._check_bonding_manager()
    managed._check_system_not_paused()

    extcall self._token().transfer(_to, _amount)


@external
def trustedBurnTokens(_amount: uint256):
    self._check_bonding_manager()
    managed._check_system_not_paused()

    extcall self._token().burn(_amount)


# BondingManager and JobsManager


@external
def trustedWithdrawETH(_to: address, _amount: uint256):
    assert msg.sender in [
        managed._contract(contract_ids.BONDING_MANAGER),
        managed._contract(contract_ids.JOBS_MANAGER),
    ], "msg.sender not BondingManager or JobsManager"
    managed._check_system_not_paused()

    # The EVM adds the stipend itself to a call that carries value.
    raw_call(_to, b"", value=_amount, gas=0 if _amount > 0 else TRANSFER_GAS)


# Minter and JobsManager


@external
@payable
def depositETH() -> bool:
    assert msg.sender in [
        managed._contract(contract_ids.MINTER),
        managed._contract(contract_ids.JOBS_MANAGER),
    ], "msg.sender not Minter or JobsManager"

    return True


# RoundsManager


@external
def setCurrentRewardTokens():
    assert (
        msg.sender == managed._contract(contract_ids.ROUNDS_MANAGER)
    ), "msg.sender not RoundsManager"
    managed._check_system_not_paused()
    supply: uint256 = self._global_total_supply()
    inflation: uint256 = self._next_inflation(supply)
    mintable: uint256 = percentages._of(supply, inflation, percentages.MINTER_PERC)

    self.inflation = inflation
    self.currentMintableTokens = mintable
    self.currentMintedTokens = 0

    log IMinter.SetCurrentRewardTokens(currentMintableTokens=mintable, currentInflation=inflation)


# Controller owner


@external
def migrateToNewMinter(_newMinter: address):
    managed._check_controller_owner()
    assert _newMinter != self, "new Minter cannot be current Minter"
    assert _newMinter != empty(address), "new Minter cannot be null address"
    assert (
        staticcall IMinter(_newMinter).getController() == managed.controller
    ), "new Minter Controller must be current Controller"
    # The text is the deployed one. It is this Minter that must still be registered: only then does
    # the new one's depositETH take its ETH.
    assert managed._contract(contract_ids.MINTER) == self, "new Minter must be registered"

    token: ILivepeerToken = self._token()
    extcall token.transfer(_newMinter, staticcall token.balanceOf(self))
    extcall IMinter(_newMinter).depositETH(value=self.balance)


@external
def setTargetBondingRate(_targetBondingRate: uint256):
    managed._check_controller_owner()
    assert _targetBondingRate <= percentages.MINTER_PERC, "_targetBondingRate is invalid percentage"

    self.targetBondingRate = _targetBondingRate
    managed._log_parameter_update("targetBondingRate")


@external
def setInflationChange(_inflationChange: uint256):
    managed._check_controller_owner()
    assert _inflationChange <= percentages.MINTER_PERC, "_inflationChange is invalid percentage"

    self.inflationChange = _inflationChange
    managed._log_parameter_update("inflationChange")


# Views


@external
@view
def getController() -> address:
    return managed.controller


@external
@view
def getGlobalTotalSupply() -> uint256:
    return self._global_total_supply()


@internal
@view
def _check_bonding_manager():
    assert (
        msg.sender == managed._contract(contract_ids.BONDING_MANAGER)
    ), "msg.sender not BondingManager"


@internal
@view
def _token() -> ILivepeerToken:
    return ILivepeerToken(managed._contract(contract_ids.LIVEPEER_TOKEN))


@internal
@view
def _global_total_supply() -> uint256:
    cache: IL2LPTDataCache = IL2LPTDataCache(managed._contract(contract_ids.L2_LPT_DATA_CACHE))
    return staticcall self._token().totalSupply() + staticcall cache.l1CirculatingSupply()


@internal
@view
def _next_inflation(_supply: uint256) -> uint256:
    """
    @dev One step towards the target. Nothing is bonded of an empty supply, so inflation then rises.
    """
    bonding_rate: uint256 = 0
    if _supply > 0:
        bonding_manager: IBondingManager = IBondingManager(
            managed._contract(contract_ids.BONDING_MANAGER)
        )
        bonding_rate = percentages._points(
            staticcall bonding_manager.getTotalBonded(), _supply, percentages.MINTER_PERC
        )

    inflation: uint256 = self.inflation
    if bonding_rate < self.targetBondingRate:
        return inflation + self.inflationChange
    if bonding_rate > self.targetBondingRate:
        return inflation - min(inflation, self.inflationChange)
    return inflation
