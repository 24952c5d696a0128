"""Which providers are known without being configured, and which file reads which wire.

A further OpenAI-compatible provider is a line here, or four lines in the user's config; a further wire is its file and
one line in `_WIRES`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple, cast

from llmtui.core.errors import ConfigError

if TYPE_CHECKING:
    from llmtui.core.errors import ProviderError
    from llmtui.core.request import ChatRequest
    from llmtui.providers.base import Adapter

_WIRES = {
    # wire → the module with its `create()`
    "openai": "openai",
    "openai-responses": "responses",
    "openai-completions": "completions",
    "anthropic": "anthropic",
    "gemini": "gemini",
    "ollama": "ollama",
    "openrouter": "openrouter",
    "demo": "demo",
}
WIRES = tuple(_WIRES)


class KnownProvider(NamedTuple):
    """What is known of a provider beforehand; a config section of the same name goes before it, field by field."""

    name: str
    wire: str
    base_url: str
    key_env: tuple[str, ...] = ()
    """The customary variables, in the order they are looked at."""
    local: bool = False
    """Runs on this machine: costs nothing, may take long to its first token."""
    needs_key: bool = True
    default_model: str = ""
    """What a first start asks when the user has said nothing; empty: the first that is listed."""


def _local(name: str, wire: str, port: int) -> KnownProvider:
    return KnownProvider(name, wire, f"http://localhost:{port}", local=True, needs_key=False)


_KNOWN = (
    KnownProvider("openai", "openai", "https://api.openai.com/v1", ("OPENAI_API_KEY",), default_model="gpt-5-mini"),
    KnownProvider("anthropic", "anthropic", "https://api.anthropic.com", ("ANTHROPIC_API_KEY",), default_model="claude-sonnet-4-5"),
    KnownProvider(
        "gemini", "gemini", "https://generativelanguage.googleapis.com/v1beta",
        ("GEMINI_API_KEY", "GOOGLE_API_KEY"), default_model="gemini-2.5-flash",
    ),
    KnownProvider(
        "openrouter", "openrouter", "https://openrouter.ai/api/v1", ("OPENROUTER_API_KEY",),
        default_model="openrouter/auto",
    ),
    KnownProvider("groq", "openai", "https://api.groq.com/openai/v1", ("GROQ_API_KEY",)),
    KnownProvider("deepseek", "openai", "https://api.deepseek.com/v1", ("DEEPSEEK_API_KEY",), default_model="deepseek-chat"),
    KnownProvider("mistral", "openai", "https://api.mistral.ai/v1", ("MISTRAL_API_KEY",), default_model="mistral-small-latest"),
    KnownProvider("xai", "openai", "https://api.x.ai/v1", ("XAI_API_KEY",)),
    KnownProvider("together", "openai", "https://api.together.xyz/v1", ("TOGETHER_API_KEY", "TOGETHERAI_API_KEY")),
    KnownProvider("fireworks", "openai", "https://api.fireworks.ai/inference/v1", ("FIREWORKS_API_KEY",)),
    KnownProvider("cerebras", "openai", "https://api.cerebras.ai/v1", ("CEREBRAS_API_KEY",)),
    KnownProvider("perplexity", "openai", "https://api.perplexity.ai", ("PERPLEXITY_API_KEY", "PPLX_API_KEY"), default_model="sonar"),
    _local("ollama", "ollama", 11434),
    _local("lmstudio", "openai", 1234),
    _local("llamacpp", "openai", 8080),
    _local("vllm", "openai", 8000),
    KnownProvider("demo", "demo", "demo:", local=True, needs_key=False, default_model="steady"),
)  # fmt: skip

KNOWN = {provider.name: provider for provider in _KNOWN}
"""By name, in the order in which a key makes a provider the default."""


def without_refused(request: ChatRequest, error: ProviderError) -> tuple[ChatRequest, str] | None:
    """The request without the setting that a server has just refused by name, and a note; None where it named none."""
    from llmtui.providers._refused import without_refused as find

    return find(request, error)


def adapter(wire: str) -> Adapter:
    """The adapter of a wire; imports its one module and no other. Raise ConfigError for a wire that does not exist."""
    module = _WIRES.get(wire)
    if module is None:
        raise ConfigError(f"There is no wire “{wire}”", advice=f"Known are: {', '.join(WIRES)}.")
    return cast("Adapter", import_module(f"llmtui.providers.{module}").create())
