"""What is inside a thing, a list or a choice?"""

from .values import Choice, Items, Table, Tensor, Thing, Value


def inner(value: Value) -> tuple[Value, ...]:
    """What stands inside a choice, a list or a dictionary."""
    if isinstance(value, Choice):
        return value.options
    if isinstance(value, Items):
        return tuple(value.items)
    return tuple(value.entries.values()) if isinstance(value, Table) else ()


def tree(thing: Thing) -> list[Thing]:
    """A thing and everything inside it, each once."""
    found: dict[int, Thing] = {}
    left: list[Value] = [thing]
    seen: set[int] = set()
    while left:
        now = left.pop()
        if id(now) in seen:
            continue
        seen.add(id(now))
        if isinstance(now, Thing):
            found[id(now)] = now
            left.extend(now.attrs.values())
            left.extend(now.extra)
        elif not isinstance(now, Tensor):
            left.extend(inner(now))
    return list(found.values())


def mark(thing: Thing, order: int, *, frozen: bool, perhaps: bool = False) -> None:
    """Freeze a thing with all that is inside it now, or release it."""
    for each in tree(thing):
        each.history.append((order, frozen))
        if frozen or perhaps:
            each.marks.add("frozen" if frozen else "perhaps")
