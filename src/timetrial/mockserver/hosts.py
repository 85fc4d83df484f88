"""Where a server listens, who can reach it there, and the token that others need."""

from __future__ import annotations

import ipaddress
import re
import warnings
from dataclasses import dataclass

from timetrial.errors import MockServerError

LOOPBACK = "127.0.0.1"
_TOKEN = re.compile(r"[A-Za-z0-9._~-]{1,128}")
# Shorter ones can be found by trying.
_SHORT_TOKEN = 16


class MockServerWarning(UserWarning):
    """The mock server can be reached from outside of this machine."""


@dataclass(frozen=True)
class Host:
    """``address`` is an IP address, as text; ``token`` is what each URL begins with, or empty where none is needed."""

    address: str = LOOPBACK
    token: str = ""

    @property
    def in_urls(self) -> str:
        """The address as the URLs of this machine's own clients name it; behind a wildcard it is the loopback one."""
        if ipaddress.ip_address(self.address).is_unspecified:
            return "[::1]" if ":" in self.address else LOOPBACK
        return f"[{self.address.replace('%', '%25')}]" if ":" in self.address else self.address

    @property
    def prefix(self) -> str:
        """What a URL's path begins with."""
        return f"/@{self.token}" if self.token else ""

    @property
    def is_reachable(self) -> bool:
        """Whether others than this machine's own programs may come."""
        return not ipaddress.ip_address(self.address).is_loopback

    def names(self) -> tuple[str, ...]:
        """What a certificate for it is made out to."""
        own = self.address.partition("%")[0]
        return tuple(dict.fromkeys((LOOPBACK, "localhost", *(("::1",) if ":" in own else ()), own)))


def checked_host(host: object, token: object) -> Host:
    """The host of these settings; warns, with MockServerWarning, of one that others can reach.

    Raises MockServerError for what is no IP address, for one beyond loopback without a token, and for a token that no
    URL can carry.
    """
    address = LOOPBACK if host == "localhost" else host
    try:
        if not isinstance(address, str):
            raise ValueError
        ipaddress.ip_address(address)
    except ValueError:
        raise MockServerError(f"host= takes an IP address such as {LOOPBACK} or ::1, not {host!r}") from None
    if not isinstance(token, str) or (token and not _TOKEN.fullmatch(token)):
        raise MockServerError("token= takes up to 128 letters, digits and -._~, as secrets.token_urlsafe() makes them")
    checked = Host(address, token)
    if checked.is_reachable:
        _warn(checked)
    return checked


def _warn(host: Host) -> None:
    if not host.token:
        raise MockServerError(
            f"host={host.address!r} can be reached by others, who need a token to be let in; "
            f"give token=secrets.token_urlsafe(), which is in all of the server's URLs then"
        )
    short = f"; a token of {len(host.token)} characters can be guessed" if len(host.token) < _SHORT_TOKEN else ""
    warnings.warn(
        f"the mock server listens on {host.address}, where others can reach it who have its token{short}",
        MockServerWarning,
        stacklevel=2,
    )
