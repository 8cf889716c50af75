"""Ask the server in this container whether it is alive; exits non-zero if it is not.

It must not load anything but the standard library, or leave the machine.
"""

from __future__ import annotations

import os
import ssl
import sys
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Final

_TIMEOUT_S: Final = 3.0


def is_alive(port: int) -> bool:
    """Ask over plain HTTP, then over TLS: the server speaks the one or the other on its only port."""
    # The certificate is for a public name, and whoever could answer here in its place is inside already.
    tls = ssl._create_unverified_context()  # noqa: S323, SLF001 - as above
    for connection in (
        HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_S),
        HTTPSConnection("127.0.0.1", port, timeout=_TIMEOUT_S, context=tls),
    ):
        try:
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:
                return True
        except (OSError, HTTPException):
            continue
        finally:
            connection.close()
    return False


if __name__ == "__main__":
    sys.exit(0 if is_alive(int(os.environ.get("PORT", "3001"))) else 1)
