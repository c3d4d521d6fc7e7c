"""A real PostgreSQL server for the tests: made from nothing, reached through a socket in its own folder alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

OWNER = "nobody"  # PostgreSQL refuses to run as root


def find_program(name: str) -> str | None:
    """One of PostgreSQL's programs: on PATH, or where Debian puts it."""
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[4]))
    return shutil.which(name) or (str(places[-1]) if places else None)


class Server:
    """A context manager; `url` is what nbgrader's db_url wants."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="backprop-postgres-"))
        self.data = self.folder / "data"
        self.url = f"postgresql+psycopg://course@/postgres?host={self.folder}"
        self._as: dict[str, str | int] = {}
        if os.getuid() == 0:
            import pwd  # which Windows lacks: there, no test comes here

            self._as = {"user": OWNER, "group": pwd.getpwnam(OWNER).pw_gid}
            shutil.chown(self.folder, OWNER)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Server:
        initdb = [
            find_program("initdb"),
            "-D",
            self.data,
            "-U",
            "course",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-sync",
        ]
        subprocess.run(
            initdb,
            check=True,
            cwd="/",
            stdout=subprocess.DEVNULL,
            extra_groups=[] if self._as else None,
            **self._as,
        )
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        """Start it and wait until it answers."""
        command = [
            find_program("postgres"),
            "-D",
            self.data,
            "-k",
            self.folder,
            "-c",
            "listen_addresses=",
            "-c",
            "fsync=off",
        ]
        self._process = subprocess.Popen(
            command,
            cwd="/",
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            extra_groups=[] if self._as else None,
            **self._as,
        )
        import psycopg

        deadline = time.monotonic() + 60
        while True:
            try:
                psycopg.connect(f"user=course dbname=postgres host={self.folder}").close()
                return
            except psycopg.OperationalError:
                if time.monotonic() > deadline or self._process.poll() is not None:
                    raise
                time.sleep(0.05)

    def stop(self) -> None:
        """End it at once, as a reboot would: connections are cut."""
        if self._process is not None:
            self._process.send_signal(3)  # SIGQUIT: immediate shutdown
            self._process.wait(30)
            self._process = None

    def restart(self) -> None:
        """Cut every connection and come back."""
        self.stop()
        self.start()
