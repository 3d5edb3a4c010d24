"""Does a kind of network of one's own train, go on, load, locate and evaluate, found from its checkpoint alone?"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from running import NETWORK, Run
from torch import nn

from ris_pytorch_pipeline.cli.options.extending import extend
from ris_pytorch_pipeline.data import simulate
from ris_pytorch_pipeline.errors import ConfigurationError
from ris_pytorch_pipeline.experiment import TrainingExperiment, presets, training_preset
from ris_pytorch_pipeline.experiment.training import training_from_plain
from ris_pytorch_pipeline.localise import Localiser
from ris_pytorch_pipeline.nets import NETWORKS, HybridNet, NetConfig, NetworkKind, built_network
from ris_pytorch_pipeline.train import Trained, load_network, read_checkpoint

OWN = """
from dataclasses import dataclass
from torch import nn
from ris_pytorch_pipeline.nets import NETWORKS, HybridNet, NetConfig, NetworkKind

@dataclass(frozen=True, kw_only=True)
class DeeperConfig(NetConfig):
    deeper: int = 1

class Deeper(HybridNet):
    def __init__(self, config):
        super().__init__(config)
        width = 2 * config.width
        for _ in range(config.deeper):
            self.head.shared.extend([nn.Conv2d(width, width, 1), nn.SiLU()])

    def groups(self):
        late = list(self.head.shared[3:].parameters())
        head = [p for p in self.head.parameters() if all(p is not q for q in late)]
        return {"backbone": list(self.backbone.parameters()), "head": head, "late": late}

NETWORKS["deeper"] = NetworkKind(name="deeper", build=Deeper, config=DeeperConfig)
"""
CONFIG = NETWORK.replace("[scenario]", 'network = "deeper"\n[scenario]').replace("passes = 1", "passes = 1\ndeeper = 2")
RATES = "[optimisation.ratios]\nlate = 2.0\nbackbone = 0.0\n"
TRAIN = ("train", "run", "--config", "net.toml", "--quiet")
OWN_FILE = ("--extend", "own.py")
MISSING = ("'deeper'", "out of hybrid", "--extend")


@pytest.fixture(autouse=True)
def forgotten(ris: Run, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty folder with the files above; the kind is forgotten at the end."""
    Path("own.py").write_text(OWN)
    Path("net.toml").write_text(CONFIG + RATES)
    yield
    NETWORKS.pop("deeper", None)


@pytest.fixture
def trained(ris: Run) -> Trained:
    """After two epochs, the second of them resumed."""
    assert ris(*TRAIN, *OWN_FILE).code == 0
    assert ris(*TRAIN, "--epochs", "2", "--resume", *OWN_FILE).code == 0
    return load_network("run/last.safetensors")


def test_it_trains_goes_on_and_loads_from_its_checkpoint_alone(trained: Trained) -> None:
    assert type(trained.net).__name__ == "Deeper" and trained.header.progress["epoch"] == 2
    assert trained.experiment.network == "deeper" and vars(trained.net.config)["deeper"] == 2
    assert training_from_plain(trained.experiment.to_plain()) == trained.experiment


def test_its_groups_have_rates_of_their_own_and_a_ratio_of_zero_freezes(trained: Trained) -> None:
    checkpoint = read_checkpoint("run/last.safetensors")
    assert not [name for name in checkpoint.header.optimizer if name.startswith("backbone")]
    first = built_network("deeper", trained.experiment.net).state_dict()
    moved = {name.removeprefix("live/"): x for name, x in checkpoint.tensors.items() if name.startswith("live/")}
    frozen = [name for name in moved if name.startswith("backbone")]
    assert frozen and all(torch.equal(moved[name], first[name]) for name in frozen)
    assert not torch.equal(moved["head.maps.weight"], first["head.maps.weight"])
    assert "head.shared.3.weight" in checkpoint.header.optimizer


def test_it_locates_and_evaluates(trained: Trained, ris: Run) -> None:
    scenes = simulate(replace(trained.experiment.scenario, sources=1, snr_db=20.0), 2, seed=1)
    assert Localiser(trained.net)(scenes.observation, 1).order.tolist() == [1, 1]
    scenario = ("--horizontal", "6", "--vertical", "6", "--antennas", "8", "--snapshots", "8", "--sources", "1")
    assert ris("simulate", "x", "--scenes", "2", *scenario).code == 0
    assert ris("locate", "x", "--model", "run", "--json", *OWN_FILE).code == 0
    evaluated = ris("evaluate", "run", "--sources", "1", "--snr-db", "20", "--scenes", "2", "--json", *OWN_FILE)
    assert evaluated.code == 0 and evaluated.json["cells"]


def test_without_its_file_each_says_which_kind_is_missing(trained: Trained, ris: Run) -> None:
    del NETWORKS["deeper"]
    assert ris("simulate", "x", "--scenes", "2", "--horizontal", "6", "--vertical", "6", "--antennas", "8").code == 0
    ris(*TRAIN, "--resume").refused(*MISSING)
    ris("locate", "x", "--model", "run").refused(*MISSING)
    ris("evaluate", "run", "--scenes", "2").refused(*MISSING)
    with pytest.raises(ConfigurationError, match=r"deeper.*--extend"):
        load_network("run/best.safetensors")


def test_a_group_that_the_network_has_not_is_named_with_those_it_has(ris: Run) -> None:
    Path("net.toml").write_text(CONFIG + "[optimisation.ratios]\nlte = 2.0\n")
    ris(*TRAIN, *OWN_FILE).refused("backbone, head, late", "lte")


def test_a_configuration_goes_with_its_kind() -> None:
    extend(Path("own.py"))
    with pytest.raises(ConfigurationError, match="DeeperConfig, for the network 'deeper'; got NetConfig"):
        replace(presets.tiny, network="deeper")
    wider = training_preset("desk", {"network": "deeper", "net": {"deeper": 3}})
    assert wider.net.width == presets.desk.net.width and vars(wider.net)["deeper"] == 3
    assert training_preset("tiny", {"network": "hybrid"}) == presets.tiny
    back = {"network": "hybrid", "net": {"width": 16}}
    assert type(training_preset("tiny", back).net) is NetConfig


def test_a_configuration_without_a_kind_is_of_the_hybrid() -> None:
    values = presets.tiny.to_plain()
    del values["network"], values["optimisation"]["ratios"]
    assert training_from_plain(values) == presets.tiny
    assert isinstance(built_network(TrainingExperiment().network, NetConfig(width=8, blocks=1)), HybridNet)


def test_a_module_that_offers_too_little_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(NETWORKS, "bare", NetworkKind(name="bare", build=lambda config: nn.Linear(2, 2)))
    with pytest.raises(ConfigurationError, match="Linear without config, beams, groups"):
        built_network("bare", NetConfig())
