"""Finds out what a file to be imported is, by its content, and reads it whole: all of it fits, or none is taken."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any, NamedTuple

from llmtui.core.errors import ConfigError
from llmtui.core.messages import Attachment
from llmtui.core.sanitize import clean_line
from llmtui.transfer import as_json, from_chatgpt, from_claude, from_database

if TYPE_CHECKING:
    from collections.abc import Iterable

    from llmtui.transfer.document import Document

LARGEST_UNPACKED = 2 * 1024**3
"""Bytes of a zip's conversations: more is no history, but a bomb."""
_LARGEST_PICTURE = 20 * 1024 * 1024
_ZIP = b"PK\x03\x04"
KNOWN = "Known are exports of llmtui (JSON), ChatGPT and Claude (conversations.json or the zip), and the databases of llm, oterm and elia."


class Imported(NamedTuple):
    """What a file holds."""

    source: str
    """llmtui, chatgpt, claude, llm, oterm or elia."""
    documents: list[Document]


def read_import(data: bytes, name: str, *, now: int) -> Imported:
    """The conversations of a file; `name` is its name for messages, `now` milliseconds since 1970.

    Raise ConfigError, naming the place, for a file that is not known or does not fit.
    """
    if data.startswith(_ZIP):
        return _zip(data, name, now)
    if data.startswith(from_database.MAGIC):
        documents, source = from_database.from_database(data, name, now=now)
        return Imported(source, documents)
    return _json(_parsed(data, name), name, now, from_chatgpt.no_picture)


def _parsed(data: bytes, name: str) -> Any:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigError(f"{name} is not UTF-8 text", advice=KNOWN) from None
    try:
        return as_json.parse(text, name)
    except ConfigError as error:
        raise ConfigError(error.message, advice=KNOWN) from None


def _json(whole: Any, name: str, now: int, picture: from_chatgpt.Picture) -> Imported:
    if as_json.is_ours(whole):
        return Imported("llmtui", as_json.from_parsed(whole, name))
    first = whole[0] if isinstance(whole, list) and whole else whole
    if isinstance(first, dict) and "mapping" in first:
        return Imported("chatgpt", from_chatgpt.from_chatgpt(whole, name, now=now, picture=picture))
    if isinstance(first, dict) and "chat_messages" in first:
        return Imported("claude", from_claude.from_claude(whole, name, now=now))
    raise ConfigError(f"{name} is no export that is known here", advice=KNOWN)


def _zip(data: bytes, name: str, now: int) -> Imported:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = [entry for entry in archive.infolist() if _is_conversations(entry.filename)]
            if not parts:
                raise ConfigError(f"{name} has no conversations.json in it", advice=KNOWN)
            if sum(entry.file_size for entry in parts) > LARGEST_UNPACKED:
                raise ConfigError(f"{name}: what is packed in it is too large")
            pictures = _Pictures(archive)
            found = [
                _json(
                    _parsed(archive.read(entry), f"{name}: {clean_line(entry.filename, 80)}"), name, now, pictures.find
                )
                for entry in sorted(parts, key=lambda entry: entry.filename)
            ]
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise ConfigError(f"{name} cannot be unpacked: {error}") from None
    return Imported(found[0].source, [document for each in found for document in each.documents])


def _is_conversations(path: str) -> bool:
    """`conversations.json`, in whatever folder, also in numbered parts (`conversations-000.json`)."""
    file = path.rpartition("/")[2]
    stem = file.removesuffix(".json")
    return file.endswith(".json") and (stem == "conversations" or stem.removeprefix("conversations-").isdecimal())


class _Pictures:
    """The pictures that lie beside the conversations, found by the beginning of their names."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._entries = {entry.filename.rpartition("/")[2]: entry for entry in archive.infolist()}

    def find(self, asset: str) -> Attachment | None:
        """`file-service://file-AbC` or `sediment://file_0…`; None where it is not there, or no picture."""
        from llmtui.chat.files import image_type

        identity = asset.rpartition("/")[2]
        if not identity.startswith("file"):
            return None
        for name in self._named(identity):
            entry = self._entries[name]
            if entry.file_size <= _LARGEST_PICTURE:
                data = self._archive.read(entry)
                if kind := image_type(data):
                    return Attachment(clean_line(name, 60), kind, data)
        return None

    def _named(self, identity: str) -> Iterable[str]:
        return [name for name in self._entries if name.startswith(identity)]
