"""An Android device at USB, through the program adb."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path

from blazetrack.common.board import BoardState
from blazetrack.errors import InputError

__all__ = ["Adb"]

_TIMEOUT_S = 600.0
# PowerManager, `THERMAL_STATUS_NONE` and the following.
_THERMAL = ("none", "light", "moderate", "severe", "critical", "emergency", "shutdown")


class Adb:
    """The one connected device, or the one that ANDROID_SERIAL names.

    Raises:
        InputError: adb is not installed, or there is no device, several, or one that is not ready.
    """

    def __init__(self) -> None:
        program = shutil.which("adb")
        if program is None:
            raise InputError(
                "bench: expected the program adb, found none; install Android's platform tools"
                " (Debian: apt install adb)"
            )
        self._program = program
        lines = self._run("devices").splitlines()
        states = dict(line.split("\t")[:2] for line in lines if "\t" in line)
        wanted = os.environ.get("ANDROID_SERIAL")
        if wanted:
            states = {name: state for name, state in states.items() if name == wanted}
        if not states:
            which = f"the device {wanted}" if wanted else "an Android device"
            raise InputError(
                f"bench: expected {which} at USB, found none; allow USB debugging in its developer"
                " options, and see `adb devices`"
            )
        if len(states) > 1:
            raise InputError(
                f"bench: expected one Android device, found {', '.join(states)}; name one by"
                " ANDROID_SERIAL"
            )
        ((self.serial, state),) = states.items()
        if state != "device":
            hint = "confirm USB debugging on its screen" if state == "unauthorized" else "reconnect"
            raise InputError(f"bench: device {self.serial} is {state}, expected it ready; {hint}")

    def shell(self, *words: str) -> str:
        """Output of a command on the device.

        Raises:
            InputError: it failed.
        """
        return self._run("-s", self.serial, "shell", shlex.join(words))

    def find(self, paths: list[str]) -> str | None:
        """The first of these files that is on the device and can be run."""
        for path in paths:
            try:
                self.shell("test", "-x", path)
            except InputError:
                continue
            return path
        return None

    def push(self, file: Path, to: str) -> None:
        """Copy a file to the device."""
        self._run("-s", self.serial, "push", str(file), to)

    def property(self, *names: str) -> str:
        """The first of these system properties that is set."""
        values = (self.shell("getprop", name).strip() for name in names)
        return next(filter(None, values), "")

    def state(self) -> BoardState:
        """Temperature of the battery, and throttling."""
        tenths = self._number("battery", "temperature:")
        status = self._number("thermalservice", "Thermal Status:")
        known = status is not None and 0 <= status < len(_THERMAL)
        return BoardState(
            temperature_c=None if tenths is None else tenths / 10,
            throttling=_THERMAL[status] if known and status is not None else "",
        )

    def _number(self, service: str, name: str) -> int | None:
        """A whole number in what a service of the system reports."""
        try:
            lines = self.shell("dumpsys", service).splitlines()
        except InputError:
            return None
        words = [line.strip().removeprefix(name).strip() for line in lines if name in line]
        return next((int(word) for word in words if word.lstrip("-").isdigit()), None)

    def _run(self, *words: str) -> str:
        try:
            done = subprocess.run(
                [self._program, *words],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                timeout=_TIMEOUT_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise InputError(f"bench: adb {words[0]}: {error}") from None
        if done.returncode:
            last = (done.stdout.strip().splitlines() or ["no reason given"])[-1]
            raise InputError(f"bench: adb {' '.join(words[:4])}: {last}")
        return done.stdout
