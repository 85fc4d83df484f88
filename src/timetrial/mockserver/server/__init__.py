"""What runs inside the mock server's own process; nothing here is imported by its clients."""

from __future__ import annotations
