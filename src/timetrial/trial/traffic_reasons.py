"""What a server's figures say against a trial, in sentences."""

from __future__ import annotations

from timetrial.languages import Text


def answered(counted: int, rounds: int, expected: int) -> Text:
    """Why requests were other ones than so many rounds take."""
    if rounds == 1:
        return Text(
            f"the server answered {counted} requests in a round that takes {expected}",
            f"一轮应有 {expected} 个请求，服务器却应答了 {counted} 个",
        )
    return Text(
        f"the server answered {counted} requests in {rounds} rounds that take {expected}",
        f"{rounds} 轮应有 {expected} 个请求，服务器却应答了 {counted} 个",
    )


def too_many_at_once(seen: int, allowed: int) -> Text:
    """Requests in flight that were more than the concurrency."""
    return Text(
        f"the server saw {seen} requests in flight at once, where {allowed} may be",
        f"服务器看到 {seen} 个请求同时在途，而上限是 {allowed}",
    )


def few_connections(opened: int, wanted: int) -> Text:
    """Connections that can't have held so many requests at once."""
    return Text(
        f"the client had {opened} connection(s), too few for {wanted} items in flight",
        f"客户端只有 {opened} 个连接，不够 {wanted} 项并发",
    )


def steady_peak(peak: int, wanted: int) -> Text:
    """A peak that gives a pool's size away."""
    return Text(
        f"in every round exactly {peak} requests were in flight, too few for {wanted} items",
        f"每轮在途的请求都恰好是 {peak} 个，不够 {wanted} 项并发",
    )


def near_ceiling(share: float, ceiling_per_s: float | None, allowed_share: float) -> Text:
    """A server that was too busy to be an instrument; whose share is known has a ceiling."""
    assert ceiling_per_s is not None
    return Text(
        f"the server was at {share:.0%} of its measured ceiling of {ceiling_per_s:,.0f} such requests/s "
        f"(at most {allowed_share:.0%} is allowed)",
        f"服务器负载达到其实测上限（此类请求每秒 {ceiling_per_s:,.0f} 个）的 {share:.0%}"
        f"（最多允许 {allowed_share:.0%}）",
    )


def no_ports(connections: int, available: int) -> Text:
    """Connections that used up the ports."""
    return Text(
        f"{connections:,} connections were opened, and there are {available:,} ports for them",
        f"打开了 {connections:,} 个连接，而可用端口只有 {available:,} 个",
    )
