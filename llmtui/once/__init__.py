"""`llmtui --once`: one question, the answer on stdout, an exit code. No event loop, no screen, nothing loaded early."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from typing import TYPE_CHECKING

from llmtui.chat.control import TurnControl
from llmtui.chat.runtime import run_blocking
from llmtui.core.cost import NO_COST
from llmtui.core.errors import ConfigError, LlmtuiError, StoreError
from llmtui.core.events import ChunkArrived, FinishReason, TurnResult
from llmtui.core.messages import ModelRef, new_id
from llmtui.once.output import ExtractOutput, JsonOutput, Output, Pipe, RawOutput, is_terminal
from llmtui.once.progress import Progress, say
from llmtui.once.signals import Interrupted, SignalStop

if TYPE_CHECKING:
    from llmtui.chat.compose import GuardQuestion
    from llmtui.chat.gate import Confirm
    from llmtui.chat.session import ChatSession
    from llmtui.config import Config
    from llmtui.core.admission import ConfirmNeeded
    from llmtui.core.events import TurnEvent
    from llmtui.core.options import Options

CLOSED_PIPE = 141
"""What a shell reports for a program that SIGPIPE ended."""


def run(options: Options, config: Config) -> int:
    """Answer one question; returns the exit code. Never raises but for bugs."""
    control = TurnControl()
    stop = SignalStop(control)
    stop.install()
    try:
        code = _run(options, config, control)
    except Interrupted:
        code = 130
    except LlmtuiError as error:
        say(error.sentence)
        code = error.exit_code
    return stop.exit_code or code


def _run(options: Options, config: Config, control: TurnControl) -> int:
    from llmtui.wiring import blocking_session

    prompt = compose_prompt(options.prompt, _stdin_text())
    if not prompt and not options.attachments:
        raise ConfigError(
            "there is no prompt", advice='Write one after --once, or pipe it in: echo "…" | llmtui --once.'
        )
    if sys.stdout is None:
        raise StoreError("stdout is closed: there is nowhere to write the answer", advice="Nothing was sent.")
    pipe = Pipe(sys.stdout.buffer, control)
    output = choose_output(options, pipe)
    progress = Progress(watched=options.verbose or is_terminal(sys.stderr), deferred=output.is_deferred)
    code = 0
    progress.wait("looking for the model …")
    try:
        with blocking_session(options, config, notice=progress.tell) as session:
            gc.freeze()
            gc.enable()
            session.confirm = confirmation(options, progress)
            if options.dry_run:
                from llmtui.once.dry_run import show

                progress.over()
                code = run_blocking(show(session, options, prompt, pipe))
                return code if not pipe.failed else _unwritten(pipe)
            result = run_blocking(_ask(session, options, prompt, control, output, progress))
            result = _warned(session, result, progress)
            code = _report(result, output, progress)
    except LlmtuiError as error:
        with contextlib.suppress(Interrupted):
            code = _report(refused(error), output, progress)  # a reader of JSON gets its summary here too
    except Interrupted:
        if not pipe.failed:
            raise
    finally:
        progress.over()
    return _unwritten(pipe) if pipe.failed else code


def _unwritten(pipe: Pipe) -> int:
    """The exit code of an output that could not be written; said unless its reader simply went away."""
    if pipe.error is None:
        return CLOSED_PIPE
    say(f"the output could not be written: {pipe.error.strerror}. What had arrived is in the history")
    return 1


async def _ask(
    session: ChatSession, options: Options, prompt: str, control: TurnControl, output: Output, progress: Progress
) -> TurnResult:
    write, tell = output.event, progress.event

    def sink(event: TurnEvent) -> None:
        if type(event) is not ChunkArrived:
            tell(event)
        elif progress.sees_chunks:
            progress.chunk(event.chunk.content)
        write(event)

    return await session.send(
        prompt,
        sink=sink,
        conversation_id=session.resume(options),
        attachments=options.attachments,
        settings=options.settings,
        system=options.system,
        control=control,
    )


def _warned(session: ChatSession, result: TurnResult, progress: Progress) -> TurnResult:
    """The result with a warning for each limit that it brought to another level of `warn_at`; said, too."""
    cost, usage = result.cost, result.usage
    if not session.gate.has_limits or usage is None or result.model.provider == "demo":
        return result
    from decimal import Decimal

    from llmtui.core.budget import crossed, warning

    try:
        gauges = run_blocking(session.gauges(result.conversation_id))
    except LlmtuiError:  # the answer is there; that the database cannot be read has been said
        return result
    booked = cost.amount or cost.estimate or Decimal(0)
    news = crossed(gauges, session.config.budget.warn_at, usd=booked, tokens=usage.total_tokens)
    told = [warning(gauge, level) for gauge, level in news]
    for sentence in told:
        progress.tell(sentence)
    return result._replace(warnings=(*result.warnings, *told))


def _report(result: TurnResult, output: Output, progress: Progress) -> int:
    progress.over()
    asked_for = output.end(result)
    if result.error is not None:
        say(result.error.sentence)
        return result.error.exit_code
    progress.end(result)
    if asked_for:
        say("the answer has no code block to extract")
    return asked_for


def confirmation(options: Options, progress: Progress) -> Confirm:
    """How questions are answered: `--yes` says yes; on a terminal a person is asked; else, and where nothing is sent
    anyway, by the contract: near a limit it goes on with a warning, for the guard and for a model without a price it
    does not."""
    can_ask = is_terminal(sys.stdin) and is_terminal(sys.stderr) and not options.dry_run

    async def confirm(question: ConfirmNeeded | GuardQuestion) -> bool:
        if options.yes or not can_ask:
            return options.yes or question.reason == "near"
        progress.over()
        say(f"{question.sentence}. Send it all the same? [y/N]")
        return sys.stdin.readline().strip().lower() in ("y", "yes")

    return confirm


def refused(error: LlmtuiError) -> TurnResult:
    """The result of a turn that could not begin: there is no model to ask, or no key for it."""
    return TurnResult(
        turn_id=new_id(),
        conversation_id="",
        user_message_id="",
        answer_message_id="",
        model=ModelRef(getattr(error, "provider", ""), getattr(error, "model", "")),
        content="",
        reasoning="",
        finish_reason=FinishReason.ERROR,
        usage=None,
        cost=NO_COST,
        ttft_s=None,
        duration_s=0.0,
        tokens_per_second=None,
        chunk_count=0,
        attempts=(),
        warnings=(),
        error=error,
    )


def choose_output(options: Options, pipe: Pipe) -> Output:
    """The writer for the format that was asked for, or that fits where stdout goes."""
    to_terminal = is_terminal(sys.stdout)
    if options.extract is not None:
        return ExtractOutput(pipe, options.extract, to_terminal=to_terminal)
    chosen = options.format or ("markdown" if to_terminal else "raw")
    if chosen in ("json", "sse"):
        return JsonOutput(pipe, stream=options.stream, sse=chosen == "sse", to_terminal=to_terminal)
    if chosen == "markdown":
        from llmtui.once.markdown import MarkdownOutput

        return MarkdownOutput(pipe, stream=options.stream, to_terminal=to_terminal)
    return RawOutput(pipe, stream=options.stream, to_terminal=to_terminal)


def compose_prompt(words: str, piped: str) -> str:
    """The arguments, then what was piped in, a blank line between them."""
    words = words if words.strip() else ""
    piped = piped.rstrip("\n") if piped.strip() else ""
    return f"{words}\n\n{piped}" if words and piped else words or piped


def _stdin_text() -> str:
    """What is piped in, read to its end; "" on a terminal or where there is no stdin."""
    try:
        if sys.stdin is None or sys.stdin.closed or os.isatty(sys.stdin.fileno()):
            return ""
        data = sys.stdin.buffer.read()
    except OSError as error:
        raise ConfigError(f"stdin cannot be read: {error.strerror}") from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(
            f"what was piped in is not UTF-8 (line {line}, byte {error.start})",
            advice="Convert it first, for example with iconv -t UTF-8.",
        ) from None
