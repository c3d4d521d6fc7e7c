"""What a cell prints and displays, gathered in order and bounded."""

from __future__ import annotations

import base64
import io
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher

KEPT_TYPES = ("text/plain", "image/png")
_MOST_OUTPUTS = 500
_MOST_PICTURE = 2_000_000


class Outputs:
    """The outputs of one cell: (kind, stream name, {type: text}). What exceeds the limit is counted and dropped."""

    def __init__(self) -> None:
        self.clear(0)

    def clear(self, most: int) -> None:
        self.items: list[tuple[str, str, dict[str, str]]] = []
        self.printed = 0
        self._stream: list[str] = []
        self._name = ""
        self._left = most
        self._dropped = 0

    def write(self, name: str, text: str) -> None:
        """Add to a stream."""
        self.printed += len(text)
        kept = text[: self._left]
        self._left -= len(kept)
        self._dropped += len(text) - len(kept)
        if kept:
            if name != self._name:
                self._flush()
                self._name = name
            self._stream.append(kept)

    def display(self, kind: str, data: dict[str, Any]) -> None:
        """Add something displayed; only text and PNG pictures are kept."""
        self._flush()
        if len(self.items) >= _MOST_OUTPUTS:
            return
        shown: dict[str, str] = {}
        plain = data.get("text/plain")
        if isinstance(plain, str):
            shown["text/plain"] = plain[: self._left]
            self._left -= len(shown["text/plain"])
        png = data.get("image/png")
        if isinstance(png, bytes):
            png = base64.b64encode(png).decode("ascii")
        if isinstance(png, str) and len(png) <= _MOST_PICTURE:
            shown["image/png"] = png
        self.items.append((kind, "", shown))

    def finish(self) -> list[tuple[str, str, dict[str, str]]]:
        """All of it, with a last line that says how much was dropped."""
        if self._dropped:
            dropped, self._left = self._dropped, 200
            self.write(
                self._name or "stdout", f"\n… {dropped:,} more characters were printed and are not kept."
            )
        self._flush()
        return self.items

    def _flush(self) -> None:
        if self._stream and len(self.items) < _MOST_OUTPUTS:
            self.items.append(("stream", self._name, {"text": "".join(self._stream)}))
        self._stream = []
        self._name = ""


class Stream(io.TextIOBase):
    """A standard stream that writes into Outputs."""

    encoding = "utf-8"

    def __init__(self, name: str, outputs: Outputs) -> None:
        self.name = name
        self._outputs = outputs

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self._outputs.write(self.name, text)
        return len(text)


class Hook(DisplayHook):  # type: ignore[misc]
    """Keeps the value of a cell's last line instead of printing it."""

    def write_output_prompt(self) -> None:
        pass

    def write_format_data(self, format_dict: dict[str, Any], md_dict: Any = None) -> None:
        self.shell.outputs.display("execute_result", format_dict)

    def finish_displayhook(self) -> None:
        pass


class Publisher(DisplayPublisher):  # type: ignore[misc]
    """Keeps what `display` is given."""

    def publish(self, data: dict[str, Any], metadata: Any = None, **others: Any) -> None:
        self.shell.outputs.display("display_data", data)

    def clear_output(self, wait: bool = False) -> None:
        self.shell.outputs.items.clear()
