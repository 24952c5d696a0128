"""The marks of a prompt injection: phrases by which a text tries to take a model over, and text that nobody can see.

A pattern is tried only where one of its first words stands, and only in a text that has one of the words it cannot do
without: so most texts cost no more than a list of their words, and compile nothing. What follows the first words is bounded, and
words and the gaps between them share no character, so no text can make a pattern run away. All look at the text in lower
case, with its compatibility forms folded and its zero-width characters taken out; the text itself stays as it is.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator


class Pattern(NamedTuple):
    """A phrase: one of `starts`, and right after it `rest`; not worth looking for unless one of `needs` occurs."""

    name: str
    needs: tuple[str, ...]
    starts: tuple[str, ...]
    rest: str


_ = r"[\W_]{1,6}"  # between two words
_SOME = rf"(?:[^\W_]{{1,20}}{_})"  # any word, with what follows it
_EARLIER = (
    "(?:previous|previously|prior|above|earlier|preceding|former|existing|initial|original|system|your|foregoing)"
)
_FILLER = "(?:all|any|every|each|of|the|these|those|my|and|or|other|given|set|everything|in|whatever)"
_ORDERS = "(?:instructions?|prompts?|rules|guidelines|directions|directives|commands|orders|programming|constraints|restrictions)"
_ORDER_WORDS = (
    *("instruction", "instructions", "prompt", "prompts", "rules", "guidelines", "directions", "directives"),
    *("commands", "orders", "programming", "constraints", "restrictions"),
)
_SECRET = (
    rf"(?:system{_}(?:prompt|message|instructions?)|(?:initial|hidden|secret|original|confidential|full|internal|base)"
    rf"{_}(?:system{_})?(?:prompts?|instructions?))"
)
_DROP = (
    *("ignore", "ignoring", "disregard", "disregarding", "forget", "override", "overrule", "bypass", "discard"),
    *("do not follow", "don't follow", "stop following"),
)
_TELL = (
    *("reveal", "print", "repeat", "output", "show", "display", "tell", "give", "leak", "dump", "expose", "share"),
    *("recite", "disclose", "write out", "send"),
)
_BE = (
    "you are",
    "you're",
    "act as",
    "act like",
    "become",
    "pretend",
    "imagine",
    "respond as",
    "roleplay as",
    "behave as",
)
_AI = "(?:ai|model|assistant|chatbot|bot|language|llm|version|gpt)"
_LIMITS = "(?:restrictions|rules|filters|guidelines|limitations|limits|ethics|constraints)"
_LLM_WORDS = ("ai", "ais", "llm", "llms", "language", "assistant", "assistants", "chatbot", "chatbots", "gpt", "claude")
_LLM = rf"(?:ais?|llms?|(?:large{_})?language{_}models?|ai{_}(?:assistants?|agents?|models?)|assistants?|chatbots?|gpt|claude)"

PATTERNS = (
    Pattern(
        "ignore instructions",
        _ORDER_WORDS,
        _DROP,
        rf"{_}(?:{_FILLER}{_}){{0,4}}{_EARLIER}{_}(?:(?:{_FILLER}|{_EARLIER}){_}){{0,3}}(?:(?:safety|system|user){_})?{_ORDERS}\b"
        rf"|{_}(?:all|any|every){_}(?:(?:of|the|your){_}){{0,2}}instructions\b"
        rf"|{_}(?:the|these|those){_}instructions{_}(?:(?:given|written){_})?(?:above{_}(?:and|instead)|before{_}this)\b",
    ),
    Pattern(
        "forget everything",
        ("above", "before", "told", "instructed"),
        ("forget", "disregard", "ignore"),
        rf"{_}(?:everything|anything|all|whatever){_}(?:(?:that|of|the){_}){{0,2}}"
        rf"(?:above|before|you(?:{_}(?:ve|have|were))?{_}(?:been{_})?(?:told|instructed))\b"
        rf"|{_}the{_}above{_}(?:and|instead)\b",
    ),
    Pattern(
        "new orders",
        ("instruction", "instructions", "objective", "directive", "directives", "orders", "prompt"),
        ("your new", "your real", "your actual", "your true", "your only", "new system", "updated system"),
        rf"{_}(?:(?:new|real|true|and|only|system){_}){{0,2}}(?:instructions?|directives?|orders|objective)(?:{_}(?:is|are)\b|\s{{0,3}}:)"
        r"|\s{1,3}(?:instructions?|prompt|directive)\s{0,3}:",
    ),
    Pattern(
        "reveal the system prompt",
        ("prompt", "prompts", "instruction", "instructions", "message"),
        _TELL,
        rf"{_}{_SOME}{{0,5}}?(?:your|its){_}{_SOME}{{0,2}}?{_SECRET}\b",
    ),
    Pattern(
        "reveal the system prompt",
        ("prompt", "prompts", "instruction", "instructions", "message"),
        ("what is your", "what's your", "what are your", "what was your", "what were your"),
        rf"{_}{_SOME}{{0,2}}?{_SECRET}\b",
    ),
    Pattern(
        "reveal the system prompt",
        ("above",),
        ("repeat", "print", "output", "recite"),
        rf"{_}(?:(?:me|back|all|of|verbatim|the){_}){{0,3}}(?:words|text|everything|content|message|instructions){_}"
        rf"(?:(?:that|is|written){_}){{0,2}}above{_}(?:starting|beginning|verbatim|word|including|in{_}a{_}code)\b",
    ),
    Pattern("jailbreak persona", ("anything", "dan"), ("do anything now", "dan mode"), r"\b"),
    Pattern(
        "jailbreak persona",
        ("dan", "unrestricted", "unfiltered", "uncensored", "jailbroken", "amoral"),
        _BE,
        rf"{_}(?:now{_})?(?:to{_}be{_})?(?:dan\b|an?{_}{_SOME}{{0,2}}?(?:unrestricted|unfiltered|uncensored|jailbroken|amoral)"
        rf"{_}{_SOME}{{0,2}}?{_AI}\b)",
    ),
    Pattern(
        "jailbreak persona",
        ("mode",),
        ("you are", "you're", "enter", "activate", "switch to", "chatgpt with"),
        rf"{_}(?:now{_})?in{_}(?:developer|jailbreak|god|debug){_}mode\b|{_}(?:jailbreak|god|dan){_}mode\b"
        rf"|(?<=chatgpt with){_}developer{_}mode\b",
    ),
    Pattern(
        "jailbreak persona",
        ("restrictions", "rules", "filters", "guidelines", "limitations", "limits", "ethics", "constraints"),
        (*_BE, "assume", "as an ai"),
        rf"{_}{_SOME}{{0,6}}?you{_}(?:have|follow|know|are{_}bound{_}by){_}no{_}{_SOME}{{0,2}}?{_LIMITS}\b",
    ),
    Pattern(
        "jailbreak persona",
        ("ethical", "moral", "safety", "content"),
        ("you have no", "you are not bound by", "you are free from", "you're free from", "you're not bound by"),
        rf"{_}(?:(?:any|all){_}){{0,2}}(?:ethical|moral|content|safety){_}{_LIMITS}\b",
    ),
    Pattern(
        "switch safety off",
        ("safety", "content", "ethical", "ethics", "moderation", "guardrails", "alignment"),
        ("disable", "turn off", "deactivate", "bypass", "remove", "switch off", "suspend", "ignore", "override"),
        rf"{_}(?:(?:all|any|of){_}){{0,2}}your{_}{_SOME}{{0,2}}?(?:safety|content|ethical|ethics|moderation|guardrails|alignment)\b",
    ),
    Pattern(
        "chat markup",
        ("im", "start", "eot", "end", "inst", "sys"),
        (
            "<|im_start|>",
            "<|start_header_id|>",
            "<|im_end|>",
            "<|eot_id|>",
            "<|end|>",
            "[inst]",
            "<<sys>>",
            "<start_of_turn>",
        ),
        r"(?<=start\|>)\s{0,3}(?:system|assistant|developer)\b|(?<=id\|>)\s{0,3}(?:system|assistant)\b|\s{0,3}<\|(?:im_)?start"
        r"|\s{0,3}<<sys>>|(?<=<<sys>>)\s{0,3}\w|(?<=turn>)\s{0,3}(?:model|system)\b",
    ),
    Pattern(
        "system override",
        ("override",),
        (
            "system override",
            "admin override",
            "root override",
            "system_override",
            "administrator override",
            "priority override",
        ),
        r"\s{0,3}[:\]!>#*=]",
    ),
    Pattern(
        "addressed to the assistant",
        _LLM_WORDS,
        ("if you are a", "if you are an", "if you're a", "if you're an"),
        rf"{_}{_LLM}{_}{_SOME}{{0,8}}?(?:you{_}must|include|output|recommend|append|insert|mention|visit|reply{_}with"
        rf"|respond{_}with|say{_}that|rate|hire|approve)\b",
    ),
    Pattern(
        "addressed to the assistant",
        _LLM_WORDS,
        ("attention", "note to", "message to", "message for", "instruction for", "instructions for"),
        rf"{_}(?:(?:all|any|the){_}){{0,2}}{_LLM}\s{{0,3}}[:!,-]",
    ),
    Pattern(
        "addressed to the assistant",
        ("this",),
        ("ai assistant", "ai assistants", "ai model", "ai models", "llm", "llms", "language model", "language models"),
        rf"{_}(?:reading|processing|summari[sz]ing|reviewing){_}this{_}{_SOME}{{0,4}}?(?:must|should|shall|please|(?:are|has|have){_}to)\b",
    ),
    Pattern(
        "send out secrets",
        ("http", "https", "to", "at", "via"),
        ("send", "post", "upload", "forward", "email", "e-mail", "exfiltrate", "transmit", "submit"),
        rf"{_}(?:(?:the|this|our|all|me|a|copy|contents?|full|entire|whole|of|any|user|users|s){_}){{1,5}}"
        rf"(?:conversation|chat|system{_}prompt|credentials|passwords|api{_}keys|secrets|environment{_}variables){_}{_SOME}{{0,6}}?"
        r"(?:to|at|via)[\s:]{1,3}(?:https?://|[\w.+-]{1,40}@)",
    ),
    Pattern(
        "send out secrets",
        ("http", "https"),
        ("](http://", "](https://"),
        r"[^)\s]{1,200}=(?:\{|\[|<|%7b)[^)\n]{0,40}?(?:data|secret|conversation|prompt|history|summary|key|token|password|message)",
    ),
    Pattern(
        "ignore instructions",
        ("anweisungen", "instruktionen", "regeln", "vorgaben", "befehle"),
        ("ignoriere", "ignorieren sie", "vergiss", "missachte"),
        rf"{_}(?:bitte{_})?(?:alle|sämtliche|deine|alles){_}{_SOME}{{0,3}}?(?:anweisungen|instruktionen|regeln|vorgaben|befehle)\b"
        rf"|{_}(?:bitte{_})?die{_}(?:vorherigen|bisherigen|obigen|vorigen|früheren){_}{_SOME}{{0,2}}?(?:anweisungen|instruktionen|regeln)\b",
    ),
    Pattern(
        "ignore instructions",
        ("instructions", "consignes", "règles", "directives"),
        ("ignore", "ignorez", "oublie", "oubliez"),
        rf"{_}(?:toutes?|tous|les|tes|vos){_}{_SOME}{{0,2}}?(?:instructions|consignes|règles|directives){_}{_SOME}{{0,1}}?"
        r"(?:précédentes|antérieures|ci-dessus|initiales)\b",
    ),
    Pattern(
        "ignore instructions",
        ("instrucciones", "instruções", "istruzioni", "reglas", "regras", "órdenes"),
        ("ignora", "ignore", "olvida", "olvide", "ignorar", "ignorare", "dimentica", "esqueça"),
        rf"{_}(?:todas?|tus|las|os|as|tutte|le|suas){_}{_SOME}{{0,2}}?(?:instrucciones|instruções|istruzioni|reglas|regras|órdenes){_}"
        r"(?:anteriores|previas|precedenti|iniciales|de arriba)\b",
    ),
    Pattern(
        "ignore instructions",
        ("инструкции", "указания", "правила", "команды"),
        ("игнорируй", "игнорируйте", "забудь", "забудьте"),
        rf"{_}{_SOME}{{0,2}}?(?:предыдущие|прежние|прошлые|вышеуказанные|свои|твои){_}{_SOME}{{0,2}}?(?:инструкции|указания|правила|команды)\b",
    ),
    Pattern(
        "ignore instructions",
        ("指令", "指示", "提示", "规则", "设定", "命令"),
        ("忽略", "无视", "忘记", "不要理会"),
        r"[^\n。]{0,6}?(?:之前|以上|上面|先前|所有|前面)[^\n。]{0,6}?(?:指令|指示|提示|规则|设定|命令)",
    ),
    Pattern(
        "ignore instructions",
        ("無視",),
        ("以前の", "これまでの", "上記の", "前の"),
        r"(?:すべての|全ての)?(?:指示|命令|ルール|プロンプト)[^\n。]{0,6}?無視",
    ),
    Pattern(
        "ignore instructions",
        ("무시",),
        ("이전", "위의", "앞의", "모든"),
        r"[^\n.]{0,6}?(?:지시|명령|지침|규칙)[^\n.]{0,6}?무시",
    ),
)

# Characters that no screen shows: zero-width ones, tag characters, supplementary variation selectors. Some have their
# uses (joined emoji, flags of tags after a black flag); runs of them spell text for a model and for nobody else.
_UNSEEN = "[\u00ad\u200b-\u200d\u2060-\u2064\ufeff\U000e0000-\U000e01ef]"
_INVISIBLE = (
    "(?<![\U0001f3f4\U000e0000-\U000e007f])[\U000e0000-\U000e007f]{3}|[\U000e0100-\U000e01ef]{4}"
    "|[\u200b-\u200d\u2060-\u2064\ufeff]{12}"
)

_TO_BLANKS = bytes(code if chr(code).isalnum() and code < 128 else 32 for code in range(256))


def built_in(text: str) -> Iterator[tuple[str, str]]:
    """The names of the patterns that occur in a text, each with what matched first."""
    if not text.isascii():
        import unicodedata

        if _compiled(_UNSEEN).search(text):
            if _compiled(_INVISIBLE).search(text):
                yield "invisible text", "(characters that no screen shows)"
            text = _compiled(_UNSEEN).sub("", text)
        text = unicodedata.normalize("NFKC", text)
    lower = text.lower()
    words = frozenset(lower.encode("ascii", "replace").translate(_TO_BLANKS).split())

    def has(word: str) -> bool:
        return word.encode() in words if word.isascii() else word in lower

    for pattern in PATTERNS:
        if any(map(has, pattern.needs)):
            for start in pattern.starts:
                if all(map(has, _words_of(start))) and (found := _first(start, pattern.rest, lower)):
                    yield pattern.name, found
                    break


def _first(start: str, rest: str, lower: str) -> str:
    """The first place where a start is followed by its rest, "" for none."""
    at = lower.find(start)
    while at >= 0:
        end = at + len(start)
        if _begins_a_word(lower, at) and (match := _compiled(rest).match(lower, end)):
            return start + match[0]
        at = lower.find(start, end)
    return ""


def _begins_a_word(lower: str, at: int) -> bool:
    """Scripts without blanks begin words anywhere; so does punctuation."""
    return at == 0 or not lower[at].isalnum() or lower[at] >= "\u2e80" or not lower[at - 1].isalnum()


@functools.cache
def _words_of(start: str) -> tuple[str, ...]:
    """The words that a text must have to have this start; scripts without blanks are searched as they are."""
    if not start.isascii():
        return (start,)
    return tuple(word.decode() for word in start.encode().translate(_TO_BLANKS).split())


@functools.cache
def _compiled(regex: str) -> re.Pattern[str]:
    return re.compile(regex)
