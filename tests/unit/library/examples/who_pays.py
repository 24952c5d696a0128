"""An example of the README; `test_examples.py` runs it."""

import asyncio

import llmtui


async def main() -> None:
    def on_cost(bill: llmtui.Bill) -> None:
        print(bill.agent_id, bill.metadata["ticket"], bill.state, bill.cost.amount)

    questions = ["What is a monad?", "What is a functor?"]
    sessions = [
        llmtui.stream("openai/gpt-4o", question, agent_id="docs", metadata={"ticket": n}, on_cost=on_cost)
        for n, question in enumerate(questions)
    ]

    async def answer(session: llmtui.Session) -> str:
        async with session:
            return await session.collect()

    for text in await asyncio.gather(*map(answer, sessions)):
        print(text)


asyncio.run(main())
