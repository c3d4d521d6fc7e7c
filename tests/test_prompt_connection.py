"""What the kernel says reaches the page at once: no message waits for the acknowledgement of the one before."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from jupyter_server.services.kernels.websocket import KernelWebsocketHandler
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application
from tornado.websocket import WebSocketHandler, websocket_connect

from backprop_helpers.learn.connection import PromptConnection

SERVER = """
import sys
from pathlib import Path
from backprop_helpers.learn import lab
folder = Path(sys.argv[1])
(folder / ".backprop").mkdir()
lab.prepare_environment(folder)
server, _ = lab.make_server(folder, lab.free_port(None, lambda _: None), None, exactly=False)
print(server.web_app.settings["kernel_websocket_connection_class"].__name__)
"""


def test_a_learners_server_uses_it(tmp_path: Path) -> None:
    code = subprocess.run(
        [sys.executable, "-c", SERVER, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert code.stdout.split() == ["PromptConnection"], code.stderr


def test_the_open_websocket_sends_small_messages_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a real socket: off when Jupyter's part begins would be too late for the first messages."""
    seen: list[int] = []

    class Handler(KernelWebsocketHandler):
        """Jupyter's, without a kernel behind it and without a login."""

        async def prepare(self) -> None: ...

        async def get(self) -> None:
            await WebSocketHandler.get(self)

        async def open(self) -> None:
            PromptConnection(websocket_handler=self).connect()

        def on_close(self) -> None: ...

        def check_origin(self, origin: str | None = None) -> bool:
            return True

        def select_subprotocol(self, subprotocols: list[str]) -> None:
            return None

    def connect(self: ZMQChannelsWebsocketConnection) -> None:
        stream = self.websocket_handler.ws_connection.stream
        seen.append(stream.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        self.websocket_handler.close()

    monkeypatch.setattr(ZMQChannelsWebsocketConnection, "connect", connect)

    async def talk() -> None:
        listening, port = bind_unused_port()
        server = HTTPServer(Application([("/", Handler)]))
        server.add_socket(listening)
        client = await websocket_connect(f"ws://127.0.0.1:{port}/")
        assert await client.read_message() is None  # closed by the other side
        server.stop()

    asyncio.run(asyncio.wait_for(talk(), 20))
    assert len(seen) == 1
    assert seen[0] != 0
