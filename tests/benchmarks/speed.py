#!/usr/bin/env python3
"""The program's speed beside the floor, as ratios from one run: start-up, one-shot, full screen.

    python tests/benchmarks/speed.py oneshot|tui|startup|all [--runs N]

Uses the measuring harness of the shared folder beside the checkout (local server, drivers, floors): a fake server on
loopback, the bare httpx script and the bare Textual pane as floors. Programs run in turn, so that a noisy machine hits
all alike; quote the ratios. Needs the project's own environment (the interpreter that runs this is the one measured).
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

HARNESS = Path(__file__).resolve().parents[3] / "shared" / "perf"
PROGRAM = [sys.executable, "-m", "llmtui"]
SCRIPT = Path(sys.executable).parent / "llmtui"
if SCRIPT.exists():
    PROGRAM = [str(SCRIPT)]

OWN_ENV = {
    "LLMTUI_DATA_DIR": "{tmp}/data",
    "LLMTUI_CACHE_DIR": "{tmp}/cache",
    "LLMTUI_CONFIG": "{tmp}/none.toml",
    "HOME": "{tmp}",
}


def programs() -> dict[str, object]:
    here, python = "{here}", "{python}"
    server = ["--base-url", "{base}", "--wire", "openai", "-m", "{model}"]
    return {
        "bare-httpx": {"argv": [python, f"{here}/clients/httpx_client.py", "{base}", "{model}", "{prompt}"]},
        "once": {"argv": [*PROGRAM, "--once", *server, "{prompt}"], "env": OWN_ENV},
        "floor": {"argv": [python, f"{here}/spikes/chat.py", "{root}", "{model}", "raw"], "ready": "Z", "submit": "\r"},
        "chat": {"argv": [*PROGRAM, *server], "env": OWN_ENV, "ready": "Z", "submit": "\r"},
    }


def harness(script: str, only: str, model: str, runs: int, *extra: str) -> list[dict[str, object]]:
    """One call of a harness script; its table is printed, its raw figures returned."""
    with tempfile.TemporaryDirectory() as folder:
        description, out = Path(folder, "programs.json"), Path(folder, "out.json")
        description.write_text(json.dumps(programs()), "utf-8")
        command = [
            sys.executable,
            str(HARNESS / script),
            "--programs",
            str(description),
            "--only",
            only,
            "--model",
            model,
        ]
        done = subprocess.run([*command, "-n", str(runs), "--json", str(out), *extra], capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{script} failed:\n{done.stdout}\n{done.stderr}")
        raw = json.loads(out.read_text("utf-8"))
    if script == "oneshot.py":
        return [{"program": name, **run} for name, each in raw["runs"].items() for run in each]
    return list(raw)


def medians(rows: list[dict[str, object]], program: str) -> dict[str, float]:
    found: dict[str, list[float]] = {}
    for row in rows:
        if row["program"] == program:
            for key, value in row.items():
                if isinstance(value, int | float) and not isinstance(value, bool):
                    found.setdefault(key, []).append(value)
                elif key == "key_ms" and isinstance(value, list):
                    found.setdefault(key, []).extend(value)
    return {key: statistics.median(values) for key, values in found.items()}


def table(title: str, rows: list[dict[str, object]], ours: str, floor: str, keys: dict[str, str]) -> None:
    """`keys`: figure → goal as the ratio to the floor, or a word."""
    own, base = medians(rows, ours), medians(rows, floor)
    errors = [row["error"] for row in rows if "error" in row]
    print(f"\n{title}   ({ours} beside {floor}, medians)")
    for key, goal in keys.items():
        if key in own:
            ratio = f"{own[key] / base[key]:6.2f} ×" if base.get(key) else "       –"
            print(f"  {key:22} {own[key]:12.3f} {base.get(key, float('nan')):12.3f} {ratio}   goal {goal}")
    for error in errors:
        print("  error:", str(error)[-300:])


def oneshot(runs: int) -> None:
    goals = {"start_to_request": "≤ 1.15 ×", "cpu": "≤ 1.15 ×", "last_to_exit": "≤ 1.5 ×", "wall": "–", "rss": "–"}
    for model in ("perf-plain-n8-r0-d0", "perf-md-n5000-r0-d0"):
        table(f"one-shot, {model}", harness("oneshot.py", "bare-httpx,once", model, runs), "once", "bare-httpx", goals)


def tui(runs: int) -> None:
    start = {
        "first_paint": "≤ 1.3 ×",
        "ready": "≤ 1.3 ×",
        "submit_to_request": "≤ 1.5 ×",
        "first_token_visible": "≤ 1.5 ×",
    }
    stream = {
        "cpu_per_1k": "≤ 1.25 ×",
        "pty_bytes": "≤ 800,000 at 50 tok/s",
        "last_token_visible": "–",
        "rss": "≤ floor + 30",
    }
    for model in (
        "perf-md-n1000-r50-d0",
        "perf-md-n1000-r200-d0",
        "perf-md-n1000-r0-d0",
        "perf-md-n10000-r0-d0",
        "perf-md-n50000-r0-d0",
    ):
        rows = harness("tui.py", "floor,chat", model, runs, "--limit", "120")
        table(f"full screen, {model}", rows, "chat", "floor", {**start, **stream})
    rows = harness("tui.py", "floor,chat", "perf-md-n1000-r100-d0", runs, "--keys")
    table("keys while streaming, perf-md-n1000-r100-d0", rows, "chat", "floor", {"key_ms": "p50 ≤ 15 ms"})


def startup(runs: int) -> None:
    def cpu(command: list[str]) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, capture_output=True, env={**os.environ, "LLMTUI_CONFIG": os.devnull})
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000

    found: dict[str, list[float]] = {}
    for _ in range(runs):
        for name, command in (
            ("python -c pass", [sys.executable, "-c", "pass"]),
            ("--version", [*PROGRAM, "--version"]),
            ("--help", [*PROGRAM, "--help"]),
        ):
            found.setdefault(name, []).append(cpu(command))
    base = statistics.median(found["python -c pass"])
    print("\nstart-up, CPU ms (goal ≤ 3 × an empty interpreter)")
    for name, values in found.items():
        print(f"  {name:22} {statistics.median(values):8.1f} {statistics.median(values) / base:6.2f} ×")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["oneshot", "tui", "startup", "all"])
    parser.add_argument("--runs", type=int, default=5)
    args = parser.parse_args()
    if args.what != "startup" and not HARNESS.is_dir():
        sys.exit(re.sub(r"\s+", " ", f"the measuring harness is not at {HARNESS}; only `startup` works without it"))
    for name, run in (("startup", startup), ("oneshot", oneshot), ("tui", tui)):
        if args.what in (name, "all"):
            run(args.runs)


if __name__ == "__main__":
    main()
