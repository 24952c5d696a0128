"""What the demo says: Markdown of every kind that answers are made of, put together by what was asked."""

from __future__ import annotations

import random
import re

_LENGTH = re.compile(r"(\d[\d,.]{0,9})[ -]?(?:words?|tokens?|wörter)", re.IGNORECASE)
_MAX_WORDS = 50_000

_OPENINGS = (
    "Good question. You asked about *{topic}*, so here is a short tour.",
    "Let me take **{topic}** step by step.",
    "Here is what I would say about *{topic}*, as far as a demo can.",
    "Happy to help with **{topic}**. The short answer comes first, the details after it.",
)

_STEPS = """## How to go about it

1. **Start with the goal.** Write down in one sentence what “done” means.
2. Cut it into pieces:
   - what you already know,
   - what you can look up,
   - what you have to try out:
     - first on paper,
     - then with real data.
3. Do the riskiest piece first; if it fails, it fails cheaply.
4. Measure, and *only then* make it faster.
"""

_TABLE = """## A comparison

| approach | effort | speed | when it fits |
|:---------|:------:|------:|--------------|
| do it by hand | low | 1 × | once, and never again |
| a small script | medium | 40 × | every week |
| a real program | high | 900 × | other people depend on it |
| do nothing | **none** | ∞ | more often than one thinks |

The numbers are made up, the order is not.
"""

_PYTHON = '''## In Python

```python
from collections import Counter
from pathlib import Path


def most_common_words(path: Path, n: int = 10) -> list[tuple[str, int]]:
    """Count the words of a text file, upper and lower case alike."""
    words = path.read_text(encoding="utf-8").casefold().split()
    return Counter(word.strip(".,;:!?“”") for word in words).most_common(n)


for word, count in most_common_words(Path("moby-dick.txt")):
    print(f"{count:>7,}  {word}")
```

`Counter` does the work; `casefold()` is `lower()` for all the world's alphabets.
'''

_RUST = """## The same idea in Rust

```rust
use std::collections::HashMap;

fn count_words(text: &str) -> HashMap<String, usize> {
    let mut counts = HashMap::new();
    for word in text.split_whitespace() {
        *counts.entry(word.to_lowercase()).or_insert(0) += 1;
    }
    counts
}
```
"""

_SHELL_SQL = """## Without a program at all

On the command line:

```bash
tr -cs '[:alpha:]' '\\n' < moby-dick.txt | tr A-Z a-z | sort | uniq -c | sort -rn | head
```

and in a database:

```sql
SELECT word, COUNT(*) AS times
FROM words
GROUP BY word
ORDER BY times DESC
LIMIT 10;
```
"""

_JAVASCRIPT = """## In the browser

```javascript
const counts = new Map();
for (const word of text.toLowerCase().match(/\\p{Letter}+/gu) ?? []) {
  counts.set(word, (counts.get(word) ?? 0) + 1);
}
console.table([...counts].sort((a, b) => b[1] - a[1]).slice(0, 10));
```
"""

_QUOTE = """## What others say

> Premature optimisation is the root of all evil.
>
> > Yet we should not pass up our opportunities in that critical 3 %.
>
> — Donald Knuth, and the half of the sentence that is usually left out

More of it at [Wikiquote](https://en.wikiquote.org/wiki/Donald_Knuth).
"""

_WORLD = """## Around the world

- 日本語: 「急がば回れ」は、急ぐときほど安全な道を選べという意味です。
- 中文：欲速则不达。
- 한국어: 천 리 길도 한 걸음부터.
- العربية: في التأني السلامة وفي العجلة الندامة.
- Ελληνικά: σπεῦδε βραδέως — *hurry slowly*. 🐢

They all say the same: 🧑‍💻 → ☕ → ✅
"""

_MATHS = """## A little arithmetic

With *n* requests a day at a price of *p* per million tokens and *t* tokens each, a month costs

    30 · n · t · p / 1,000,000

so 200 requests of 1,500 tokens at $2.50 come to **$22.50**. ~~Free lunch~~ is not on the menu.
"""

_CLOSING = """---

*This is the demo: no model was asked, nothing left this machine and nothing was spent.* For real answers store a key with
`llmtui keys set NAME`, or start a local server such as [Ollama](https://ollama.com).
"""

_SECTIONS = (_STEPS, _TABLE, _PYTHON, _QUOTE, _WORLD, _RUST, _MATHS, _SHELL_SQL, _JAVASCRIPT)
_BY_WORD = (
    (r"\b(?:python|script|function|class|bug|regex)\b", _PYTHON),
    (r"\b(?:rust|cargo|borrow)\b", _RUST),
    (r"\b(?:javascript|typescript|browser|html|css)\b", _JAVASCRIPT),
    (r"\b(?:bash|shell|sql|database|query|command)\b", _SHELL_SQL),
    (r"\b(?:table|compare|versus|vs|difference|better)\b", _TABLE),
    (r"\b(?:how|steps?|plan|list|todo|why)\b", _STEPS),
    (r"\b(?:quote|history|who|said|wise)\b", _QUOTE),
    (r"\b(?:translate|language|japanese|chinese|emoji)\b|[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7a3]", _WORLD),
    (r"\b(?:cost|price|math|number|calculate)", _MATHS),
    (r"\bcode\b", _PYTHON),
)


def answer(question: str, seed: int, *, turn: int = 1, words: int = 0) -> str:
    """The answer to a question, always the same to the same; at least `words` long, or as long as the question asks."""
    wanted = max(words, _asked_length(question))
    chance = random.Random(seed)
    if not wanted and re.fullmatch(r"\W*(?:hi|hello|hey|hallo|ping|test)\W*", question, re.IGNORECASE):
        again = " again" if turn > 2 else ""
        return f"Hello{again}! 👋 I am the **demo**. Ask me anything: about *code*, a *table*, or for *1000 words*."
    opening = chance.choice(_OPENINGS).format(topic=_topic(question))
    chosen = [section for pattern, section in _BY_WORD if re.search(pattern, question, re.IGNORECASE)]
    others = [section for section in _SECTIONS if section not in chosen]
    chosen = list(dict.fromkeys([*chosen, *chance.sample(others, 2)]))
    parts = [opening, *chosen[:4]]
    count = sum(len(part.split()) for part in parts)
    chapter = 1
    while count < wanted:
        chapter += 1
        section = chance.choice(_SECTIONS)
        parts += [f"# Part {chapter}: {_topic(question)}, continued", section]
        count += len(section.split()) + 6
    return "\n\n".join(part.strip("\n") for part in [*parts, _CLOSING])


def thoughts(question: str) -> str:
    """What the thinking model thinks before it answers."""
    return (
        f"The user asks about “{_topic(question)}”. What do they want to know? Probably how it looks when a model thinks "
        "first.\n\nI could answer at once, but then there would be nothing to fold away. So I go through it: is the "
        "question clear? Clear enough. Is there a table in it? There can be. Code? Certainly.\n\nI will begin with a short "
        "answer, then show the details, and end honestly: this is a demo."
    )


def _topic(question: str) -> str:
    """Some words of the question, safe inside a line of Markdown."""
    words = re.findall(r"[\w'’-]+", question.rpartition("```")[2] or question)
    topic = " ".join(words[:8])[:60].strip("-_'’ ")
    return f"{topic} …" if len(words) > 8 else topic or "this"


def _asked_length(question: str) -> int:
    """How many words are asked for: “in 500 words”, “a long story”; 0 when nothing is said."""
    found = _LENGTH.search(question)
    if found:
        return min(_MAX_WORDS, int(re.sub(r"\D", "", found[1]) or 0))
    return 1500 if re.search(r"\b(?:very )?long\b", question, re.IGNORECASE) else 0
