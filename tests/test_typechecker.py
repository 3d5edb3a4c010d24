"""Are shapes and types checked at each call of a test?"""

import inspect
import sys
from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest
import torch
import typechecker
from jaxtyping import Bool, Complex, Float, Int, Shaped, config, jaxtyped
from quick_shapes import HERE, quick
from torch import Tensor
from typechecker import Unfit, checked


@checked
def scaled(
    codes: Complex[Tensor, "*batch element"], factor: Float[Tensor, "*batch 1"]
) -> Complex[Tensor, "*batch element"]:
    return codes * factor if bool(factor.max() < 10) else codes.sum(-1)


@checked
def count(number: int, half: float = 1, *, name: "Missing | None" = None) -> int:  # noqa: F821  # pyright: ignore
    return number if name is None else "no number"  # pyright: ignore


@checked
@dataclass(frozen=True)
class Pair:
    first: Float[Tensor, " element"]
    second: Float[Tensor, " element"]

    @property
    @checked
    def twin(self) -> "Pair":
        return self if len(self.first) == 2 else None  # pyright: ignore


CODES, ONE = torch.zeros(2, 3, dtype=torch.complex128), torch.ones(2, 1)


def test_what_fits_passes():
    assert scaled(CODES, ONE).shape == (2, 3)
    assert scaled(CODES[0], factor=ONE[0]).shape == (3,)  # another call, with axes of its own
    assert count(3, 2) == 3
    assert Pair(ONE[:, 0], ONE[:, 0]).twin.first is not None


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: scaled(CODES.real, ONE),  # dtype
        lambda: scaled(CODES, ONE[:, :0]),  # a fixed axis
        lambda: scaled(CODES, ONE[:1]),  # one name of two sizes
        lambda: scaled(CODES, 20 * ONE),  # what is returned
        lambda: count("3"),  # pyright: ignore
        lambda: count(3, name="any"),  # what is returned beside a hint that nobody knows
        lambda: Pair(ONE[:, 0], ONE[0]),
        lambda: Pair(ONE[0], ONE[0]).twin,
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(wrong, monkeypatch):
    with pytest.raises(Unfit):
        wrong()
    monkeypatch.setattr(config, "jaxtyping_disable", True)  # as a user runs it
    try:
        wrong()
    except (RuntimeError, TypeError) as error:
        assert not isinstance(error, Unfit)


HINTS = [
    "element", "3", "scene element", "scene scene", "*batch", "...", "*batch element", "scene *batch", "scene ... 3",
    "*batch scene element", "", "2 *batch",
]  # fmt: skip


@pytest.mark.parametrize("kind", [Float, Complex, Int, Bool, Shaped])
def test_shapes_are_those_of_jaxtyping(kind: Any) -> None:
    """Every pair of hints in one call, on every pair of small shapes."""
    dtypes = (torch.float32, torch.float64, torch.complex64, torch.int64, torch.bool)
    assert all(quick(kind[Tensor, hint]) is not kind[Tensor, hint] for hint in HINTS)
    shapes = [(), (2,), (3,), (2, 2), (2, 3), (3, 2), (2, 2, 3), (2, 3, 3)] if kind is Float else [(2,)]
    values = [torch.empty(2, dtype=dtype) for dtype in dtypes] + [torch.empty(shape) for shape in shapes]
    for one, two in product(HINTS, repeat=2):
        slow, fast = [kind[Tensor, one], kind[Tensor, two]], [quick(kind[Tensor, one]), quick(kind[Tensor, two])]
        for first, second in product(values, repeat=2):
            HERE.known = {}
            with jaxtyped("context"):
                wanted = [isinstance(first, slow[0]), isinstance(second, slow[1]), isinstance(first, slow[1])]
            assert wanted == [isinstance(first, fast[0]), isinstance(second, fast[1]), isinstance(first, fast[1])]


@pytest.mark.parametrize(
    "hint", [Float[Tensor, "*#batch 3"], Float[Tensor, "n+1"], list[Float[Tensor, " n"]], Float[Any, " n"]]
)
def test_what_is_not_simple_is_left_to_jaxtyping(hint: Any) -> None:
    assert quick(hint) is None and quick(hint | None) is None


def test_every_function_of_a_package_is_marked(tmp_path, monkeypatch):
    (tmp_path / "marked.py").write_text(
        '"""Text."""\nfrom __future__ import annotations\nfrom functools import cached_property\n'
        "def outer(x: int):\n    def inner(y: float): return y\n    return inner\n"
        "class Kept:\n    @cached_property\n    def half(self) -> int: return 'half'\n"
        "async def later(x: int): ...\ndef several(x: int):\n    yield x\n"
    )
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    monkeypatch.syspath_prepend(tmp_path)
    typechecker.install("marked")
    import marked  # pyright: ignore

    wrong: list[Any] = [
        lambda: marked.outer("1"), lambda: marked.outer(1)("1"), lambda: marked.Kept().half,
        lambda: marked.several("1"),
    ]  # fmt: skip
    for call in wrong:
        with pytest.raises(Exception, match=r"(?i)int|float"):
            call()
    assert marked.outer(1)(1) == 1 and inspect.iscoroutinefunction(marked.later)
    assert not list(tmp_path.rglob("*.pyc")) or list(tmp_path.rglob("*" + typechecker.KEPT))
