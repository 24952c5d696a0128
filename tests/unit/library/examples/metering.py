"""An example of the README; `test_examples.py` runs it."""

from collections.abc import Iterator

import llmtui


def my_own_client() -> Iterator[str]:
    yield "Hello, "
    yield "world."


with llmtui.meter(my_own_client(), "openai/gpt-4o", prompt="Greet me.") as session:
    print(session.collect())
print(session.usage, session.cost.resolution, session.cost.estimate)
