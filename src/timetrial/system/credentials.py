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
_NAME: Final = re.compile(rf"(?i)(?:^|[-_]|\b|[a-z0-9]){_WORD}s?$")
# An option or a variable with its value; a header; what stands before the host of an address.
_NAMED: Final = re.compile(
    rf"(?i)((?:--?|\b)[\w.-]*{_WORD}s?[\"']?\s*[=:]\s*)(?:(bearer|basic)\s+)?(\"[^\"]*\"|'[^']*'|[^\s\"',;&]+)"
)
_OPTION: Final = re.compile(rf"(?i)((?:^|\s)--?[\w-]*{_WORD}s?\s+)([^\s-]\S*)")
_USER: Final = re.compile(r"(?i)(\b[a-z][a-z0-9+.-]*://)[^\s/@?#]+@")
# The forms in which well-known services hand them out.
_ISSUED: Final = re.compile(
    r"\b(?:gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|pypi-[\w-]{16,}|xox[abprs]-[\w-]{10,}|AKIA[0-9A-Z]{16}|"
    r"sk-[\w-]{20,}|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,})"
)


def without_secrets(text: str) -> str:
    """The text with ``***`` for what looks like one."""
    text = _USER.sub(rf"\1{HIDDEN}@", text)
    text = _NAMED.sub(lambda found: f"{found[1]}{found[2] + ' ' if found[2] else ''}{HIDDEN}", text)
    return _ISSUED.sub(HIDDEN, _OPTION.sub(rf"\1{HIDDEN}", text))


def words_without_secrets(words: Sequence[str]) -> list[str]:
    """A command's words; the word behind ``--token`` is its value."""
    shown, names_one = [], False
    for word in words:
        shown.append(HIDDEN if names_one and not word.startswith("-") else without_secrets(word))
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
