"""What is said of HTTP clients: sessions, libraries, and whether they or the model decide."""

from __future__ import annotations

import math
from typing import Final

from timetrial.claims.claim import claim
from timetrial.claims.finding import Finding
from timetrial.claims.look import Look
from timetrial.claims.sources import ARTICLE, OURS
from timetrial.claims.stated import figure
from timetrial.languages import Text

_GRID: Final = "benchmarks/test_client_overhead.py::test_client_overhead"
_GRID_MEASURED_BY: Final = f"{_GRID}"


@claim(
    "async-libraries",
    Text("Use aiohttp instead of requests in coroutines", "协程中应使用 aiohttp 而不是 requests"),
    of=Text(
        "the time with requests in the loop, divided by that with aiohttp",
        "在事件循环中用 requests 的耗时除以用 aiohttp 的耗时",
    ),
    because=Text(
        "who may have sixteen in flight and is not even twice as fast has no reason to change the library",
        "并发数为 16 却快不到一倍，就没有理由换库",
    ),
    at_least=2.0,
    measured_by=("benchmarks/test_fetching_in_a_loop.py::test_fetching_in_a_loop --trial-models=coroutines"),
    takes_s=30,
    published=(figure("aiohttp, not requests; no figure", "用 aiohttp 不用 requests，未给出数字", source=ARTICLE),),
)
def async_libraries(look: Look) -> Finding:
    """Beside it the way out where there is no such library: requests by to_thread."""
    test = "benchmarks/test_fetching_in_a_loop.py::test_fetching_in_a_loop"
    return look.holds(
        look.ratio(test, "coroutines[requests]", "coroutines"),
        beside=[look.ratio(test, "coroutines[requests to_thread]", "coroutines")],
    )


@claim(
    "session-per-request",
    Text("A new session for every request is expensive", "每个请求都新建会话代价高昂"),
    of=Text(
        "the time with a session for each request, divided by that with one that is kept",
        "每次新建会话的耗时除以复用会话的耗时",
    ),
    because=Text("a quarter more is what one would mend", "多出四分之一就值得改"),
    at_least=1.25,
    measured_by=f"{_GRID_MEASURED_BY} --trial-models=threads,coroutines",
    takes_s=12,
    published=(
        figure("aiohttp 2.5 to 2.7 times the CPU", "aiohttp 的 CPU 开销为 2.5 至 2.7 倍", source=OURS),
        figure("requests 1.45 times the CPU", "requests 的 CPU 开销为 1.45 倍", source=OURS),
    ),
)
def session_per_request(look: Look) -> Finding:
    """Aiohttp as in the article, and requests.get(url) as most people write it."""
    return look.holds(
        look.ratio(_GRID, "coroutines[aiohttp anew]", "coroutines[aiohttp]"),
        look.ratio(_GRID, "threads[requests anew]", "threads[requests]"),
    )


@claim(
    "client-outweighs-model",
    Text("The client library matters more than the model", "客户端库的影响大于并发模型"),
    of=Text(
        "what changing the client does (requests for http.client, in threads), divided by what changing the model does "
        "(threads for coroutines, with httpx)",
        "换客户端的影响（多线程下 requests 与 http.client 之比）除以换模型的影响（httpx 下多线程与协程之比）",
    ),
    because=Text("more is more than a launch's luck", "“更大”须超过单次启动的偶然性"),
    at_least=1.05,
    measured_by=f"{_GRID_MEASURED_BY} --trial-models=threads,coroutines",
    takes_s=12,
    published=(
        figure(
            "requests/s on one core: aiohttp 4,200, http.client in threads 5,400, requests 1,200, httpx async 270",
            "单核每秒请求数：aiohttp 4200，多线程 http.client 5400，requests 1200，httpx 异步 270",
            source=OURS,
        ),
        figure(
            "500 GETs at 20 in flight: aiohttp 1.075 s, httpx 1.083 s, requests in threads 1.394 s, the server being "
            "the limit",
            "并发数 20 的 500 次 GET：aiohttp 1.075 秒，httpx 1.083 秒，多线程 requests 1.394 秒，瓶颈在服务器",
            source="krabarena.com",
        ),
    ),
)
def client_outweighs_model(look: Look) -> Finding:
    """Either effect counts whichever way it goes."""
    of = "threads[requests]", "threads[http.client]", "threads[httpx]", "coroutines[httpx]"

    def more(requests_s: float, http_client_s: float, threads_s: float, coroutines_s: float) -> float:
        return abs(math.log(requests_s / http_client_s)) - abs(math.log(threads_s / coroutines_s))

    return look.holds(
        look.contrast(_GRID, of, more, "(requests : http.client) / (threads : coroutines)"),
        beside=[
            look.ratio(_GRID, "threads[requests]", "threads[http.client]"),
            look.ratio(_GRID, "threads[httpx]", "coroutines[httpx]"),
            look.ratio(_GRID, "threads[http.client]", "coroutines[aiohttp]"),
        ],
    )
