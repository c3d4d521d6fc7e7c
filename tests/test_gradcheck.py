"""The gradient checker: what it finds, what it lets pass, and what it says."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backprop_helpers.gradcheck import GradReport, gradcheck, numerical_gradient, numerical_vjp
from backprop_helpers.gradcheck.lines import Scalar
from backprop_helpers.gradcheck.noise import PLACES, format_spacing, output_noise

Array = Any
CASES_FILE = Path(__file__).parents[1] / "benchmarks" / "gradcheck_peers" / "cases.py"


def load_cases() -> ModuleType:
    spec = importlib.util.spec_from_file_location("gradcheck_cases", CASES_FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


CASES = load_cases().CASES
MODES = ("full", "fast")


def affine(x: Array, w: Array, b: Array) -> Array:
    return x @ w + b


def affine_back(dout: Array, x: Array, w: Array, b: Array) -> tuple[Array, Array, Array]:
    return dout @ w.T, x.T @ dout, dout.sum(axis=0)


def square(x: Array) -> Array:
    return x**2


def square_back(dout: Array, x: Array) -> Array:
    return 2 * x * dout


def relu(x: Array) -> Array:
    return np.maximum(x, 0)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


# -- the table of right and broken functions ---------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_table_is_judged_as_it_should_be(case: Any, mode: str) -> None:
    for seed in range(3):
        generator = np.random.default_rng(seed)
        forward, backward = case.functions()
        report = gradcheck(forward, backward, case.args(generator), mode=mode, rng=generator)
        assert report.failed is (not case.right), report
        assert not (report.passed and report.failed)


def test_table_is_large_enough() -> None:
    assert sum(case.right for case in CASES) >= 15
    assert sum(not case.right for case in CASES) >= 25


# -- numerical gradients -----------------------------------------------------------------------------------------------

shapes = st.lists(st.integers(1, 4), min_size=0, max_size=3).map(tuple)


@settings(deadline=None, max_examples=60)
@given(shape=shapes, seed=st.integers(0, 2**32 - 1), scale=st.sampled_from([1e-3, 1.0, 30.0]))
def test_numerical_gradient_of_any_shape(shape: tuple[int, ...], seed: int, scale: float) -> None:
    generator = np.random.default_rng(seed)
    x = np.asarray(scale * generator.standard_normal(shape))
    upstream = np.asarray(generator.standard_normal(shape))
    before = x.copy()
    f = lambda x: np.sin(x / scale) * x  # noqa: E731
    exact = upstream * (np.cos(x / scale) * x / scale + np.sin(x / scale))
    for method in ("central", "complex", "auto"):
        (found,) = numerical_gradient(f, (x,), upstream=upstream, method=method)
        assert found.shape == shape
        np.testing.assert_allclose(found, exact, rtol=1e-7, atol=1e-7 * (1 + np.abs(upstream).max(initial=0)))
    assert np.array_equal(x, before)


@settings(deadline=None, max_examples=40)
@given(n=st.integers(1, 6), d=st.integers(1, 6), m=st.integers(1, 6), seed=st.integers(0, 2**32 - 1))
def test_right_affine_passes_and_any_single_wrong_entry_is_found(n: int, d: int, m: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    args = tuple(generator.standard_normal(s) for s in ((n, d), (d, m), (m,)))
    upstream = generator.standard_normal((n, m))
    grads = list(affine_back(upstream, *args))
    for mode in MODES:
        assert gradcheck(affine, grads, args, upstream=upstream, mode=mode, rng=generator).passed
    which = int(generator.integers(3))
    spot = tuple(int(generator.integers(s)) for s in grads[which].shape)
    grads[which] = grads[which].copy()
    grads[which][spot] += generator.choice([-1, 1]) * 1e-5
    for mode in MODES:
        report = gradcheck(affine, grads, args, upstream=upstream, mode=mode, rng=generator)
        assert report.first_wrong is not None
        assert report.first_wrong.name == ("dx", "dw", "db")[which]
        assert report.first_wrong.worst is not None
        assert report.first_wrong.worst.index == spot
        assert [q.status for q in report.quantities].count("failed") == 1


@settings(deadline=None, max_examples=40)
@given(shape=shapes, seed=st.integers(0, 2**32 - 1))
def test_relu_skips_the_kinks_and_nothing_else(shape: tuple[int, ...], seed: int) -> None:
    generator = np.random.default_rng(seed)
    x = np.asarray(generator.choice([-1.0, 0.0, 0.0, 1.0], shape) * generator.uniform(0.1, 2, shape))
    report = gradcheck(relu, lambda d, x: d * (x > 0), (x,), rng=generator)
    (q,) = report.quantities
    assert not report.failed
    assert q.skipped == np.sum(x == 0)
    assert np.array_equal(np.isnan(q.expected), x == 0)
    assert report.passed is (q.skipped < x.size)


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 2**32 - 1), power=st.integers(-2, 3))
def test_noise_is_an_honest_bound(seed: int, power: int) -> None:
    generator = np.random.default_rng(seed)
    x = 10.0**power * generator.standard_normal(12)
    (found,) = numerical_vjp(lambda x: np.tanh(x) + np.cos(3 * x), (x,))
    exact = 1 - np.tanh(x) ** 2 - 3 * np.sin(3 * x)
    assert not found.kink.any()
    assert np.all(np.abs(found.value - exact) <= found.noise)
    assert np.all(found.noise < 1e-3)


def test_vjp_marks_kinks_and_measures_the_rest() -> None:
    x = np.array([[-1.0, 0.0, 1e-7], [2.0, 1e-5, 0.0]])
    upstream = np.array([[1.0, 2.0, 3.0], [-4.0, 5.0, 6.0]])
    (found,) = numerical_vjp(relu, (x,), upstream=upstream)
    assert found.name == "x"
    assert found.kink.tolist() == [[False, True, False], [False, False, True]]
    np.testing.assert_allclose(found.value[~found.kink], [0, 3, -4, 5], atol=1e-6)


def test_step_is_the_theory_s() -> None:
    scalar = Scalar(np.sin, [np.array([0.5, 100.0, -1.0])])
    third = np.finfo(float).eps ** (1 / 3)
    np.testing.assert_allclose(scalar.steps(0), [third, 100 * third, third])


def test_complex_step_is_exact_to_rounding(rng: np.random.Generator) -> None:
    x = rng.standard_normal(9)
    (found,) = numerical_gradient(lambda x: np.exp(x) * np.sin(x), (x,), method="complex")
    exact = np.exp(x) * (np.sin(x) + np.cos(x))
    np.testing.assert_allclose(found, exact, rtol=4e-15, atol=1e-15)


def test_complex_step_is_not_believed_where_it_is_nonsense(rng: np.random.Generator) -> None:
    x = rng.standard_normal(9)
    for f in (np.abs, lambda x: x.astype(float) ** 2, lambda x: (x * np.conj(x)).real):
        with pytest.raises(ValueError, match="f does not allow a complex step in"):
            numerical_gradient(f, (x,), method="complex")
    (found,) = numerical_gradient(np.abs, (x,), method="auto")
    np.testing.assert_allclose(found, np.sign(x), atol=1e-8)


def test_arguments_by_name_give_gradients_by_name(rng: np.random.Generator) -> None:
    args = {"x": rng.standard_normal((3, 2)), "w": rng.standard_normal((2, 4)), "b": rng.standard_normal(4)}
    found = numerical_gradient(affine, args)
    assert list(found) == ["x", "w", "b"]
    np.testing.assert_allclose(found["b"], [3, 3, 3, 3], atol=1e-8)
    found = numerical_gradient(affine, tuple(args.values()), wrt=["b", 0])
    assert [g.shape for g in found] == [(4,), (3, 2)]


def test_integers_are_left_alone_unless_asked_for() -> None:
    x, y = np.array([1.0, 2.0, 3.0]), np.array([0, 2])
    (found,) = numerical_gradient(lambda x, y: x[y] ** 2, (x, y))
    np.testing.assert_allclose(found, [2, 0, 6], atol=1e-8)
    with pytest.raises(
        TypeError, match=r"no argument holds floats \(x is an array of int64 with shape \(3,\)\)"
    ):
        numerical_gradient(square, (np.array([1, 2, 3]),))
    (found,) = numerical_gradient(square, (np.array([1, 2, 3]),), wrt=0)
    np.testing.assert_allclose(found, [2, 4, 6], atol=1e-7)


def test_edges_of_the_domain_are_approached_with_shorter_steps() -> None:
    x = np.array([1e-9, 1e-7, 1.0])
    (found,) = numerical_gradient(np.log, (x,))
    np.testing.assert_allclose(found, 1 / x, rtol=1e-3)


# -- noise -------------------------------------------------------------------------------------------------------------


def test_noise_is_measured(rng: np.random.Generator) -> None:
    line = np.sin(1 + 1e-9 * np.array(PLACES))[:, None] * np.ones(400)
    noise = output_noise(line + 1e-10 * rng.standard_normal(line.shape), 2.0**-52)
    assert 0.5e-10 < np.median(noise) < 2e-10


def test_a_kink_close_by_is_no_noise() -> None:
    line = np.maximum(0.0, 3.5 - np.array(PLACES, dtype=float))[:, None]
    assert output_noise(line, 2.0**-52)[0] < 1e-14
    assert output_noise(line[::-1], 2.0**-52)[0] < 1e-14


def test_a_function_that_wriggles_faster_than_any_step_is_not_judged() -> None:
    x = np.array([1.0, 2.0])
    report = gradcheck(lambda x: np.sin(1e14 * x), lambda d, x: d * 1e14 * np.cos(1e14 * x), (x,))
    assert not report.failed
    assert report["dx"].kind == "too noisy"
    assert "choose inputs at which it changes less wildly" in str(report)
    for seed in range(20):
        x = 17.0 + np.random.default_rng(seed).random(1)
        report = gradcheck(
            lambda x: 1e6 + np.sin(np.exp(x)), lambda d, x: d * np.exp(x) * np.cos(np.exp(x)), (x,)
        )
        assert not report.failed
    jump = gradcheck(np.floor, lambda d, x: 0 * d, (np.array([1.0, 2.0, 2.5]),))
    assert (jump["dx"].skipped, jump.passed) == (2, True)


@pytest.mark.parametrize("mode", MODES)
def test_saturated_functions_are_no_false_alarm(mode: str) -> None:
    """log(1 + exp(-40)) is flat in double precision, and its slope on paper is 4e-18."""
    x = np.array([40.0, 41.0, 45.0])
    report = gradcheck(
        lambda x: np.log(1 + np.exp(-x)), lambda d, x: -d * np.exp(-x) / (1 + np.exp(-x)), (x,), mode=mode
    )
    assert report.passed


def test_stationary_points_are_judged() -> None:
    x = np.zeros((2, 3))
    for f in (square, lambda x: x**3, lambda x: np.cos(x) - 1):
        assert gradcheck(f, lambda d, x: 0 * x, (x,)).passed
        report = gradcheck(f, lambda d, x: 0 * x + 1e-3, (x,))
        assert report["dx"].wrong == 6


def test_single_precision_is_recognised_behind_doubles(rng: np.random.Generator) -> None:
    double = rng.standard_normal((12, 5))
    assert format_spacing(double, 2.0**-52) == 2.0**-52
    assert format_spacing(double.astype(np.float32).astype(float), 2.0**-52) == 2.0**-23
    assert (
        format_spacing(np.round(10 * double), 2.0**-52) == 2.0**-52
    )  # whole numbers are exact in any format


@pytest.mark.parametrize("mode", MODES)
def test_single_precision_gets_the_tolerance_it_deserves(mode: str, rng: np.random.Generator) -> None:
    def f(x: Array) -> Array:
        return np.tanh(x.astype(np.float32)).astype(np.float64)

    def back(d: Array, x: Array) -> Array:
        return d * (1 - np.tanh(x) ** 2)

    x = rng.standard_normal((5, 4))
    assert gradcheck(f, back, (x,), mode=mode).passed
    assert gradcheck(f, lambda d, x: 1.1 * back(d, x), (x,), mode=mode).failed
    half = gradcheck(lambda x: (100 + np.tanh(x)).astype(np.float16), back, (x,), mode=mode)
    assert not half.failed
    assert half["dx"].kind == "too noisy"
    assert "Compute f in double precision" in half["dx"].sentence


# -- sentences ---------------------------------------------------------------------------------------------------------


def test_report_names_the_worst_entry_and_the_first_wrong_quantity(rng: np.random.Generator) -> None:
    args = tuple(rng.standard_normal(s) for s in ((6, 4), (4, 3), (3,)))

    def back(dout: Array, x: Array, w: Array, b: Array) -> tuple[Array, ...]:
        dx, dw, db = affine_back(dout, x, w, b)
        dw = dw.copy()
        dw[2, 1] = 5.0
        return 2 * dx, dw, db

    upstream = rng.standard_normal((6, 3))
    report = gradcheck(affine, back, args, upstream=upstream)
    assert str(report).startswith(
        "Gradient check: dw and dx are wrong. Begin with dw, the first on the way back.\n"
    )
    worst = report["dw"].worst
    assert worst is not None
    assert (worst.index, worst.got) == ((2, 1), 5.0)
    exact = affine_back(upstream, *args)[1][2, 1]
    assert worst.expected == pytest.approx(exact, abs=1e-8)
    assert worst.absolute_error == pytest.approx(abs(5 - exact))
    assert worst.relative_error == pytest.approx(abs(5 - exact) / max(5, abs(exact)))
    assert 0 < worst.noise < 1e-7
    assert f"1 of 12 entries; worst at [2, 1]: got 5, expected {exact:.6g}; they differ by" in str(report)
    assert report["dx"].wrong == 24
    first_dx = affine_back(upstream, *args)[0]
    assert report["dx"].worst is not None
    assert report["dx"].worst.index == np.unravel_index(np.argmax(np.abs(first_dx)), first_dx.shape)
    ordered = gradcheck(affine, back, args, upstream=upstream, order=["x", "dw"])
    assert ordered.first_wrong is ordered["dx"]
    assert "Begin with dx" in ordered.headline
    assert repr(report) == str(report)
    assert not report


def test_close_enough_is_said() -> None:
    report = gradcheck(square, square_back, (np.array([1.0, 2.0]),))
    assert report.headline == "Gradient check: dx is right."
    assert "right. 2 entries compared; the largest difference is" in str(report)
    assert "is rounding" in str(report)


def said(report: GradReport) -> str:
    assert report.failed
    assert not report.passed
    return str(report)


@pytest.mark.parametrize(
    ("got", "words"),
    [
        ((64,), "dx has shape (64,) and x has shape (1, 64)"),
        ((64,), "NumPy would have stretched the two to (1, 64) without a word."),
        ((64, 1), "The transpose has the right shape."),
        ((2, 32), "a gradient has one number for each number it belongs to"),
    ],
)
def test_shapes_are_compared_before_numbers(got: tuple[int, ...], words: str) -> None:
    for mode in MODES:
        text = said(gradcheck(square, [np.full(got, 2.0)], (np.ones((1, 64)),), mode=mode))
        assert words in text


@pytest.mark.parametrize(
    ("gradient", "words"),
    [
        (None, "It is missing: None came where an array of shape (2,) was expected."),
        ("text", "It holds a str, where real numbers were expected."),
        ([[1.0], [1.0, 2.0]], "its rows have different lengths"),
        (np.array([1.0, np.nan]), "1 of 2 entries are no finite numbers: nan at [1]."),
        (np.array([np.inf, np.nan]), "2 of 2 entries are no finite numbers: inf at [0]."),
        (np.array([2j, 2.0]), "It holds an array of complex128"),
    ],
)
def test_gradients_that_cannot_be_compared(gradient: Any, words: str) -> None:
    text = said(gradcheck(square, lambda d, x: gradient, (np.ones(2),)))
    assert words in text


def test_changes_in_place_are_found(rng: np.random.Generator) -> None:
    x = rng.standard_normal((4, 3))
    before = x.copy()

    def forward_in_place(x: Array) -> Array:
        x *= 2
        return x**2

    report = gradcheck(forward_in_place, lambda d, x: 8 * x * d, (x,))
    assert "f changes its argument x in place." in said(report)
    assert report["dx"].passed, "the numbers are right all the same"

    def upstream_in_place(d: Array, x: Array) -> Array:
        d *= 2
        return d * x

    assert "backward changes the upstream gradient in place." in said(
        gradcheck(square, upstream_in_place, (x,))
    )

    def cache_in_place(d: Array, x: Array) -> Array:
        x *= 2
        return d * x

    assert "backward changes x in place" in said(gradcheck(square, cache_in_place, (x,)))

    def only_nearby(x: Array) -> Array:
        out = x**2
        if not np.array_equal(x, before):
            x[0, 0] = 3.0
        return out

    assert "in place at some of the points nearby" in str(gradcheck(only_nearby, square_back, (x,)))
    assert np.array_equal(x, before)


def test_functions_that_change_between_calls_are_found(rng: np.random.Generator) -> None:
    x = rng.standard_normal((4, 3))
    report = gradcheck(lambda x: x * (rng.random(x.shape) > 0.5), lambda d, x: d, (x,))
    assert "f returns different values for the same arguments" in said(report)
    assert report["dx"].kind == "not checked"
    kept = np.zeros_like(x)

    def accumulating(d: Array, x: Array) -> Array:
        np.add(kept, 2 * x * d, out=kept)
        return kept.copy()

    report = gradcheck(square, accumulating, (x,))
    assert "backward returns different gradients when called twice" in said(report)
    calls = [0]

    def late(x: Array) -> Array:
        calls[0] += 1
        return x**2 + (calls[0] > 30)

    assert "f returns different values" in said(gradcheck(late, square_back, (x,)))


def test_values_that_are_not_finite_are_said() -> None:
    def f(x: Array) -> Array:
        with np.errstate(divide="ignore"):
            return np.log(x)

    report = gradcheck(f, lambda d, x: np.ones(2), (np.array([1.0, 0.0]),))
    assert "f itself returns -inf at [1], so there is no slope to compare with." in said(report)
    edge = gradcheck(np.sqrt, lambda d, x: d / np.array([1.0, 4.0]), (np.array([0.0, 4.0]),))
    assert edge["dx"].skipped == 1
    assert edge.passed


def test_whole_numbers_are_checked_as_floats() -> None:
    report = gradcheck(square, square_back, (np.array([1, 2, 3]),))
    assert report.passed
    assert "x holds whole numbers, where a small nudge would be rounded away." in str(report)
    assert gradcheck(square, lambda d, x: x * d, (np.array([1, 2, 3]),)).failed


def test_gradients_may_be_numbers_and_lists() -> None:
    product = gradcheck(lambda x, y: x * y, lambda d, x, y: [float(d * y), float(d * x)], (3.0, 2.5))
    assert [q.name for q in product.quantities] == ["dx", "dy"]
    assert product.passed
    assert gradcheck(square, lambda d, x: (2 * x * d).tolist(), (np.ones((2, 3)),)).passed
    assert gradcheck(square, lambda d, x: {"dx": 2 * x * d}, (np.float64(1.5),)).passed


def test_views_are_said_and_do_no_harm(rng: np.random.Generator) -> None:
    b = np.broadcast_to(rng.standard_normal(3), (5, 3))
    report = gradcheck(lambda x, b: x * b, lambda d, x, b: (d * b, d * x), (rng.standard_normal((5, 3)), b))
    assert report.passed
    assert "b is a broadcast view" in str(report)
    report = gradcheck(lambda x: x.T, lambda d, x: d.T, (rng.standard_normal((2, 3)),))
    assert report.passed
    assert "The output of f is a view of x" in str(report)
    assert "A gradient shares its memory with the upstream gradient" in str(report)


def test_a_quantity_of_nothing_but_kinks_is_neither_right_nor_wrong() -> None:
    report = gradcheck(relu, lambda d, x: d * (x > 0), (np.zeros((3, 2)),))
    assert (report.passed, report.failed) == (False, False)
    assert report.headline == "Gradient check: dx could not be checked."
    assert "Move the inputs off the kinks" in str(report)


def test_kinks_that_are_skipped_are_counted_and_hide_no_error() -> None:
    x = np.array([0.0, 1.0, -1.0, 2.0])
    report = gradcheck(relu, lambda d, x: d * (x > 0), (x,))
    assert report.passed
    assert "1 of 4 skipped, as f has a kink there (no single slope)" in str(report)
    report = gradcheck(relu, lambda d, x: d * (x < 0), (x,))
    assert report["dx"].wrong == 3
    assert report["dx"].skipped == 1


def test_all_ones_upstream_is_remarked() -> None:
    assert "so all ones were used" in str(gradcheck(square, [np.array([2.0, 4.0])], (np.array([1.0, 2.0]),)))
    assert "ones" not in str(
        gradcheck(lambda x: np.sum(x**2), [np.array([2.0, 4.0])], (np.array([1.0, 2.0]),))
    )


def test_wrong_number_of_gradients_is_the_learner_s_mistake(rng: np.random.Generator) -> None:
    args = tuple(rng.standard_normal(s) for s in ((6, 4), (4, 3), (3,)))
    report = gradcheck(affine, lambda *a: affine_back(*a)[:2], args)
    assert "one gradient for each of the 3 arguments that hold floats (x, w, b), and there are 2" in said(
        report
    )
    with pytest.raises(ValueError, match="and there are 2"):
        gradcheck(affine, [args[0], args[1]], args)


@pytest.mark.parametrize(
    ("keywords", "error", "words"),
    [
        ({"mode": "slow"}, ValueError, 'mode must be "full" or "fast"'),
        ({"method": "magic"}, ValueError, "method must be"),
        ({"upstream": np.ones((1, 2))}, ValueError, "upstream must have the shape of f's output, (2,)"),
        ({"upstream": [1.0, np.nan]}, ValueError, "upstream must be finite"),
        ({"names": ["a", "b"]}, ValueError, "names must hold one name for each of the 1 arguments"),
        ({"wrt": ["q"]}, KeyError, "There is no argument 'q'; the arguments are x."),
        ({"wrt": 3}, IndexError, "There is no argument number 3"),
        ({"order": ["q"]}, KeyError, "order names 'q'"),
    ],
)
def test_mistakes_of_the_caller_raise(keywords: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error) as caught:
        gradcheck(square, square_back, (np.ones(2),), **keywords)
    assert words in str(caught.value)


def test_results_of_f_that_are_no_array_raise() -> None:
    with pytest.raises(TypeError, match="f must return one array, and it returned a tuple of 2"):
        gradcheck(lambda x: (x, None), square_back, (np.ones(2),))
    with pytest.raises(TypeError, match="f must return real numbers"):
        gradcheck(lambda x: x * 1j, square_back, (np.ones(2),))
    with pytest.raises(ValueError, match="same shape every time"):
        gradcheck(lambda x: x[x > 1], lambda d, x: x, (np.ones(2),))


# -- cost --------------------------------------------------------------------------------------------------------------


def test_evaluations_are_counted_and_few(rng: np.random.Generator) -> None:
    counts = {}
    for size in (10, 1000):
        x = rng.standard_normal(size)
        calls = [0]

        def f(x: Array, calls: list[int] = calls) -> Array:
            calls[0] += 1
            return np.sin(x)

        for mode in MODES:
            calls[0] = 0
            report = gradcheck(f, lambda d, x: d * np.cos(x), (x,), mode=mode)
            assert report.passed
            assert report.evaluations == calls[0]
            counts[mode, size] = calls[0]
    assert counts["fast", 10] == counts["fast", 1000] < 30
    assert counts["full", 1000] < 2 * 1000 + 60


def test_import_is_light() -> None:
    code = (
        "import sys, backprop_helpers.gradcheck; "
        "print(sorted({'matplotlib', 'IPython', 'ipywidgets', 'scipy', 'sklearn', 'PIL'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# -- pictures ----------------------------------------------------------------------------------------------------------


class Tags(HTMLParser):
    """Collects the tags of a page and checks that every one is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_page_is_well_formed_and_escapes_names(rng: np.random.Generator) -> None:
    evil = "<script>alert(1)</script>"
    report = gradcheck(
        lambda x: x**2, [rng.standard_normal((3, 4))], (rng.standard_normal((3, 4)),), names=[evil]
    )
    page = report._repr_html_()
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    tags = Tags()
    tags.feed(page)
    assert tags.open == []
    assert "svg" in tags.seen
    assert 'role="img"' in page
    assert "aria-label=" in page


def test_heat_map_shows_the_wrong_the_right_and_the_skipped(rng: np.random.Generator) -> None:
    x = np.abs(rng.standard_normal((4, 5))) + 0.1
    x[3, 3] = 0.0
    g = np.ones_like(x)
    g[1, 2] += 0.5
    report = gradcheck(relu, [g], (x,))
    picture = report.heat_map()
    assert "Error of dx, shape (4, 5): 1 of 20 entries wrong, worst at [1, 2]" in picture
    for words in ("within rounding", "skipped"):
        assert words in picture
    assert "var(--jp-error-color1, #d32f2f)" in picture
    wide = gradcheck(square, [np.zeros((2, 300))], (np.ones((2, 300)),)).heat_map("x")
    assert "Each cell is the worst of a block of entries." in wide
    assert len(wide) < 8000
    with pytest.raises(ValueError, match="needs mode='full'"):
        gradcheck(relu, [g], (x + 1,), mode="fast").heat_map()


@pytest.mark.parametrize("mode", ["full", "fast"])
@pytest.mark.parametrize("x", [[500.0], [1.0, 500.0], [300.0, 500.0, -300.0]])
def test_values_whose_squares_are_infinite_are_no_kinks(x: Any, mode: Any) -> None:
    x = np.array(x)
    assert gradcheck(np.exp, lambda g, x: g * np.exp(x), (x,), names=("x",), mode=mode).passed
    wrong = gradcheck(np.exp, lambda g, x: 1.01 * g * np.exp(x), (x,), names=("x",), mode=mode)
    assert wrong.quantities[0].status == "failed"
