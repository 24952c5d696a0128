"""An example of the README; `test_examples.py` runs it."""

import asyncio

import llmtui


async def main() -> None:
    session = llmtui.stream("openai/gpt-4o", [{"role": "user", "content": "Write a haiku."}], max_output_tokens=100)
    text = await session.collect()
    if "spring" in text:
        cost = await session.settle()  # the ledger row is written when this returns
        print("kept:", cost.amount)
    else:
        await session.reject()  # no confirmed cost; what may be billed all the same is exposure
        print("rejected:", session.cost.estimate)


asyncio.run(main())
