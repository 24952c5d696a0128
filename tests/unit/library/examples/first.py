"""An example of the README; `test_examples.py` runs it."""

import asyncio

import llmtui


async def main() -> None:
    async with llmtui.stream("openai/gpt-4o", "What is a monad?", temperature=0.2) as session:
        async for chunk in session:
            print(chunk.content, end="", flush=True)
    print(f"\n${session.cost.amount}, the first token after {session.first_token_s:.1f} s")


asyncio.run(main())
