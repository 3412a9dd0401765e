# pragma version 0.4.3
# pragma evm-version cancun
"""
@title EarningsHarness
@notice Sets the factors of a delegate and asks `earnings` what a delegator has earned between two rounds; for tests
        only.
"""

from ..bonding.modules import checkpoints
from ..bonding.modules import earnings
from ..bonding.modules import ledger
from ..bonding.modules import peers
from ..modules import managed

initializes: managed
initializes: peers[managed := managed]
initializes: ledger
initializes: checkpoints[peers := peers, ledger := ledger]
initializes: earnings[peers := peers, ledger := ledger, checkpoints := checkpoints]


@deploy
def __init__():
    managed.__init__(empty(address))


@external
def set_factors(_transcoder: address, _round: uint256, _reward: uint256, _fee: uint256):
    ledger.pools[_transcoder][_round].reward_factor = _reward
    ledger.pools[_transcoder][_round].fee_factor = _fee


@external
def set_last_rounds(_transcoder: address, _last_reward: uint256, _last_fee: uint256):
    t: ledger.Terms = ledger._terms(_transcoder)
    t.last_reward_round = _last_reward
    t.last_fee_round = _last_fee
    ledger._save_terms(_transcoder, t)


@external
def set_bond(_delegator: address, _stake: uint256, _fees: uint256):
    ledger.delegators[_delegator].bonded_amount = _stake
    ledger.delegators[_delegator].fees = _fees


@external
@view
def pending(
    _delegator: address, _delegate: address, _claimed: uint256, _round: uint256
) -> (uint256, uint256):
    """
    @notice Stake and fees in `_round` of a delegator that claimed last in `_claimed`.
    """
    p: ledger.Position = empty(ledger.Position)
    p.delegate = _delegate
    p.last_claim_round = _claimed
    return earnings._pending(_delegator, p, _round)


@external
@view
def latest_factors(_transcoder: address, _round: uint256) -> (uint256, uint256):
    f: ledger.Factors = ledger._latest_factors(_transcoder, _round)
    return f.reward, f.fee


@external
def materialise_factors(_transcoder: address, _round: uint256):
    ledger._materialise_factors(_transcoder, _round)


@external
@view
def factors(_transcoder: address, _round: uint256) -> (uint256, uint256):
    f: ledger.Factors = ledger._factors(_transcoder, _round)
    return f.reward, f.fee
