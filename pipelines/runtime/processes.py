"""Identifies processes across machines, restarts and reused process ids."""

import contextlib
import os
import signal
import socket
from pathlib import Path
from typing import Final, NamedTuple

UNKNOWN: Final = "-"


class Process(NamedTuple):
    """A process of a machine; parts that the system does not tell are `UNKNOWN`."""

    host: str
    machine: str
    """systemd's id of the installation; unknown in most containers."""
    boot: str
    """The kernel's id of the boot."""
    pid: int
    started: str
    """Start in clock ticks since the boot: distinguishes processes that had the same id one after the other."""

    @classmethod
    def current(cls) -> "Process":
        """Returns this process."""
        return cls(socket.gethostname(), _machine(), _boot(), os.getpid(), _state(os.getpid())[1])

    @classmethod
    def parse(cls, text: str) -> "Process | None":
        """Returns the process that was written as a string, or None for any other text."""
        parts = text.split(" ")
        if len(parts) != len(cls._fields) or not parts[3].isdecimal():
            return None
        host, machine, boot, pid, started = parts
        return cls(host, machine, boot, int(pid), started)

    def __str__(self) -> str:
        return " ".join(str(part) for part in self)

    def has_ended(self) -> bool:
        """Returns whether the process is known to have ended; False for one of another machine."""
        here = Process.current()
        if (self.host, self.machine) != (here.host, here.machine):
            return False
        if self.boot != here.boot:
            # Without an id of the machine, another boot may be another machine of the same name.
            return self.machine != UNKNOWN
        if not _exists(self.pid):
            return True
        state, started = _state(self.pid)
        return state == "Z" or (UNKNOWN not in (started, self.started) and started != self.started)

    def send(self, name: signal.Signals) -> None:
        """Sends a signal, unless the process is of another machine or user, or has ended."""
        if self[:3] == Process.current()[:3] and not self.has_ended():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(self.pid, name)


def _machine() -> str:
    return _read("/etc/machine-id")


def _boot() -> str:
    return _read("/proc/sys/kernel/random/boot_id")


def _state(pid: int) -> tuple[str, str]:
    """Returns the state, `Z` for a zombie, and the start of a process."""
    # The name, in parentheses, may contain spaces; the state follows it, and the start is 19 fields later.
    fields = _read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return (fields[0], fields[19]) if len(fields) > 19 else (UNKNOWN, UNKNOWN)


def _read(path: str) -> str:
    try:
        return Path(path).read_text().strip() or UNKNOWN
    except OSError:
        return UNKNOWN


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
