"""What does the page of evidence say of the cost of a watch? The last table that watch_cost.py kept."""

from pathlib import Path

KEPT = Path(__file__).parent / "kept" / "watch_cost.md"
HEAD = """
## What a watch costs

Kept by `python benchmarks/watch_cost.py --out benchmarks/kept/watch_cost.md`: three loops, two of them without a watch,
in processes of their own and in turns step by step. The watch hears every loss; the loop reports no epochs, and the
first three steps, all of them measured, are left out. Processor time on one thread; in brackets the 95 % interval of a
bootstrap over the turns. The peak counts all tensors of the first steps.
"""


def print_cost() -> None:
    """Print the section, or nothing where no table is kept: it takes an idle machine, not a figure from a busy one."""
    if not KEPT.is_file():
        return
    print(HEAD)
    print(KEPT.read_text(encoding="utf-8"), end="")
