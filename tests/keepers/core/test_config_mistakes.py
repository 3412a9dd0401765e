"""Every mistake in a configuration: its line, its key, and what to write."""

from __future__ import annotations

from pathlib import Path

import pytest

from keepers.core.config_fields import ConfigError
from keepers.core.config_file import load
from tests.keepers.core.config_samples import ALICE, BOB, TOKEN, VALID, changed, problems

MISTYPED = BOB.replace("C44C", "c44C")


@pytest.mark.parametrize(
    ("line", "new", "expected"),
    [
        (
            'path = "caller.json"',
            'path = "caller.json"\nadress = "0x"',
            "7: signers.caller.adress: unknown key; did you mean address?",
        ),
        (
            "[signers.caller]",
            "[caps.x]\n[signers.caller]",
            "4: caps: unknown key; nearest is ",
        ),
        (
            'name = "arbitrum-one"',
            'name = "arbitrum"',
            "2: network.name: must be one of arbitrum-one, arbitrum-sepolia, local; "
            "did you mean arbitrum-one?",
        ),
        (
            'name = "arbitrum-one"',
            'name = "local"',
            "1: network.controller: is missing: no Controller of local is built in",
        ),
        (
            'name = "arbitrum-one"',
            f'controller = "{BOB}"',
            "1: network.chain_id: is missing: or give name",
        ),
        (
            'name = "arbitrum-one"',
            'name = "arbitrum-one"\nchain_id = 1',
            "3: network.chain_id: arbitrum-one is chain 42161, not 1",
        ),
        (
            f'"https://node.example/{TOKEN}"',
            '"node.example"',
            "3: network.rpc[0]: an RPC URL must start with http:// or https://, and name a host",
        ),
        (
            '"https://other.example"',
            f'"https://node.example/{TOKEN}"',
            "3: network.rpc[1]: is in the list twice",
        ),
        (
            f'    "{BOB}",',
            f'    "{BOB.lower()}",',
            f"12: reward_caller.orchestrators[1]: has no checksum: write {BOB}, after comparing",
        ),
        (
            f'    "{BOB}",',
            f'    "{MISTYPED}",',
            f"12: reward_caller.orchestrators[1]: {MISTYPED} has a wrong checksum: a digit",
        ),
        (
            f'    "{BOB}",',
            '    "livepeer.eth",',
            "12: reward_caller.orchestrators[1]: must be an address: 0x and 40 hex digits",
        ),
        (
            'signer = "caller"',
            'signer = "calller"',
            "9: reward_caller.signer: there is no signer calller; did you mean caller?",
        ),
        (
            'signer = "caller"',
            "",
            "8: reward_caller.signer: is missing: the reward caller of `orchestrators`",
        ),
        (
            'signer = "caller"',
            'signer = "caller"\nenabled = "false"',
            "10: reward_caller.enabled: must be true or false, without quotes",
        ),
        (
            'signer = "caller"',
            'signer = "caller"\nenabled = false',
            " no keeper is enabled: add [round_initializer] or [reward_caller]",
        ),
        (
            'signer = "caller"',
            'signer = "caller"\nprofitability = "enforce"',
            "8: reward_caller.lpt_price_eth: is missing: profitability = ",
        ),
        (
            'signer = "caller"',
            'signer = "caller"\npoll_seconds = 3',
            "10: reward_caller.poll_seconds: unknown key; it belongs above the first",
        ),
        (
            'signer = "caller"',
            'signer = "caller"\nttl_seconds = 3',
            "10: reward_caller.ttl_seconds: unknown key; it belongs to [lease]",
        ),
        (
            'type = "keystore"',
            'type = "keystore"\nsocket = "x"',
            "6: signers.caller.socket: unknown key; nearest is ",
        ),
        (
            'type = "keystore"',
            'type = "keyfile"',
            "5: signers.caller.type: must be one of keystore, ape, remote, kms",
        ),
    ],
)
def test_load__one_mistake__is_named_with_line_and_key(
    tmp_path: Path, line: str, new: str, expected: str
) -> None:
    (found,) = problems(tmp_path, changed(line, new))
    assert found.startswith(f"keepers.toml:{expected}")


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        (
            '[fees]\nsoft_cap_gwei = "cheap"',
            '15: fees.soft_cap_gwei: must be an amount such as 3 or "0.25", not negative',
        ),
        (
            "[fees]\nsoft_cap_gwei = -1",
            '15: fees.soft_cap_gwei: must be an amount such as 3 or "0.25", not negative',
        ),
        (
            "[fees]\nsoft_cap_gwei = nan",
            '15: fees.soft_cap_gwei: must be an amount such as 3 or "0.25", not negative',
        ),
        (
            "[fees]\nsoft_cap_gwei = 0",
            "15: fees.soft_cap_gwei: must be above 0 and at most 10000 gwei, not 0",
        ),
        (
            "[fees]\nsoft_cap_gwei = true",
            '15: fees.soft_cap_gwei: must be an amount such as 3 or "0.25"',
        ),
        (
            '[fees]\nsoft_cap_gwei = "0.1234567891"',
            "15: fees.soft_cap_gwei: has more than 9 decimals",
        ),
        (
            "[fees]\nhard_cap_gwei = 1_000_000_000",
            "15: fees.hard_cap_gwei: must be above 0 and at most 10000 gwei, not 1000000000",
        ),
        (
            "[fees]\nsoft_cap_gwei = 3\nhard_cap_gwei = 2",
            "16: fees.hard_cap_gwei: is below soft_cap_gwei: the soft cap is the lower one",
        ),
        (
            "[fees]\nrise_from_percent = 90",
            "14: fees.rise_to_percent: must be above rise_from_percent, which is 90",
        ),
        ("[fees]\nsoft_cap = 1", "15: fees.soft_cap: unknown key; did you mean soft_cap_gwei?"),
        (
            '[fees]\nreplace_after_seconds = "30"',
            "15: fees.replace_after_seconds: must be a whole number from 5 to 3600, without quotes",
        ),
        (
            "[fees]\nreplace_after_seconds = 1",
            "15: fees.replace_after_seconds: must be from 5 to 3600, not 1",
        ),
        (
            "[fees]\nreplace_after_seconds = true",
            "15: fees.replace_after_seconds: must be a whole number from 5 to 3600, without quotes",
        ),
        ("[lease]\nttl_seconds = 1", "15: lease.ttl_seconds: must be from 2 to 900 seconds, not 1"),
        (
            "[lease]\nttl_seconds = nan",
            "15: lease.ttl_seconds: must be from 2 to 900 seconds, not NaN",
        ),
        (
            "[lease]\nttl_seconds = '9'",
            "15: lease.ttl_seconds: must be seconds from 2 to 900, without quotes",
        ),
        (
            "[turn]\nindex = 2\nof = 2",
            "15: turn.index: must be below of, which is 2: the first host is 0",
        ),
        ('[log]\nlevel = "loud"', "15: log.level: must be one of debug, info, warning, error"),
        (
            '[journal]\nurl = "sqlite://"',
            "15: journal.url: must name a file: what is in memory is lost with the process",
        ),
        (
            '[journal]\nurl = "postgres://u:hunter22@db/k"',
            "15: journal.url: must start with sqlite:/// or postgresql+psycopg://",
        ),
        (
            '[journal]\nurl = "hunter22"',
            "15: journal.url: must be a URL such as sqlite:///keepers.sqlite",
        ),
        (
            '[journal]\nurl_file = "missing"',
            "15: journal.url_file: {folder}/missing cannot be read: FileNotFoundError",
        ),
        (
            '[signers.HOT]\ntype = "kms"\nkey = ""',
            "14: signers.HOT: a signer's name has small letters, digits and single underscores",
        ),
        ("[[log]]", "14: log: must be a table: write [log]"),
        (
            "[reward_caller.own]\nsigner = 'caller'",
            "14: reward_caller.own: must be tables: write [[reward_caller.own]]",
        ),
    ],
)
def test_load__one_wrong_value__is_named_with_line_and_key(
    tmp_path: Path, section: str, expected: str
) -> None:
    found = problems(tmp_path, VALID + section)
    assert found[0] == f"keepers.toml:{expected}".replace("{folder}", str(tmp_path))
    assert not any("hunter22" in one for one in found)


def test_load__several_mistakes__are_all_named_in_order_of_the_file(tmp_path: Path) -> None:
    text = changed('path = "caller.json"', "path = 3").replace(ALICE, "0x12")
    found = problems(tmp_path, text + "[logs]\n[fees]\nhard_cap_gwei = 'x'\n")
    assert [one.split(": ")[1] for one in found] == [
        "signers.caller.path",
        "reward_caller.orchestrators[0]",
        "logs",
        "fees.hard_cap_gwei",
    ]


@pytest.mark.parametrize(
    ("poll", "turns", "place"),
    [
        (3.5, f'slot_seconds = 4\npeers = ["{ALICE}"]\n', 17),
        (3.5, "[turn]\nindex = 0\nof = 2\n", 15),
    ],
)
def test_load__slot_too_short_for_turns__says_how_long_it_has_to_be(
    tmp_path: Path, poll: float, turns: str, place: int
) -> None:
    initializer = '[round_initializer]\nsigner = "caller"\n'
    text = f"poll_seconds = {{}}\n{VALID}{initializer}{turns}"
    (found,) = problems(tmp_path, text.format(poll))
    assert found == (
        f"keepers.toml:{place}: round_initializer.slot_seconds: is 4, and keepers that take turns "
        "need at least 4.5: poll_seconds, which is 3.5, and 1 until the others see a transaction"
    )
    assert load(tmp_path / "keepers.toml", {"KEEPERS_POLL_SECONDS": "3"}).poll_seconds == 3


def test_load__lease_shorter_than_three_polls__says_how_long_it_has_to_be(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, f"poll_seconds = 4\n{VALID}[lease]\nttl_seconds = 8\n")
    assert found == (
        "keepers.toml:16: lease.ttl_seconds: is 8, and must be at least 12: 3 times poll_seconds, "
        "which is 4"
    )
    assert load(tmp_path / "keepers.toml", {"KEEPERS_POLL_SECONDS": "2"}).lease.ttl == 8


def test_load__same_orchestrator_by_own_and_by_caller__is_named(tmp_path: Path) -> None:
    text = VALID + f'[[reward_caller.own]]\naddress = "{BOB}"\nsigner = "caller"\n'
    assert problems(tmp_path, text) == [
        f"keepers.toml:15: reward_caller.own[0].address: {BOB} is given twice"
    ]


def test_load__second_own_orchestrator__has_its_own_line(tmp_path: Path) -> None:
    own = '[[reward_caller.own]]\naddress = "{}"\nsigner = "{}"\n'
    text = changed(f'    "{ALICE}",\n    "{BOB}",\n', "")
    text += own.format(ALICE, "caller") + own.format(BOB, "who")
    assert problems(tmp_path, text) == [
        "keepers.toml:17: reward_caller.own[1].signer: there is no signer who; add [signers.who]"
    ]


def test_load__not_toml__names_line_and_column(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, "[network]\nname = arbitrum-one\n")
    assert found == "keepers.toml: is not TOML: Invalid value (at line 2, column 8)"


def test_load__no_file__says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.toml: cannot be read: No such file"):
        load(tmp_path / "none.toml", {})
