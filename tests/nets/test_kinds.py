"""Is what a kind builds asked for the parts of a network, by any Python?"""

import inspect
import re
from pathlib import Path
from typing import Any

import pytest
from torch import nn

import ris_pytorch_pipeline
from ris_pytorch_pipeline.errors import ConfigurationError
from ris_pytorch_pipeline.nets import NETWORKS, NetConfig, NetworkKind, built_network


def test_isinstance_of_a_protocol_sees_no_submodule_and_is_not_asked() -> None:
    net = built_network("hybrid", NetConfig(width=8, blocks=1))
    with pytest.raises(AttributeError):
        inspect.getattr_static(net, "beams")  # where isinstance looks from Python 3.12 on
    sources = Path(ris_pytorch_pipeline.__file__).parent.rglob("*.py")
    asked = re.compile(r"isinstance\([^()]*, \(?[^()]*\bNetwork\b")
    assert not [file.name for file in sources if asked.search(file.read_text(encoding="utf-8"))]


@pytest.mark.parametrize(("build", "lacks"), [
    (lambda _: nn.Linear(1, 1), "Linear without config, beams, groups"),
    (lambda _: type("Bare", (), {"config": 0, "beams": 0, "groups": 0})(), "Bare without nn.Module"),
])  # fmt: skip
def test_what_lacks_a_part_is_refused(monkeypatch: pytest.MonkeyPatch, build: Any, lacks: str) -> None:
    monkeypatch.setitem(NETWORKS, "own", NetworkKind(name="own", build=build, config=NetConfig))
    with pytest.raises(ConfigurationError, match=lacks):
        built_network("own", NetConfig())
