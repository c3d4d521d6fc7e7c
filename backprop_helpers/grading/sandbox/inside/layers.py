"""Which layers work on this machine: each is tried in a process of its own, by its effect."""

from __future__ import annotations

import base64
import errno
import json
import os
import resource
import signal
import socket
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from . import kernel


def main() -> None:
    """Read {"filter": …} from standard input, write {layer: "" or what went wrong} to standard output."""
    program = base64.b64decode(json.loads(sys.stdin.read())["filter"])
    layers: dict[str, Callable[[], None]] = {
        "user namespaces": _user_namespace,
        "mounts": _mounts,
        "network namespace": _network_namespace,
        "process namespace": _process_namespace,
        "landlock": _landlock,
        "limits": _limits,
    }
    if program:
        layers["system calls"] = lambda: _system_calls(program)
    found = {name: _tried(attempt) for name, attempt in layers.items()}
    print(json.dumps({"layers": found, "landlock": kernel.landlock_version()}))


def _tried(attempt: Callable[[], None]) -> str:
    """Run it in a child; "" when it went well."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            attempt()
        except BaseException as problem:
            os.write(writing, str(problem).encode()[:1000] or b"failed")
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read()
    _, status = os.waitpid(pid, 0)
    ended = os.waitstatus_to_exitcode(status)
    return said.decode() if said else "" if ended == 0 else f"ended by {signal.Signals(-ended).name}"


def _enter(flags: int) -> None:
    """A user namespace with others inside it; as root it is enough to have the others."""
    uid, gid = os.getuid(), os.getgid()
    kernel.unshare(kernel.CLONE_NEWUSER | flags)
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        Path("/proc/self", name).write_text(text)


def _user_namespace() -> None:
    _enter(0)


def _mounts() -> None:
    root = tempfile.mkdtemp(prefix="sandbox-")
    try:
        if os.geteuid() == 0:
            kernel.unshare(kernel.CLONE_NEWNS)
        else:
            _enter(kernel.CLONE_NEWNS)
        kernel.mount("none", "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
        kernel.mount("tmpfs", root, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "size=1m")
        kernel.set_mount_flags(root, kernel.ATTR_RDONLY)
        try:
            Path(root, "x").touch()
        except OSError as problem:
            if problem.errno != errno.EROFS:
                raise
        else:
            raise RuntimeError("a read-only mount can be written to")
        kernel.unmount(root)
    finally:
        Path(root).rmdir()


def _network_namespace() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
        _enter(kernel.CLONE_NEWNET)
        try:
            socket.create_connection(address, 1).close()
        except OSError:
            return
    raise RuntimeError("another network is still reached")


def _process_namespace() -> None:
    _enter(kernel.CLONE_NEWPID)
    pid = os.fork()
    if pid == 0:
        os._exit(0 if os.getpid() == 1 else 1)
    if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]):
        raise RuntimeError("other processes are still seen")


def _landlock() -> None:
    version = kernel.landlock_version()
    if version == 0:
        raise RuntimeError("the kernel has none, or has it switched off")
    kernel.no_new_privileges()
    rules = kernel.Landlock()
    rules.enforce()
    try:
        os.listdir("/")  # noqa: PTH208 - must act at once
    except OSError:
        if version < 3:
            raise RuntimeError(f"it is version {version}, and 3 is needed") from None
        return
    raise RuntimeError("a folder that is not allowed can still be read")


def _system_calls(program: bytes) -> None:
    kernel.no_new_privileges()
    kernel.load_filter(program)
    try:
        socket.socket()
    except OSError:
        return
    raise RuntimeError("a call that is not allowed still works")


def _limits() -> None:
    most = 1 << 30
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    try:
        bytearray(2 * most)
    except MemoryError:
        return
    raise RuntimeError("more memory can be had than allowed")
