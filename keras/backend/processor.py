"""The processor, as far as choices between ways to compute hang on it; known on Linux only."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import NamedTuple


class Processor(NamedTuple):
    """One of the machine's, which are taken to be alike.

    Args:
        vendor: who makes it.
        model: its name.
        flags: the instructions it has, as the kernel names them.
    """

    vendor: str = ""
    model: str = ""
    flags: frozenset[str] = frozenset()


@cache
def processor(cpuinfo: Path = Path("/proc/cpuinfo")) -> Processor:
    """What the kernel says of it; nothing where there is no such kernel."""
    try:
        lines = cpuinfo.read_text("utf-8", "replace").splitlines()
    except OSError:
        return Processor()
    known = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    flags = known.get("flags", known.get("Features", ""))  # of x86, and of ARM
    return Processor(known.get("vendor_id", ""), known.get("model name", ""), frozenset(flags.split()))


def usable_cores() -> int:
    """How many threads can run at once in this process."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
