"""Reading the config file: every value, and every way to get it wrong."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from llmtui.config import Config, ModelEntry, load_config
from llmtui.config.load import LARGEST_FILE, parse_config
from llmtui.config.position import line_of
from llmtui.config.schema import TOP, Named, Section
from llmtui.core.errors import ConfigError

EXAMPLE = Path(__file__).resolve().parents[3] / "config.example.toml"
FILE = Path("c.toml")


def parse(text: str) -> Config:
    return parse_config(text, FILE)


def refusal(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse(text)
    assert caught.value.exit_code == 2
    return caught.value.sentence


def uncommented(text: str) -> str:
    """The example with its commented settings and sections switched on."""
    return re.sub(r"^# (\[|[a-z_]+ = )", r"\1", text, flags=re.MULTILINE)


def paths_of(schema: Any, at: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    """Every setting the schema knows, a user's own names as `*`."""
    if isinstance(schema, Named):
        return paths_of(schema.item, (*at, "*"))
    if isinstance(schema, Section):
        return {path for key, kind in schema.keys.items() for path in paths_of(kind, (*at, key))}
    return {at}


def test_the_example_parses_to_exactly_the_defaults() -> None:
    assert parse(EXAMPLE.read_text("utf-8")) == Config()


def test_the_example_names_every_setting() -> None:
    import tomllib

    table = tomllib.loads(uncommented(EXAMPLE.read_text("utf-8")))

    def has(node: Any, path: tuple[str, ...]) -> bool:
        if not path:
            return True
        if path[0] == "*":
            return path[1:] == () or any(has(child, path[1:]) for child in node.values())
        return path[0] in node and has(node[path[0]], path[1:])

    wanted = {path for key, kind in TOP.items() for path in paths_of(kind, (key,))}
    assert len(wanted) > 70
    assert [path for path in sorted(wanted) if not has(table, path)] == []


def test_the_schema_reaches_every_field_of_the_config() -> None:
    config = parse(uncommented(EXAMPLE.read_text("utf-8")))
    assert config.providers["my-server"].key_command == ("pass", "show", "my-server")
    assert config.roles["reviewer"].temperature == 0.7
    assert "{{topic}}" in config.templates["explain"]
    for name, default in Config()._asdict().items():
        kind = TOP[name]
        if isinstance(kind, Section) and hasattr(default, "_fields"):
            assert set(default._fields) - {"after_finish_s"} == set(kind.keys), name
    assert set(Config._fields) == set(TOP)


def test_values_arrive_in_their_types() -> None:
    config = parse(
        """
        model = "auto"
        fallback = ["anthropic/claude", "local"]
        [providers.box]
        wire = "openai"
        base_url = "http://[::1]:8000/v1"
        models = ["a", {name = "b", context_window = 8192}]
        headers = {X-Team = "physics"}
        local = true
        [prices."box/a"]
        input = 1.10
        output = 4
        [budget]
        daily_usd = 2.55
        warn_at = [0.9, 0.5]
        [generation]
        max_tokens = 100
        effort = "low"
        stop = ["\\n\\n"]
        [ui.keys]
        send = "enter,ctrl+s"
        """
    )
    assert config.fallback == ("anthropic/claude", "local")
    assert config.providers["box"].models == (ModelEntry("a"), ModelEntry("b", 8192))
    assert config.providers["box"].local is True
    assert config.prices["box/a"].input == Decimal("1.10")
    assert config.prices["box/a"].source == "config"
    assert config.prices["box/a"].cache_read is None
    assert config.budget.daily_usd == Decimal("2.55")
    assert config.budget.warn_at == (0.5, 0.9)
    assert config.generation.max_output_tokens == 100
    assert config.generation.stop == ("\n\n",)
    assert config.ui.keys == {"send": "enter,ctrl+s"}


def test_max_tokens_of_zero_leaves_the_limit_to_the_provider_and_seed_zero_is_a_seed() -> None:
    settings = parse("[generation]\nmax_tokens = 0\nseed = 0").generation
    assert settings.max_output_tokens is None
    assert settings.seed == 0


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("\n\nmodle = 1", "c.toml:3: modle is not a setting", "Did you mean “model”?"),
        ("[budget]\n\ndaly_usd = 1", "c.toml:3: budget.daly_usd is not a setting", "“daily_usd”"),
        ("[bugdet]\ndaily_usd = 1", "c.toml:1: bugdet is not a setting", "“budget”"),
        ("[ui]\nzzzz = 1", "c.toml:2: ui.zzzz is not a setting", "Known here: theme"),
        ("[budget]\nconfirm_at = 2", "c.toml:2: budget.confirm_at must be", "a number from 0 to 1, not 2"),
        ("[budget]\nconfirm_at = true", "c.toml:2:", "not true"),
        ("[budget]\nconfirm_at = nan", "c.toml:2:", "a number from 0 to 1"),
        ("[budget]\ndaily_usd = -0.5", "c.toml:2:", "an amount in USD from 0 on, not -0.5"),
        ("[budget]\ndaily_tokens = 1.5", "c.toml:2:", "a whole number from 0 on, not 1.5"),
        ('[budget]\non_exceed = "stop"', "c.toml:2:", 'one of "block", "warn", not "stop"'),
        ('[budget]\ntime_zone = "Mars/Olympus"', "c.toml:2:", "Europe/Vienna"),
        ("[retry]\nmax_retries = 1000", "c.toml:2:", "from 0 to 100"),
        ("[timeouts]\nidle_s = 0", "c.toml:2:", "a number of seconds from 0.1 to 86400"),
        ("[timeouts]\nafter_finish_s = 1", "c.toml:2:", "is not a setting"),
        ("[ui]\nmouse = 1", "c.toml:2:", "true or false, not 1"),
        ("[ui]\ntheme = 3", "c.toml:2:", "text in quotes"),
        ("ui = 3", "c.toml:1:", "must be a table: [ui]"),
        ("roles = 3", "c.toml:1:", "[roles.NAME]"),
        ("[[budget]]\n", "c.toml:1:", "must be a table: [budget]"),
        ('fallback = "a/b"', "c.toml:1:", "a list of models"),
        ('fallback = [\n"a/b",\n3\n]', "c.toml:1: fallback", "each a model"),
        ('model = "openai/"', "c.toml:1:", "a name after the slash"),
        ('[ui]\ntitle_model = "auto"', "c.toml:2:", 'not "auto"'),
        ('[guard]\npatterns = ["("]', "c.toml:2:", "a regular expression"),
        ('[prices."a/b"]\ninput = 1', 'c.toml:1: prices."a/b"', "has no “output”"),
        ("[prices.gpt]\ninput = 1\noutput = 1", "c.toml:1:", 'named "PROVIDER/MODEL"'),
        ('[templates.t]\ntxt = "x"', "c.toml:2:", "“text”"),
        ('[providers."a/b"]\nwire = "openai"', "c.toml:1:", "named with letters"),
        ('[providers.x]\nwire = "grpc"', "c.toml:2:", '"openrouter"'),
        ('[providers.x]\nbase_url = "localhost:8000"', "c.toml:2:", "begins with http://"),
        ('[providers.x]\nbase_url = "https://h:99999"', "c.toml:2:", "begins with http://"),
        ('[providers.x]\nbase_url = "https://me:pw@h"', "c.toml:2:", "without a user name"),
        ('[providers.x]\nproxy = "h:1"', "c.toml:2:", "socks5://"),
        ("[providers.x]\nkey_command = []\nlocal = 1", "c.toml:3:", "true or false"),
        ('[providers.x]\nkey_command = [""]', "c.toml:2:", "a program's name"),
        ("[providers.x.headers]\na = 1", "c.toml:2: providers.x.headers.a", "text in quotes"),
        ('[providers.x.headers]\n"a b" = "c"', 'c.toml:2: providers.x.headers."a b"', "letters, digits and dashes"),
        ('[providers.x]\nheaders = "a"', "c.toml:2:", "a table"),
        ("[providers.x]\nmodels = [{context_window = 1}]", "c.toml:2:", "{name, context_window"),
        ('[providers.x]\nmodels = [{name = "a", x = 1}]', "c.toml:2:", "{name, context_window"),
        ('[providers.x]\nmodels = [""]', "c.toml:2:", "a list of models"),
    ],
)
def test_what_is_wrong_is_named_with_file_line_and_key(text: str, place: str, words: str) -> None:
    """CHAT-7: a config file that does not fit gives file, line and what was expected."""
    said = refusal(text)
    assert said.startswith(place), said
    assert words in said
    assert "\n" not in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("model = ", "c.toml:1: this is not TOML: Invalid value"),
        ("\nmodel = \n[ui]", "c.toml:2:9: this is not TOML: Invalid value"),
        ('[ui]\ntheme = "x', "c.toml:2:"),
        ("a = " + "[" * 5000, "c.toml:1: this is not TOML"),
        ("a = " + "9" * 5000, "c.toml:1: this is not TOML"),
        ("[ui]\n[ui]", "c.toml:2:"),
    ],
)
def test_a_file_that_does_not_parse_gives_file_and_line(text: str, said: str) -> None:
    assert refusal(text).startswith(said)


@pytest.mark.parametrize(
    "text",
    [
        '[providers.openai]\napi_key = "sk-canary-0123456789"',
        '[providers.openai]\nkey_env = "sk-canary-0123456789"',
        '[providers.openai]\nkey_command = "sk-canary-0123456789"',
        '[providers.openai]\nheaders = ["sk-canary-0123456789"]',
        'api_key = "sk-canary-0123456789"',
    ],
)
def test_a_key_in_the_config_is_refused_and_not_repeated(text: str) -> None:
    """CHAT-6: keys never stand in the config, and a message about one does not show it."""
    said = refusal(text)
    assert "canary" not in said
    if "api_key" in text:
        assert "llmtui keys set" in said
        assert "LLMTUI_" in said


def test_a_missing_file_is_fine_unless_it_was_named(tmp_path: Path) -> None:
    """CHAT-7: LLMTUI_CONFIG need not exist, --config must."""
    missing = tmp_path / "none" / "c.toml"
    assert load_config(None, {"LLMTUI_CONFIG": str(missing)}) == Config()
    with pytest.raises(ConfigError, match="there is no such config file"):
        load_config(missing, {})


def test_the_model_variable_goes_before_the_file(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text('model = "a/b"', "utf-8")
    assert load_config(file, {}).model == "a/b"
    assert load_config(file, {"LLMTUI_MODEL": "c/d"}).model == "c/d"
    assert load_config(file, {"LLMTUI_MODEL": ""}).model == "a/b"


def test_files_as_editors_write_them(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_bytes(b'\xef\xbb\xbfmodel = "a/b"\r\n[ui]\r\nmouse = false\r\n')
    config = load_config(file, {})
    assert (config.model, config.ui.mouse) == ("a/b", False)
    file.write_bytes(b"")
    assert load_config(file, {}) == Config()


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_bytes(b'model = "a/b"\n# \xff\n')
    with pytest.raises(ConfigError, match=r"c\.toml:2: .*UTF-8"):
        load_config(file, {})
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path, {})
    file.write_bytes(b"#" * (LARGEST_FILE + 1))
    with pytest.raises(ConfigError, match="too large"):
        load_config(file, {})


def test_a_hostile_key_reaches_no_terminal_as_a_control_sequence() -> None:
    """SEC-1"""
    said = refusal('"\\u001b[2J" = 1')
    assert "\x1b" not in said


def test_lines_of_statements_over_several_lines() -> None:
    text = 'x = """\nbad = 1\n"""\n[t]\ngood = [\n 1,\n]\nbad = {a = 1}\n'
    assert line_of(text, ("t", "bad")) == 8
    assert line_of(text, ("t", "good")) == 5
    assert line_of(text, ("x",)) == 1
    assert line_of(text, ("t", "bad", "a")) == 8
    assert line_of(text, ("nothing",)) is None
    assert line_of('a.b = 1\n["q r"]\nc = 2', ("q r", "c")) == 3
