"""A course on backpropagation that checks itself: reference layers, checks, gradient checker, experiments.

Everything below is loaded when first used, so that importing the package costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from backprop_helpers._version import __version__

if TYPE_CHECKING:
    from backprop_helpers.checks import check, diagnose
    from backprop_helpers.layers import (
        affine_backward,
        affine_forward,
        relu_backward,
        relu_forward,
        sigmoid_backward,
        sigmoid_forward,
        tanh_backward,
        tanh_forward,
    )
    from backprop_helpers.losses import (
        accuracy,
        cross_entropy,
        log_softmax,
        mse,
        mse_backward,
        softmax,
        softmax_loss,
    )
    from backprop_helpers.network import init_params, mlp_backward, mlp_forward
    from backprop_helpers.optimizers import adam, rmsprop, sgd, sgd_momentum
    from backprop_helpers.progress_card import progress
    from backprop_helpers.tracing import trace
    from backprop_helpers.training import EarlyStopping, minibatches, train, train_step

_HOME = {
    "check": "checks",
    "diagnose": "checks",
    "progress": "progress_card",
    "trace": "tracing",
    **dict.fromkeys(("affine_forward", "affine_backward", "relu_forward", "relu_backward"), "layers"),
    **dict.fromkeys(("sigmoid_forward", "sigmoid_backward", "tanh_forward", "tanh_backward"), "layers"),
    **dict.fromkeys(("mse", "mse_backward", "softmax", "log_softmax", "cross_entropy"), "losses"),
    **dict.fromkeys(("softmax_loss", "accuracy"), "losses"),
    **dict.fromkeys(("sgd", "sgd_momentum", "rmsprop", "adam"), "optimizers"),
    **dict.fromkeys(("train_step", "minibatches", "EarlyStopping", "train"), "training"),
    **dict.fromkeys(("init_params", "mlp_forward", "mlp_backward"), "network"),
}

__all__ = [
    "EarlyStopping",
    "__version__",
    "accuracy",
    "adam",
    "affine_backward",
    "affine_forward",
    "check",
    "cross_entropy",
    "diagnose",
    "init_params",
    "log_softmax",
    "minibatches",
    "mlp_backward",
    "mlp_forward",
    "mse",
    "mse_backward",
    "progress",
    "relu_backward",
    "relu_forward",
    "rmsprop",
    "sgd",
    "sgd_momentum",
    "sigmoid_backward",
    "sigmoid_forward",
    "softmax",
    "softmax_loss",
    "tanh_backward",
    "tanh_forward",
    "trace",
    "train",
    "train_step",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"backprop_helpers has no {name!r}; it has {', '.join(__all__)}.")
    return getattr(importlib.import_module(f"backprop_helpers.{_HOME[name]}"), name)
