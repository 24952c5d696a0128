"""Which vocabulary counts a model's tokens exactly, and where each vocabulary comes from."""

from __future__ import annotations

from typing import NamedTuple


class Vocabulary(NamedTuple):
    """A file that tiktoken loads."""

    url: str
    sha256: str
    file_name: str
    """What tiktoken calls it in its cache: the SHA-1 of the address."""


_FOLDER = "https://openaipublic.blob.core.windows.net/encodings/"
VOCABULARIES = {
    "o200k_base": Vocabulary(
        _FOLDER + "o200k_base.tiktoken",
        "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
        "fb374d419588a4632f3f557e76b4b70aebbca790",
    ),
    "cl100k_base": Vocabulary(
        _FOLDER + "cl100k_base.tiktoken",
        "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
        "9b5ad71b2ce5302211f9c61530b329a4922fc6a4",
    ),
}

# By how a name begins, the first that fits. gpt-oss has a vocabulary of its own, which differs in special tokens alone,
# and those are counted as text here.
_BEGINNINGS = (
    ("gpt-4o", "o200k_base"),
    ("gpt-4.1", "o200k_base"),
    ("gpt-4.5", "o200k_base"),
    ("gpt-5", "o200k_base"),
    ("gpt-oss", "o200k_base"),
    ("chatgpt-4o", "o200k_base"),
    ("o1", "o200k_base"),
    ("o3", "o200k_base"),
    ("o4", "o200k_base"),
    ("gpt-4", "cl100k_base"),
    ("gpt-3.5", "cl100k_base"),
    ("gpt-35", "cl100k_base"),
)


def encoding_for(model: str) -> str | None:
    """The encoding of a model by its name at any seller (`gpt-4o`, `openai/gpt-4o`, `ft:gpt-4o:me`); None if unknown."""
    maker, _, name = model.lower().rpartition("/")
    if maker and maker.rpartition("/")[2] != "openai":
        return None
    name = name.removeprefix("ft:")
    for beginning, encoding in _BEGINNINGS:
        rest = name.removeprefix(beginning)
        # `gpt-4-turbo` is a gpt-4, `gpt-42` is something else
        if rest != name and not (rest[:1].isdigit() or (beginning in ("o1", "o3", "o4") and rest[:1].isalpha())):
            return encoding
    return None
