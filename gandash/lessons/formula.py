"""What a lesson claims, as a comparison of two expressions: `abs(mean(loss_d, 100) - 2*log(2)) < 0.02`.

It is arithmetic and nothing else: numbers, the numbers of a run by name, + - * / **, and the functions named below. There is
no way from it to Python's objects, so a file from a stranger can at worst be wrong.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gandash.config.setting import nearest
from gandash.exporting import columns
from gandash.wire.browser import VerdictKind
from gandash.words import Said, say

Curve = NDArray[np.floating[Any]]

LONGEST = 300
DEEPEST = 20

CURVES = columns.NAMES
"""Names of a run's curves, which may have `_average` behind them: by itself such a name is the last number known of it."""

NEGATIVE = "negative_eigenvalues"
SCALARS = {
    "steps": "rounds that were played",
    "distance": "of a scalar game's point from its equilibrium",
    "distance_at_start": "the same at step 0",
    "modulus": "what a round multiplies a small distance from a scalar game's equilibrium by",
    "re": "the least real part of the eigenvalues of H, a scalar game's Jacobian at its equilibrium",
    "im": "the largest imaginary part of these",
    NEGATIVE: "eigenvalues of H with negative real parts, of those that Examine finds at the run's end",
    "d_star_captured": "k/(k + K), with the k modes that are captured of the K of p_r",
    "all_modes": "K, the modes, digits or classes of p_r",
    "jsd_floor": "what the estimator of JSD reads for a perfect generator, on average",
    "pi": "3.14159…",
}

_ARITHMETIC: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_COMPARISONS: dict[type[ast.AST], tuple[str, Callable[[Any, Any], Any]]] = {
    ast.Lt: ("<", operator.lt),
    ast.LtE: ("<=", operator.le),
    ast.Gt: (">", operator.gt),
    ast.GtE: (">=", operator.ge),
    ast.Eq: ("==", operator.eq),
    ast.NotEq: ("!=", operator.ne),
}
_OF_NUMBERS: dict[str, Callable[..., float]] = {"log": math.log, "exp": math.exp, "sqrt": math.sqrt, "abs": abs}
_OF_CURVES: dict[str, Callable[[Curve], Any]] = {
    "mean": np.mean,
    "median": np.median,
    "least": np.min,
    "largest": np.max,
    "spread": np.std,
}
_AT = ("first", "at")
FUNCTIONS = (*_OF_NUMBERS, *_OF_CURVES, *_AT)


class NoFormula(ValueError):
    """A comparison that cannot be read: says why, and what is allowed."""


@dataclass(frozen=True)
class Played:
    """What a run has for formulas: `curves` by name, a number for each step from 1 on, NaN where none is known; `scalars`;
    and the `verdict` at its end."""

    curves: Mapping[str, Curve]
    scalars: Mapping[str, float]
    verdict: str = ""

    def last(self, name: str) -> float:
        curve = self.curves.get(name, np.zeros(0))
        known = curve[~np.isnan(curve)]
        return float(known[-1]) if len(known) else math.nan


@dataclass(frozen=True)
class Comparison:
    """A comparison that was read; `text` is what was given."""

    text: str
    left: ast.expr
    sign: str
    right: ast.expr

    def holds(self, played: Played) -> tuple[bool, Any, Any]:
        """Whether it does, and both sides. What is not known, or not finite, holds in no comparison."""
        left, right = _value(self.left, played), _value(self.right, played)
        compare = next(act for sign, act in _COMPARISONS.values() if sign == self.sign)
        if isinstance(left, str) or isinstance(right, str):
            return bool(compare(left, right)), left, right
        return not math.isnan(left) and not math.isnan(right) and bool(compare(left, right)), left, right


def read(text: str) -> Comparison:
    """Raises NoFormula.

    >>> read("jsd < 0.02").sign
    '<'
    >>> read("jsb < 0.02")
    Traceback (most recent call last):
    gandash.lessons.formula.NoFormula: "jsb" is no number of a run; did you mean jsd?
    """
    if len(text) > LONGEST:
        raise NoFormula(say("a comparison of {count} characters; at most {most} are read", count=len(text), most=LONGEST))
    try:
        found = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise NoFormula(say("this is no comparison of two expressions, such as `jsd < 0.02`")) from None
    if not isinstance(found, ast.Compare) or len(found.ops) != 1 or type(found.ops[0]) not in _COMPARISONS:
        raise NoFormula(say("a comparison of two expressions is needed, such as `jsd < 0.02`"))
    sign, _ = _COMPARISONS[type(found.ops[0])]
    left, (right,) = found.left, found.comparators
    if isinstance(left, ast.Name) and left.id == "verdict":
        if sign not in ("==", "!=") or not isinstance(right, ast.Constant) or right.value not in list(VerdictKind):
            verdicts = ", ".join(VerdictKind)
            raise NoFormula(
                say('a verdict is compared as in `verdict == "converged"`; there are {verdicts}', verdicts=verdicts)
            )
        return Comparison(text, left, sign, right)
    for side in (left, right):
        _check(side, DEEPEST)
    return Comparison(text, left, sign, right)


def _check(node: ast.expr, depth: int) -> None:
    if depth == 0:
        raise NoFormula(say("an expression of too many parts"))
    match node:
        case ast.Constant(value=int() | float()) if not isinstance(node.value, bool):
            return
        case ast.Name(id=name):
            if not columns.is_known(name) and name not in SCALARS:
                near = nearest(name, [*CURVES, *SCALARS])
                advice = say("did you mean {near}?", near=near) if near else say("see LESSONS.md")
                raise NoFormula(say('"{name}" is no number of a run; {advice}', name=name, advice=advice))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            _check(operand, depth - 1)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
            _check(left, depth - 1)
            _check(right, depth - 1)
        case ast.Call(func=ast.Name(id=name), args=[only], keywords=[]) if name in _OF_NUMBERS:
            _check(only, depth - 1)
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in (*_OF_CURVES, *_AT):
            _check_of_curve(name, args)
        case _:
            raise NoFormula(
                say(
                    "`{expression}` is not allowed here: numbers, names of a run's numbers, + - * / **, and {functions}",
                    expression=ast.unparse(node),
                    functions=", ".join(FUNCTIONS),
                )
            )


def _check_of_curve(name: str, args: list[ast.expr]) -> None:
    match args:
        case [ast.Name(id=curve)] if columns.is_known(curve) and name == "first":
            return
        case [ast.Name(id=curve), ast.Constant(value=int(n))] if columns.is_known(curve) and name != "first" and n >= 1:
            return
    example = {"first": Said("first(jsd)"), "at": say("at(jsd, 100), the number at step 100")}
    over = say("{name}(loss_d, 100), over the last 100 steps", name=name)
    raise NoFormula(say("{name} is given as in {example}", name=name, example=example.get(name, over)))


def _value(node: ast.expr, played: Played) -> Any:
    match node:
        case ast.Constant(value=value):
            assert isinstance(value, str | int | float)  # `read` has seen to that
            return value if isinstance(value, str) else float(value)  # whole numbers would grow without end: 9**9**9
        case ast.Name(id="verdict"):
            return played.verdict
        case ast.Name(id="pi"):
            return math.pi
        case ast.Name(id=name):
            return played.scalars.get(name, math.nan) if name in SCALARS else played.last(name)
        case ast.UnaryOp(operand=operand):
            return -_value(operand, played)
        case ast.BinOp(left=left, op=op, right=right):
            return _finite(_ARITHMETIC[type(op)], _value(left, played), _value(right, played))
        case ast.Call(func=ast.Name(id=name), args=[only]) if name in _OF_NUMBERS:
            return _finite(_OF_NUMBERS[name], _value(only, played))
        case ast.Call(func=ast.Name(id=name), args=[ast.Name(id=curve), *rest]):
            return _of_curve(name, played.curves.get(curve, np.zeros(0)), [int(_value(one, played)) for one in rest])
    raise AssertionError(ast.dump(node))


def _finite(work: Callable[..., float], *given: float) -> float:
    """NaN where it has no value: of what a run reads nobody knows beforehand that it is positive."""
    try:
        found = work(*given)
    except (ValueError, ZeroDivisionError, OverflowError):
        return math.nan
    return math.nan if isinstance(found, complex) else found


def _of_curve(name: str, curve: Curve, given: list[int]) -> float:
    if name == "at":
        (step,) = given
        return float(curve[step - 1]) if step <= len(curve) else math.nan
    part = curve[-given[0] :] if given else curve
    known = part[~np.isnan(part)]
    if not len(known):
        return math.nan
    return float(known[0] if name == "first" else _OF_CURVES[name](known))
