# pragma version 0.4.3
"""
@title electorate
@notice Who votes, with what weight, and by which clock: BondingVotes, whose clock is the Livepeer round.
@dev Owns the address of the votes contract as it was looked up last; a new BondingVotes counts once somebody calls
     `bumpGovernorVotesTokenAddress`. Delegates are read from the registered one, as deployed.
     Source: core spec, sections 16.2, 16.3.
"""

from ...interfaces import IBondingVotes
from ...modules import contract_ids
from ...modules import managed

uses: managed

_MAX_UINT48: constant(uint256) = 2**48 - 1
_MAX_PARAMS: constant(uint256) = 1024

token: public(address)


# ------------------------------------------------------------------------------------------------
# Anyone
# ------------------------------------------------------------------------------------------------


@external
def bumpGovernorVotesTokenAddress():
    self._look_up_votes()


# ------------------------------------------------------------------------------------------------
# Views
# ------------------------------------------------------------------------------------------------


@external
@view
def votes() -> address:
    return self._votes()


@external
@view
def clock() -> uint48:
    return convert(self._clock(), uint48)


@external
@view
def CLOCK_MODE() -> String[64]:
    succeeded: bool = False
    answer: Bytes[128] = b""
    succeeded, answer = self._ask(method_id("CLOCK_MODE()"))
    if not succeeded:
        return "mode=blocknumber&from=default"
    return abi_decode(answer, String[64])


@external
@view
def getVotes(account: address, timepoint: uint256) -> uint256:
    return self._past_votes(account, timepoint)


@external
@view
def getVotesWithParams(account: address, timepoint: uint256, params: Bytes[_MAX_PARAMS]) -> uint256:
    return self._past_votes(account, timepoint)


# ------------------------------------------------------------------------------------------------
# Internal
# ------------------------------------------------------------------------------------------------


@internal
def _look_up_votes():
    self.token = self._votes()


@internal
@view
def _votes() -> address:
    """
    @dev The registered BondingVotes.
    """
    return managed._contract(contract_ids.BONDING_VOTES)


@internal
@view
def _clock() -> uint256:
    """
    @dev The round, initialised or not; the block number if the votes contract reverts.
    """
    succeeded: bool = False
    answer: Bytes[128] = b""
    succeeded, answer = self._ask(method_id("clock()"))
    if not succeeded:
        assert block.number <= _MAX_UINT48, "SafeCast: value doesn't fit in 48 bits"
        return block.number
    return convert(abi_decode(answer, uint48), uint256)


@internal
@view
def _past_votes(_account: address, _timepoint: uint256) -> uint256:
    return staticcall IBondingVotes(self.token).getPastVotes(_account, _timepoint)


@internal
@view
def _past_total(_timepoint: uint256) -> uint256:
    return staticcall IBondingVotes(self.token).getPastTotalSupply(_timepoint)


@internal
@view
def _ask(_selector: Bytes[4]) -> (bool, Bytes[128]):
    """
    @dev Whether the call succeeded, and its answer. An address without code reverts with empty data.
    """
    assert self.token.is_contract
    return raw_call(
        self.token, _selector, max_outsize=128, is_static_call=True, revert_on_failure=False
    )
