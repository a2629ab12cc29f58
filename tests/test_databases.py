"""The servers that the tests start for themselves."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.databases import DEBIAN

STARTED_AND_STOPPED = f"""
from tests.databases import debian_server, server, stop, temporary
temporary("yf-more-").joinpath("file").touch()
print(server(){", debian_server()" if DEBIAN.exists() else ""})
stop()
"""


class TestStop:
    """What is left when the tests of a process are over."""

    def test_leaves_nothing(self) -> None:
        """Servers and temporary folders are gone, with the folders that held them."""
        with TemporaryDirectory() as room:
            Path(room).chmod(0o755)  # the servers run as other users where the tests run as root
            environment = {name: value for name, value in os.environ.items() if name != "XDG_RUNTIME_DIR"}
            done = subprocess.run(
                [sys.executable, "-c", STARTED_AND_STOPPED],
                env={**environment, "TMPDIR": room},
                cwd=Path(__file__).parents[1],
                capture_output=True,
                text=True,
                check=True,
            )
            assert "postgresql" in done.stdout
            # One lock for all processes that make servers stays.
            assert {each.name for each in Path(room).iterdir()} <= {".lockfile"}
