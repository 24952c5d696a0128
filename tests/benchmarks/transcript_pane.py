"""What the transcript costs: CPU for 1,000 tokens at some length, the longest turn of the event loop, opening, scrolling, keys.

    python tests/benchmarks/transcript_pane.py --perf ../shared/perf --prefill 1000,10000,50000 -n 400
    python tests/benchmarks/transcript_pane.py --perf ../shared/perf --messages 1000,10000
    … --spike ../shared/perf/spikes/app.py      the same of the experiment it is to be compared with

A step feeds `--step` tokens and waits for their paint: 4 are 100 tokens/s at 25 frames/s, whatever the machine's load.
Every run is a program of its own under a pty of 120×40. Figures are CPU time, so that load does not enter.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.app import App
from textual.widgets import Input

from llmtui.core.messages import Role
from llmtui.tui.widgets.transcript import Item, Transcript

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult


class LoopMeter:
    """CPU time of this thread per turn of the event loop: what nothing else can be served in."""

    def __init__(self) -> None:
        self.turns: list[float] = []
        turn = asyncio.BaseEventLoop._run_once  # type: ignore[attr-defined]

        def run_once(loop: asyncio.BaseEventLoop) -> None:
            began = time.thread_time()
            turn(loop)
            self.turns.append(time.thread_time() - began)

        asyncio.BaseEventLoop._run_once = run_once  # type: ignore[attr-defined]

    def take(self) -> dict[str, float]:
        turns, self.turns = sorted(self.turns), []
        return {"stall_max_ms": round(turns[-1] * 1000, 1), "stalls_over_16ms": sum(turn > 0.016 for turn in turns)}


def rss() -> float:
    """MiB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


class Pane(App[None]):
    """Runs one measurement, writes its figures, ends."""

    CSS = "#pane { height: 1fr; }"
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, args: argparse.Namespace, tokens: Callable[[str, int, int], tuple[str, ...]]) -> None:
        super().__init__()
        self.args, self.tokens, self.meter = args, tokens, LoopMeter()
        self.report: dict[str, Any] = {"prefill": args.prefill, "messages": args.messages, "kind": args.kind}

    def compose(self) -> ComposeResult:
        yield Transcript(id="pane")
        yield Input()

    def on_mount(self) -> None:
        self.query_one(Input).focus()
        self.run_worker(self.measure())

    async def measure(self) -> None:
        await asyncio.sleep(0.3)
        await (self.opening() if self.args.messages else self.streaming())
        self.exit()

    async def shown(self) -> None:
        """Wait until what was given is drawn and painted."""
        pane = self.query_one(Transcript)
        while pane._frame_due or pane._is_filling or pane._parsing:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        await self.painted()

    async def painted(self) -> None:
        done = asyncio.Event()
        self.screen.call_after_refresh(done.set)
        await done.wait()

    async def streaming(self) -> None:
        args, pane = self.args, self.query_one(Transcript)
        tokens = self.tokens(args.kind, args.prefill + args.n + 8, 1)
        pane.begin_answer("a", "provider/model")
        pane.append_text("a", "".join(tokens[: args.prefill]))
        await self.shown()
        await asyncio.sleep(0.2)
        gc.collect()
        gc.freeze()
        self.report["rss_before"] = round(rss(), 1)
        await asyncio.sleep(0.05)
        self.meter.turns.clear()
        began, todo = time.process_time(), tokens[args.prefill : args.prefill + args.n]
        for at in range(0, args.n, args.step):
            pane.append_text("a", "".join(todo[at : at + args.step]))
            await self.shown()
        used = time.process_time() - began
        self.report.update(self.meter.take(), cpu_per_1k=round(used / args.n * 1000, 3), rss_after=round(rss(), 1))
        began = time.process_time()
        pane.finish_answer("a", metadata=("✓ done",))
        await self.shown()
        self.report["finish_ms"] = round((time.process_time() - began) * 1000, 1)
        self.report["finish_stall_ms"] = self.meter.take()["stall_max_ms"]

    async def opening(self) -> None:
        pane = self.query_one(Transcript)
        items = []
        for index in range(self.args.messages):
            is_question = index % 2 == 0
            text = "".join(self.tokens("plain", 30, index) if is_question else self.tokens("md", 300, index % 37))
            items.append(Item(str(index), Role.USER if is_question else Role.ASSISTANT, "someone", text))
        before = rss()
        await asyncio.sleep(0.05)
        self.meter.turns.clear()
        began = time.process_time()
        pane.open(items)
        await self.shown()
        self.report.update(
            open_cpu_ms=round((time.process_time() - began) * 1000, 1), open_stall_ms=self.meter.take()["stall_max_ms"]
        )
        await asyncio.sleep(0.5)
        self.report["ahead_stall_ms"] = self.meter.take()["stall_max_ms"]
        self.report["open_mib"] = round(rss() - before, 1)
        began = time.process_time()
        for _ in range(20):
            pane.action_page(-1)
            await asyncio.sleep(0.05)
            await self.shown()
        self.report.update(
            page_cpu_ms=round((time.process_time() - began) / 20 * 1000, 1),
            page_stall_ms=self.meter.take()["stall_max_ms"],
        )
        pane.action_first()
        await self.shown()
        self.report["home_stall_ms"] = self.meter.take()["stall_max_ms"]
        pane.find("scroll")
        while pane._find is not None and not pane._find.is_complete:  # noqa: ASYNC110
            await asyncio.sleep(0)
        self.report.update(find_stall_ms=self.meter.take()["stall_max_ms"], hits=pane._find.total if pane._find else 0)
        await asyncio.sleep(0.1)
        prompt, began = self.query_one(Input), time.process_time()
        for character in "abcdefghij":
            prompt.insert_text_at_cursor(character)
            await self.painted()
        self.report["key_cpu_ms"] = round((time.process_time() - began) / 10 * 1000, 2)


def run(program: list[str], perf: Path, limit: float) -> dict[str, Any]:
    """Run a program under the harness's terminal until it has written its report."""
    sys.path.insert(0, str(perf))
    import tui as harness  # type: ignore[import-not-found]

    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        environment = {
            **os.environ,
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "PYTHONPATH": str(Path(__file__).parents[2]),
        }
        terminal = harness.Term([sys.executable, *program, "--report", str(report)], environment)
        end = time.monotonic() + limit
        while terminal.alive and time.monotonic() < end and not report.exists():
            terminal.pump(0.05)
        terminal.settle(0.2, 2)
        found: dict[str, Any] = (
            json.loads(report.read_text())
            if report.exists()
            else {"error": terminal.text[-2000:].decode(errors="replace")}
        )
        found["pty_bytes"] = terminal.total
        terminal.close()
        return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--perf", type=Path, required=True, help="folder of the performance harness: tui.py, content.py"
    )
    parser.add_argument("--spike", type=Path, help="app.py of the experiments, run beside ours")
    parser.add_argument("--prefill", default="0", help="tokens shown before; several with commas")
    parser.add_argument("--messages", default="0", help="open so many messages instead; several with commas")
    parser.add_argument("--kind", default="md", help="plain, md, code or cjk; several with commas")
    parser.add_argument("-n", type=int, default=400, help="tokens streamed")
    parser.add_argument("--step", type=int, default=4, help="tokens a frame")
    parser.add_argument("--limit", type=float, default=180, help="seconds a run may take")
    parser.add_argument("--report", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.report:
        sys.path.insert(0, str(args.perf))
        import content  # type: ignore[import-not-found]

        args.prefill, args.messages = int(args.prefill), int(args.messages)
        pane = Pane(args, content.tokens)
        pane.run()
        Path(args.report).write_text(json.dumps(pane.report))
        return
    subprocess.run([sys.executable, "-m", "compileall", "-q", "llmtui"], check=False)
    for kind, prefill, messages in itertools.product(
        args.kind.split(","), args.prefill.split(","), args.messages.split(",")
    ):
        common = [
            "--kind",
            kind,
            "--prefill",
            prefill,
            "--messages",
            messages,
            "-n",
            str(args.n),
            "--step",
            str(args.step),
        ]
        programs = {"ours": [__file__, "--perf", str(args.perf.resolve()), *common]}
        if args.spike:
            programs["spike"] = [str(args.spike.resolve()), "--design", "line", "--gc-freeze", *common]
        for name, program in programs.items():
            print(json.dumps({"program": name, **run(program, args.perf.resolve(), args.limit)}), flush=True)


if __name__ == "__main__":
    main()
