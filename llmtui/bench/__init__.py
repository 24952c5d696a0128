"""`llmtui bench`: a provider's streaming, measured from outside and judged.

Every request is a turn like any other, booked in the ledger with the purpose "bench", which stands outside budgets and
averages. What is special here is only that the bytes are looked at once more on their way into the decoder.
"""
