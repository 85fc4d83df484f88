"""Advice and figures that people repeat, as code: a claim, the benchmark that tests it, and a verdict with evidence."""

from __future__ import annotations

from timetrial.claims.all_claims import all_claims
from timetrial.claims.claim import Claim, claim
from timetrial.claims.evidence import Evidence, Interval, Outcome, TrialRef
from timetrial.claims.finding import Finding
from timetrial.claims.judging import judge
from timetrial.claims.look import Look
from timetrial.claims.place import Place
from timetrial.claims.stated import Benchmark, Published, Threshold, figure
from timetrial.claims.stored import Here, Stored, read_stored, stored_of
from timetrial.claims.verdict import Settle, Tally, Verdict, tally
from timetrial.languages import Text

__all__ = [
    "Benchmark",
    "Claim",
    "Evidence",
    "Finding",
    "Here",
    "Interval",
    "Look",
    "Outcome",
    "Place",
    "Published",
    "Settle",
    "Stored",
    "Tally",
    "Text",
    "Threshold",
    "TrialRef",
    "Verdict",
    "all_claims",
    "claim",
    "figure",
    "judge",
    "read_stored",
    "stored_of",
    "tally",
]
