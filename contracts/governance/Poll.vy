# pragma version 0.4.3
# pragma evm-version cancun
"""
@title Poll
@notice An advisory vote. Votes are events, counted off chain by stake at the end block.
@dev Created by PollCreator, which carries this contract's code: after a change here, put the code
     that tests/unit/polls prints into ./modules/poll_code.vy. Source: core spec, section
     13.1.
"""

from ..interfaces import IPoll

implements: IPoll

endBlock: public(immutable(uint256))


@deploy
def __init__(_endBlock: uint256):
    endBlock = _endBlock


@external
def vote(_choiceID: uint256):
    assert block.number <= endBlock, "poll is over"

    log IPoll.Vote(voter=msg.sender, choiceID=_choiceID)


@external
def destroy():
    assert block.number > endBlock, "poll is active"

    selfdestruct(msg.sender)
