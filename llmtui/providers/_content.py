"""Content encodings undone in bounded memory: a few kilobytes can be made to unpack to gigabytes."""

from __future__ import annotations

import zlib

from llmtui.core.errors import MalformedResponse

_MAX_PIECE = 256 * 1024
_GZIP = b"\x1f\x8b"


class Unpacker:
    """Undoes gzip or deflate, at most a quarter of a MiB at a time. Raise MalformedResponse for any other encoding."""

    def __init__(self, encoding: str) -> None:
        if encoding not in {"gzip", "x-gzip", "deflate"}:
            raise MalformedResponse(
                f"The server packed its answer in a way that was not asked for ({encoding[:40]})",
                advice="Check base_url, and proxies on the way.",
            )
        self._wbits = zlib.MAX_WBITS | 32  # tells gzip and zlib apart by itself
        self._may_be_bare = encoding == "deflate"
        self._inflate: zlib._Decompress | None = None
        self._pending = b""
        self._further = False
        """A member has ended: packed data may be several, one behind the other, and what is none is padding."""

    @property
    def has_more(self) -> bool:
        """There is more to unpack without new bytes."""
        return len(self._pending) > 1 if self._inflate is None else bool(self._pending)

    def unpack(self, data: bytes = b"") -> bytes:
        """The next piece; may be empty though more is to come."""
        packed = self._pending + data
        if self._inflate is None:
            if len(packed) < 2:
                self._pending = packed
                return b""
            if self._further and packed[:2] != _GZIP:
                self._pending = b""
                return b""
            # "deflate" without zlib's frame is an old misunderstanding of some servers: its first two bytes tell
            bare = self._may_be_bare and (packed[0] & 0x0F != 8 or int.from_bytes(packed[:2]) % 31)
            self._inflate = zlib.decompressobj(-zlib.MAX_WBITS if bare else self._wbits)
        try:
            piece = self._inflate.decompress(packed, _MAX_PIECE)
        except zlib.error:
            raise MalformedResponse("The server's answer is packed and damaged", advice="Try again.") from None
        self._pending = self._inflate.unconsumed_tail
        if self._inflate.eof:
            self._pending, self._inflate, self._further = self._inflate.unused_data, None, True
        return piece


def unpacker(encoding: str | None) -> Unpacker | None:
    """The unpacker that a `content-encoding` header asks for; None when the bytes are plain."""
    name = (encoding or "").strip().lower()
    return None if name in {"", "identity"} else Unpacker(name)
