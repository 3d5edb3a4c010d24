"""What do pages, figures, texts and files for other programs come to? Whole or not there, by what ends them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

Contents = dict[str, Any]
PNG = b"IEND\xaeB`\x82"
"""The end of every PNG."""


def drawn(name: str, end: bytes) -> Callable[[Path], Contents]:
    """A page or figure, which must be whole."""

    def read(folder: Path) -> Contents:
        path = folder / name
        if path.exists() and not path.read_bytes().rstrip().endswith(end):
            raise ValueError(f"half of {name}")
        return {name: path.exists()} if path.exists() else {}

    return read


def shown(folder: Path) -> Contents:
    """A run that is watched in TensorBoard: what it comes to, and which of its updates the event files show."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    board = folder / "board"
    held = EventAccumulator(str(board)).Reload() if board.exists() else None
    tags = [] if held is None else held.Tags()["scalars"]
    steps = [event.step for event in held.Scalars("loss/total")] if held and "loss/total" in tags else []
    from cases import trained

    return trained(folder) | {"shown": steps}


def demonstrated(folder: Path) -> Contents:
    """The page and the figures of a demonstration.

    Raises:
        ValueError: half of one.
    """
    page = drawn("demo/report.html", b"</html>")(folder)
    for path in (folder / "demo").rglob("*.png"):
        if not path.read_bytes().endswith(PNG):
            raise ValueError(f"half of {path.name}")
    return page | {path.name: True for path in sorted((folder / "demo").rglob("*.png"))}


def tabled(folder: Path) -> Contents:
    """A text whose table is written anew: all of it, or as it was.

    Raises:
        ValueError: half of it.
    """
    text = (folder / "text.md").read_text()
    if not text.endswith("the end\n"):
        raise ValueError("half of text.md")
    return {"text": text}


def onnx(folder: Path) -> Contents:
    """An ONNX file, which its checker reads."""
    import onnx as library

    path = folder / "net.onnx"
    if not path.exists():
        return {}
    library.checker.check_model(library.load(path))
    return {"net.onnx": True}
