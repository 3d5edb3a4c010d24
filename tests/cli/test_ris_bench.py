"""Does `ris bench` sweep what it is asked to, print the documented JSON, and keep what is finished after Ctrl-C?"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from running import Run

from ris_pytorch_pipeline.bench import Cell
from ris_pytorch_pipeline.cli.commands import bench
from ris_pytorch_pipeline.data import config_digest

FEW = ("--horizontal", "6", "--vertical", "6", "--antennas", "8", "--snapshots", "8", "--scenes", "3")
KEYS = {
    "method", "sources", "snr_db", "n", "success", "rmse_over_crb", "order_accuracy", "gospa_whitened", "scenes_per_s",
}  # fmt: skip


def test_the_json_is_the_documented_one(ris: Run) -> None:
    found = ris("bench", "--methods", "sml,genie", "--sources", "1,2", "--snr-db", "-5,20", "--json", *FEW).json
    assert set(found) == {"cells", "complete", "config", "digest"}
    cells = found["cells"]
    expected = [(k, snr, m) for k in (1, 2) for snr in (-5.0, 20.0) for m in ("sml", "genie")]
    assert [(c["sources"], c["snr_db"], c["method"]) for c in cells] == expected
    for cell in cells:
        assert set(cell) >= KEYS
        assert cell["n"] == 3
        assert set(cell["rmse_over_crb"]) == {"azimuth", "elevation", "distance"}
        assert cell["known_order"] is True
    assert found["complete"] is True
    assert found["config"]["bench"] == {
        "methods": ["sml", "genie"], "sources": [1, 2], "snr_db": [-5.0, 20.0], "known_order": True,
    }  # fmt: skip
    assert config_digest(found["config"]) == found["digest"]


@pytest.mark.filterwarnings("default:a back-projected covariance")
def test_the_likelihood_of_the_symbols_beside_two_references_unless_named(ris: Run) -> None:
    found = ris(
        "bench", "--preset", "pilot", "--sources", "1", "--snr-db", "20", "--order", "estimated", "--json", *FEW
    ).json
    assert [cell["method"] for cell in found["cells"]] == ["pilot", "genie", "bp-music"]
    assert found["cells"][0]["known_order"] is False


def test_the_table_and_the_figure(ris: Run, tmp_path: Path) -> None:
    out = ris("bench", "--methods", "sml,genie", "--sources", "1", "--snr-db", "20", "--figure", "f.png", *FEW).out
    assert (tmp_path / "f.png").read_bytes().startswith(b"\x89PNG")
    for word in ("method", "RMSE/CRB", "sml", "genie", "2 of 2 cells\nconfiguration "):
        assert word in out
    assert max(map(len, out.splitlines())) <= 80


def test_what_is_finished_is_kept_after_ctrl_c(ris: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = bench.sweep

    def interrupted(*arguments: Any, **more: Any) -> Iterator[Cell]:
        yield next(iter(whole(*arguments, **more)))
        raise KeyboardInterrupt

    monkeypatch.setattr(bench, "sweep", interrupted)
    done = ris("bench", "--methods", "sml,genie", "--sources", "1", "--snr-db", "20", "--json", *FEW)
    assert done.code == 130
    assert done.err == "ris: interrupted\n"
    assert len(done.json["cells"]) == 1
    assert done.json["complete"] is False
