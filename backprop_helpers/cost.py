"""What gradients cost, counted in multiplications.

Only the products inside matrix products are counted. Biases, activations and the loss add work in proportion to N · M,
which is small beside N · D · M.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence


def multiply_count(sizes: Sequence[int], n: int) -> tuple[int, int, int]:
    """Multiplications of a forward pass, a backward pass and central differences for one fully connected network.

    sizes: [D, H_1, …, C], the sizes of its layers; n: the rows N of the batch.
    Forward: N · D · M for each layer, of x (N, D) @ w (D, M). Backward: as many for each dw = xᵀ @ dout, and as many for
    each dx = dout @ wᵀ except that of the first layer, whose x is the data. Central differences: two forward passes
    for every weight and every bias.
    Returns the three numbers (forward, backward, differences).
    Raises ValueError for fewer than two sizes.
    """
    if len(sizes) < 2:
        raise ValueError(
            f"sizes is {list(sizes)}; a network needs an input and an output size, such as [2, 3, 1]."
        )
    products = [n * d * m for d, m in itertools.pairwise(sizes)]
    parameters = sum(d * m + m for d, m in itertools.pairwise(sizes))
    forward = sum(products)
    backward = sum(products) + sum(products[1:])
    return forward, backward, 2 * parameters * forward
