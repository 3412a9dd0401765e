# pragma version 0.4.3
# pragma evm-version cancun
"""
@title PollCreator
@notice Creates polls for accounts with enough stake.
@dev Answers to no Controller and is registered in none. Carries Poll's code, so that one address is
     all a deployer names. Source: core spec, section 13.2.
"""

from ..interfaces import IBondingManager
from ..interfaces import IPollCreator
from .modules import poll_code

implements: IPollCreator

QUORUM: public(constant(uint256)) = 333_300
QUOTA: public(constant(uint256)) = 500_000
POLL_PERIOD: public(constant(uint256)) = 10 * 5760
POLL_CREATION_COST: public(constant(uint256)) = 100 * 10**18

bondingManager: public(immutable(address))


@deploy
def __init__(_bondingManagerAddr: address):
    bondingManager = _bondingManagerAddr


@external
def createPoll(_proposal: Bytes[8192]):
    assert self._has_stake(msg.sender), "PollCreator#createPoll: INSUFFICIENT_STAKE"

    end_block: uint256 = block.number + POLL_PERIOD
    poll: address = raw_create(poll_code.INIT_CODE, end_block)

    log IPollCreator.PollCreated(
        poll=poll, proposal=_proposal, endBlock=end_block, quorum=QUORUM, quota=QUOTA
    )


@internal
@view
def _has_stake(_account: address) -> bool:
    bonding: IBondingManager = IBondingManager(bondingManager)
    return (
        staticcall bonding.pendingStake(_account, 0) >= POLL_CREATION_COST
        or staticcall bonding.transcoderTotalStake(_account) >= POLL_CREATION_COST
    )
