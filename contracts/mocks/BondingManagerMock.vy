# pragma version 0.4.3
# pragma evm-version cancun
"""
@title BondingManagerMock
@notice The BondingManager as TicketBroker meets it: who is active, how many are, and where fees go.
@dev Test only.
"""


event FeesCredited:
    transcoder: address
    fees: uint256
    round: uint256


isActiveTranscoder: public(HashMap[address, bool])
getActiveSetSize: public(uint256)
getTranscoderPoolSize: public(uint256)
refusal: String[64]


@external
def setActive(_transcoder: address, _active: bool):
    self.isActiveTranscoder[_transcoder] = _active


@external
def setActiveSetSize(_size: uint256):
    self.getActiveSetSize = _size


@external
def setTranscoderPoolSize(_size: uint256):
    self.getTranscoderPoolSize = _size


@external
def setRefusal(_reason: String[64]):
    """
    @notice Make crediting fees revert with a reason; the empty string stops that.
    """
    self.refusal = _reason


@external
def updateTranscoderWithFees(_transcoder: address, _fees: uint256, _round: uint256):
    assert len(self.refusal) == 0, self.refusal

    log FeesCredited(transcoder=_transcoder, fees=_fees, round=_round)
