"""Certificates that are made when a server starts: a good one, and the ways in which one can be bad."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import get_args

from timetrial.errors import MockServerError
from timetrial.mockserver.kinds import TlsKind


@dataclass(frozen=True)
class Certificates:
    """The files of a server that speaks TLS, as PEM.

    ``server_file``: its own certificate with its private key. ``ca_file``: the authority that clients are to trust.
    """

    server_file: Path
    ca_file: Path


def make_certificates(kind: TlsKind, folder: Path, own_names: Sequence[str]) -> Certificates:
    """Certificates made out to these names and IP addresses, in a folder that only this user can read.

    ``trusted`` is good for clients that trust ``ca_file``; ``expired`` has run out; ``wrong_host`` is another
    host's; ``untrusted`` comes from an authority that is not the one in ``ca_file``. Raises MockServerError for another
    kind, and where trustme is not installed.
    """
    if kind not in get_args(TlsKind):
        raise MockServerError(f"there is no tls={kind!r}; it is one of {', '.join(get_args(TlsKind))}")
    if find_spec("trustme") is None:
        raise MockServerError("tls= needs trustme, which is not installed; install timetrial[tls]")
    import trustme

    authority = trustme.CA()
    signer = trustme.CA() if kind == "untrusted" else authority
    names = ("elsewhere.invalid",) if kind == "wrong_host" else own_names
    now = dt.datetime.now(dt.UTC)
    ends = now - dt.timedelta(days=1) if kind == "expired" else now + dt.timedelta(days=30)
    leaf = signer.issue_cert(*names, not_before=now - dt.timedelta(days=60), not_after=ends)
    made = Certificates(folder / "server.pem", folder / "ca.pem")
    leaf.private_key_and_cert_chain_pem.write_to_path(str(made.server_file))
    authority.cert_pem.write_to_path(str(made.ca_file))
    return made
