"""The data sets: what they claim about their shapes, units and split."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import datasets

from backprop_helpers.data import load_diabetes, load_digits, two_arcs


def test_digits_are_all_there_scaled_and_stratified() -> None:
    data = load_digits()
    assert data.x_train.shape == (1347, 64)
    assert data.x_val.shape == (450, 64)
    assert data.y_train.shape == (1347,)
    assert np.issubdtype(data.y_train.dtype, np.integer)
    assert data.x_train.dtype == np.float64
    assert (data.x_train.min(), data.x_train.max()) == (0, 1)
    both = np.concatenate([data.x_train, data.x_val])
    assert sorted(map(bytes, both)) == sorted(map(bytes, datasets.load_digits().data / 16))
    shares = np.bincount(data.y_val) / 450 - np.bincount(data.y_train) / 1347
    assert np.abs(shares).max() < 0.01


def test_digits_keep_each_picture_with_its_label() -> None:
    raw = datasets.load_digits()
    known = {bytes(x / 16): y for x, y in zip(raw.data, raw.target, strict=True)}
    data = load_digits()
    assert all(known[bytes(x)] == y for x, y in zip(data.x_val, data.y_val, strict=True))


@pytest.mark.parametrize("load", [load_digits, load_diabetes])
def test_split_is_fixed_by_its_seed(load: object) -> None:
    assert callable(load)
    a, b, c = load(), load(), load(seed=1)
    np.testing.assert_array_equal(a.x_train, b.x_train)
    assert not np.array_equal(a.y_train, c.y_train)


def test_diabetes_is_scaled_by_its_training_part_alone() -> None:
    data = load_diabetes()
    assert data.x_train.shape == (331, 10)
    assert data.y_val.shape == (111, 1)
    np.testing.assert_allclose(data.x_train.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(data.x_train.std(axis=0), 1)
    assert np.abs(data.x_val.mean(axis=0)).max() > 1e-3
    y = np.concatenate([data.y_train, data.y_val])[:, 0]
    np.testing.assert_allclose(sorted(y * 100), sorted(datasets.load_diabetes().target))
    assert data.features[2] == "bmi"


@pytest.mark.parametrize("share", [0, 1, -0.1, 25])
def test_a_share_out_of_range_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match=r"such as 0\.25"):
        load_digits(validation=share)


def test_two_arcs_lie_around_the_origin_and_cannot_be_parted_by_a_line() -> None:
    x, y = two_arcs(300, noise=0.0)
    assert x.shape == (300, 2)
    assert np.bincount(y).tolist() == [150, 150]
    np.testing.assert_allclose((x.min(axis=0) + x.max(axis=0)) / 2, 0, atol=0.01)
    features = np.column_stack([x, np.ones(300)])
    fit = features @ np.linalg.lstsq(features, 2.0 * y - 1, rcond=None)[0]
    assert np.mean((fit > 0) == y) < 0.95


def test_two_arcs_refuses_what_makes_no_sense() -> None:
    with pytest.raises(ValueError, match="at least 2 points"):
        two_arcs(1)
    with pytest.raises(ValueError, match="0 or more"):
        two_arcs(noise=-1)
