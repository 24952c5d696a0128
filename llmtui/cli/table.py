"""Every command and option, once: the parser, the help and the shell completions are all made from these tables.

Plain values instead of an argparse parser: options may stand anywhere among the words of a prompt, help and completions
cannot drift from what is parsed, and nothing is imported for it.
"""

from __future__ import annotations

from typing import NamedTuple

WIRES = ("openai", "openai-responses", "openai-completions", "anthropic", "gemini", "ollama", "openrouter")
EFFORTS = ("none", "minimal", "low", "medium", "high", "max")
FORMATS = ("raw", "markdown", "json", "sse")
GROUPINGS = ("day", "week", "month", "provider", "model", "conversation", "kind")


class Option(NamedTuple):
    """An option; one without a metavar is a flag."""

    long: str
    help: str
    short: str = ""
    metavar: str = ""
    choices: tuple[str, ...] = ()
    repeats: bool = False
    is_path: bool = False
    """The value names a file; it is left as the system gave it."""
    completes: str = ""
    """What a shell offers for the value: files, models (their providers), providers, conversations."""

    @property
    def name(self) -> str:
        return self.long.lstrip("-")


class Argument(NamedTuple):
    """The words that a command takes besides its options."""

    metavar: str
    help: str
    least: int = 1
    most: int | None = 1
    """None: any number."""
    choices: tuple[str, ...] = ()
    completes: str = ""
    is_path: bool = False


class Command(NamedTuple):
    """A command, or one of a command's actions."""

    name: str
    help: str
    runs: str = ""
    """`module:function` under `llmtui.cli`; empty where actions do the work."""
    arguments: tuple[Argument, ...] = ()
    options: tuple[Option, ...] = ()
    actions: tuple[Command, ...] = ()
    epilog: str = ""


HELP = Option("--help", "show this help", "-h")
CONFIG = Option("--config", "use this config file", metavar="FILE", is_path=True, completes="files")
VERBOSE = Option("--verbose", "say more on stderr", "-v")
YES = Option("--yes", "answer confirmations with yes; a block stays a block")
JSON = Option("--json", "print JSON")
VERSION = Option("--version", "show the version")
COMMON = (CONFIG, VERSION, HELP)

MODEL_OPTIONS = (
    Option("--model", "the model; “auto” lets the router choose", "-m", "PROVIDER/MODEL", completes="models"),
    Option(
        "--fallback", "ask this one when the first fails", metavar="PROVIDER/MODEL", repeats=True, completes="models"
    ),
    Option("--base-url", "a server that is not in the config", metavar="URL"),
    Option("--wire", "what that server speaks", metavar="WIRE", choices=WIRES),
    Option("--demo", "the embedded demo provider: no key, no network"),
)
PROMPT_OPTIONS = (
    Option("--system", "the system prompt, or the file that holds it", "-s", "TEXT|@FILE"),
    Option("--role", "a role from the config", "-r", "NAME"),
    Option("--template", "a template from the config", metavar="NAME"),
    Option("--var", "a variable of the template", metavar="K=V", repeats=True),
    Option(
        "--attach", "send a text file or an image along", "-a", "FILE", repeats=True, is_path=True, completes="files"
    ),
    Option("--continue", "go on with the newest conversation", "-c"),
    Option("--conversation", "go on with this one (ID or its beginning)", metavar="ID", completes="conversations"),
)
GENERATION_OPTIONS = (
    Option("--temperature", "0 to 2", "-t", "F"),
    Option("--top-p", "0 to 1", metavar="F"),
    Option("--max-tokens", "the longest answer", metavar="N"),
    Option("--stop", "end the answer before this text", metavar="TEXT", repeats=True),
    Option("--seed", "for repeatable answers, where the model can", metavar="N"),
    Option("--effort", "how much to reason", metavar="LEVEL", choices=EFFORTS),
)
BEHAVIOUR_OPTIONS = (
    Option("--timeout", "the longest wait for the first content", metavar="SECONDS"),
    Option("--retries", "how often to try again", metavar="N"),
    Option("--no-store", "record usage, keep no text"),
    YES,
    CONFIG,
    VERBOSE,
)
ONCE = Option("--once", "one question, the answer to stdout, then exit")
ONCE_OPTIONS = (
    Option("--format", "markdown on a terminal, else raw", metavar="FORMAT", choices=FORMATS),
    Option("--no-stream", "print when the answer is complete"),
    Option("--dry-run", "send nothing; say what would be sent and what it may cost"),
    Option("--extract", "print only the first code block", "-x"),
    Option("--extract-last", "print only the last code block"),
)
PLAIN = Option("--plain", "chat in whole lines: for screen readers, dumb terminals, pipes and logs")

GROUPS = (
    ("Model", MODEL_OPTIONS),
    ("Prompt", PROMPT_OPTIONS),
    ("Generation", GENERATION_OPTIONS),
    ("Behaviour", (PLAIN, *BEHAVIOUR_OPTIONS, VERSION, HELP)),
    ("With --once", (ONCE, *ONCE_OPTIONS)),
)
CHAT_OPTIONS = tuple(option for _, options in GROUPS for option in options)
"""What `llmtui` itself takes, with and without `--once`."""

_PROVIDER = Argument("NAME", "a provider's name, for example openai", completes="providers")
_CONVERSATION = Argument("ID", "a conversation's ID, or the beginning of it", completes="conversations")
_LIMIT = Option("--limit", "at most so many", "-n", "N")

IMPORT_NOTES = """\
All conversations of all files are taken, or, when anything does not fit, none; what is here already stays as it is.
What is kept, and what is not:
  llmtui   everything that “history export --format json” writes
  ChatGPT  conversations.json, or the zip with its pictures: every branch, models, reasoning; not tools, custom instructions, audio
  Claude   conversations.json, or the zip: texts, thinking, text of attached files; not pictures, tools, the model (it is not in it)
  llm      logs.db, of any version: prompts, fragments, answers, reasoning, models, attachments; not options, tools
  oterm    store.db: chats, pictures, system prompts, models; it has no times
  elia     elia.sqlite: chats, system prompts, models, times
"""
"""Shown under the command's help."""
SERVE_NOTES = """\
It prints an address with a token that is made anew at each start: who has it can use the chat, spend your money, read your
conversations and the files that you can read. With another --host than this machine everyone on that network can try.
Each page that is opened is a chat of its own; a page that is closed settles what streamed. Ctrl-C ends all of them.
"""
KEYS = Command(
    "keys",
    "API keys in the system's keyring",
    actions=(
        Command(
            "set",
            "store a key: typed at a hidden prompt, or read from stdin; never an argument",
            "keys:set_key",
            (_PROVIDER,),
            (YES._replace(help="without a keyring, keep it in a file that only you can read"), *COMMON),
        ),
        Command("list", "where each provider's key comes from", "keys:list_keys", (), (JSON, *COMMON)),
        Command("delete", "remove a stored key", "keys:delete_key", (_PROVIDER,), COMMON),
        Command("test", "ask the provider whether it takes the key", "keys:test_key", (_PROVIDER,), COMMON),
    ),
)
CONFIGURATION = Command(
    "config",
    "the config file",
    actions=(
        Command("path", "where it is", "config:show_path", (), COMMON),
        Command("show", "the settings as they apply; never a secret", "config:show", (), (JSON, *COMMON)),
        Command("init", "write the commented example there", "config:init", (), COMMON),
        Command("check", "read it and say what is wrong", "config:check", (), COMMON),
    ),
)
MODELS = Command(
    "models",
    "what the providers offer, with context window and price where known",
    "models:list_models",
    (),
    (
        Option("--provider", "only this one's", metavar="NAME", completes="providers"),
        Option("--refresh", "ask the providers again, and bring the price table up to date"),
        JSON,
        *COMMON,
    ),
)
USAGE = Command(
    "usage",
    "tokens, cost, requests, errors and latency",
    "usage:show_usage",
    (),
    (
        Option("--since", "2026-11-20, 7d, today, monday", metavar="WHEN"),
        Option("--until", "to the end of that day", metavar="WHEN"),
        Option("--by", "one row a …", metavar="WHAT", choices=GROUPINGS),
        Option("--csv", "print CSV"),
        JSON,
        *COMMON,
    ),
)
HISTORY = Command(
    "history",
    "conversations",
    actions=(
        Command("list", "newest first", "history:list_conversations", (), (_LIMIT, JSON, *COMMON)),
        Command(
            "search",
            "in every message",
            "history:search",
            (Argument("TEXT", "what to look for", most=None),),
            (_LIMIT, JSON, *COMMON),
        ),
        Command("show", "one conversation", "history:show", (_CONVERSATION,), (JSON, *COMMON)),
        Command(
            "export",
            "conversations as a document",
            "transfer:export",
            (_CONVERSATION._replace(most=None),),
            (
                Option(
                    "--format", "markdown unless told otherwise", metavar="FORMAT", choices=("markdown", "json", "html")
                ),
                Option("--output", "write to this file", "-o", "FILE", is_path=True, completes="files"),
                *COMMON,
            ),
        ),
        Command(
            "import",
            "conversations from an export of llmtui, ChatGPT or Claude, or a database of llm, oterm or elia",
            "transfer:import_files",
            (Argument("FILE", "told by its content; - for stdin", most=None, completes="files", is_path=True),),
            COMMON,
            epilog=IMPORT_NOTES,
        ),
        Command(
            "rename",
            "give a conversation a title",
            "history:rename",
            (_CONVERSATION, Argument("TITLE", "its new title", most=None)),
            COMMON,
        ),
        Command(
            "delete",
            "remove conversations; their bill stays",
            "history:delete",
            (_CONVERSATION._replace(most=None),),
            (YES, *COMMON),
        ),
    ),
)
DOCTOR = Command(
    "doctor",
    "checks config, keys, database, terminal and providers; exit 1 where something is broken",
    "doctor:examine",
    (),
    (JSON, *COMMON),
)
BENCH = Command(
    "bench",
    "measures a provider's streaming and judges it; exit 1 if a check fails",
    "bench:measure",
    (Argument("MODEL", "more models to measure, after -m", least=0, most=None, completes="models"),),
    (
        Option("--model", "what to measure", "-m", "PROVIDER/MODEL", repeats=True, completes="models"),
        Option("--base-url", "a server that is not in the config", metavar="URL"),
        Option("--wire", "what that server speaks", metavar="WIRE", choices=WIRES),
        Option("--requests", "for each model and endpoint; 10 unless told otherwise", "-n", "REQUESTS"),
        Option("--concurrency", "so many at a time; 1 unless told otherwise", metavar="N"),
        Option("--endpoint", "of an OpenAI-compatible server", metavar="KIND", choices=("chat", "completions", "both")),
        Option("--prompt", "what to ask", metavar="TEXT"),
        Option("--max-cost", "stop before it might cost more", metavar="USD"),
        JSON,
        *COMMON,
    ),
)
SERVED_OPTIONS = (*MODEL_OPTIONS, *PROMPT_OPTIONS, *GENERATION_OPTIONS, *BEHAVIOUR_OPTIONS)
"""What `serve` hands on to the chat of each page."""
SERVE = Command(
    "serve",
    "the same chat in a browser",
    "serve:serve",
    (),
    (
        Option("--host", "127.0.0.1 unless told otherwise: this machine alone", metavar="HOST"),
        Option("--port", "8484 unless told otherwise; 0 takes a free one", metavar="PORT"),
        *SERVED_OPTIONS,
        VERSION,
        HELP,
    ),
    epilog=SERVE_NOTES,
)
COMPLETIONS_NOTES = """\
Load it where the shell starts:
  bash  source <(llmtui completions bash)         in ~/.bashrc
  zsh   source <(llmtui completions zsh)          in ~/.zshrc, after compinit
  fish  llmtui completions fish | source          in ~/.config/fish/config.fish
"""
COMPLETIONS = Command(
    "completions",
    "shell completion",
    "completions:print_script",
    (Argument("SHELL", "bash, zsh or fish", choices=("bash", "zsh", "fish")),),
    (VERSION, HELP),
    epilog=COMPLETIONS_NOTES,
)

COMMANDS = (KEYS, MODELS, USAGE, HISTORY, BENCH, SERVE, CONFIGURATION, DOCTOR, COMPLETIONS)
