# pragma version 0.4.3
# pragma evm-version cancun
"""
@title VotingPowerMock
@notice Stands for BondingVotes where it is asked for votes: a clock, powers, delegates and a total that a test sets,
        and a switch that makes the clock revert. For tests only.
"""

now: uint256
refusing: bool
total: uint256
powers: HashMap[address, uint256]
starts: HashMap[address, uint256]
delegates: HashMap[address, address]


@external
def setClock(_round: uint256):
    self.now = _round


@external
def setRefusing(_refusing: bool):
    self.refusing = _refusing


@external
def setTotal(_total: uint256):
    self.total = _total


@external
def setPower(_account: address, _votes: uint256, _delegate: address, _first_round: uint256 = 0):
    """
    @notice Votes and delegate of an account at the end of `_first_round` and of each later round.
    """
    self.powers[_account] = _votes
    self.delegates[_account] = _delegate
    self.starts[_account] = _first_round


@external
@view
def clock() -> uint48:
    assert not self.refusing, "no clock today"
    return convert(self.now, uint48)


@external
@view
def CLOCK_MODE() -> String[32]:
    assert not self.refusing, "no clock today"
    return "mode=livepeer_round"


@external
@view
def getPastVotes(_account: address, _round: uint256) -> uint256:
    self._check_past(_round)
    return self.powers[_account] if _round >= self.starts[_account] else 0


@external
@view
def getPastTotalSupply(_round: uint256) -> uint256:
    self._check_past(_round)
    return self.total


@external
@view
def delegatedAt(_account: address, _round: uint256) -> address:
    self._check_past(_round)
    return self.delegates[_account] if _round >= self.starts[_account] else empty(address)


@internal
@view
def _check_past(_round: uint256):
    if _round >= self.now:
        raw_revert(
            abi_encode(_round, self.now - 1, method_id=method_id("FutureLookup(uint256,uint256)"))
        )
