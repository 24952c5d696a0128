"""What drawing costs as an answer grows. By hand: `python tests/benchmarks/render_growth.py [PATH-TO-perf]`.

CPU seconds for 1,000 tokens, five an append, with so much shown already; and the worst append. Then things that grow
long without ending: a table, a list, a code block, a paragraph. It must be flat.
"""

from __future__ import annotations

import gc
import importlib
import random
import resource
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from llmtui.render import Document, Look

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WIDTH = 100
STEP = 5
WORDS = [
    "stream",
    "render",
    "widget",
    "terminal",
    "buffer",
    "cursor",
    "block",
    "parser",
    "token",
    "model",
    "answer",
    "scroll",
    "paint",
    "frame",
    "queue",
]


def load_content(folder: str) -> Callable[[str, int], list[str]]:
    """The harness' texts if they are there, else some like them."""
    if Path(folder, "content.py").exists():
        sys.path.insert(0, folder)
        tokens = importlib.import_module("content").tokens
        return lambda kind, count: list(tokens(kind, count))
    return own_content


def own_content(kind: str, count: int) -> list[str]:
    """Prose, or Markdown with lists and code, in pieces of four characters."""
    rng = random.Random(kind)
    parts: list[str] = []
    length = 0
    while length < count * 4:
        prose = " ".join(rng.choices(WORDS, k=40))
        code = "".join(f"    {rng.choice(WORDS)} = {rng.randrange(99)}  # {rng.choice(WORDS)}\n" for _ in range(9))
        part = {
            "plain": prose + ".\n\n",
            "cjk": "终端界面在流式输出时应当保持流畅，内存增长必须受到限制。" * 4 + "\n\n",
            "code": ("```python\n" if not parts else "") + code,
        }.get(kind, f"## {prose[:30]}\n\n{prose}\n\n- **{prose[:20]}**\n- `{prose[:9]}`\n\n```python\n{code}```\n\n")
        parts.append(part)
        length += len(part)
    text = "".join(parts)
    return [text[index : index + 4] for index in range(0, count * 4, 4)]


def pieces(tokens: list[str]) -> Iterator[str]:
    for index in range(0, len(tokens), STEP):
        yield "".join(tokens[index : index + STEP])


def feed(document: Document, parts: Iterator[str]) -> list[float]:
    """Milliseconds of CPU of each append, with what a frame asks for after it."""
    times: list[float] = []
    for part in parts:
        start = time.thread_time()
        document.append(part)
        changed = document.take_changed()
        height = document.height
        for y in range(max(changed or 0, height - 40), height):
            document.line(y)
        times.append((time.thread_time() - start) * 1000)
    return times


def report(name: str, times: list[float], per: int) -> None:
    ordered = sorted(times)
    mean, p99 = sum(times) / len(times), ordered[int(len(ordered) * 0.99)]
    print(
        f"{name:34} {sum(times) / per:8.4f} s/1,000   append {mean:6.3f} ms, p99 {p99:6.2f}, worst {ordered[-1]:6.2f}"
    )


def memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(folder: str) -> None:
    tokens_of = load_content(folder)
    for kind in ("md", "plain", "code", "cjk"):
        for shown in (1_000, 10_000, 50_000, 100_000):
            tokens = tokens_of(kind, shown + 1_000)
            document = Document(Look.ansi(), WIDTH)
            before = memory()
            for index in range(0, shown, 1000):
                document.append("".join(tokens[index : min(index + 1000, shown)]))
                _ = document.height
            grown = memory() - before
            gc.collect()
            gc.freeze()
            report(f"{kind}, {shown:,} shown", feed(document, pieces(tokens[shown:])), 1000)
            gc.unfreeze()
            start = time.thread_time()
            parsed = document.reparse()
            middle = time.thread_time()
            document.adopt(parsed)
            end = time.thread_time()
            print(
                f"{'':8} finish: reparse {(middle - start) * 1000:.0f} ms (off the loop), adopt {(end - middle) * 1000:.1f} ms; peak memory +{grown:.0f} MiB, {document.height} rows"
            )
    rng = random.Random(1)
    texts = {
        "table, 300 rows": "| a | b | c |\n|---|--:|:-:|\n"
        + "".join(
            f"| {rng.choice(WORDS)} {i} | {rng.randrange(10**6)} | **{rng.choice(WORDS)}** |\n" for i in range(300)
        ),
        "table, each row wider": "| a | b |\n|---|--:|\n"
        + "".join(f"| {'x' * (i // 4)} | {i} |\n" for i in range(300)),
        "list, 300 items": "".join(f"- {' '.join(rng.choices(WORDS, k=12))}\n" for _ in range(300)),
        "nested list, 300 items": "- top\n"
        + "".join(f"  - {' '.join(rng.choices(WORDS, k=12))}\n" for _ in range(300)),
        "quote, 300 lines": "".join(
            f"> {' '.join(rng.choices(WORDS, k=12))}\n" + ">\n" * (i % 4 == 0) for i in range(300)
        ),
        "code, 5,000 lines": "```python\n"
        + "".join(f"    {rng.choice(WORDS)} = f({i}, '{rng.choice(WORDS)}')  # x\n" for i in range(5000)),
        "yaml, 1,000 lines": "```yaml\n" + "".join(f"{rng.choice(WORDS)}: {rng.randrange(999)}\n" for _ in range(1000)),
        "paragraph, 20,000 words": " ".join(rng.choices(WORDS, k=20_000)),
        "paragraph with emphasis": " ".join(
            f"**{a}** {b}" for a, b in zip(rng.choices(WORDS, k=5000), rng.choices(WORDS, k=5000), strict=True)
        ),
        "one word, 50,000 characters": "x" * 50_000,
        "brackets, 5,000": "[" * 5_000,
        "stars, 5,000": "*a " * 5_000,
        "quote marks, 1,000": ">" * 1_000,
        "backticks": "".join("`" * (1 + i % 60) + " " for i in range(500)),
    }
    for name, text in texts.items():
        document = Document(Look.ansi(), WIDTH)
        gc.collect()
        gc.freeze()
        times = feed(document, (text[index : index + 20] for index in range(0, len(text), 20)))
        report(name, times, max(1, len(text) // 4))
        start = time.thread_time()
        parsed = document.reparse()
        middle = time.thread_time()
        document.adopt(parsed)
        print(
            f"{'':8} last 50 appends {sum(times[-50:]) / len(times[-50:]):.3f} ms; reparse {(middle - start) * 1000:.0f} ms, adopt {(time.thread_time() - middle) * 1000:.1f} ms"
        )
    text = "".join(tokens_of("md", 300))
    best = 1e9
    for _ in range(20):
        document = Document(Look.ansi(), WIDTH)
        start = time.thread_time()
        document.append(text)
        document.finish()
        for y in range(document.height):
            document.line(y)
        best = min(best, time.thread_time() - start)
    print(f"a message of 300 tokens, whole: {best * 1000:.2f} ms")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "/nowhere")
