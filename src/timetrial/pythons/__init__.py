"""One function under several interpreters: found, given timetrial, searched one by one, and measured in turns."""

from typing import Final

PROTOCOL: Final = 1
"""Of what ``timetrial run`` and the processes under other Pythons say to each other; both must speak the same."""
