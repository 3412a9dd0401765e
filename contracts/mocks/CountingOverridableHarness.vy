# pragma version 0.4.3
# pragma evm-version cancun
"""
@title CountingOverridableHarness
@notice The counting module without a governor around it: quota 42 %, quorum 37 % of a total that is handed in. For
        tests only. Source: core spec, section 16.13.
"""

from ..interfaces import IBondingVotes
from ..treasury.modules import counting_overridable

initializes: counting_overridable

exports: (
    counting_overridable.COUNTING_MODE,
    counting_overridable.hasVoted,
    counting_overridable.proposalVotes,
)

QUOTA: constant(uint256) = 420_000
QUORUM: constant(uint256) = 370_000
PERC: constant(uint256) = 1_000_000

_votes: IBondingVotes


@deploy
def __init__(_votes: IBondingVotes):
    self._votes = _votes


@external
def countVote(_id: uint256, _account: address, _support: uint8, _weight: uint256, _round: uint256):
    counting_overridable._count_vote(_id, _account, _support, _weight, _round, self._votes)


@external
@view
def voteSucceeded(_id: uint256) -> bool:
    return counting_overridable._vote_succeeded(_id, QUOTA)


@external
@view
def quorumReached(_id: uint256, _total: uint256) -> bool:
    return counting_overridable._votes_cast(_id) >= _total * QUORUM // PERC
