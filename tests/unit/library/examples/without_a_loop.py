"""An example of the README; `test_examples.py` runs it."""

import llmtui

with llmtui.stream_sync("openai/gpt-4o", "What is a monad?") as session:
    for chunk in session:
        print(chunk.to_json())
