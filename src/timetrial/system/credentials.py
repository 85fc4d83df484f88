"""What looks like a credential is shown as ``***``: in files that people publish, in errors, in reports."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

HIDDEN: Final = "***"
_WORD: Final = (
    r"(?:token|passw(?:or)?d|passphrase|pwd|secret|api[-_]?key|access[-_]?key|private[-_]?key|credentials?|"
    r"authori[sz]ation|cookie)"
)
# Words so short that they are also the end of others, and so common that a colon behind them says nothing.
_SHORT: Final = r"(?<![a-z])(?:pass|auth|sig(?:nature)?)"
_NAME: Final = re.compile(rf"(?i)(?:(?:^|[-_]|\b|[a-z0-9]){_WORD}s?|{_SHORT})$")
_VALUE: Final = r"(\"[^\"]*\"|'[^']*'|[^\s\"',;&]+)"
# An option or a variable with its value; a header; what stands before the host of an address; a name with its password.
_NAMED: Final = re.compile(rf"(?i)((?:--?|\b)[\w.-]*{_WORD}s?[\"']?\s*[=:]\s*){_VALUE}")
_SHORT_NAMED: Final = re.compile(rf"(?i)((?:--?|\b)[\w.-]*{_SHORT}(?:\s*=(?!=)\s*|[\"']\s*:\s*)){_VALUE}")
_HEADER: Final = re.compile(r"(?i)(\b(?:(?:proxy-)?authori[sz]ation|(?:set-)?cookie)\s*:[^\S\n]*)([^\n\"']+)")
_OPTION: Final = re.compile(rf"(?i)((?:^|\s)--?[\w-]*(?:{_WORD}s?|{_SHORT})\s+)([^\s-]\S*)")
_LOGIN: Final = re.compile(r"(?i)((?:^|\s)-(?:u|-user|-login|-proxy-user)[=\s]\s*[^\s:=]+:)(?!:)\S+")
_USER: Final = re.compile(r"(?i)(\b[a-z][a-z0-9+.-]*://)[^\s/@?#]+@")
# The forms in which well-known services hand them out.
_ISSUED: Final = re.compile(
    r"\b(?:gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|pypi-[\w-]{16,}|xox[abprs]-[\w-]{10,}|AKIA[0-9A-Z]{16}|"
    r"sk-[\w-]{20,}|sk_live_\w{16,}|(?:hf|npm)_\w{20,}|AIza[\w-]{30,}|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,})|"
    r"(?<=hooks\.slack\.com/services/)[\w/]+|(?<=PRIVATE KEY-----)[^-]+(?=-----END)"
)


def without_secrets(text: str) -> str:
    """The text with ``***`` for what looks like one."""
    text = _USER.sub(rf"\1{HIDDEN}@", text)
    for each in (_HEADER, _NAMED, _SHORT_NAMED, _OPTION, _LOGIN):
        text = each.sub(rf"\1{HIDDEN}", text)
    return _ISSUED.sub(HIDDEN, text)


def words_without_secrets(words: Sequence[str]) -> list[str]:
    """A command's words; the word behind ``--token`` is its value."""
    shown, names_one = [], False
    for before, word in zip(["", *words], words, strict=False):
        hidden = HIDDEN if names_one and not word.startswith("-") else without_secrets(word)
        shown.append(_LOGIN.sub(rf"\1{HIDDEN}", f"{before} {hidden}").removeprefix(f"{before} "))
        names_one = word.startswith("-") and "=" not in word and _NAME.search(word) is not None
    return shown


def masked(content: Any) -> Any:
    """The same lists, objects and texts; a text under a name such as ``password`` is hidden whole."""
    if isinstance(content, str):
        return without_secrets(content)
    if isinstance(content, dict):
        return {
            name: HIDDEN if isinstance(value, str) and isinstance(name, str) and _NAME.search(name) else masked(value)
            for name, value in content.items()
        }
    return [masked(each) for each in content] if isinstance(content, list | tuple) else content
