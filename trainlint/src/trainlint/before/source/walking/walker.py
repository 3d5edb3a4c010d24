"""What would the statements of a file do, one after the other, with values of which only the source is known?"""

import ast
from collections.abc import Callable, Iterable

from ..meaning import assigning, expressions
from ..meaning.values import UNKNOWN, Class, Const, Function, Value
from .events import NOTHING, Frame, Loop, Walking
from .looping import element, rounds_of, widened
from .scopes import Scope, SourceFile, imported


class Walker(Walking):
    """Walks statements, each by its own rule."""

    def evaluate(self, node: ast.expr | None) -> Value:
        """What an expression stands for."""
        return NOTHING if node is None else expressions.evaluate(self, node)

    def module(self, file: SourceFile) -> None:
        """Walk a file from its first statement, once."""
        if file.walked:
            return
        file.walked = True
        self.frames.append(Frame(None, "", file, file.scope))
        with self.aside():
            self.block(file.tree.body)
        self.frames.pop()

    def block(self, body: Iterable[ast.stmt]) -> bool:
        """Walk statements; True where the way ends within them (return, continue, break, raise)."""
        depth = len(self.conds)
        ended = False
        for statement in body:
            self.left -= 1
            if self.left < 0:
                break
            if _STATEMENTS.get(type(statement), Walker.expression)(self, statement):
                ended = True
                break
        del self.conds[depth:]
        return ended

    def expression(self, node: ast.stmt) -> bool:
        """A statement without a rule of its own: its expressions are looked at."""
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.evaluate(child)
        return False

    def bare(self, node: ast.Expr) -> bool:
        """An expression whose value is dropped."""
        self.note("bare", node.value, self.evaluate(node.value))
        return False

    def bring(self, node: ast.Import | ast.ImportFrom) -> bool:
        """Imports: of the files read, or of other libraries."""
        self.scope.names.update(imported(node))
        for name, file, member in self.project.imported(node, self.file):
            self.module(file)
            self.scope.names[name] = self.project.value(file, member)
        return False

    def define(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
        """A function: bound, walked where it is called."""
        self.scope.names[node.name] = Function(node, self.file, self.scope, self.frame.owner)
        return False

    def create(self, node: ast.ClassDef) -> bool:
        """A class: its body is walked for its constants and methods."""
        bases = tuple(self.evaluate(b) for b in node.bases)
        made = Class(node, self.file, self.scope, bases)
        inner = Scope(outer=self.scope)
        self.frames.append(Frame(node, node.name, self.file, inner, owner=made))
        self.block(node.body)
        self.frames.pop()
        made.members = inner.names
        self.scope.names[node.name] = made
        self.project.classes.append(made)
        for member in made.members.values():
            if isinstance(member, Function):
                member.scope = self.scope  # a method does not see the names of its class
        return False

    def give_back(self, node: ast.Return) -> bool:
        """A return: what the function may give."""
        self.frame.returns.append(self.evaluate(node.value))
        return True

    def decide(self, node: ast.If) -> bool:
        """Both ways of a condition, or the only one that can be taken."""
        test = self.evaluate(node.test)
        if type(test) is Const:
            return self.block(node.body if test.value else node.orelse)
        before = self.snapshot()
        ended = self.under((node, True), node.body)
        after = self.snapshot()
        self.restore(before)
        other = self.under((node, False), node.orelse)
        if ended and not other:
            self.conds.append((node, False))
        elif other and not ended:
            self.restore(after)
            self.conds.append((node, True))
        elif not ended:
            self.merge(after)
        return ended and other

    def under(self, cond: tuple[ast.AST, bool], body: list[ast.stmt]) -> bool:
        """Walk statements under a condition."""
        self.conds.append(cond)
        ended = self.block(body)
        self.conds.pop()
        return ended

    def repeat(self, node: ast.For | ast.AsyncFor) -> bool:
        """A loop: twice round, so that what the first round leaves is there in the second."""
        over = self.evaluate(node.iter)
        self.loops.append(Loop(node, self.file, over, self.frame.name))
        self.note("loop", node, over)
        widened(self.scope, node)
        for number, item in enumerate(rounds_of(over)):
            self.rounds.append(number if number < 2 else 1)
            bound = element(self, over, node.iter) if item is None else item
            assigning.bind(self, node.target, bound)
            self.block(node.body)
            self.rounds.pop()
        self.loops.pop()
        self.block(node.orelse)
        return False

    def go_on(self, node: ast.While) -> bool:
        """A loop with a condition."""
        self.loops.append(Loop(node, self.file, UNKNOWN, self.frame.name))
        widened(self.scope, node)
        for number in range(2):
            self.rounds.append(number)
            self.evaluate(node.test)
            self.block(node.body)
            self.rounds.pop()
        self.loops.pop()
        self.block(node.orelse)
        return False

    def within(self, node: ast.With | ast.AsyncWith) -> bool:
        """A context: `no_grad`, `autocast` and what else stands around."""
        depth = len(self.guards)
        before = dict(self.modes)
        for item in node.items:
            value = self.evaluate(item.context_expr)
            self.guards.append(expressions.guard(value) or _called(item.context_expr))
            if item.optional_vars is not None:
                assigning.bind(self, item.optional_vars, value)
        entered = {k: v for k, v in self.modes.items() if before.get(k) != v}
        ended = self.block(node.body)
        self.modes.update({k: before.get(k, "") for k, v in entered.items() if self.modes.get(k) == v})
        del self.guards[depth:]
        return ended

    def attempt(self, node: ast.Try) -> bool:
        """A try: its body, then each handler on its own."""
        ended = self.block(node.body)
        for handler in node.handlers:
            before = self.snapshot()
            if self.under((handler, True), handler.body):
                self.restore(before)
            else:
                self.merge(before)
        ended = self.block(node.orelse) or ended
        return self.block(node.finalbody) or (ended and bool(node.handlers) and False) or (ended and not node.handlers)

    def stop(self, node: ast.stmt) -> bool:
        """Continue, break, raise: the way ends here."""
        if isinstance(node, ast.Break):
            self.note("break", node)
        return True


def _called(node: ast.expr) -> str:
    return ast.unparse(node.func) if isinstance(node, ast.Call) else ""


def _stay(walker: Walker, node: ast.stmt) -> bool:
    return False


def _match(walker: Walker, node: ast.Match) -> bool:
    walker.evaluate(node.subject)
    for case in node.cases:
        before = walker.snapshot()
        walker.under((case, True), case.body)
        walker.merge(before)
    return False


_STATEMENTS: dict[type[ast.stmt], Callable[..., bool]] = {
    ast.Expr: Walker.bare,
    ast.Import: Walker.bring,
    ast.ImportFrom: Walker.bring,
    ast.FunctionDef: Walker.define,
    ast.AsyncFunctionDef: Walker.define,
    ast.ClassDef: Walker.create,
    ast.Return: Walker.give_back,
    ast.If: Walker.decide,
    ast.For: Walker.repeat,
    ast.AsyncFor: Walker.repeat,
    ast.While: Walker.go_on,
    ast.With: Walker.within,
    ast.AsyncWith: Walker.within,
    ast.Try: Walker.attempt,
    ast.Raise: Walker.stop,
    ast.Continue: Walker.stop,
    ast.Break: Walker.stop,
    ast.Assign: assigning.assign,
    ast.AnnAssign: assigning.annotated,
    ast.AugAssign: assigning.augmented,
    ast.Global: assigning.shared,
    ast.Pass: _stay,
    ast.Delete: _stay,
    ast.Match: _match,
}
