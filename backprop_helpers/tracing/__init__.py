"""A learner's own network as a graph that is stepped forward and backward: `trace(params, x, y, functions)`; or a tensor's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from backprop_helpers.experiments.graph import GraphPicture
    from backprop_helpers.experiments.live import LiveExperiment

__all__ = ["trace"]


@dataclass(frozen=True)
class State:
    """Where the sweep stands."""

    step: int
    row: int
    node: str  # what the step computed, "z1" or "dz1"
    state: str  # "value", "right", "wrong" or "missing"


def trace(
    params: Sequence[tuple[NDArray[Any], NDArray[Any]]] | Any,
    x: NDArray[Any] | None = None,
    y: NDArray[Any] | None = None,
    functions: Mapping[str, Any] | None = None,
    *,
    activation: str = "relu",
) -> LiveExperiment | GraphPicture:
    """Draw a network of your own functions, and step through it forward and then backward.

    With a tensor alone, `trace(loss)`, it draws the graph that the tensor was made by, with values and gradients.

    params: [(w (D, M), b (M,)), …] as `init_params` makes them; x: (N, D); y: (N,) integer labels, for softmax and cross-entropy,
    or targets (N, C), for the mean squared error; functions: yours by name, `globals()` for all of a notebook; activation: of
    the hidden layers, "relu", "sigmoid" or "tanh".

    Used are affine_forward and affine_backward, the activation's two, and softmax_loss, or mse and mse_backward. Every gradient
    is compared with finite differences: a wrong one is red and says what is wrong, one that is not written yet is grey. Each
    function gets the right upstream, so that one mistake does not colour all that follow. A network with more than five units
    in a layer is drawn array by array. Raises ValueError in a sentence where shapes do not fit, TypeError where something is
    missing.
    """
    if hasattr(params, "backward"):
        from backprop_helpers.experiments.graph import show_graph

        return show_graph(params)
    if x is None or y is None or functions is None:
        raise TypeError(
            "trace needs params, x, y and your functions, as in trace(params, x, y, globals()); or one tensor alone."
        )
    from backprop_helpers.experiments.experiment import Experiment, Slider
    from backprop_helpers.experiments.svg import Figure
    from backprop_helpers.tracing import picture, words
    from backprop_helpers.tracing.sweep import sweep

    run = sweep(params, x, y, functions, activation)
    last = len(run.steps) - 1
    controls = [Slider("step", "step", 0, last, 1, 0, play=True)]
    if picture.is_small(run) and run.rows > 1:
        controls.append(Slider("row", "row of x", 0, run.rows - 1, 1, 0))

    def model(step: int, row: int = 0) -> State:
        return State(step, row, run.steps[step].name, run.steps[step].state)

    def view(r: State) -> Figure:
        return Figure(picture.picture(run, r.step, r.row), pickable=True)

    return Experiment(
        name="trace",
        title="Your network, forward and backward",
        controls=tuple(controls),
        model=model,
        view=view,
        sentence=lambda r: words.sentence(run, r.step),
        snapshot={"step": last},
        explain=lambda r, key: words.behind(run, key, r.row, r.step),
    )()
