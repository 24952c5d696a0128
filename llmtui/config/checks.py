"""What a setting's value must be like: each check takes what TOML gave and returns the value, or says what it wants.

Imported only when there is a config file to be read.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    Check = Callable[[object], Any]

MOST_TOKENS = 10**12
MOST_USD = 10**9


class Unfit(Exception):
    """A value is not what it must be; `str()` says what it must be, as the rest of a sentence after “must be”."""

    def __init__(self, expected: str, *, within: str = "", show: bool = False) -> None:
        super().__init__(expected)
        self.within = within
        """The key inside the value that is meant, if not the value itself."""
        self.show = show
        """The value is one of a few words, or a number: it may be repeated in the message."""


def text(value: object) -> str:
    if not isinstance(value, str):
        raise Unfit("text in quotes")
    return value


def line(value: object) -> str:
    """Text without control characters."""
    if not isinstance(value, str) or not value.isprintable():
        raise Unfit("text in quotes, on one line")
    return value


def flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise Unfit("true or false", show=True)
    return value


def one_of(*words: str) -> Check:
    def check(value: object) -> str:
        if value not in words or not isinstance(value, str):
            raise Unfit("one of " + ", ".join(f'"{word}"' for word in words), show=True)
        return value

    return check


def whole(least: int = 0, most: int = MOST_TOKENS) -> Check:
    """A whole number in a range."""

    def check(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            upper = f" to {most}" if most < MOST_TOKENS else " on"
            raise Unfit(f"a whole number from {least}{upper}", show=True)
        return value

    return check


def exact(least: int | str = 0, most: int = MOST_USD, *, unit: str = "a number") -> Check:
    """A number in a range, as a Decimal."""
    low = Decimal(least)

    def check(value: object) -> Decimal:
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            number = Decimal(value)
            if number.is_finite() and low <= number <= most:
                return number
        upper = f" to {most}" if most < MOST_USD else " on"
        raise Unfit(f"{unit} from {least}{upper}", show=True)

    return check


def number(least: int | str = 0, most: int = MOST_USD, *, unit: str = "a number") -> Check:
    """A number in a range, as a float."""
    check_exact = exact(least, most, unit=unit)
    return lambda value: float(check_exact(value))


def seconds(least: int | str = 0) -> Check:
    return number(least, 86_400, unit="a number of seconds")


def list_of(check: Check, what: str) -> Check:
    """An array, each item of it checked, as a tuple."""

    def check_all(value: object) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise Unfit(f"a list of {what} in brackets")
        try:
            return tuple(check(item) for item in value)
        except Unfit as unfit:
            raise Unfit(f"a list of {what}, each {unfit}", within=unfit.within) from None

    return check_all


def model(value: object) -> str:
    """`provider/name`, a bare name, or `auto`."""
    if not isinstance(value, str) or not value.isprintable() or value != value.strip() or value.startswith("/"):
        raise Unfit('a model: "PROVIDER/MODEL", or its bare name')
    if value.endswith("/") and value.count("/") == 1:
        raise Unfit('a model: "PROVIDER/MODEL", with a name after the slash')
    return value


def one_model(value: object) -> str:
    """`provider/name` or a bare name, not `auto`: nobody asks a question there that could be judged."""
    if value == "auto":
        raise Unfit('a model: "PROVIDER/MODEL", or its bare name; not "auto"')
    return model(value)


models = list_of(model, "models")


def fractions(value: object) -> tuple[float, ...]:
    """Shares of a whole, in rising order."""
    return tuple(sorted(list_of(number(0, 1), "numbers")(value)))


def pattern(value: object) -> str:
    """A regular expression that compiles."""
    import re

    try:
        re.compile(text(value))
    except (re.error, RecursionError, OverflowError) as error:
        raise Unfit(f"a regular expression ({error})") from None
    return str(value)


def time_zone(value: object) -> str:
    """An IANA name that this system knows; empty for the system's own."""
    name = line(value)
    if name:
        import zoneinfo

        try:
            zoneinfo.ZoneInfo(name)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            raise Unfit('a time zone\'s name, such as "Europe/Vienna"', show=True) from None
    return name


def web_address(value: object) -> str:
    """http:// or https:// with a host, and no password in it."""
    from urllib.parse import urlsplit

    address = line(value)
    try:
        parts = urlsplit(address)
        fits = parts.scheme in {"http", "https"} and bool(parts.hostname) and " " not in address
        fits = fits and (parts.port is None or parts.port > 0)
        bare = parts.username is None and parts.password is None
    except ValueError:
        fits = bare = False
    if address and not fits:
        raise Unfit("an address that begins with http:// or https://")
    if address and not bare:
        raise Unfit("an address without a user name or password in it")
    return address


def proxy(value: object) -> str:
    address = line(value)
    if address and not address.startswith(("http://", "https://", "socks5://", "socks5h://")):
        raise Unfit("an address that begins with http://, https:// or socks5://")
    return address


def variable(value: object) -> str:
    """The name of an environment variable; a key that was put here by mistake is not repeated."""
    name = line(value)
    if name and not (name.isascii() and name.replace("_", "a").isalnum() and not name[0].isdigit() and len(name) < 100):
        raise Unfit("the name of an environment variable")
    return name


def command(value: object) -> tuple[str, ...]:
    """A program and its arguments."""
    words: tuple[str, ...] = list_of(text, "words")(value)
    if words and not words[0]:
        raise Unfit("a list that begins with a program's name")
    return words


def headers(value: object) -> dict[str, str]:
    """HTTP headers; a line break in one would be a second header."""
    if not isinstance(value, dict):
        raise Unfit('a table: {Name = "value"}')
    for name, content in value.items():
        if not (name.isascii() and name.replace("-", "a").replace("_", "a").isalnum()):
            raise Unfit("under a header's name: letters, digits and dashes", within=name)
        if not isinstance(content, str) or not content.isprintable() or not content.isascii():
            raise Unfit("text in quotes, in plain ASCII on one line", within=name)
    return dict(value)
