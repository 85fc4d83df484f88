"""The fixtures, in a project that has nothing else of timetrial."""

from __future__ import annotations

import pytest

SUITE = """
    import urllib.request

    def fetch(url):
        with urllib.request.urlopen(url, timeout=20) as answer:
            return answer.read()

    def test_first(mock_space):
        with mock_space.expect(requests_completed=1, by_path={"/page/10/0": 1}):
            assert len(fetch(mock_space.page(10))) == 10

    def test_second(mock_space, mock_server):
        assert mock_space.counters().requests_arrived == 0
        assert mock_server.counters().requests_arrived == 1

    def test_factory(mock_server_factory, mock_server):
        other = mock_server_factory(processes=1)
        assert other.port != mock_server.port
        assert len(fetch(other.page(20))) == 20
"""


def test_each_test_has_a_part_of_one_server(pytester: pytest.Pytester) -> None:
    """The process is shared, the journal is the test's own."""
    pytester.makepyfile(SUITE)
    pytester.makeconftest("from timetrial.pytest_plugin.server_fixtures import *")
    result = pytester.runpytest_subprocess("-p", "no:timetrial", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=3)


def test_a_suite_that_uses_no_server_imports_none(pytester: pytest.Pytester) -> None:
    """The fixtures cost nothing until one is asked for."""
    pytester.makeconftest("from timetrial.pytest_plugin.server_fixtures import *")
    pytester.makepyfile(
        """
        import sys

        def test_nothing_heavy():
            heavy = {"timetrial.mockserver.client", "httptools", "uvloop", "trustme"}
            assert not heavy & sys.modules.keys()
        """
    )
    result = pytester.runpytest_subprocess("-p", "no:timetrial", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=1)
