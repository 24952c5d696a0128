"""Works out what the status bar, the header and the prompt's edge say."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from llmtui.core.cost import format_usd
from llmtui.tui.status import Allowance, Status

if TYPE_CHECKING:
    from llmtui.core.messages import ModelRef
    from llmtui.tui.screens.chat import ChatScreen

_MILLION = Decimal(10**6)


def model_of(chat: ChatScreen) -> ModelRef | None:
    """Who answers the next question; while one streams, who answers now."""
    if chat.talk.live is not None and chat.talk.live.model is not None:
        return chat.talk.live.model
    return chat.talk.model or (chat.session.default_model if chat.session else None)


def is_demo(chat: ChatScreen) -> bool:
    model = model_of(chat)
    return model is not None and model.provider == "demo"


def status(chat: ChatScreen) -> Status:
    """The status bar's figures of this moment."""
    talk, live, model = chat.talk, chat.talk.live, model_of(chat)
    if not chat.is_assembled:
        return Status(state="queued" if talk.queue else "starting", demo=chat.chat_app.options.demo)
    state, level = _state(chat)
    cost, tokens = talk.cost, talk.tokens or talk.context_tokens  # the demo's are in no ledger
    if live is not None:
        tokens += live.tokens
        cost += live.cost or Decimal(0)
    window = chat.models.window(model)
    unpriced = live is not None and live.cost is None and not _is_priced(chat, live.model)
    return Status(
        state=state,
        level=level,
        model=model.name if model else "",
        speeds=tuple(live.speeds) if live is not None else (),
        chat_tokens=tokens,
        tokens_estimated=live is not None,
        chat=_chat(chat, window),
        cost=cost if (talk.id or live) else None,
        cost_estimated=live is not None or talk.cost_estimated,
        cost_incomplete=talk.cost_incomplete or unpriced,
        budget=chat.budgets.fullest,
        alerts=chat.budgets.alerts,
        demo=is_demo(chat),
    )


def _state(chat: ChatScreen) -> tuple[str, str]:
    """What is going on, and the colour that says it."""
    talk, model = chat.talk, model_of(chat)
    if talk.live is not None:
        state, level = talk.live.state()
        return (f"{state} · {len(talk.queue)} queued" if talk.queue else state), level
    if talk.queue or chat.outbox.waits(talk):
        return "queued", "warning"
    if chat.session is None:
        return "starting", ""
    if model is not None and chat.turns.unreachable == model.provider:
        return "offline", "error"
    return "ready", "success"


def _is_priced(chat: ChatScreen, model: ModelRef | None) -> bool:
    return model is not None and (model.provider == "demo" or chat.models.facts(model).output_price is not None)


def _chat(chat: ChatScreen, window: int | None) -> Allowance | None:
    """The conversation against its limit, else what it takes of the model's window."""
    if chat.budgets.conversation is not None:
        return chat.budgets.conversation
    talk = chat.talk
    used = talk.context_tokens + (talk.live.tokens if talk.live else 0)
    return Allowance("chat", f"~{used:,}", _short(window), used / window) if window and used else None


def _short(tokens: int) -> str:
    return f"{tokens // 1000:,}k" if tokens >= 10_000 else f"{tokens:,}"


def _counted(chat: ChatScreen, model: ModelRef | None, guess: int) -> int:
    """The prompt's tokens: the tokenizer's count where it is known, else the guess as the provider would count it."""
    if chat.session is None or model is None:
        return guess
    counts = chat.session.counts
    if counts.is_prepared:
        text, attachments = chat.prompt.content()
        if not attachments and (known := counts.of(text, model)).exact:
            return known.tokens
    return counts.calibration(model.provider).apply(guess)


def estimate(chat: ChatScreen, characters: int) -> str:
    """What sending the prompt will use, what that costs, and what is left of the window: all about, all marked so."""
    if not characters:
        return ""
    tokens = chat.prompt.tokens()
    if not chat.is_assembled:
        return f" ~{tokens:,} tokens "
    from llmtui.tui import context

    model = model_of(chat)
    tokens = _counted(chat, model, tokens) + context.tokens(chat)
    parts = [f"~{tokens:,} tokens"]
    if (price := chat.models.input_price(model)) is not None:
        parts.append(f"~{format_usd(price * tokens / _MILLION)}")
    if window := chat.models.window(model):
        left = max(0.0, 1 - tokens / window)
        parts.append(f"{left * 100:.0f} % left")
    return f" {' · '.join(parts)} "
