"""Small changes of a module's source, each of which some test ought to notice."""

import ast
import copy
from collections.abc import Callable, Iterator
from typing import NamedTuple

TURNED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.Lt: ast.GtE, ast.GtE: ast.Lt, ast.Gt: ast.LtE, ast.LtE: ast.Gt,
}  # fmt: skip
MOVED: dict[type[ast.cmpop], type[ast.cmpop]] = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt}


class Mutant(NamedTuple):
    """The module with one change: where it is, what it is, and the tree to compile."""

    line: int
    what: str
    tree: ast.Module


def mutants(source: str) -> list[Mutant]:
    """Every one of them, in the order of the source.

    A comparison turned or its bound moved, `and` for `or`, a `not` dropped, a condition turned, a truth value turned,
    a whole number one up and one down, and each constant of a tuple, a set, a list or a table left out.
    """
    tree = ast.parse(source)
    spared = {id(inner) for node in ast.walk(tree) for outer in _annotations(node) for inner in ast.walk(outer)}
    found = []
    for number, node in enumerate(ast.walk(tree)):
        if id(node) not in spared:
            for what, change in _changes(node):
                mutated = copy.deepcopy(tree)
                same = next(other for at, other in enumerate(ast.walk(mutated)) if at == number)
                change(same)
                found.append(Mutant(getattr(node, "lineno", 0), what, ast.fix_missing_locations(mutated)))
    return sorted(found, key=lambda mutant: mutant.line)


def _annotations(node: ast.AST) -> list[ast.AST]:
    """What only type checkers read. (msgspec reads that of a field too; no module here has bounds in one.)"""
    found = [getattr(node, name, None) for name in ("annotation", "returns")]
    return [each for each in found if isinstance(each, ast.AST)]


def _changes(node: ast.AST) -> Iterator[tuple[str, Callable[[ast.AST], None]]]:
    match node:
        case ast.Compare():
            for index, op in enumerate(node.ops):
                for table in (TURNED, MOVED):
                    if other := table.get(type(op)):
                        yield (
                            f"{ast.unparse(node)}: {type(op).__name__} -> {other.__name__}",
                            lambda same, index=index, other=other: same.ops.__setitem__(index, other()),
                        )
        case ast.BoolOp():
            other_bool = ast.Or if isinstance(node.op, ast.And) else ast.And
            yield f"{ast.unparse(node)}: and/or", lambda same: setattr(same, "op", other_bool())
        case ast.UnaryOp(op=ast.Not()):
            yield f"{ast.unparse(node)}: without not", lambda same: setattr(same, "op", ast.UAdd()) or _bare(same)
        case ast.If() | ast.IfExp() | ast.While() if not isinstance(node.test, ast.Compare | ast.BoolOp | ast.UnaryOp):
            yield (
                f"if {ast.unparse(node.test)}: turned",
                lambda same: setattr(same, "test", ast.UnaryOp(ast.Not(), same.test)),
            )
        case ast.Constant(value=bool(value)):
            yield f"{value}: turned", lambda same: setattr(same, "value", not same.value)
        case ast.Constant(value=int(value)):
            for step in (1, -1):
                yield f"{value} -> {value + step}", lambda same, step=step: setattr(same, "value", same.value + step)
        case ast.Tuple(ctx=ast.Load()) | ast.Set() | ast.List(ctx=ast.Load()) if len(node.elts) > 1:
            for index, element in enumerate(node.elts):
                if isinstance(element, ast.Constant | ast.Attribute):
                    yield (
                        f"{ast.unparse(element)} left out of {ast.unparse(node)[:60]}",
                        lambda same, index=index: same.elts.pop(index),
                    )
        case ast.Dict() if len(node.keys) > 1:
            for index, key in enumerate(node.keys):
                if isinstance(key, ast.Constant | ast.Attribute):
                    yield (
                        f"{ast.unparse(key)} left out of {ast.unparse(node)[:60]}",
                        lambda same, index=index: (same.keys.pop(index), same.values.pop(index)),
                    )


def _bare(node: ast.UnaryOp) -> None:
    """`not x` becomes `not not x`, the truth of x."""
    node.op, node.operand = ast.Not(), ast.UnaryOp(ast.Not(), node.operand)
