"""JupyterLab for a learner: nothing of the user's own set-up is touched, nothing asks before the first cell."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import secrets
import signal
import socket
import sys
import tempfile
import threading
import urllib.error
import urllib.request
import webbrowser
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from . import LearnError, kernel

FIRST_PORT = 8888
TRIES = 50
LONGEST_END = 15.0  # seconds
PROMPT = (
    "backprop_helpers.learn.connection.PromptConnection"  # by name: it is loaded with Jupyter, not before
)


def prepare_environment(workspace: Path) -> None:
    """Point Jupyter, IPython and Matplotlib at folders inside the workspace, for this process and its kernels.

    The user's own settings outside stay unread and untouched, an unwritable home does no harm, and settings
    chosen in JupyterLab are kept with the workspace. Has to run before Jupyter is imported, which reads these
    variables once.
    """
    own = workspace / ".backprop"
    folders = {
        "JUPYTER_CONFIG_DIR": own / "jupyter" / "config",
        "JUPYTER_DATA_DIR": own / "jupyter" / "data",
        "JUPYTER_RUNTIME_DIR": _runtime_folder(own / "jupyter" / "runtime"),
        "IPYTHONDIR": own / "ipython",
        "MPLCONFIGDIR": own / "matplotlib",
    }
    for name, folder in folders.items():
        folder.mkdir(parents=True, exist_ok=True)
        os.environ[name] = str(folder)
    kernel.use_in(folders["IPYTHONDIR"])
    for name in ("JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR", "JUPYTERLAB_DIR", "JUPYTER_PATH"):
        os.environ.pop(name, None)
    os.environ["JUPYTER_CONFIG_PATH"] = str(Path(__file__).parent / "jupyter")
    # a `python3` kernel the user once installed elsewhere must not hide the one that has the course in it
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"
    # nbgrader runs `alembic`, and learners `!pip`, by name
    programs = str(Path(sys.executable).parent)
    if programs not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join([programs, os.environ.get("PATH", os.defpath)])


def _runtime_folder(wanted: Path) -> Path:
    """`wanted`, or a private temporary folder where the file system can't keep a file private (FAT, some mounts).

    Jupyter keeps the keys of running kernels there and refuses to where others could read them.
    """
    if os.name == "nt":
        return wanted
    wanted.mkdir(parents=True, exist_ok=True)
    probe = wanted / f".private-{os.getpid()}"
    try:
        probe.touch(mode=0o600)
        private = probe.stat().st_mode & 0o077 == 0
    finally:
        probe.unlink(missing_ok=True)
    return wanted if private else Path(tempfile.mkdtemp(prefix="backprop-"))


def running(workspace: Path) -> str | None:
    """The address, with its token, of a JupyterLab that serves this workspace already; else None."""
    folder = workspace / ".backprop" / "jupyter" / "runtime"
    for path in folder.glob("jpserver-*.json"):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            info = json.loads(path.read_bytes())
            address, token = str(info["url"]), str(info["token"])
            if Path(info["root_dir"]) == workspace and _answers(f"{address}api/status?token={quote(token)}"):
                return f"{address}lab?token={token}"
    return None


def _answers(address: str) -> bool:
    if not address.startswith("http://127.0.0.1:"):
        return False
    # no proxy: the address is this machine
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(address, timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def free_port(wanted: int | None, say: Callable[[str], None]) -> int:
    """`wanted` if it is free, else LearnError; without a wish the first free port from 8888 on, said if later."""
    if wanted is not None:
        if not _is_free(wanted):
            raise LearnError(
                f"Port {wanted} is taken by another program: choose another number, or leave --port out "
                "and a free one is found."
            )
        return wanted
    for port in range(FIRST_PORT, FIRST_PORT + TRIES):
        if _is_free(port):
            if port != FIRST_PORT:
                say(f"Port {FIRST_PORT} is taken by another program, so this JupyterLab uses port {port}.")
            return port
    raise LearnError(
        f"Ports {FIRST_PORT} to {FIRST_PORT + TRIES - 1} are all taken: close a JupyterLab or name a free port "
        "with `backprop learn --port NUMBER`."
    )


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        if os.name != "nt":  # there the option means "share it", elsewhere "don't wait for old connections"
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError as problem:
            raise LearnError(f"Port {port} may not be used by you: choose a number above 1023.") from problem
        except OSError:
            return False
        return True


def has_screen() -> bool:
    """Whether a browser with windows can be opened here."""
    if "BROWSER" in os.environ or sys.platform in ("darwin", "win32"):
        return True
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return False
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True


def lesson_path(lesson: str | None) -> str:
    """JupyterLab's address path of a lesson's notebook, or of the lab alone."""
    return f"/lab/tree/{quote(lesson)}/{quote(lesson)}.ipynb" if lesson else "/lab"


def make_server(workspace: Path, port: int, lesson: str | None, *, exactly: bool = True) -> tuple[Any, str]:
    """A JupyterLab on this machine alone, ready to run; returns it and its address with the token.

    Call `prepare_environment` first. Loading takes seconds in which another program may take the port: then
    LearnError, or without `exactly` a later one. `server.start()` serves until Ctrl+C.
    """
    import zmq
    from jupyter_server.serverapp import ServerApp
    from jupyterlab.labapp import LabApp  # type: ignore[import-untyped]
    from traitlets.config import Config

    token = secrets.token_hex(24)
    config = Config()
    config.ServerApp.update(
        {
            "root_dir": str(workspace),
            "ip": "127.0.0.1",  # nobody else on the network may come in
            "port": port,
            "port_retries": 0 if exactly else TRIES,
            "open_browser": False,  # opened by us, once it answers
            "allow_root": True,  # in a container there is nobody else
            "log_level": logging.ERROR,
        }
    )
    config.IdentityProvider.token = token  # not in an argument or a variable, where others could read it
    if zmq.has("curve"):  # what a kernel says is then unreadable for other users of this machine
        config.KernelManager.transport_encryption = "auto"
    config.ServerApp.kernel_websocket_connection_class = PROMPT
    config.KernelManager.shutdown_wait_time = 2.0  # seconds for a kernel to end by itself after Ctrl+C
    config.LabApp.log_level = logging.ERROR
    config.LabApp.extension_manager = "readonly"
    config.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
    config.LabApp.news_url = None
    # what stands here wins over every configuration file on this machine
    server = LabApp.make_serverapp(jpserver_extensions={"jupyterlab": True}, config=config)
    assert isinstance(server, ServerApp)
    try:
        server.initialize(argv=[], starter_extension=LabApp.name)
    except SystemExit as problem:  # what Jupyter does without a port, its words in the log
        raise LearnError(
            f"Port {port} was taken by another program in this very moment: run the same command again."
        ) from problem
    server.no_browser_open_file = True  # the address stands in the terminal, not in one more file
    _end_on_signals(server)
    return server, f"http://127.0.0.1:{server.port}{lesson_path(lesson)}?token={token}"


@contextlib.contextmanager
def log_of_its_own(workspace: Path) -> Iterator[None]:
    """Send what Jupyter and its kernels write to the error output into `.backprop/jupyter/log.txt`.

    They speak to people who run servers, and a kernel stopped while it starts leaves a traceback; the terminal
    of a learner shows our sentences alone.
    """
    sys.stderr.flush()
    terminal = os.dup(2)
    try:
        with (workspace / ".backprop" / "jupyter" / "log.txt").open("wb") as log:
            os.dup2(log.fileno(), 2)
        yield
    finally:
        sys.stderr.flush()
        os.dup2(terminal, 2)
        os.close(terminal)


def trust(notebooks: Iterable[Path]) -> None:
    """Sign lessons the course has given out, so that JupyterLab shows them as trusted from the start."""
    from nbformat import NO_CONVERT, read
    from nbformat.sign import NotebookNotary

    notary = NotebookNotary()
    for path in notebooks:
        notary.sign(read(path, as_version=NO_CONVERT))


def _end_on_signals(server: Any) -> None:
    """Let Ctrl+C, a closed terminal and a polite kill end it tidily; Jupyter itself asks back, or not at all.

    A second Ctrl+C ends it at once; a shutdown that hangs is cut short, and kernels notice and end themselves.
    """

    def end(_signal: int, _frame: object) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        server.remove_server_info_file()
        guard = threading.Timer(LONGEST_END, os._exit, (0,))
        guard.daemon = True
        guard.start()
        server.stop(from_signal=True)

    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), end)
