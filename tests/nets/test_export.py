"""Does the learned part of a network answer outside Python as it does inside?"""

from pathlib import Path

import numpy as np
import pytest
import torch

from ris_pytorch_pipeline.errors import ConfigurationError
from ris_pytorch_pipeline.localise import reference_network
from ris_pytorch_pipeline.nets import HybridNet, export_onnx, exported
from ris_pytorch_pipeline.nets.export import NAMES, Learned
from ris_pytorch_pipeline.rng import stream


@pytest.fixture(scope="module")
def net() -> HybridNet:
    found = reference_network().net
    assert isinstance(found, HybridNet)
    return found


def beams(net: HybridNet, scenes: int) -> torch.Tensor:
    shape = (scenes, net.beams.channels, *net.beams.grid.shape[:2])
    return torch.randn(shape, generator=stream(0, "beams", scenes))


def test_an_exported_program_takes_any_number_of_scenes(net: HybridNet) -> None:
    program = exported(net).module()
    with torch.no_grad():
        for scenes in (1, 5):
            for told, wanted in zip(program(beams(net, scenes)), Learned(net)(beams(net, scenes)), strict=True):
                assert torch.allclose(told, wanted, atol=1e-5)


@pytest.mark.filterwarnings("ignore:.isinstance.treespec:FutureWarning")  # of torch, about itself
def test_onnxruntime_answers_alike(net: HybridNet, tmp_path: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    export_onnx(net, tmp_path / "net.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "net.onnx")
    assert [each.name for each in session.get_inputs()] == ["beams"]
    assert tuple(each.name for each in session.get_outputs()) == NAMES
    for scenes in (1, 5):
        told = session.run(None, {"beams": beams(net, scenes).numpy()})
        with torch.no_grad():
            wanted = Learned(net)(beams(net, scenes))
        for mine, theirs in zip(told, wanted, strict=True):
            assert np.allclose(mine, theirs.numpy(), atol=1e-4)


def test_a_place_that_takes_no_file_is_refused_before_the_export(
    net: HybridNet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    pytest.importorskip("onnxscript")
    monkeypatch.setattr("ris_pytorch_pipeline.nets.export.exported", None)  # never called
    (tmp_path / "there").write_text("of somebody")
    (tmp_path / "link").symlink_to("there")
    for name, word in (("there", "it exists"), ("no/net.onnx", "No such file"), ("link", "it exists")):
        with pytest.raises(ConfigurationError, match=word):
            export_onnx(net, tmp_path / name)
    with pytest.raises(ConfigurationError, match="a link"):
        export_onnx(net, tmp_path / "link", overwrite=True)
    assert (tmp_path / "there").read_text() == "of somebody"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "there"]
