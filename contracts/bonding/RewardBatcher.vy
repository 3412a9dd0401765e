# pragma version 0.4.3
# pragma evm-version cancun
"""
@title RewardBatcher
@license MIT
@notice Reward caller of any transcoders that name it (LIP-118): one transaction for all of them, by anyone.
@dev Nobody has to trust it. It has no owner, no storage and no funds, and the one thing that it does for a transcoder is
     what every transcoder wants in every round: who calls, and with which hints, changes who pays for gas and nothing
     else. The BondingManager is looked up at each call, so an upgrade needs no new batcher.
     Source: keepers spec, R23; LIP-118; difference 24.
"""

from ..interfaces import IController
from ..interfaces import IRewardBatcher
from ..modules import contract_ids

implements: IRewardBatcher

# The bounds of IRewardBatcher.
MAX_CALLS: constant(uint256) = 100
MAX_REASON: constant(uint256) = 260  # an Error(string) of 192 characters
# For everything around one call: its data, the event of its failure.
OVERHEAD: constant(uint256) = 20_000

controller: public(immutable(address))


@deploy
def __init__(_controller: address):
    controller = _controller


@external
def rewardMany(
    _calls: DynArray[IRewardBatcher.RewardCall, MAX_CALLS], _gasEach: uint256
) -> uint256:
    bonding_manager: address = staticcall IController(controller).getContract(
        contract_ids.BONDING_MANAGER
    )
    # A call to an address without code succeeds, and does nothing.
    assert bonding_manager.is_contract, "BondingManager has no code"

    succeeded: uint256 = 0
    reason: Bytes[MAX_REASON] = b""
    for one: IRewardBatcher.RewardCall in _calls:
        # A call gets at most 63/64 of what is left, and without a word: it would run out, and look as if it had failed.
        assert msg.gas >= _gasEach * 64 // 63 + OVERHEAD, "not enough gas for the next reward"
        success: bool = False
        success, reason = self._reward(bonding_manager, one, _gasEach)
        if success:
            succeeded += 1
        else:
            log IRewardBatcher.RewardFailed(transcoder=one.transcoder, reason=reason)
    if succeeded == 0:
        raw_revert(reason)
    return succeeded


@internal
def _reward(
    _bonding_manager: address, _call: IRewardBatcher.RewardCall, _gas: uint256
) -> (bool, Bytes[MAX_REASON]):
    """
    @dev Apart from the loop for its memory, which lies below that of the arrays.
    """
    success: bool = False
    reason: Bytes[MAX_REASON] = b""
    success, reason = raw_call(
        _bonding_manager,
        abi_encode(
            _call.transcoder,
            _call.newPosPrev,
            _call.newPosNext,
            method_id=method_id("rewardForTranscoderWithHint(address,address,address)"),
        ),
        max_outsize=MAX_REASON,
        gas=_gas,
        revert_on_failure=False,
    )
    return success, reason
