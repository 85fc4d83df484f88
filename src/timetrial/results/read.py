"""Reading a file of results: whole and understood, or an error that names the file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from timetrial.errors import ResultsError
from timetrial.languages import Text
from timetrial.results.schema import FILE_SCHEMA_VERSION, KEY
from timetrial.results.wellformed import RESULTS


def plain_bytes(path: Path) -> bytes:
    """What a file holds; raises ResultsError for one that can't be read, or would never end, as a pipe or device."""
    try:
        if path.exists() and not path.is_file():
            raise ResultsError(
                Text(
                    f"{path} is no plain file: name another one, or move it elsewhere",
                    f"{path} 不是普通文件：请换一个，或移走",
                )
            )
        return path.read_bytes()
    except OSError as error:
        why = error.strerror or error
        raise ResultsError(Text(f"can't read {path}: {why}", f"无法读取 {path}：“{why}”")) from error


def read_json(path: Path) -> Any:
    """What a JSON file holds; raises ResultsError that names one which is missing or cut off."""
    try:
        return json.loads(plain_bytes(path))
    except ValueError as error:
        raise ResultsError(
            Text(
                f"{path} is not JSON ({error}): delete it, or restore it from where it came",
                f"{path} 不是 JSON（“{error}”）：请删除，或从来源恢复",
            )
        ) from error
    except RecursionError as error:
        raise ResultsError(
            Text(
                f"{path} is nested deeper than any file of results: delete it",
                f"{path} 的嵌套比任何结果文件都深：请删除",
            )
        ) from error


def read_results(path: Path) -> dict[str, Any]:
    """A run's file as it was written; raises ResultsError for one that is missing, cut off, broken or something else.

    What it says is then of the kind that its readers count on: null or text in place of a list is told here.
    """
    content = read_json(path)
    if not isinstance(content, dict) or not isinstance(content.get("benchmarks"), list):
        raise ResultsError(
            Text(
                f"{path} holds no benchmarks: it is not a file that pytest-benchmark or timetrial wrote",
                f"{path} 中没有基准测试：它不是 pytest-benchmark 或 timetrial 写的文件",
            )
        )
    wrong = RESULTS(content, "")
    if wrong:
        raise not_whole(path, wrong)
    return content


def not_whole(path: Path, wrong: object) -> ResultsError:
    """The error for a file of which something is missing or of another kind."""
    return ResultsError(
        Text(
            f"{path} is not whole ({wrong}): restore it from where it came, or measure again",
            f"{path} 不完整（“{wrong}”）：请从来源恢复，或重新测量",
        )
    )


def read_run(path: Path) -> dict[str, Any]:
    """As read_results, for a file that timetrial wrote with today's schema; raises ResultsError for any other."""
    content = read_results(path)
    about = content.get(KEY)
    if not isinstance(about, dict):
        raise ResultsError(f"{path} was not written by timetrial: measure with timetrial measure -o FILE")
    version = about.get("schema_version", 1)
    if version != FILE_SCHEMA_VERSION:
        raise ResultsError(
            f"{path} has version {version} of the file's schema, this timetrial reads version {FILE_SCHEMA_VERSION}: "
            f"measure again with one timetrial, or read it with the one that wrote it"
        )
    return content


def environment_of(path: Path) -> dict[str, Any]:
    """Where a run took place; raises ResultsError for a file that does not say, such as one of pytest-benchmark's."""
    environment = read_results(path).get(KEY, {}).get("environment")
    if not isinstance(environment, dict):
        raise ResultsError(f"{path} does not say where it ran: only files that timetrial wrote do")
    return environment
