"""An example of the README; `test_examples.py` runs it."""

import llmtui


def my_own_client():
    yield "Hello, "
    yield "world."


with llmtui.meter(my_own_client(), "openai/gpt-4o", prompt="Greet me.") as session:
    print(session.collect())
print(session.usage.output_tokens, session.usage.source, session.cost.resolution, session.cost.estimate)
