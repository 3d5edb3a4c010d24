"""Does `ris evaluate` compare a checkpoint with the others on the same scenes, and refuse what is none?"""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from running import Run

from ris_pytorch_pipeline.bench import HYBRIDS, Cell, cell_scenes
from ris_pytorch_pipeline.cli.commands import evaluate
from ris_pytorch_pipeline.cli.forms.kept_evaluation import read_evaluation
from ris_pytorch_pipeline.data import load_scenes
from ris_pytorch_pipeline.errors import InputError
from ris_pytorch_pipeline.files import Lock
from ris_pytorch_pipeline.train import load_network


def test_every_method_on_the_scenes_of_training(ris: Run, run_folder: Path) -> None:
    done = ris("evaluate", str(run_folder), "--scenes", "6", "--json")
    assert done.code == 0, done.err
    cells = done.json["cells"]
    assert [cell["method"] for cell in cells] == [*HYBRIDS, "sml", "bp-music", "genie"]
    assert all(cell["sources"] == [1, 2] and cell["snr_db"] == [10.0, 20.0] and cell["n"] == 6 for cell in cells)
    assert sum(cells[0]["order_counts"]) == 6, "K is told, so every scene counts in one of its orders"
    (error,) = done.json["covariance"]
    assert error["cell"] == "K = 1..2, 10..20 dB" and error["n"] == 6
    assert 0.2 < error["nmse_predicted"] < 3 and 0.2 < error["nmse_sampled"] < 3
    assert done.json["complete"] is True
    assert done.json["model"].endswith("best.safetensors") and done.json["weights"] == "ema"
    assert done.json["config"]["scenario"]["horizontal"] == 6


def test_the_cells_and_some_scenes_are_kept_beside_the_run(ris: Run, run_folder: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    shutil.copytree(run_folder, own, ignore=shutil.ignore_patterns("evaluation"))
    options = ("--methods", "hybrid,genie", "--sources", "1,2", "--snr-db", "20", "--scenes", "70")
    done = ris("evaluate", str(own), *options)
    assert done.code == 0 and "kept in" in done.err and "ris report" in done.err
    kept = read_evaluation(own / "evaluation")
    assert kept is not None and kept.labels == ["K = 1, 20 dB", "K = 2, 20 dB"] and kept.updates == 2
    assert [(row["method"], json.loads(row["axes"])["sources"]) for row in kept.rows] == [
        ("hybrid", 1), ("genie", 1), ("hybrid", 2), ("genie", 2),
    ]  # fmt: skip
    assert kept.rows[0]["genie_success"] == kept.rows[1]["success"] and kept.rows[0]["n"] == 70
    file = load_scenes(own / "evaluation" / "scenes-2.safetensors")
    again = cell_scenes(replace(load_network(own / "best.safetensors").experiment.scenario, sources=2, snr_db=20.0),
                        64, 0, 0)  # fmt: skip
    assert len(file.observation) == 70 and torch.allclose(
        file.observation.measurements[:64], again.observation.measurements.to(torch.complex64)
    ), "the very scenes that were evaluated"
    good = (own / "evaluation" / "cells.json").read_bytes()
    for at in range(0, len(good), len(good) // 50):
        (own / "evaluation" / "cells.json").write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
        with pytest.raises(InputError):
            read_evaluation(own / "evaluation")


def test_a_folder_that_cannot_be_written_costs_nothing_else(ris: Run, run_folder: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    shutil.copytree(run_folder, own, ignore=shutil.ignore_patterns("evaluation"))
    (own / "evaluation").write_text("a file")
    done = ris("evaluate", str(own), "--methods", "hybrid", "--scenes", "2")
    assert done.code == 0 and "hybrid" in done.out and "not kept for `ris report`: wanted" in done.err


def test_two_do_not_keep_their_evaluations_over_each_other(ris: Run, run_folder: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    shutil.copytree(run_folder, own, ignore=shutil.ignore_patterns("evaluation"))
    (own / "evaluation").mkdir()
    with Lock(own / "evaluation"):
        done = ris("evaluate", str(own), "--methods", "hybrid-raw", "--scenes", "2")
        assert done.code == 0 and "hybrid" in done.out
        assert f"not kept for `ris report`: wanted a folder that no other process writes in, {own}" in done.err
        assert [path.name for path in (own / "evaluation").iterdir()] == [".lock"]
    assert "kept in" in ris("evaluate", str(own), "--methods", "hybrid-raw", "--scenes", "2").err


@pytest.mark.parametrize(
    "damage", ["{", '{"rows": []}', '{"rows": [{}], "words": [], "run": "", "updates": 1, "known_order": true, '
               '"polish": 1, "labels": []}'],
)  # fmt: skip
def test_a_damaged_evaluation_is_refused(damage: str, tmp_path: Path) -> None:
    (tmp_path / "cells.json").write_text(damage)
    with pytest.raises(InputError, match="what `ris evaluate RUN` kept"):
        read_evaluation(tmp_path)


def test_cells_and_text(ris: Run, run_folder: Path) -> None:
    options = (
        "--methods",
        "hybrid,sml",
        "--sources",
        "1,[1,2]",
        "--snr-db",
        "20",
        "--scenes",
        "3",
        "--order",
        "estimated",
    )
    done = ris("evaluate", str(run_folder / "best.safetensors"), *options, "--figure", "out.png")
    assert done.code == 0, done.err
    for word in ("1..2", "K estimated", "ema weights after 2 updates", "NMSE of R_pred", "K = 1..2, 20 dB"):
        assert word in done.out
    assert Path("out.png").read_bytes().startswith(b"\x89PNG")


def test_a_polished_network_is_the_likelihood_from_its_candidates(ris: Run, run_folder: Path) -> None:
    options = ("--methods", "hybrid,hybrid-raw", "--sources", "1", "--snr-db", "20", "--scenes", "20", "--json")
    polished, raw = ris("evaluate", str(run_folder), *options).json["cells"]
    assert polished["gospa_whitened"] < raw["gospa_whitened"]
    none, same = ris("evaluate", str(run_folder), "--polish", "0", *options).json["cells"]
    assert none["gospa_whitened"] == same["gospa_whitened"] == raw["gospa_whitened"]


def test_bad_input(ris: Run, run_folder: Path, tmp_path: Path) -> None:
    ris("evaluate", "nowhere").refused("a readable checkpoint")
    ris("evaluate", str(tmp_path)).refused("best.safetensors", "no run was trained there")
    ris("evaluate", str(run_folder), "--methods", "hybird").refused("did you mean 'hybrid'")
    ris("evaluate", str(run_folder), "--sources", "x").refused("sources")
    ris("evaluate", str(run_folder), "--preset", "random").refused("the array the network was trained for")
    ris("evaluate", str(run_folder), "--figure", "nowhere/out.png").refused("a folder that exists")
    ris("evaluate", str(run_folder), "--figure", "out.png").refused("cells of one SNR each")
    ris("evaluate", str(run_folder), "--methods", "hybrid,hybrid").refused("each of methods once; got hybrid again")
    ris("evaluate", str(run_folder), "--sources", "1,9").refused("at most 8 sources", "leave its methods out")
    ris("evaluate", str(run_folder), "--polish", "-1").refused("polish >= 0")
    other = ("--methods", "sml", "--horizontal", "7", "--sources", "1")
    ris("evaluate", str(run_folder), *other).refused("the array the network was trained for")
    ris("evaluate", str(run_folder), "--scenes", "0").refused("scenes >= 1")


def test_locating_with_a_network(ris: Run, run_folder: Path, small_file: str) -> None:
    done = ris("locate", small_file, "--model", str(run_folder), "--sources", "1", "--scene", "all", "--json")
    assert done.code == 0, done.err
    assert done.json["estimator"] == "hybrid (candidates that explain) + search below 0.7 + 10 updates"
    assert [len(scene["sources"]) for scene in done.json["scenes"]] == [1, 1, 1]
    raw = ris(
        "locate", small_file, "--model", str(run_folder), "--proposals", "music", "--polish", "0", "--sources", "1"
    )
    assert raw.code == 0 and "music on R_pred" in raw.out


def test_a_network_brings_its_own_field_of_view(ris: Run, run_folder: Path, small_file: str) -> None:
    model = ("--model", str(run_folder))
    ris("locate", small_file, *model, "--azimuth-deg", "[-30,30]").refused("--azimuth-deg")
    ris("locate", small_file, *model, "--estimator", "sml").refused("--estimator")
    ris("locate", small_file, "--polish", "3").refused("--model")
    assert ris("simulate", "other.safetensors", "--scenes", "1").code == 0
    ris("locate", "other.safetensors", *model).refused("the array the network was trained for")


@pytest.mark.filterwarnings("default:the network was trained on")
def test_other_symbols_are_worth_a_word(ris: Run, run_folder: Path) -> None:
    small = ("--horizontal", "6", "--vertical", "6", "--antennas", "8", "--snapshots", "8", "--sources", "1")
    assert ris("simulate", "pilot.safetensors", "--preset", "pilot", "--scenes", "1", *small).code == 0
    done = ris("locate", "pilot.safetensors", "--model", str(run_folder), "--sources", "1")
    assert done.code == 0 and "trained on random symbols" in done.err
    cells = ("--symbols", "pilot", "--methods", "hybrid-raw", "--sources", "1", "--scenes", "2")
    done = ris("evaluate", str(run_folder), *cells)
    assert done.code == 0 and "these scenes have pilot ones" in done.err


def test_a_file_says_which_scenes(ris: Run, run_folder: Path) -> None:
    Path("scenes.toml").write_text(
        "scenes = 3\nseed = 5\n[scenario]\nhorizontal = 6\nvertical = 6\nantennas = 8\nsnapshots = 8\n"
        "sources = 2\nsnr_db = 15\n"
    )
    options = ("--config", "scenes.toml", "--methods", "hybrid-raw", "--json")
    said = ris("evaluate", str(run_folder), *options).json
    (cell,) = said["cells"]
    assert (cell["sources"], cell["snr_db"], cell["n"]) == (2, 15.0, 3)
    assert said["config"]["seed"] == 5 and said["config"]["scenario"]["snapshots"] == 8
    (cell,) = ris("evaluate", str(run_folder), *options, "--scenes", "2", "--sources", "1").json["cells"]
    assert (cell["sources"], cell["n"]) == (1, 2)


def test_what_is_finished_is_kept_after_ctrl_c(ris: Run, run_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = evaluate.sweep

    def interrupted(*arguments: Any) -> Iterator[Cell]:
        yield next(iter(whole(*arguments)))
        raise KeyboardInterrupt

    monkeypatch.setattr(evaluate, "sweep", interrupted)
    options = ("--methods", "hybrid,sml", "--sources", "1", "--snr-db", "10,20", "--scenes", "3")
    done = ris("evaluate", str(run_folder), *options, "--json")
    assert done.code == 130 and done.err.endswith("ris: interrupted\n")
    assert [cell["method"] for cell in done.json["cells"]] == ["hybrid"] and done.json["complete"] is False
    assert [error["cell"] for error in done.json["covariance"]] == ["K = 1, 10 dB"]
    assert "1 of 4 cells" in ris("evaluate", str(run_folder), *options).out
