"""What the properties are tried with: texts as models write them, counts as providers report them, cuts as networks make them."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tests.support.dialects import DIALECTS, Counts

_LONG = 25
"""How many times as many examples the profile `soak` tries: `pytest tests/properties --hypothesis-profile=soak`."""


def examples(count: int) -> settings:
    """So many examples; more in the profile `soak`. No deadline: the machine may be busy."""
    times = _LONG if settings.get_current_profile_name() == "soak" else 1
    quiet = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example)
    return settings(max_examples=count * times, deadline=None, suppress_health_check=quiet)


characters = st.characters(codec="utf-8")
"""Everything but surrogates."""
awkward = st.sampled_from("\u2028\x85\r\n\0\ufeff👩‍👩‍👧é\x1b\x0b\x0c`*<|")
"""What breaks lines, terminals and decoders."""
text = st.text(characters | awkward, min_size=1, max_size=40)
texts = st.lists(text, min_size=1, max_size=8)
"""The pieces of an answer."""
cuts = st.lists(st.integers(0, 10**6), max_size=30)
"""Where the network cuts, taken round the length."""
dialects = st.sampled_from(list(DIALECTS.values()))
events = st.sampled_from([dialect for dialect in DIALECTS.values() if dialect.wire != "ollama"])
"""The dialects that are event streams."""
prices = st.decimals(Decimal(0), Decimal(1000), places=6)
"""USD per million tokens."""


@st.composite
def counts(draw: st.DrawFn, most: int = 10**7) -> Counts:
    """Counts that can be."""
    total = draw(st.integers(1, most))
    read = draw(st.integers(0, total))
    output = draw(st.integers(1, most))
    return Counts(total, read, draw(st.integers(0, total - read)), output, draw(st.integers(0, output)))
