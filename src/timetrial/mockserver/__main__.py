"""``python -m timetrial.mockserver PARENT_PID``: the mock server's process; MockServer.start() starts it."""

from __future__ import annotations

import sys

from timetrial.mockserver.server.process import main

if __name__ == "__main__":
    main(sys.argv[1:])
