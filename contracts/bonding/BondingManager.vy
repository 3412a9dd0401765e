# pragma version 0.4.3
# pragma evm-version cancun
# pragma optimize codesize
"""
@title BondingManager
@license MIT
@notice Stake, delegation, rewards, fees and slashing of the Livepeer protocol.
@dev Assembly only: behaviour lives in ./modules, the ABI in ../interfaces/IBondingManager.vyi. Storage slots follow
     the order of `initializes` below: append, never reorder (docs/upgrade.md).
@custom:pause Pausing the Controller stops everything but setters, checkpoints and round turning.
"""

from ..interfaces import IBondingManager

implements: IBondingManager

from ..modules import managed

initializes: managed

from ..modules import proxied

initializes: proxied

from .modules import peers

initializes: peers[managed := managed]

from .modules import ledger

initializes: ledger

from .modules import transcoder_pool

uses: transcoder_pool

from .modules import active_set

initializes: active_set[managed := managed, peers := peers, ledger := ledger]

from .modules import checkpoints

initializes: checkpoints[peers := peers, ledger := ledger]

from .modules import earnings

initializes: earnings[
    peers := peers, ledger := ledger, checkpoints := checkpoints
]

from .modules import rewards

initializes: rewards[
    managed := managed,
    peers := peers,
    ledger := ledger,
    active_set := active_set,
    checkpoints := checkpoints,
]

from .modules import delegation

initializes: delegation[
    managed := managed,
    peers := peers,
    ledger := ledger,
    active_set := active_set,
    checkpoints := checkpoints,
    earnings := earnings,
]

from .modules import slashing

initializes: slashing[
    managed := managed,
    peers := peers,
    ledger := ledger,
    active_set := active_set,
    checkpoints := checkpoints,
    earnings := earnings,
]

exports: (
    # Anyone
    delegation.bond,
    delegation.bondWithHint,
    delegation.bondForWithHint,
    checkpoints.checkpointBondingState,
    # Delegators
    delegation.unbond,
    delegation.unbondWithHint,
    delegation.rebond,
    delegation.rebondWithHint,
    delegation.rebondFromUnbonded,
    delegation.rebondFromUnbondedWithHint,
    delegation.transferBond,
    delegation.withdrawStake,
    delegation.withdrawFees,
    earnings.claimEarnings,
    # Transcoders and their reward callers
    rewards.transcoder,
    rewards.transcoderWithHint,
    rewards.reward,
    rewards.rewardWithHint,
    rewards.setRewardCaller,
    rewards.rewardForTranscoder,
    rewards.rewardForTranscoderWithHint,
    # TicketBroker, RoundsManager, Verifier, Controller
    rewards.updateTranscoderWithFees,
    rewards.setCurrentRoundTotalActiveStake,
    slashing.slashTranscoder,
    slashing.slashUnbondingLock,
    slashing.holdStake,
    slashing.releaseStake,
    managed.setController,
    # Controller owner
    delegation.setUnbondingPeriod,
    active_set.setNumActiveTranscoders,
    rewards.setTreasuryRewardCutRate,
    rewards.setTreasuryBalanceCeiling,
    # Views
    managed.controller,
    proxied.targetContractId,
    ledger.getDelegator,
    ledger.getTranscoder,
    ledger.getTranscoderEarningsPoolForRound,
    ledger.getDelegatorUnbondingLock,
    ledger.isValidUnbondingLock,
    ledger.isStakeHeld,
    ledger.transcoderTotalStake,
    ledger.transcoderStatus,
    ledger.isRegisteredTranscoder,
    transcoder_pool.getTranscoderPoolMaxSize,
    transcoder_pool.getTranscoderPoolSize,
    transcoder_pool.getFirstTranscoderInPool,
    transcoder_pool.getNextTranscoderInPool,
    active_set.getTotalBonded,
    active_set.getActiveSetSize,
    active_set.isActiveTranscoder,
    active_set.currentRoundTotalActiveStake,
    active_set.nextRoundTotalActiveStake,
    earnings.pendingStake,
    earnings.pendingFees,
    earnings.delegatorStatus,
    rewards.treasuryRewardCutRate,
    rewards.nextRoundTreasuryRewardCutRate,
    rewards.treasuryBalanceCeiling,
    rewards.transcoderToRewardCaller,
    delegation.unbondingPeriod,
)


@deploy
def __init__(_controller: address):
    """
    @param _controller Registry of the other contracts; not checked, not called.
    """
    managed.__init__(_controller)
