"""The way between page and kernel, without the pause TCP puts into it.

Tornado leaves Nagle's algorithm on: a small message waits until the one before it is acknowledged, and a browser that has
nothing to say acknowledges after 40 ms. A kernel answers a slider with several small messages ("busy", often an echo, the
picture, "idle"), so a picture made a few milliseconds after "busy" would wait for that acknowledgement.
"""

from __future__ import annotations

from asyncio import Future

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection


class PromptConnection(ZMQChannelsWebsocketConnection):
    """Jupyter's own connection; each message leaves at once."""

    def connect(self) -> Future[None] | None:  # type: ignore[override]  # as Jupyter's own declares it
        """As Jupyter's; called when the websocket is open."""
        self.websocket_handler.set_nodelay(True)
        return super().connect()
