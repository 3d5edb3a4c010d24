"""Where are the files of the page? Beside this one; they need nothing from elsewhere."""

from collections.abc import Awaitable, Callable
from importlib.resources import files

from ..extra import fastapi

_TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript"}


def page_file(name: str) -> Callable[[], Awaitable["fastapi.Response"]]:
    """A route that answers with a file of this folder."""
    content, kind = (files(__package__ or "") / name).read_bytes(), _TYPES[name.rpartition(".")[2]]

    async def answer() -> fastapi.Response:
        return fastapi.Response(content, media_type=f"{kind}; charset=utf-8")

    return answer
