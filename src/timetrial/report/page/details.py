"""A workload's table, a row a trial: its place, its figures and what they cost, and the test to find it by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from timetrial.languages import Text
from timetrial.report.draw.same import same
from timetrial.report.page.costs import cpu_s_per_item, latency_s, memory_bytes
from timetrial.report.page.figures import NOTHING, bytes_, rate, seconds, with_span
from timetrial.report.page.ranking import Ranked, Ranking


@dataclass(frozen=True)
class Column:
    """One column: its head, and a trial's cell."""

    key: str
    head: Text
    cell: Callable[[Ranked], Text]


def _cpu(role: str) -> Callable[[Ranked], Text]:
    return lambda row: seconds(cpu_s_per_item(row.trial, role))


def _latency(percentile: str, loop: str) -> Callable[[Ranked], Text]:
    return lambda row: seconds(latency_s(row.trial, percentile, loop=loop))


def _slowest(row: Ranked) -> Text:
    """The item that took longest, in the open loop where there was one."""
    opened = latency_s(row.trial, "max", loop="open")
    return seconds(opened if opened is not None else latency_s(row.trial, "max"))


def _throughput(row: Ranked) -> Text:
    return same(rate(1 / row.trial.median_s_per_item)) if row.trial.median_s_per_item > 0 else NOTHING


def _behind(row: Ranked) -> Text:
    if row.place == 1 and row.behind is None:
        return same("1×")
    return with_span(row.behind)


COLUMNS: Final[Sequence[Column]] = (
    Column("time", Text("an item", "每项耗时"), lambda row: seconds(row.trial.median_s_per_item)),
    Column("rate", Text("throughput", "吞吐量"), _throughput),
    Column("speedup", Text("× serial", "相对串行"), lambda row: with_span(row.speedup)),
    Column("behind", Text("takes × the first", "耗时为最快的倍数"), _behind),
    Column("startup", Text("start-up", "启动"), lambda row: seconds(row.trial.number("startup_s"))),
    Column("p50", Text("p50", "p50"), _latency("p50", "accounting")),
    Column("p99", Text("p99", "p99"), _latency("p99", "accounting")),
    Column("closed", Text("p99 closed", "闭环 p99"), _latency("p99", "closed")),
    Column("open", Text("p99 open", "开环 p99"), _latency("p99", "open")),
    Column("slowest", Text("slowest", "最慢"), _slowest),
    Column("memory", Text("memory", "内存"), lambda row: bytes_(memory_bytes(row.trial))),
    Column("client", Text("CPU client", "CPU 客户端"), _cpu("client")),
    Column("worker", Text("CPU workers", "CPU 工作进程"), _cpu("worker")),
    Column("server", Text("CPU server", "CPU 服务器"), _cpu("server")),
)


@dataclass(frozen=True)
class Details:
    """The table of a ranking, under the columns that it shares with the others of its workload."""

    key: str
    ranking: Ranking
    columns: Sequence[Column]
    cells: Sequence[Sequence[Text]]

    @property
    def bars(self) -> Sequence[float]:
        """For each row its throughput in percent of the highest."""
        rates = [1 / s if (s := row.trial.median_s_per_item) > 0 else 0.0 for row in self.ranking.rows]
        most = max((rate for rate, row in zip(rates, self.ranking.rows, strict=True) if row.place), default=0.0)
        return [100 * min(1.0, rate / most) if most else 0.0 for rate in rates]

    @property
    def filled(self) -> int:
        """How many columns say anything of it."""
        return sum(any(cell is not NOTHING for cell in column) for column in zip(*self.cells, strict=True))

    def numbers(self, *keys: str) -> list[int]:
        """Where columns of these keys stand, those that there are; place, model and concurrency are before them."""
        return [index + LEADING for index, column in enumerate(self.columns) if column.key in keys]


LEADING: Final = 3


def details_of(ranking: Ranking, key: str, columns: Sequence[Column]) -> Details:
    """The table with these columns."""
    return Details(key, ranking, columns, [[column.cell(row) for column in columns] for row in ranking.rows])


def columns_of(rankings: Sequence[Ranking]) -> Sequence[Column]:
    """Those that hold anything but dashes in any of a workload's tables, which stand below one head."""
    rows = [row for ranking in rankings for row in ranking.rows]
    return [column for column in COLUMNS if any(column.cell(row) is not NOTHING for row in rows)]
