"""CHAT-3: roles and templates from the config, on the command line."""

from __future__ import annotations

import pytest

from llmtui.cli.options import Options
from llmtui.cli.personas import with_personas
from llmtui.config import Config, RoleConfig
from llmtui.core.errors import ConfigError
from llmtui.core.request import GenerationSettings
from llmtui.core.templates import fill, names_in

CONFIG = Config(
    roles={"reviewer": RoleConfig("Be exact.", "a/b", 0.3), "plain": RoleConfig("Be plain.")},
    templates={"explain": "Explain {{topic}} to {{ audience }}; {{topic}}!", "hi": "Hello"},
)


def test_chat_3_a_role_gives_system_prompt_model_and_temperature() -> None:
    options = with_personas(Options(role="reviewer"), CONFIG)
    assert (options.system, options.model, options.settings.temperature) == ("Be exact.", "a/b", 0.3)
    options = with_personas(Options(role="plain"), CONFIG)
    assert (options.system, options.model, options.settings.temperature) == ("Be plain.", "", None)


def test_chat_3_flags_go_before_the_role() -> None:
    given = Options(role="reviewer", system="Mine.", model="c/d", settings=GenerationSettings(temperature=0.0, seed=1))
    options = with_personas(given, CONFIG)
    assert (options.system, options.model, options.settings) == ("Mine.", "c/d", GenerationSettings(0.0, seed=1))
    assert with_personas(Options(role="reviewer", demo=True), CONFIG).model == ""
    assert with_personas(Options(role="reviewer", base_url="http://h"), CONFIG).model == ""


def test_chat_3_a_template_is_filled_and_stands_before_the_words() -> None:
    variables = (("topic", "old"), ("audience", "{{topic}}"), ("topic", "\\1 äther"))
    options = with_personas(Options(template="explain", variables=variables, prompt="Briefly."), CONFIG)
    assert options.prompt == "Explain \\1 äther to {{topic}}; \\1 äther!\n\nBriefly."
    assert with_personas(Options(template="hi"), CONFIG).prompt == "Hello"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (Options(role="reviwer"), "there is no role “reviwer”. Did you mean “reviewer”?"),
        (Options(role="zzz"), "there is no role “zzz”. There are: reviewer, plain."),
        (Options(template="zzz"), "there is no template “zzz”. There are: explain, hi."),
        (
            Options(template="explain", variables=(("topic", "x"),)),
            "the template “explain” needs audience. Give --var audience=….",
        ),
        (
            Options(template="hi", variables=(("name", "x"),)),
            "the template “hi” has no variable “name”; it has none",
        ),
    ],
)
def test_chat_3_what_is_missing_is_named(options: Options, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        with_personas(options, CONFIG)
    assert caught.value.sentence == said


def test_chat_3_a_config_without_any_says_so() -> None:
    with pytest.raises(ConfigError) as caught:
        with_personas(Options(role="x"), Config())
    assert caught.value.advice == "The config has no [roles.NAME] at all."


def test_chat_3_variables_are_found_in_their_order() -> None:
    assert names_in("{{b}} {{a-1}} {{b}} {{ c }} {{}} {{1}} {d}") == ("b", "a-1", "c")
    with pytest.raises(ConfigError, match="it has a, b"):
        fill("t", "{{a}}{{b}}", {"a": "", "b": "", "c": ""})
