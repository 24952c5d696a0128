"""What can go wrong, as a tree by reaction: is it tried again, does the next model take over, what should a person do?

LlmtuiError
├── ConfigError            wrong usage or a config file that does not parse
├── KeyNotFound            no key for the provider
├── StoreError             the database cannot be written or read
├── BudgetExceeded         nothing was sent
├── InputRefused           the guard refused; nothing was sent
├── ContextTooLong         does not fit the model's window
└── ProviderError          what a provider or the way to it did
    ├── ConnectionFailed   ├── TimedOut          ├── RateLimited       ├── Overloaded
    ├── ServerError        ├── QuotaExhausted    ├── AuthenticationFailed
    ├── PermissionDenied   ├── InvalidRequest    ├── ModelNotFound     ├── ContentFiltered
    └── MalformedResponse  └── StreamBroken
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from datetime import datetime

    from llmtui.core.admission import Cheaper, WayOut


class LlmtuiError(Exception):
    """Base of all. `str(error)` is one plain sentence: what is wrong and where; `advice` is what to do about it."""

    kind: ClassVar[str] = "configuration"
    exit_code: ClassVar[int] = 1
    retryable: ClassVar[bool] = False
    """Worth asking the same model again."""
    leads_on: ClassVar[bool] = False
    """Worth asking the next model of the chain."""

    def __init__(self, message: str, *, advice: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice

    @property
    def sentence(self) -> str:
        """Message and advice as one line for a person."""
        return f"{self.message.rstrip('.')}. {self.advice}" if self.advice else self.message

    def to_dict(self) -> dict[str, Any]:
        """The `error` object of the command line's contract."""
        return {"kind": self.kind, "message": self.sentence, "status": None, "retry_after_s": None}


class ConfigError(LlmtuiError):
    kind = "configuration"
    exit_code = 2


class KeyNotFound(LlmtuiError):
    kind = "authentication"
    exit_code = 3
    leads_on = True


class StoreError(LlmtuiError):
    kind = "storage"


class BudgetExceeded(LlmtuiError):
    kind = "budget"
    exit_code = 4

    def __init__(
        self,
        message: str,
        *,
        advice: str = "",
        resets_at: datetime | None = None,
        cheaper: tuple[Cheaper, ...] = (),
        ways: tuple[WayOut, ...] = (),
    ) -> None:
        super().__init__(message, advice=advice)
        self.resets_at = resets_at
        """When waiting will have helped (aware); None where it does not."""
        self.cheaper = cheaper
        """Models that the budget has room for, with what the request costs there at most."""
        self.ways = ways
        """What can help; `advice` says the same in words."""

    @property
    def sentence(self) -> str:
        """With the time that is left until waiting will have helped: another sentence each time."""
        said = super().sentence
        if self.resets_at is None:
            return said
        from llmtui.core.periods import until

        return f"{said} Or wait until {self.resets_at.astimezone():%Y-%m-%d %H:%M}, in {until(self.resets_at)}."


class InputRefused(LlmtuiError):
    kind = "guard"
    exit_code = 5


class ProviderError(LlmtuiError):
    """Carries what the provider said; each fact may be missing."""

    kind = "server_error"

    def __init__(
        self,
        message: str,
        *,
        advice: str = "",
        provider: str = "",
        model: str = "",
        status: int | None = None,
        code: str = "",
        request_id: str | None = None,
        retry_after_s: float | None = None,
        should_retry: bool | None = None,
    ) -> None:
        super().__init__(message, advice=advice)
        self.provider = provider
        self.model = model
        self.status = status
        self.code = code
        """The provider's own word for the error."""
        self.request_id = request_id
        self.retry_after_s = retry_after_s
        """Seconds from now that the provider asks to wait."""
        self.should_retry = should_retry
        """What the provider itself says about trying again; goes before the class's rule."""

    @property
    def is_retryable(self) -> bool:
        return self.retryable if self.should_retry is None else self.should_retry

    def to_dict(self) -> dict[str, Any]:
        return super().to_dict() | {"status": self.status, "retry_after_s": self.retry_after_s}


class ContextTooLong(ProviderError):
    kind = "context_too_long"
    exit_code = 6


class ConnectionFailed(ProviderError):
    kind = "connection"
    retryable = True
    leads_on = True


class TimedOut(ProviderError):
    """A time limit of ours passed. Not retried (it may be billed); the next model is tried when nothing was shown."""

    kind = "timeout"
    leads_on = True


class RateLimited(ProviderError):
    kind = "rate_limited"
    retryable = True
    leads_on = True


class Overloaded(ProviderError):
    kind = "overloaded"
    retryable = True
    leads_on = True


class ServerError(ProviderError):
    kind = "server_error"
    retryable = True
    leads_on = True


class QuotaExhausted(ProviderError):
    kind = "quota"
    leads_on = True


class AuthenticationFailed(ProviderError):
    kind = "authentication"
    exit_code = 3
    leads_on = True


class PermissionDenied(ProviderError):
    kind = "permission"
    exit_code = 3
    leads_on = True


class InvalidRequest(ProviderError):
    kind = "invalid_request"


class ModelNotFound(ProviderError):
    """The model is not there, or nothing is at the address; a message about the model has `ABOUT_MODEL` in it."""

    ABOUT_MODEL: ClassVar[str] = "has no such model"
    kind = "not_found"
    leads_on = True


class ContentFiltered(ProviderError):
    kind = "content_filtered"
    exit_code = 7


class MalformedResponse(ProviderError):
    kind = "malformed_response"
    leads_on = True


class StreamBroken(ProviderError):
    kind = "stream_broken"
    leads_on = True
