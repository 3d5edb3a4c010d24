"""Does `ris simulate --shards` write, resume and refuse as documented, and does `ris train --shards` train from it?"""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from running import SMALL, SMALL_TOML, Run
from safetensors.torch import load_file

from ris_pytorch_pipeline.bench import score
from ris_pytorch_pipeline.bounds import scene_bound
from ris_pytorch_pipeline.calibrate import Calibration, save_calibration
from ris_pytorch_pipeline.data import SceneSource, content_hashes, open_shards
from ris_pytorch_pipeline.data.sharded.manifest import file_digest
from ris_pytorch_pipeline.estimate import Sml
from ris_pytorch_pipeline.experiment import training_from_toml
from ris_pytorch_pipeline.files import SEAL, blank, read_tensors, sealed, write_tensors
from ris_pytorch_pipeline.rng import stream
from ris_pytorch_pipeline.train import read_ledger

DRAW = ("simulate", "--shards", "s", "--split", "train=40", "val=8", "--batch", "8", "--per-shard", "16", *SMALL)
RUN = ("train", "run", "--shards", "s", "--config", "t.toml", "--quiet")
CONFIG = f"""{SMALL_TOML}distance_law = "uniform"
[plan]
epochs = 1
n_train = 32
n_val = 8
batch = 8
"""


@pytest.fixture
def ready(ris: Run, tmp_path: Path) -> Run:
    """Shards, and a configuration of a short run on them."""
    assert ris(*DRAW).code == 0
    (tmp_path / "t.toml").write_text(CONFIG)
    return ris


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_shards_are_written_and_kept(ris: Run, tmp_path: Path) -> None:
    first = ris(*DRAW).out.splitlines()
    assert first[0].startswith("train: 40 scenes, 0.") and first[0].endswith(" MB, shards: 3")
    assert first[1].startswith("validation: 8 scenes, 0.") and first[1].endswith(" MB, shards: 1")
    assert first[2] == "48 scenes, no two of them the same; shards kept: 0, written: 4"
    before = files(tmp_path / "s")
    (tmp_path / "s" / "train-00001.safetensors").unlink()
    said = ris(*DRAW, "--json").json
    assert (said["kept"], said["written"]) == (3, 1)
    assert said["splits"]["train"] == {
        "scenes": 40, "shards": 3, "bytes": sum(len(before[f"train-0000{n}.safetensors"]) for n in range(3)),
    }  # fmt: skip
    assert said["digest"] == open_shards("s").manifest.digest == first[3].removeprefix("manifest ")
    assert files(tmp_path / "s") == before
    ris("locate", "s").refused("got s, a folder", "name one of its .safetensors")


def test_another_simulation_in_the_same_folder_is_refused(ready: Run, tmp_path: Path) -> None:
    before = files(tmp_path / "s")
    ready(*DRAW, "--seed", "1").refused("seed: 0, 1", "pick another folder")
    ready(*DRAW, "--snapshots", "9").refused("scenario.snapshots: 8, 9")
    assert files(tmp_path / "s") == before


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["x", "--shards", "s"], "--shards DIR; got both"),
        (["x", "--split", "train=4"], "one scene file; got --split"),
        (["x", "--per-shard", "4"], "one scene file; got --per-shard"),
        (["x", "--batch", "0"], "one scene file; got --batch"),
        (["--shards", "s", "--force"], "--shards; got --force"),
        (["--shards", "s", "--scenes", "3"], "--shards; got --scenes"),
        (["--shards", "s"], "at least one split"),
        (["--shards", "s", "--split", "trian=4"], "did you mean 'train'"),
        (["--shards", "s", "--split", "train"], "--split train as an integer"),
        (["--shards", "s", "--split", "val=1.5"], "a fraction where a count belongs"),
        (["--shards", "s", "--split", "val=4", "validation=4"], "each split once"),
        (["--shards", "s", "--split", "train=0"], "train >= 1"),
        (["--shards", "s", "--split", "train=4", "--batch", "0"], "batch >= 1"),
        (["--shards", "s", "--split", "train=4", "--per-shard", "33"], "a multiple of the batch"),
        (["--shards", "s", "--split", "train=1000000000000"], " GB free in s"),
    ],
)
def test_a_command_that_cannot_be_writes_nothing(arguments: list[str], part: str, ris: Run, tmp_path: Path) -> None:
    ris("simulate", *arguments).refused(part)
    assert not list(tmp_path.iterdir())


def test_a_run_trains_from_shards(ready: Run, tmp_path: Path) -> None:
    done = ready(*RUN)
    assert done.code == 0, done
    start = read_ledger(tmp_path / "run" / "ledger.jsonl")[0]
    assert start["experiment"]["plan"]["fresh"] is False
    assert start["data"].endswith(f"shards of s, manifest {open_shards('s').manifest.digest}")
    assert ready(*RUN, "--resume").code == 0
    experiment = training_from_toml(tmp_path / "t.toml")
    drawn = SceneSource(scenario=experiment.scenario, split="train", seed=0, scenes=32, batch=8)
    assert content_hashes(drawn) == content_hashes(open_shards("s").source("train", 32, 8))


def test_shards_that_do_not_fit_start_no_run(ready: Run, tmp_path: Path) -> None:
    ready(*RUN, "--n-train", "48").refused("1 to 40 train scenes", "got 48")
    ready(*RUN, "--n-val", "9").refused("1 to 8 validation scenes")
    ready(*RUN, "--n-train", "4").refused("n_train >= batch, which is 8; got 4")
    ready("train", "run", "--shards", "s").refused("scenario.antennas: 8, 16 (in the shards, in the experiment)")
    ready("train", "run", "--shards", "no").refused("a mistyped folder")
    (tmp_path / "zero.toml").write_text("[plan]\nhold_mb = 0\n")
    ready("train", "run", "--config", "zero.toml").refused("hold_mb >= 1; got 0", "a budget of zero")
    path = tmp_path / "s" / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"version": 9}))
    ready(*RUN).refused("version 9", "another release")
    assert not (tmp_path / "run").exists()


def test_a_scene_that_is_not_finite_stops_the_run_by_name(ready: Run, tmp_path: Path) -> None:
    path = tmp_path / "s" / "train-00001.safetensors"
    tensors = load_file(path)
    tensors["measurements"][7, 0, 0, 0] = torch.inf
    with read_tensors(path) as file:
        header = file.metadata["header"]
    write_tensors(path, tensors, header)
    ready(*RUN).refused("SHA-256", "an altered file", "writes what is wrong anew")
    manifest = json.loads((tmp_path / "s" / "manifest.json").read_text())
    manifest["shards"]["train"][1]["sha256"] = file_digest(path)  # as if it had been written so
    text = json.dumps(manifest | {SEAL: blank()}, separators=(",", ":"))
    (tmp_path / "s" / "manifest.json").write_bytes(sealed(text.encode()))
    found = "finite measurements; got s/train-00001.safetensors: NaN or infinite values in 1 of 8 scenes, the first of"
    checked = ready(*RUN)
    assert checked.code == 1 and found in checked.out and not (tmp_path / "run").exists()
    ready(*RUN, "--no-preflight", "--quiet").refused(found, "them scene 7")


def test_another_network_or_folder_in_use_is_refused(ready: Run, tmp_path: Path) -> None:
    assert ready(*RUN).code == 0
    before = files(tmp_path / "run")
    (tmp_path / "t.toml").write_text(CONFIG + "[net]\nwidth = 24\n")
    ready(*RUN, "--resume").refused("net.width")
    ready(*RUN).refused("a directory without a run", "resume=True")
    assert files(tmp_path / "run") == before


def test_a_network_is_evaluated_on_the_test_split(ready: Run, tmp_path: Path) -> None:
    assert ready(*RUN).code == 0
    evaluate = ("evaluate", "run", "--shards", "s", "--methods", "sml,hybrid-raw")
    ready(*evaluate).refused("test scenes in s; got splits train, validation", "--split test=1000")
    held = ("simulate", "--shards", "h", "--split", "test=70", "--batch", "8", "--per-shard", "16", *SMALL)
    assert ready(*held).code == 0
    evaluate = ("evaluate", "run", "--shards", "h", "--methods", "sml,hybrid-raw")
    done = ready(*evaluate, "--json")
    assert done.code == 0, done.err
    assert [(cell["method"], cell["n"], cell["sources"]) for cell in done.json["cells"]] == [
        ("sml", 70, 1),
        ("hybrid-raw", 70, 1),
    ]
    assert done.json["covariance"][0]["n"] == 70
    assert done.json["config"]["shards"] == open_shards("h").manifest.digest
    scenes = open_shards("h").scenes("test", 0, 70).to(dtype=torch.complex128)
    near = score(scenes.truth, scene_bound(scenes), Sml()(scenes.observation, 1)).success.double().mean()
    assert done.json["cells"][0]["success"] == pytest.approx(float(near))
    assert "70 test scenes of the shards of manifest" in ready(*evaluate).out
    gains = Calibration.nominal(scenes.observation.array, 8)
    turned = torch.polar(torch.ones(36), torch.rand(36, generator=stream(0, "turned")) * 6).to(torch.complex128)
    save_calibration(Path("wrong"), replace(gains, elements=turned[None]))
    behind = ready(*evaluate, "--calibration", "wrong", "--json")
    assert behind.json["config"]["calibration"].startswith("wrong@")
    assert behind.json["cells"][0]["success"] < 0.2, "gains that the hardware does not have leave nothing to locate"
    ready(*evaluate, "--calibration", "wrong", "--untold").refused("got --untold")
    ready(*evaluate, "--scenes", "71").refused("1 to 70 test scenes", "--scenes 70")
    ready(*evaluate, "--seed", "3").refused("the scenes of --shards as they are; got --seed")
    ready(*evaluate, "--snapshots", "9").refused("got --snapshots")
    ready(*evaluate, "--config", "t.toml").refused("got --config")
    (tmp_path / "h" / "test-00001.safetensors").unlink()
    ready(*evaluate).refused("test-00001.safetensors; got no such file")
