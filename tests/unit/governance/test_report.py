"""What a simulation says: as JSON, in the terminal, and on a page that a voter can trust."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from scripts._governance.calldata import Interfaces
from scripts._governance.model import Call, Check
from scripts._governance.names import Names
from scripts._governance.observe import BalanceChange, Effects, Event, SlotChange
from scripts._governance.report_words import words_of
from scripts._governance.showing import Value
from scripts._governance.simulation import Simulation, Step, actions_of
from scripts._governance.tally import State, Tally
from scripts._governance.trace import CallNode
from scripts._governance.words import Part

WAD = 10**18
ADDRESS = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
LENGTH = Value("_roundLength", "uint256", "6377", "6,377 blocks")
SCHEDULE = SlotChange(
    contract="RoundsManager",
    address=ADDRESS,
    slot="0x" + "00" * 31 + "02",
    variable="rounds._schedule",
    type="uint256",
    before="0x" + "00" * 31 + "32",
    after="0x" + "00" * 31 + "3c",
    shown_before="0x32",
    shown_after="0x3c",
    parts=(Part("roundLength", "5,760 blocks", "6,377 blocks"),),
    ours=True,
)
UNNAMED = replace(SCHEDULE, slot="0x" + "99" * 32, variable=None, type="", parts=())
EFFECTS = Effects(
    call_tree=CallNode(
        kind="CALL",
        sender="somebody",
        to="Governor",
        contract="Governor",
        function="execute",
        arguments=(),
        value=2**60,
        gas_used=60_000,
        calls=(
            CallNode(
                kind="CALL",
                sender="Governor",
                to="RoundsManager",
                contract="RoundsManager",
                function="setRoundLength",
                arguments=(LENGTH,),
                value=0,
                gas_used=40_000,
                via="RoundsManagerTarget",
                lookups=2,
            ),
        ),
    ),
    storage=(SCHEDULE,),
    balances=(BalanceChange("Treasury", "LPT", 3 * WAD, WAD),),
    events=(Event("RoundsManager", "ParameterUpdate", ()),),
    gas_used=60_000,
    calldata_bytes=484,
)
TALLY = Tally(
    proposal_id=2**200,
    state=State.ACTIVE,
    proposer=ADDRESS,
    against_votes=WAD,
    for_votes=4 * WAD,
    abstain_votes=0,
    quorum=3 * WAD,
    quota=500_000,
    threshold=100 * WAD,
    snapshot=10,
    deadline=20,
    clock=12,
    eta=None,
)


@pytest.fixture
def simulation() -> Simulation:
    return Simulation(
        lip=83,
        title="Round length <of> 6,377 blocks",
        route="Governor",
        network="a fresh local network",
        actions=actions_of(
            [Call("RoundsManager", "setRoundLength", (6_377,), note="as on mainnet & beyond")],
            Names({}, layouts={}),
            Interfaces.load(),
        ),
        steps=(Step("execute", "somebody", "Governor", EFFECTS),),
        before=(Check.differ(1, "round length", 5_760, 6_377),),
        after=(Check.equal(1, "round length", 6_377, 6_377),),
        identity=(("update hash", "0x" + "12" * 32),),
        names={"Controller": ADDRESS},
    )


class Page(HTMLParser):
    """Checks that tags are closed in order, and keeps what the page refers to."""

    VOID = frozenset({"meta", "br"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.references: list[str] = []
        self.words = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.references += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


# -- the verdict


def test_problems__checks_hold__are_none(simulation: Simulation) -> None:
    assert (simulation.holds, simulation.problems, simulation.slots) == (True, (), (1, 1))


def test_problems__failed_check__names_action_check_and_values(simulation: Simulation) -> None:
    wrong = replace(simulation, after=(Check.equal(1, "round length", 6_376, 6_377),))

    assert wrong.problems == ("action 1, round length, after: found 6376, expected 6377",)
    assert "Do not send this: 1 problem." in wrong.to_terminal()
    assert "Do not send this: 1 problem." in Page(wrong.to_html()).words
    assert json.loads(wrong.to_json())["holds"] is False


def test_problems__step_that_fails__has_its_reason(simulation: Simulation) -> None:
    reverted = replace(EFFECTS, error="update is not staged")
    steps = (
        Step("stage", "somebody", "Governor", "unauthorized: msg.sender not owner"),
        Step("execute", "somebody", "Governor", reverted),
    )

    failed = replace(simulation, steps=steps)

    assert failed.problems == (
        "stage: unauthorized: msg.sender not owner",
        "execute: update is not staged",
    )
    for text in (failed.to_terminal(), Page(failed.to_html()).words):
        assert "annot be sent: unauthorized: msg.sender not owner" in text
        assert "everted: update is not staged" in text


# -- JSON


def test_to_json__amounts__are_strings_and_nothing_is_lost(simulation: Simulation) -> None:
    record = json.loads(replace(simulation, votes=TALLY).to_json())

    effects = record["steps"][0]["result"]
    assert effects["balances"] == [
        {"account": "Treasury", "token": "LPT", "before": str(3 * WAD), "after": str(WAD)}
    ]
    assert effects["call_tree"]["value"] == str(2**60)
    assert effects["storage"][0]["variable"] == "rounds._schedule"
    assert effects["storage"][0]["parts"] == [
        {"name": "roundLength", "before": "5,760 blocks", "after": "6,377 blocks"}
    ]
    assert record["before"] == [
        {
            "action": 1,
            "name": "round length",
            "found": "5760",
            "expected": "not 6377",
            "holds": True,
        }
    ]
    assert record["votes"]["votes"]["for"] == str(4 * WAD)
    assert record["slots"] == {"changed": 1, "named": 1}


def test_to_json__same_simulation__is_the_same_text(simulation: Simulation) -> None:
    reordered = replace(simulation, names={"B": ADDRESS, "A": ADDRESS})
    again = replace(simulation, names={"A": ADDRESS, "B": ADDRESS})

    assert reordered.to_json() == again.to_json()


# -- the page


def test_to_html__any_simulation__is_well_formed_and_loads_nothing(simulation: Simulation) -> None:
    text = replace(simulation, votes=TALLY, what_if="LIP-83 is <done>.").to_html()

    page = Page(text)

    assert page.open == []
    assert page.references == []
    assert "url(" not in text
    assert "script" not in page.tags
    assert page.tags.count("h1") == 1
    assert page.tags.count("table") == page.tags.count("caption")
    assert "LIP-83: Round length <of> 6,377 blocks" in page.words
    assert "as on mainnet & beyond" in page.words


def test_to_html__summary__comes_first_in_plain_words(simulation: Simulation) -> None:
    words = Page(simulation.to_html()).words

    verdict = words.index("It does what it says: 1 transaction, and 2 of 2 checks hold.")
    change = words.index("RoundsManager: round length5,760 blocks6,377 blocks")
    balance = words.index("LPT of Treasury3 LPT1 LPT")
    assert verdict < change < balance < words.index("Step 1: execute")


def test_to_html__votes__are_shown_as_chart_and_table(simulation: Simulation) -> None:
    without = Page(simulation.to_html())
    page = Page(replace(simulation, votes=TALLY).to_html())

    assert "svg" not in without.tags
    assert "svg" in page.tags
    assert "The tally" in page.words


@pytest.mark.parametrize("render", [Simulation.to_html, Simulation.to_terminal])
def test_what_if__is_said_loudly_before_anything_else(
    simulation: Simulation, render: object
) -> None:
    text = render(replace(simulation, what_if="LIP-100 was abandoned."))  # type: ignore[operator]

    body = re.split("<body>", text)[-1]
    assert "what if" in body.lower()
    assert body.index("LIP-100 was abandoned.") < body.index("setRoundLength")
    assert "what if" not in render(simulation).lower()  # type: ignore[operator]


@pytest.mark.parametrize("render", [Simulation.to_html, Simulation.to_terminal])
def test_unnamed_slot__is_listed_and_lowers_the_percentage(
    simulation: Simulation, render: object
) -> None:
    effects = replace(EFFECTS, storage=(SCHEDULE, UNNAMED))
    shown = replace(simulation, steps=(Step("execute", "a", "b", effects),))

    text = render(shown)  # type: ignore[operator]

    assert "1 of 2 changed storage slots of protocol contracts have a name: 50 %." in text
    assert "99" * 32 in text
    assert "not named" in text.lower()


def test_to_terminal__call_tree__shows_hops_and_lookups(simulation: Simulation) -> None:
    text = simulation.to_terminal(width=160)

    assert (
        "RoundsManager.setRoundLength(_roundLength: 6,377 blocks)  "
        "[via RoundsManagerTarget; 2 look-ups in the Controller; 40,000 gas]"
    ) in text
    assert "rounds._schedule" in text
    assert "roundLength: 5,760 blocks -> 6,377 blocks" in text


# -- words


@pytest.mark.parametrize(
    ("variable", "words"),
    [
        ("rewards.treasuryRewardCutRate", "treasury reward cut rate"),
        ("_registry[Minter].git_commit_hash", "registry[Minter], git commit hash"),
        ("access_control.hasRole[MINTER_ROLE][Minter]", "has role[MINTER_ROLE][Minter]"),
        ("active_set.transcoder_pool._max_size", "max size"),
        ("roundLength", "round length"),
    ],
)
def test_words_of__variable__leaves_the_code_behind(variable: str, words: str) -> None:
    assert words_of(variable) == words
