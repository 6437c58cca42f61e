"""What TensorFlow's native code writes to stderr without need, whatever log level the environment asks for (2.21)."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

_NEEDLESS = re.compile(
    rb"absl::InitializeLog"  # comes before any of these
    rb"|oneDNN custom operations are on"  # when it is loaded on a processor that oneDNN serves well
    rb"|Error parsing text-format tensorflow\.XlaSerializedCacheEntry"  # it tries to read a cached entry as text first
    rb"|Target machine feature \+prefer-no-(gather|scatter) is not +supported"  # XLA's own advice to itself, no feature
)


@contextmanager
def without_notice() -> Iterator[None]:
    """Around a call that may say so: whatever else is written to stderr meanwhile comes out at the end."""
    try:
        original = os.dup(2)
    except OSError:  # there is no stderr
        yield
        return
    if sys.stderr is not None:
        sys.stderr.flush()
    with tempfile.TemporaryFile() as caught:
        os.dup2(caught.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(original, 2)
            caught.seek(0)
            for line in caught:
                if not _NEEDLESS.search(line):
                    os.write(2, line)
            os.close(original)
