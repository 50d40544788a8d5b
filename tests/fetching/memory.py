"""How much memory something takes, measured in a process of its own."""

import re
import resource
import subprocess
import sys
from pathlib import Path

STATUS = Path("/proc/self/status")


def peak() -> int:
    """The most bytes of memory that this process had so far."""
    # What getrusage says of a process that was started is at least what its parent had: it would hide a growth.
    if STATUS.exists():
        return int(re.search(r"VmHWM:\s*(\d+) kB", STATUS.read_text())[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def printed_by(program: str, *arguments: str, stdin: bytes = b"") -> int:
    """The number that a Python `program` prints."""
    environment = {"PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], env=environment, capture_output=True, input=stdin
    )
    assert done.returncode == 0, done.stderr.decode()
    return int(done.stdout)
