"""How ``timetrial run`` ends, besides 2 for wrong usage."""

from typing import Final

ANSWER: Final = 0
FUNCTION_FAILED: Final = 1
NO_ANSWER: Final = 3
