"""What kind of question an attempt was for, as usage is broken down by: code, follow-up or explanation.

A rule of thumb over the text alone. Patterns are compiled when the first bill is written, not at start.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from llmtui.core.messages import Role

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmtui.core.messages import Message

CODE, FOLLOW_UP, EXPLANATION = "code", "follow-up", "explanation"

_LOOKED_AT = 20_000
"""Characters: what a question is about shows at its beginning."""
_IS_CODE = (
    r"```|^\s{0,20}(?:def|class|import|from \S+ import|function|const|let|public|private|func|fn|SELECT|INSERT|#include)\b"
    r"|[{;]\s{0,3}$|</\w+>|\b(?:Traceback|NullPointerException|SyntaxError|TypeError|segfault|stack trace|stacktrace)\b"
)
_ASKS_FOR_CODE = (
    r"\b(?:code|coding|function|script|program|snippet|regex|regexp|refactor|unit tests?|compile[rs]?|debug|api|endpoint"
    r"|sql|html|css|json|yaml|bash|shell|python|javascript|typescript|java|kotlin|swift|rust|golang|ruby|php|haskell|c\+\+|c#"
    r"|git|docker(?:file)?|kubernetes|algorithm|quicksort|fibonacci|recursion|async|await|numpy|pandas|react)\b"
)


def topic_of(messages: Sequence[Message]) -> str:
    """The kind of the newest question; "" where there is none with text."""
    at = next((i for i in range(len(messages) - 1, -1, -1) if messages[i].role is Role.USER), None)
    if at is None:
        return ""
    text = messages[at].content[:_LOOKED_AT]
    if re.search(_IS_CODE, text, re.MULTILINE) or re.search(_ASKS_FOR_CODE, text, re.IGNORECASE):
        return CODE
    if any(message.role is Role.ASSISTANT for message in messages[:at]):
        return FOLLOW_UP
    return EXPLANATION if text.strip() else ""
