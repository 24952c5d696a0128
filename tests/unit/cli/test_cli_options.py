"""The `Options` value: every option checked, every file read, contradictions named."""

from __future__ import annotations

from pathlib import Path

import pytest

from llmtui.cli import files
from llmtui.cli.options import Options, make_options
from llmtui.cli.parse import parse
from llmtui.cli.table import CHAT_OPTIONS
from llmtui.core.errors import ConfigError
from llmtui.core.messages import Attachment
from llmtui.core.request import GenerationSettings

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 8


def make(*argv: str) -> Options:
    return make_options(parse(argv, CHAT_OPTIONS))


def refusal(*argv: str) -> str:
    with pytest.raises(ConfigError) as caught:
        make(*argv)
    assert caught.value.exit_code == 2
    assert "\n" not in caught.value.sentence
    return caught.value.sentence


def test_nothing_given_is_the_default() -> None:
    assert make() == Options()


def test_every_option_arrives(tmp_path: Path) -> None:
    """CHAT-7: the options shared by chat and --once, and --once's own."""
    note = tmp_path / "note.md"
    note.write_text("# hi", "utf-8")
    options = make(
        *(
            "--once",
            "a",
            "b",
            "-m",
            "openai/x",
            "--fallback",
            "c/d",
            "--fallback",
            "e/f",
            "-s",
            "be brief",
            "-r",
            "reviewer",
        ),
        *("--template", "t", "--var", "k=v=w", "--var", "l=", "-t", "0.5", "--top-p", "0.9", "--max-tokens", "7"),
        *("--stop", "X", "--stop", "Y", "--seed", "-3", "--effort", "high", "-a", str(note)),
        *("--base-url", "http://h/v1", "--wire", "openai", "--timeout", "5", "--retries", "0", "--no-store", "--yes"),
        *("--config", "c.toml", "-v", "--format", "json", "--no-stream", "--dry-run", "--conversation", "ab"),
    )
    assert options == Options(
        once=True,
        prompt="a b",
        conversation="ab",
        model="openai/x",
        fallback=("c/d", "e/f"),
        system="be brief",
        role="reviewer",
        template="t",
        variables=(("k", "v=w"), ("l", "")),
        settings=GenerationSettings(0.5, 0.9, 7, ("X", "Y"), -3, "high"),
        attachments=(Attachment("note.md", "text/markdown", b"# hi"),),
        base_url="http://h/v1",
        wire="openai",
        timeout_s=5.0,
        retries=0,
        keep_text=False,
        yes=True,
        config_file=Path("c.toml"),
        verbose=True,
        format="json",
        stream=False,
        dry_run=True,
    )
    assert make("--once", "-x").extract == "first"
    assert make("--once", "--extract-last").extract == "last"
    assert make("--demo", "-c") == Options(demo=True, continue_newest=True)


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["-t", "2.1"], "--temperature must be a number from 0 to 2, not “2.1”"),
        (["-t", "nan"], "--temperature must be"),
        (["-t", "warm"], "--temperature must be"),
        (["--top-p", "1.5"], "--top-p must be a number from 0 to 1"),
        (["--max-tokens", "0"], "--max-tokens must be a whole number from 1 on, not “0”"),
        (["--max-tokens", "1.5"], "--max-tokens must be"),
        (["--max-tokens", "٣"], "--max-tokens must be"),
        (["--max-tokens", "9" * 30], "--max-tokens must be"),
        (["--seed", "1e3"], "--seed must be a whole number of at most 64 bits"),
        (["--retries", "101"], "--retries must be a whole number from 0 to 100"),
        (["--timeout", "0"], "--timeout must be a number of seconds from 0.1 to 86400"),
        (["--timeout", "inf"], "--timeout must be"),
        (["--stop", "a", "--stop="], "--stop needs a text that is not empty"),
        (["--model="], "--model needs a value that is not empty"),
        (["--fallback", " "], "--fallback needs a model"),
        (["--var", "novalue", "--template", "t"], "--var must be NAME=VALUE, not “novalue”"),
        (["--var", "a=b"], "--var needs --template beside it"),
        (["--wire", "openai"], "--wire needs --base-url beside it"),
        (["--base-url", "http://h"], "--base-url needs --wire beside it"),
        (["--base-url", "h:80", "--wire", "openai"], "--base-url must be an address"),
        (["--base-url", "http://", "--wire", "openai"], "--base-url must be an address"),
        (["--base-url", "http://a b", "--wire", "openai"], "--base-url must be an address"),
        (["--base-url", "http://me:pw@h", "--wire", "openai"], "--base-url must have no user name"),
        (["-c", "--conversation", "x"], "--continue and --conversation exclude each other"),
        (["--once", "-x", "--extract-last"], "--extract and --extract-last exclude each other"),
        (["--demo", "--base-url", "http://h", "--wire", "openai"], "--demo and --base-url exclude each other"),
        (["--demo", "-m", "openai/x"], "--demo answers from the demo provider, not from openai/x"),
        (["--format", "json"], "--format goes with --once only"),
        (["--dry-run"], "--dry-run goes with --once only"),
        (["-x"], "--extract goes with --once only"),
        (["--once", "-x", "--format", "sse"], "--extract prints a code block alone"),
        (["--once", "\udcff"], "the prompt is not UTF-8 text"),
        (["-a", "/no/such/file"], "--attach: there is no file /no/such/file"),
        (["-s", "@/no/such/file"], "--system: there is no file /no/such/file"),
        (["-a", "/dev/null"], "--attach: /dev/null is a device"),
        (["-a", "a\0b"], "--attach: a?b cannot be read"),
    ],
)
def test_what_does_not_fit_is_named(argv: list[str], said: str) -> None:
    """CHAT-7: wrong usage is exit 2 and one sentence."""
    assert refusal(*argv).startswith(said)


def test_the_demo_may_be_told_which_model() -> None:
    assert make("--demo", "-m", "demo/quick").model == "demo/quick"
    assert make("--demo", "-m", "quick").demo


def test_a_system_prompt_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "p.txt"
    file.write_bytes(b"\xef\xbb\xbfBe brief.\n\n")
    assert make("-s", f"@{file}").system == "Be brief."
    assert make("--system=").system == ""
    file.write_bytes(b"\xff")
    assert "is not UTF-8 text" in refusal("-s", f"@{file}")
    assert "is a folder" in refusal("-s", f"@{tmp_path}")


@pytest.mark.parametrize(
    ("name", "data", "media_type"),
    [
        ("a.png", PNG, "image/png"),
        ("lies.txt", b"\xff\xd8\xff\xe0", "image/jpeg"),
        ("a.gif", b"GIF89a..", "image/gif"),
        ("a.webp", b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        ("a.py", b"print('\xc3\xbc')", "text/plain"),
        ("a.CSV", b"a,b", "text/csv"),
        ("empty", b"", "text/plain"),
    ],
)
def test_attachments_are_told_by_their_content(tmp_path: Path, name: str, data: bytes, media_type: str) -> None:
    """PRV-3: images and text."""
    file = tmp_path / name
    file.write_bytes(data)
    assert make("-a", str(file)).attachments == (Attachment(name, media_type, data),)


def test_a_byte_order_mark_is_dropped_from_text(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_bytes(b"\xef\xbb\xbfhi")
    assert make("-a", str(file)).attachments[0].data == b"hi"


@pytest.mark.parametrize("data", [b"\xff\xfe", b"text\0with zero", b"%PDF-1.7\n\xe2\xe3"])
def test_what_is_neither_is_refused(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "x.bin"
    file.write_bytes(data)
    assert "is neither UTF-8 text nor an image" in refusal("-a", str(file))


def test_a_file_that_is_too_large_is_not_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LARGEST_ATTACHMENT", 1024 * 1024)
    file = tmp_path / "big"
    with file.open("wb") as stream:
        stream.truncate(1024 * 1024 + 1)
    assert "is larger than 1 MiB" in refusal("-a", str(file))


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "x"
    file.write_text("x", "utf-8")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    assert refusal("-a", str(file)) == f"--attach: {file} cannot be read: Permission denied. See “llmtui --help”."


def test_a_hostile_file_name_is_cleaned_where_it_is_shown(tmp_path: Path) -> None:
    """SEC-1"""
    file = tmp_path / "a\x1b[2J.txt"
    file.write_text("x", "utf-8")
    assert make("-a", str(file)).attachments[0].name == "a␛[2J.txt"
    file.unlink()
    assert "\x1b" not in refusal("-a", str(file))
