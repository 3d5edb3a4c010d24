"""Does `ris train --calibration` train behind one's own panel, keep its name, and go on behind no other?"""

import json
from pathlib import Path

import torch
from running import NETWORK, Run, hardware

from ris_pytorch_pipeline.cli.options.scenes.hardware import calibration_name
from ris_pytorch_pipeline.data import SceneSource
from ris_pytorch_pipeline.experiment import training_from_toml
from ris_pytorch_pipeline.train import Parts, Reporter, Trainer, read_checkpoint, scenes_behind

TRAIN = ("train", "run", "--config", "net.toml", "--quiet", "--no-preflight", "--calibration")


def test_the_scenes_are_those_of_the_panel_which_the_network_is_told_of(panel: str) -> None:
    """Against the intended codes with the gains of the file multiplied on by hand."""
    training, gains = training_from_toml(Path("net.toml")), hardware()
    nominal = SceneSource(scenario=training.scenario, split="train", seed=0, scenes=32, batch=16).drawn(0)
    inputs, _ = scenes_behind(gains.hardware(told=True), panel)(training).train(0)[0]
    told, intended = inputs.observation, nominal.observation
    response = told.channel[:, :, None, :] * told.codes[:, None]  # (scene, antenna, snapshot, element)
    wanted = intended.channel[:, :, None, :] * intended.codes[:, None] * gains.elements[0].to(torch.complex64)
    wanted = wanted * gains.antennas[0].to(torch.complex64)[:, None, None]
    assert torch.allclose(response, wanted, atol=1e-5 * float(wanted.abs().max()))
    assert not torch.allclose(told.measurements, intended.measurements, rtol=1e-2)


def test_a_run_behind_a_panel_keeps_its_name_and_goes_on_behind_no_other(ris: Run, panel: str) -> None:
    assert ris(*TRAIN, panel).code == 0
    begun = json.loads(Path("run/ledger.jsonl").read_text(encoding="utf-8").splitlines()[0])
    name = calibration_name(Path(panel))
    assert begun["data"].endswith(f"; behind calibration {name}")
    on = ("--resume", "--epochs", "2")
    ris(*TRAIN, "other", *on).refused(f"began with: calibration {name}", "got calibration other@", "the same file")
    ris(*TRAIN[:-1], *on).refused(f"began with: calibration {name}", "got no calibration")
    assert ris(*TRAIN, panel, *on).code == 0
    training = training_from_toml(Path("net.toml"))
    data = scenes_behind(hardware().hardware(told=True), "any")
    whole = Trainer(training, directory="whole", reporter=Reporter(quiet=True), parts=Parts(data=data))
    whole.fit(epochs=2)
    kept = read_checkpoint("whole/last.safetensors").tensors
    assert all(torch.equal(kept[key], value) for key, value in read_checkpoint("run/last.safetensors").tensors.items())


def test_a_nominal_run_does_not_go_on_behind_a_panel(ris: Run, panel: str) -> None:
    assert ris(*TRAIN[:-1]).code == 0
    ris(*TRAIN, panel, "--resume", "--epochs", "2").refused("began with: no calibration", f"got calibration {panel}@")


def test_the_checks_pass_behind_a_panel(ris: Run, panel: str) -> None:
    done = ris("train", "run", "--config", "net.toml", "--calibration", panel)
    assert done.code == 0 and "pass  labels of the inputs" in done.out


def test_a_panel_that_does_not_fit_and_shards_are_refused(ris: Run, panel: str) -> None:
    Path("net.toml").write_text(NETWORK.replace("horizontal = 6", "horizontal = 7"), encoding="utf-8")
    ris(*TRAIN, panel).refused("a calibration of other hardware")
    ris(*TRAIN, panel, "--shards", "s").refused("--calibration or --shards", "with --shards alone")
    ris(*TRAIN, "gone").refused("gone")
    assert not Path("run").exists()
