"""What each reason of the protocol's reverts means for whoever wanted the operation.

    done       the operation has had its effect already, whoever did it
    never      it depends on the call alone, or on what cannot change back
    not yet    it depends on anything else: time, who holds a role, parameters, other people's acts

In doubt it is "not yet": what is called "never" by mistake is lost. A test finds every reason in
the contracts that is missing here. Source: core, bonding and verification spec.
"""

from __future__ import annotations

from enum import Enum


class Class(Enum):
    DONE = "done"
    NOT_YET = "not yet"
    NEVER = "never"
    OUT_OF_GAS = "out of gas"
    UNKNOWN = "unknown"


REASONS = {
    Class.DONE: (
        # Right after the boundary also while the L1 number of the chain lags: the keeper sees that
        # the round is still due, and asks again.
        "round already initialized",
        "caller has already called reward for the current round",
        "ticket is used",
        "unlock already initiated",
        "LIP upgrade round already set",
        "update already staged",
        "TimelockController: operation already scheduled",
        "Governor: proposal already exists",
        "Initializable: contract is already initialized",
        "case exists",
        "case was contested",
    ),
    Class.NEVER: (
        # tickets
        "ticket is expired",
        "ticket did not win",
        "ticket sender is null address",
        "ticket recipient is null address",
        "ticket creationRoundBlockHash invalid for creationRound",
        "invalid signature over ticket hash",
        "invalid length for ticket auxData: must be 64 bytes",
        "recipientRand does not match recipientRandHash",
        "INVALID_SIGNATURE_LENGTH",
        "ECDSA: invalid signature",
        "ECDSA: invalid signature 's' value",
        "msg.value does not equal sum of deposit amount and reserve amount",
        # stake
        "unbond amount must be greater than 0",
        "invalid recipient",
        "invalid rewardCut percentage",
        "invalid feeShare percentage",
        "invalid slashAmount percentage",
        "invalid finderFee percentage",
        "_cutRate is invalid precise percentage",
        # rounds, Minter, token
        "can only retrieve hashes for last 256 blocks",
        "round length cannot be 0",
        "round length too large",
        "round lock amount must be a valid percentage",
        "ticketValidityPeriod must be greater than 0",
        "_inflation is invalid percentage",
        "_inflationChange is invalid percentage",
        "_targetBondingRate is invalid percentage",
        "new Minter cannot be null address",
        "new Minter cannot be current Minter",
        "ERC20: approve from the zero address",
        "ERC20: approve to the zero address",
        "ERC20: transfer to the zero address",
        "ERC20: mint to the zero address",
        "ERC20Permit: expired deadline",
        # votes
        "newOwner is a null address",
        "poll is over",
        "AccessControl: can only renounce roles for self",
        "Governor: empty proposal",
        "Governor: invalid proposal length",
        "Governor: must send to executor",
        "Governor: only proposer can cancel",
        "Governor: proposer restricted",
        "Governor: too late to cancel",
        "GovernorSettings: voting period too low",
        "GovernorVotesQuorumFraction: quorumNumerator over quorumDenominator",
        "TimelockController: length mismatch",
        "SafeCast: value doesn't fit in 32 bits",
        "SafeCast: value doesn't fit in 48 bits",
        "SafeCast: value doesn't fit in 64 bits",
        # verification
        "order: not signed by the gateway",
        "receipt: for another order",
        "receipt: names another source",
        "receipt: signed after the order expired",
        "receipts: no conflict",
        "receipts: of different sessions",
        "receipts: same",
        "no contradiction",
        "profiles are not those of the order",
        "renditions are not those of the receipt",
        "proof is of another depth",
        "fingerprint does not match its root",
        "fingerprint is of an unknown version",
        "frame is not at fault",
        "frames are not in order",
        "segment has too many frames",
        "segment is too short to judge",
        "source window is not complete",
        "signer: already registered",
        "signer: signature is not by the key",
        "caller must be the accused",
        "only content can be contested",
        "too late to contest",
        "execution window is over",
        "lock was slashed",
        "unknown fault",
        "unknown metric",
        "cap is above all",
        "delay must leave time to object",
        "distance must not be 0",
        "share must be below a half",
        "slash is above a tenth",
        "window must not be 0",
    ),
    Class.NOT_YET: (
        "system is paused",
        "current round is not initialized",
        # rewards: until the pool changes, or the orchestrator names its reward caller
        "caller must be an active transcoder",
        "caller must be transcoder's reward caller",
        "BondingManager has no code",
        "not enough gas for the next reward",
        "active rewards exceed total stake",
        "minted tokens cannot exceed mintable tokens",
        "stake is too large",
        "cannot evict an active transcoder before it calls reward",
        # tickets
        "ticket creationRound does not have a block hash",
        "sender deposit and reserve are zero",
        "sender deposit and reserve insufficient to cover ticket face value",
        "sender is unlocked",
        "account is locked",
        "no unlock request in progress",
        "transcoder must be active",
        "transcoder must be registered",
        # stake
        "ILLEGAL_CLAIM_EARNINGS",
        "INVALID_DELEGATE",
        "INVALID_DELEGATE_CHANGE",
        "INVALID_DELEGATOR",
        "amount is greater than bonded amount",
        "caller can't be active or must have already called reward for the current round",
        "can't update transcoder params, current round is locked",
        "caller must be bonded",
        "caller must be unbonded",
        "delegation amount must be greater than 0",
        "insufficient fees to withdraw",
        "invalid unbonding lock ID",
        "registered transcoders can't delegate towards other addresses",
        "stake is held: slashing case open",
        "withdraw round must be before or equal to the current round",
        "key is zero",
        "list is full",
        "new max size must be greater than old max size",
        "node already in list",
        "node id is null",
        "node not in list",
        "function call to a non-contract account",
        # rounds, Minter, token
        "can only retrieve past block hashes",
        "new Minter Controller must be current Controller",
        "new Minter must be registered",
        "target contract must be registered",
        "ERC20: burn amount exceeds balance",
        "ERC20: decreased allowance below zero",
        "ERC20: insufficient allowance",
        "ERC20: transfer amount exceeds balance",
        "ERC20Permit: invalid signature",  # also one that is signed for a later nonce
        # roles
        "caller must be Controller",
        "caller must be Controller owner",
        "caller must be RoundsManager",
        "caller must be TicketBroker",
        "caller must be Verifier",
        "caller must be the guardian",
        "msg.sender not BondingManager",
        "msg.sender not BondingManager or JobsManager",
        "msg.sender not Minter or JobsManager",
        "msg.sender not RoundsManager",
        "unauthorized: msg.sender not Governor",
        "unauthorized: msg.sender not owner",
        "TimelockController: caller must be timelock",
        "Governor: onlyGovernance",
        # votes
        "update is not staged",
        "delay for update not expired",
        "poll is active",
        "PollCreator#createPoll: INSUFFICIENT_STAKE",
        "Checkpoint: decreasing keys",
        "Governor: proposal not successful",
        "Governor: proposer votes below proposal threshold",
        "Governor: relay reverted without message",
        "Governor: unknown proposal id",
        "Governor: vote not currently active",
        "TimelockController: insufficient delay",
        "TimelockController: missing dependency",
        "TimelockController: operation cannot be cancelled",
        "TimelockController: operation is not ready",
        "TimelockController: underlying transaction reverted",
        # verification
        "proof was not committed a block before",
        "receipt: not signed by the orchestrator",  # until it registers the key
        "receipt: outside the evidence window",
        "too few frames at fault",
        "fault is not armed",
        "orchestrator was slashed recently",
        "slashing is paused",
        "bond is too small",
        "no arbiter is set",
        "case is not contested",
        "case is not executed",
        "case is not open",
        "case is not queued",
        "contest is not answered",
        "delay is not over",
        "execution window is not over",
        "lock window is not over",
    ),
}
# Texts that end with an account or a role.
PREFIXES = {"AccessControl: account ": Class.NOT_YET}
# Custom errors, by signature.
ERRORS = {
    "VoteAlreadyCast()": Class.DONE,
    "InvalidVoteType(uint8)": Class.NEVER,
    "MustCallBondingManager(string)": Class.NEVER,
    "FutureLookup(uint256,uint256)": Class.NOT_YET,
    "MissingEarningsPool(address,uint256)": Class.NOT_YET,
    "InvalidCaller(address,address)": Class.NOT_YET,
    "InvalidStartRound(uint256,uint256)": Class.NOT_YET,
    "InvalidTotalStakeCheckpointRound(uint256,uint256)": Class.NOT_YET,
    "FutureLastClaimRound(uint256,uint256)": Class.NOT_YET,
    "DecreasingValues(uint256,uint256)": Class.NOT_YET,
    "Empty()": Class.NOT_YET,
}
