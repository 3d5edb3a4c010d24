"""How are the tests of both packages handed to workers, and how is their memory looked after?"""

import gc
from typing import Any

import pytest

__all__ = ["pytest_collection_finish", "pytest_xdist_make_scheduler"]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Each worker begins with one half, so that what a file's tests share is made once; who is done helps the other."""
    from xdist.scheduler import WorkStealingScheduling

    return WorkStealingScheduling(config, log)


def pytest_collection_finish() -> None:
    """What was imported is not looked through for garbage again and again."""
    gc.collect()
    gc.freeze()
