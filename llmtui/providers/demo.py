"""The embedded demo: the OpenAI chat format, answered inside this process through the same client path as any other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmtui.providers.openai import OpenAIChat

if TYPE_CHECKING:
    from llmtui.providers.base import Target


class DemoChat(OpenAIChat):
    """Its address has a scheme of its own, which leads to `_demo_server` and to no network."""

    wire = "demo"

    def root(self, target: Target) -> str:
        return "demo://demo/v1"


def create() -> DemoChat:
    """What the registry calls."""
    return DemoChat()
