"""What a training run leaves behind: both losses, epoch by epoch, and why it ended."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

import numpy as np


class History:
    """Losses after each epoch; shows itself as a picture in a notebook.

    train_loss, val_loss: one number per epoch, in the unit of the loss; stopped: why training ended, a sentence
    (the budget of epochs, unless a stopping criterion or a loss that is no number said otherwise).
    """

    def __init__(self) -> None:
        self.train_loss: list[float] = []
        self.val_loss: list[float] = []
        self.stopped = "the budget of epochs was spent"

    def add(self, train_loss: float, val_loss: float) -> None:
        """Write down one epoch."""
        self.train_loss.append(float(train_loss))
        self.val_loss.append(float(val_loss))

    def diverged(self, loss: float, config: Mapping[str, Any]) -> None:
        """Write down that the loss is no longer a number, and what to look at."""
        rate = config.get("learning_rate")
        lower = f"lower the learning rate ({rate:g})" if rate else "set a smaller learning_rate"
        self.stopped = (
            f"the loss became {loss} in epoch {len(self.train_loss) + 1}: {lower} first; if that does not help, "
            "look for a log of 0, an exp of a large number or a division by 0, and check the gradients"
        )

    @property
    def best_epoch(self) -> int | None:
        """The epoch, counted from 1, with the lowest validation loss; None before the first."""
        return int(np.argmin(self.val_loss)) + 1 if self.val_loss else None

    def __len__(self) -> int:
        return len(self.train_loss)

    def __repr__(self) -> str:
        if not self.train_loss:
            return f"no epoch finished; {self.stopped}."
        return (
            f"{len(self)} epochs; training loss {self.train_loss[-1]:.3g}, validation loss {self.val_loss[-1]:.3g}, "
            f"lowest {min(self.val_loss):.3g} after epoch {self.best_epoch}; {self.stopped}."
        )

    def _repr_html_(self) -> str:
        """Both curves over the epochs, the lowest validation loss marked, and the sentence of `repr` below."""
        from backprop_helpers.experiments.svg import Figure, Panel

        if not self.train_loss:
            return f"<p>{escape(repr(self))}</p>"
        epochs = np.arange(1, len(self) + 1)
        losses = np.array([self.train_loss, self.val_loss])
        panel = Panel(
            (1, max(2, len(self))),
            (0, float(losses[np.isfinite(losses)].max(initial=0.0)) * 1.1 or 1.0),
            xlabel="epoch",
            ylabel="loss",
            width=460,
        )
        panel.line(epochs, losses[0], "blue")
        panel.line(epochs, losses[1], "orange", dash="9 3")
        panel.points([self.best_epoch or 1], [losses[1].min()], "green", shape="square", size=9)
        panel.legend([("training", "blue"), ("validation (dashed)", "orange"), ("■ lowest", "green")])
        return Figure(panel).page(repr(self), repr(self))
