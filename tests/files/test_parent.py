"""Does a process notice that the one that started it is gone, even where it went before anybody looked?"""

import os

import pytest

from ris_pytorch_pipeline.files import Terminated, parent_watch


def test_a_living_parent_lets_go_on_and_a_dead_one_ends() -> None:
    parent_watch()()
    parent_watch(os.getppid())()
    gone = parent_watch(os.getppid() + 1)
    with pytest.raises(Terminated, match="SIGTERM"):
        gone()
