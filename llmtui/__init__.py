"""llmtui: a terminal chat client for language models. Public names are loaded when they are first asked for."""

__version__ = "0.1.0"
