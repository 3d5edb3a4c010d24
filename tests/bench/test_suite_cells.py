"""Does a suite lay axes over the right fields, refuse what it cannot run, and keep whole what a cell says?"""

import importlib
import math
import re
import sys
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import torch

from ris_pytorch_pipeline.bench import (
    COLUMNS,
    Cell,
    Entering,
    beside_genie,
    cell_of,
    cell_scenes,
    figures_of,
    read_rows,
    region_of,
    suite_from_toml,
    suite_of,
    write_rows,
)
from ris_pytorch_pipeline.bench.suites.working import row_of
from ris_pytorch_pipeline.errors import ConfigurationError, InputError
from ris_pytorch_pipeline.estimate import CONTENDERS, Contender, Estimate
from ris_pytorch_pipeline.localise import Localiser
from ris_pytorch_pipeline.physics import Observation
from ris_pytorch_pipeline.train import Trained, load_network

SMALL = {"horizontal": 8, "vertical": 8, "snapshots": 8, "sources": 1, "snr_db": 25, "distance": [0.5, 3.0]}


def suite_over(**sweep: Any) -> Any:
    return suite_of({"scenes": 24, "scenario": SMALL, "sweeps": {"one": {"methods": ["genie"], **sweep}}})


def test_the_grid_is_the_product_of_the_axes_over_any_field() -> None:
    over = {"sources": [1, [1, 3]], "impairments": {"phase_error_rad": [0.0, 0.2]}, "code_bits": ["none", 1]}
    panels = {"small": {"horizontal": 4, "vertical": 4}, "wide": {"horizontal": 16}}
    cells = suite_over(methods=["sml", "genie"], over=over, variants={"panel": panels}).cells()
    assert len(cells) == 2 * 2 * 2 * 2 * 2 and len({cell.key for cell in cells}) == len(cells)
    assert [cell.method for cell in cells[:3]] == ["sml", "genie", "sml"]
    last = cells[-1]
    assert dict(last.axes) == {"panel": "wide", "sources": [1, 3], "impairments.phase_error_rad": 0.2, "code_bits": 1}
    assert (last.scenario.horizontal, last.scenario.vertical, last.scenario.sources) == (16, 8, (1, 3))
    assert (last.scenario.impairments.phase_error_rad, last.scenario.code_bits) == (0.2, 1)
    assert cells[0].scenario.code_bits is None and cells[0].tests == len(cells)


def test_impairments_are_axes_one_by_one_and_variants_with_the_codes_they_ask_for() -> None:
    over = {"impairments": {"position_error_wavelengths": [0.0, 0.02]}}
    assert [cell.scenario.impairments.position_error_wavelengths for cell in suite_over(over=over).cells()] == [0, 0.02]
    told = {"all told": {}, "2 bits": {"code_bits": "none", "impairments": {"unmodelled_code_bits": 2}}}
    modelled, hidden = (cell.scenario for cell in suite_over(variants={"codes": told}).cells())
    assert (modelled.code_bits, modelled.impairments.unmodelled_code_bits) == (3, None)
    assert (hidden.code_bits, hidden.impairments.unmodelled_code_bits) == (None, 2)


def test_settings_of_contenders_are_swept_too() -> None:
    suite = suite_over(methods=["sml"], over={"settings": {"most_sources": [1, 2]}, "sources": [2]}, order="estimated")
    low, high = suite.cells()
    assert (low.entrant.settings, high.entrant.settings) == ({"most_sources": 1}, {"most_sources": 2})
    entering = Entering(read=load_network)
    orders = [row_of(cell, entering, suite.digest)["order_accuracy"] for cell in (low, high)]
    assert orders[0] == 0 < orders[1]


def test_sweeps_have_presets_scenes_and_fields_of_their_own() -> None:
    values = {
        "preset": "pilot", "scenes": 50, "quick": 5, "scenario": {"antennas": 4},
        "sweeps": {
            "a": {"methods": ["pilot"], "over": {"sources": [1]}},
            "b": {"methods": ["sml"], "preset": "random", "scenes": 7, "quick": 3, "scenario": {"snapshots": 9}},
        },
    }  # fmt: skip
    first, second = suite_of(values).sweeps
    assert (first.scenes, first.scenario.symbols, first.scenario.antennas) == (50, "pilot", 4)
    assert (second.scenes, second.scenario.symbols, second.scenario.snapshots) == (7, "random", 9)
    assert [sweep.scenes for sweep in suite_of(values, quick=True).sweeps] == [5, 3]
    assert [sweep.scenes for sweep in suite_of(values, quick=True, overrides={"scenes": 2}).sweeps] == [2, 2]
    assert suite_of(values).digest != suite_of(values, overrides={"seed": 1}).digest
    assert len(second.axes) == 0 and len(suite_of(values).cells()) == 2


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"sweep": {}}, "did you mean 'sweeps'"),
        ({}, "at least one sweep"),
        ({"sweeps": {"a": {"method": ["sml"]}}}, "'sweeps.a.method'.*did you mean 'methods'"),
        ({"sweeps": {"a": {"methods": ["sml"], "over": {"snr_db": 3}}}}, "sweeps.a.over.snr_db as a list"),
        ({"sweeps": {"a": {"methods": ["sml"], "over": {"snr_db": [3, 3]}}}}, "each of sweeps.a.over.snr_db once"),
        ({"sweeps": {"a": {"methods": []}}}, "at least one of sweeps.a.methods"),
        ({"sweeps": {"a": {"methods": ["sml"]}}, "contenders": {"smll": {"estimator": "sml"}}}, "did you mean 'sml'"),
        ({"sweeps": {"a": {"methods": ["x"]}}, "contenders": {"x": {"modl": "y"}}}, "did you mean 'model'"),
        (
            {"sweeps": {"a": {"methods": ["genie"]}}, "contenders": {"genie": {"settings": {"a": 1}}}},
            "without settings",
        ),
        ({"sweeps": {"a": {"methods": ["sml"], "order": "knwon"}}}, "did you mean 'known'"),
        ({"sweeps": {"a": {"methods": ["sml"], "quick": 0}}}, "quick >= 1"),
    ],
)
def test_what_does_not_fit_is_refused_by_its_name(values: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigurationError, match=named):
        suite_of(values)


@pytest.mark.parametrize(
    ("sweep", "named"),
    [
        ({"over": {"snr": [3]}}, "sweeps.one.snr'.*did you mean"),
        ({"over": {"snapshots": [0]}}, "snapshots >= 1"),
        ({"methods": ["smll"]}, "did you mean 'sml'"),
        ({"methods": ["pilot"]}, "pilot symbols"),
        ({"methods": ["sml"], "over": {"settings.treshold": [1.0]}}, "did you mean 'threshold'"),
        ({"methods": ["genie"], "over": {"settings.threshold": [1.0]}}, "genie without settings"),
    ],
)
def test_what_no_cell_can_run_is_refused_before_any_runs(sweep: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigurationError, match=named):
        Entering(read=load_network).check(suite_over(**sweep).cells())


def test_a_cell_better_than_the_bound_is_kept_with_its_alarm(guess, monkeypatch, tmp_path) -> None:
    suite = suite_over(methods=["seer", "genie"])
    seer, genie = suite.cells()
    truth = cell_scenes(seer.scenario, 24, 0).truth.positions

    class Seer:
        name = "seer"

        def __call__(self, observation: Observation, sources: Any = None) -> Estimate:
            return guess(truth)

    monkeypatch.setitem(CONTENDERS, "seer", Contender(name="seer", build=lambda region: Seer()))
    rows = beside_genie([row_of(cell, Entering(read=load_network), suite.digest) for cell in (seer, genie)])
    assert rows[0]["genie_gospa_whitened"] == rows[1]["gospa_whitened"] != rows[0]["gospa_whitened"]
    bare = {name: value for name, value in rows[0].items() if not name.startswith("genie_")}
    assert math.isnan(beside_genie([bare])[0]["genie_success"])
    write_rows(tmp_path / "rows.parquet", rows, suite.to_plain())
    kept, plain = read_rows(tmp_path / "rows.parquet")
    assert plain == suite.to_plain()
    assert "an estimator below the bound is a bug" in kept[0]["alarm"] and kept[1]["alarm"] is None
    assert repr(kept) == repr([{name: row[name] for name in COLUMNS} for row in rows])


def test_a_row_holds_everything_a_cell_says() -> None:
    suite = suite_over(methods=["sml"], over={"sources": [[1, 2]]})
    row = beside_genie([row_of(suite.cells()[0], Entering(read=load_network), suite.digest)])[0]
    cell = cell_of(row)
    assert {field.name for field in fields(Cell)} == set(vars(cell))
    assert cell.sources == (1, 2) and cell.snr_db == 25.0 and cell.n == 24
    again = figures_of(cell)
    assert repr(again) == repr({name: row[name] for name in again})
    assert set(COLUMNS) == set(row) and not math.isnan(row["success_low"])


def test_a_row_has_the_figures_of_the_genie_whoever_else_is_named() -> None:
    entering = Entering(read=load_network)
    alone, both = suite_over(methods=["sml"]), suite_over(methods=["sml", "genie"])
    rows = [beside_genie([row_of(cell, entering, "x") for cell in suite.cells()])[0] for suite in (alone, both)]
    own, others = ({name: row[name] for name in COLUMNS if name.startswith("genie_")} for row in rows)
    assert own == others and len(own) == 5 and own["genie_success"] > 0.5


def test_results_of_other_columns_are_refused(tmp_path: Path) -> None:
    (tmp_path / "cells.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(InputError, match="results that `ris bench SUITE` kept"):
        read_rows(tmp_path / "cells.parquet")
    with pytest.raises(InputError, match="No such file"):
        read_rows(tmp_path / "none.parquet")


def test_a_network_is_read_once_and_told_by_its_run(monkeypatch) -> None:
    class Header:
        identity, progress = {"run": "r1"}, {"updates": 7}

    class Net:
        class config:
            region = None

    reads = []

    def read(path: Path) -> Trained:
        reads.append(path)
        return Trained.__new__(Trained)

    def fake(self: Trained, name: str) -> Any:
        return {"header": Header, "net": Net}[name]

    monkeypatch.setattr(Trained, "__getattr__", fake, raising=False)
    values = {"contenders": {"net": {"model": "runs/x", "settings": {"polish": 0}}}}
    suite = suite_of(values | {"sweeps": {"a": {"methods": ["net"], "over": {"snr_db": [0, 5]}}}})
    entering = Entering(read=read)
    told = [entering.provenance(cell.entrant) for cell in suite.cells()]
    assert told[0] == {"model": "runs/x", "settings": {"polish": 0}, "run": "r1", "updates": 7}
    assert reads == [Path("runs/x")]
    bad = suite_of({"contenders": {"net": {"model": "runs/x", "settings": {"beta": 0.2}}},
                    "sweeps": {"a": {"methods": ["net"]}}})  # fmt: skip
    with pytest.raises(ConfigurationError, match="beta beside proposals"):
        entering.attempt(bad.cells()[0])


def test_the_network_of_the_package_enters_with_its_count_its_domain_and_the_field_of_the_scenes() -> None:
    values = {"scenes": 4, "contenders": {"net": {"model": "reference"}}, "order": "estimated"}
    one = {"methods": ["net"], "scenario": {"sources": 2, "azimuth_deg": [-40, 40]}}
    (cell,) = suite_of({**values, "sweeps": {"one": one}}).cells()
    scenes = cell_scenes(cell.scenario, 4, 0, 0)
    entering = Entering(read=load_network)
    found = entering.attempt(cell)(scenes.observation, scenes.truth)
    direct = Localiser.reference(doubt=0.7, field=region_of(cell.scenario))(scenes.observation)
    assert torch.equal(found.order, direct.order) and torch.equal(found.positions, direct.positions)
    (outside,) = suite_of({**values, "sweeps": {"one": one | {"scenario": {"azimuth_deg": [-80, 80]}}}}).cells()
    with pytest.raises(InputError, match="field of view"):
        entering.attempt(outside)


@pytest.mark.parametrize("name", ["paper", "network", "doubts"])
def test_the_shipped_suites_are_sound(name: str) -> None:
    for quick in (False, True):
        suite = suite_from_toml(Path(__file__).parents[2] / "suites" / f"{name}.toml", quick=quick)
        Entering(read=load_network).check(suite.cells())
    assert torch.get_num_threads() == 1


def test_the_suite_of_the_manual_is_read_and_its_contenders_are_made() -> None:
    text = (Path(__file__).parents[2] / "docs" / "benchmark.md").read_text(encoding="utf-8")
    (example, *_) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    cells = suite_of(tomllib.loads(example)).cells()
    Entering(read=load_network).check(cells)
    assert len(cells) == 4 * 2 * 3 and all(name in text for name in ("`genie_*`", "`rmse_over_crb_*`", "`--resume`"))


@pytest.mark.parametrize(
    ("module", "missing", "extra"),
    [("bench.suites.sealed_table", "pyarrow", "bench"), ("report.pages.templating", "jinja2", "report")],
)
def test_a_missing_extra_is_named(module: str, missing: str, extra: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"ris_pytorch_pipeline.{module}"
    importlib.import_module(name)
    monkeypatch.setitem(sys.modules, missing, None)
    monkeypatch.delitem(sys.modules, name)
    with pytest.raises(ConfigurationError, match=rf"pip install 'ris-pytorch-pipeline\[{extra}\]'"):
        importlib.import_module(name)
