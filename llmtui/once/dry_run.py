"""`--dry-run`: what would be sent, with its tokens and highest possible cost, and the exit code of a refusal."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from llmtui.core.cost import format_usd, from_nanos
from llmtui.core.sanitize import clean
from llmtui.once.output import Pipe, encode, is_terminal
from llmtui.once.progress import say

if TYPE_CHECKING:
    from llmtui.chat.preview import Preview
    from llmtui.chat.session import ChatSession
    from llmtui.core.options import Options
    from llmtui.core.request import GenerationSettings


async def show(session: ChatSession, options: Options, prompt: str, pipe: Pipe) -> int:
    """Print it; returns the exit code."""
    preview = await session.preview(prompt, options, session.resume(options))
    if options.format in ("json", "sse"):
        text = json.dumps(as_dict(preview), ensure_ascii=False, separators=(",", ":"))
        text = clean(text) if is_terminal(sys.stdout) else text
        pipe.write(encode(f"data: {text}\n\ndata: [DONE]\n\n" if options.format == "sse" else text + "\n"))
    else:
        pipe.write(encode(as_text(preview) + "\n"))
    for note in (*preview.notes, *preview.admission.notes):
        say(note)
    if preview.error is not None:
        say(preview.error.sentence)
        return preview.error.exit_code
    return 0


def as_dict(preview: Preview) -> dict[str, Any]:
    """For programs."""
    request, admission = preview.request, preview.admission
    return {
        "type": "dry_run",
        "provider": request.model.provider,
        "model": request.model.name,
        "messages": [
            {
                "role": message.role,
                "content": message.content,
                "attachments": [item.name for item in message.attachments],
            }
            for message in request.messages
        ],
        "settings": given(request.settings),
        "input_tokens": preview.input_tokens,
        "max_output_tokens": admission.output_limit,
        "max_cost_usd": format(from_nanos(admission.reserved_nanos), "f") if preview.is_priced else None,
        "notes": [*preview.notes, *admission.notes],
        "error": preview.error.to_dict() if preview.error else None,
    }


def as_text(preview: Preview) -> str:
    """For people."""
    request = preview.request
    lines = [f"model: {request.model}"]
    lines += [f"{name}: {_listed(value)}" for name, value in given(request.settings).items()]
    for message in request.messages:
        lines += ["", f"[{message.role}]", message.content]
        lines += [f"(attached: {item.name}, {len(item.data):,} bytes)" for item in message.attachments]
    cost = format_usd(from_nanos(preview.admission.reserved_nanos)) if preview.is_priced else "not known"
    lines += ["", f"~{preview.input_tokens} tokens of input; highest possible cost: {cost}; nothing was sent"]
    return clean("\n".join(lines))


def _listed(value: Any) -> str:
    return ", ".join(json.dumps(each, ensure_ascii=False) for each in value) if isinstance(value, tuple) else str(value)


def given(settings: GenerationSettings) -> dict[str, Any]:
    """The settings that are set, by name."""
    names = ("temperature", "top_p", "max_output_tokens", "stop", "seed", "reasoning_effort")
    return {name: value for name in names if (value := getattr(settings, name)) not in (None, ())}
