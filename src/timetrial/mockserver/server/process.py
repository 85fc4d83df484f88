"""The mock server's own process, from its start to its end."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import signal
import ssl
import sys
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from timetrial.errors import MockServerError
from timetrial.mockserver.server.control import Control, line_of, write
from timetrial.mockserver.server.lifeline import Lifeline

if TYPE_CHECKING:
    from timetrial.mockserver.server.port import Port


def main(argv: list[str]) -> None:
    """Serves until the parent, whose process id is the one argument, is gone or closes our standard input."""
    lifeline = Lifeline(int(argv[0]))
    out = os.dup(1)
    os.dup2(2, 1)  # so that nothing but the control channel is ever written to the parent's pipe
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lifeline.end_by)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle; it closes our input then
    settings = json.loads(lifeline.first_line())
    lifeline.folder = settings["folder"]
    try:
        serve(settings, lifeline, out)
    except MockServerError as problem:  # which the parent raises; where it arose here helps nobody
        write(out, line_of({"error": f"{problem}", "n": settings["n"]}))
        sys.exit(1)
    except Exception as problem:  # noqa: BLE001 - of any crash, the parent must hear
        traceback.print_exc()  # before the parent hears of it, since it closes our input then, which ends us
        write(out, line_of({"error": f"{type(problem).__name__}: {problem}", "n": settings["n"]}))
        sys.exit(1)


def serve(settings: dict[str, Any], lifeline: Lifeline, out: int) -> None:
    """Opens the port, says so, and runs the event loop."""
    _allow_many_connections()
    # The transports warn about each client that left in the middle of an answer, which is what clients here do.
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    loop = _event_loop(settings["loop"])
    loop.set_exception_handler(_report)
    asyncio.set_event_loop(loop)
    from timetrial.mockserver.server.connection import Connection
    from timetrial.mockserver.server.engine import Engine
    from timetrial.mockserver.server.port import Port
    from timetrial.mockserver.server.routes import Routes
    from timetrial.mockserver.server.services import Limits
    from timetrial.mockserver.server.unsteady_port import UnsteadyPorts

    engine = Engine(loop, Routes(settings["routes"]), Limits(**settings["limits"]), settings["prefix"])
    address, tls = settings["address"], _tls_context(settings["certificate"])
    number, shared = settings["port"], settings["shared"]
    port = _opened(
        loop, address, number, lambda: Port(lambda: Connection(engine), address, number, shared=shared, tls=tls)
    )
    unsteady_ports = UnsteadyPorts(
        lambda: Connection(engine), lambda enter: Port(enter, address, 0, shared=False, tls=tls)
    )
    Control(engine, port, unsteady_ports, out).start(lifeline)
    gc.collect()
    gc.freeze()
    gc.disable()  # a collection in the middle of thousands of requests makes all of them late; the engine has its own
    write(out, line_of({"ok": {"port": port.number}, "n": settings["n"]}))
    loop.run_forever()


def _opened(loop: asyncio.AbstractEventLoop, address: str, number: int, make: Callable[[], Port]) -> Port:
    """The port with this number, listening; 0 is any that is free."""
    try:
        port = make()
        loop.run_until_complete(port.open())
    except OSError as problem:
        advice = "; choose another one, or 0 for any that is free" if number else ""
        raise MockServerError(f"port {number} of {address} cannot be had: {problem}{advice}") from problem
    return port


def _report(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Writes what went wrong to standard error, except for what clients do to their connections."""
    if not isinstance(context.get("exception"), OSError):
        loop.default_exception_handler(context)


def _event_loop(name: str) -> asyncio.AbstractEventLoop:
    if name == "uvloop":
        import uvloop

        return uvloop.new_event_loop()
    # Windows' proactor loop copes with more connections than select does; it is asyncio's own choice there.
    return asyncio.new_event_loop()


def _tls_context(certificate: str) -> ssl.SSLContext | None:
    if not certificate:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    context.set_alpn_protocols(["http/1.1"])
    return context


def _allow_many_connections() -> None:
    if sys.platform == "win32":
        return
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = hard if hard != resource.RLIM_INFINITY else 65_536
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
