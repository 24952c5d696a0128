"""An example of the README; `test_examples.py` runs it."""

from decimal import Decimal

import llmtui

count = llmtui.count_tokens("How many tokens are these?", "openai/gpt-4o")
print(count.tokens, "exact" if count.exact else "estimated")

prices = llmtui.prices.with_price("openai/gpt-4o", llmtui.Price(input=Decimal(1), output=Decimal(2)))
with llmtui.stream_sync("openai/gpt-4o", "Hi", prices=prices, store=False) as session:
    session.collect()
print(session.to_dict()["cost"])
