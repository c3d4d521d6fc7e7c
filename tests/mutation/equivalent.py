"""Mutants that can't fail because they compute the same, each with the proof.

Keys are `exercise | changed line`, as the report prints them.
"""

_BAR = "it changes the progress bar only, which no check looks at"
_LAST = "scores have two axes, (N, C), so the last is axis 1"
_WORDS = 'there are only two activations, and "relu" comes before "tanh"'
_AT_THE_LIMIT = "a size or a slope of exactly its limit is left open by the text"
_UNUSED = "the first layer's dx is computed and thrown away, which changes no gradient"
_PLACE = "in which array the difference is written changes no value"
_CACHE = "what a cache holds is the function's own affair; it shows in the backward pass"

EQUIVALENT: dict[str, str] = {
    "sigmoid_forward | out = np.where(x > 0, 1, shrink) / (1 + shrink)": "at x = 0 shrink is 1, so both sides give 1/2",
    "mlp_forward | if i != len(params) - 1:": "i never passes the last layer, so unequal means before it",
    "mlp_forward | without `caches.append((affine_cache, relu_cache))`": _CACHE,
    "mlp_forward | caches": _CACHE,
    "relu_backward | return dout * (cache >= 0)": "the slope of either side is right at the kink",
    "bug_hunt_1 | dz = dscores @ w2.T * (z >= 0)": "the slope of either side is right at the kink",
    "softmax_vjp | ds = p * (dp - (dp * p).sum(axis=-1, keepdims=True))": "p has two axes, so the last is axis 1",
    "train | for _ in tqdm(range(epochs), disable=progress, unit='epoch'):": _BAR,
    "train | for _ in tqdm(range(epochs), unit='epoch'):": _BAR,
    "train | for _ in tqdm(range(epochs), disable=not progress):": _BAR,
    "train | for _ in range(epochs):": _BAR,
    "train | def train(params, x, y, x_val, y_val, *, update, config, epochs, batch_size, rng, stopping=None, "
    "loss_fn=softmax_loss, progress=True):": _BAR,
    "train | def train(params, x, y, x_val, y_val, /, update, config, epochs, batch_size, rng, stopping=None, "
    "loss_fn=softmax_loss, progress=False):": "the data are positional either way, and the settings are given by name",
    "EarlyStopping | return self.waited == self.patience": "waited grows by one, so it meets patience before it passes it",
    "softmax | powers = np.exp(scores - scores.max(axis=-1, keepdims=True))": _LAST,
    "softmax | p = powers / powers.sum(axis=-1, keepdims=True)": _LAST,
    "log_softmax | shifted = scores - scores.max(axis=-1, keepdims=True)": _LAST,
    "log_softmax | result = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))": _LAST,
    "diagnose_layers | if activation <= 'relu' and np.mean(np.all(h == 0, axis=0)) > 0.5:": _WORDS,
    "diagnose_layers | elif activation >= 'tanh' and np.mean(1 - h ** 2 < 0.05) > 0.5:": _WORDS,
    "diagnose_layers | if activation == 'relu' and np.mean(np.all(h <= 0, axis=0)) > 0.5:": "ReLU never gives less than 0",
    "diagnose_layers | elif activation == 'tanh' and np.mean(1 - h ** 2 <= 0.05) > 0.5:": _AT_THE_LIMIT,
    "diagnose_layers | elif _rms(dh) <= last / 1000:": _AT_THE_LIMIT,
    "diagnose_layers | elif _rms(dh) >= last * 1000:": _AT_THE_LIMIT,
    "checkpointed_backward | if i % every <= 0:": "a remainder is never below 0",
    "mlp_backward | if i != 0:": "i is never below 0",
    "mlp_backward | if i >= 0:": _UNUSED,
    "mlp_backward | if i > -1:": _UNUSED,
    "relu | return (np.maximum(a, 0), (lambda dout: np.where(a >= 0, dout, 0),))": "the slope of either side is right at the kink",
    "unbroadcast | return grad.sum(axis=tuple((i for i, n in enumerate(shape) if n == 1)), keepdims=True)": "a NumPy number does as well as an array without axes",
    "softmax_loss | total = powers.sum(axis=-1, keepdims=True)": _LAST,
    "softmax_loss | shifted = x - x.max(axis=-1, keepdims=True)": _LAST,
    "softmax_loss | return (loss, dx / len(y))": "one number, of NumPy's type instead of Python's",
    **{
        f"sgd | fits = isinstance(step, np.ndarray) and step.dtype {sign} w.dtype": _PLACE
        for sign in ("!=", "<", "<=", ">", ">=")
    },
    "sgd | fits = isinstance(step, np.ndarray) or step.dtype == w.dtype": _PLACE,
    "sgd | return np.subtract(w, step, out=step if not fits else None)": _PLACE,
    "sgd | return np.subtract(w, step)": _PLACE,
}
