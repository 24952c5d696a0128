"""The process that counts: one line of JSON in, one line of JSON out, until its input ends.

It is run as a file, on its own, and imports nothing of the program. tiktoken takes 170 ms and 80 MiB to load and panics
on texts that a chat can contain: here that stays away from the screen. In: `[number, encoding, [text, …]]`. Out:
`[number, [tokens, …]]`, or `[number, null]` where it could not be counted. Special tokens are counted as text.
"""

from __future__ import annotations

import json
import sys


def count(encoding: str, texts: list[str]) -> list[int] | None:
    """The tokens of each text, None where the encoding or a text is more than tiktoken can take."""
    try:
        import tiktoken

        vocabulary = tiktoken.get_encoding(encoding)
        return [len(vocabulary.encode_ordinary(text)) for text in texts]
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException:  # noqa: BLE001 - a panic in its Rust part is no Exception
        return None


def main() -> None:
    # Where a vocabulary is missing tiktoken would download it; what is fetched, when and how is the program's business.
    sys.modules["requests"] = None  # type: ignore[assignment]
    for line in sys.stdin.buffer:
        number, encoding, texts = json.loads(line)
        sys.stdout.write(f"{json.dumps([number, count(encoding, texts)])}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
