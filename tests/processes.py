"""Programs in a process of their own, for what only a fresh start shows."""

import os
import subprocess
import sys


def run_python(code: str, without: str | None = None, **settings: str) -> subprocess.CompletedProcess[str]:
    """A Python program's output; the test fails with the end of its errors if it ends in one.

    Args:
        code: the program.
        without: beginning of the names of environment variables it shall not have; `""` for none at all.
        settings: environment variables it shall have besides ours.
    """
    inherited = {k: v for k, v in os.environ.items() if without is None or not k.startswith(without)}
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={**inherited, **settings},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done
