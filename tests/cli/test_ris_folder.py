"""Does `ris locate FOLDER` find in each scene what it finds in a file, on workers too, and after a stop?"""

import argparse
import shutil
from pathlib import Path

import pytest
from running import SMALL, Run

from ris_pytorch_pipeline.bench import read_located
from ris_pytorch_pipeline.errors import InputError

pq = pytest.importorskip("pyarrow.parquet")

DRAW = ("simulate", "--shards", "s", "--split", "test=10", "--batch", "2", "--per-shard", "4", *SMALL)


@pytest.fixture
def shards(ris: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A folder `s` of three files with 4, 4 and 2 scenes, located three at a time."""
    monkeypatch.setattr("ris_pytorch_pipeline.cli.forms.locate_folder.BLOCK", 3)
    assert ris(*DRAW).code == 0
    return ris


def test_each_scene_of_a_folder_has_the_sources_of_its_file(shards: Run, tmp_path: Path) -> None:
    said = shards("locate", "s", "--out", "r.parquet", "--json").json
    assert said == {"folder": "s", "out": "r.parquet", "scenes": 10, "rows": 10}
    rows = pq.read_table("r.parquet").to_pylist()
    assert [(row["file"], row["scene"]) for row in rows] == [
        (f"test-0000{number}.safetensors", scene) for number, held in enumerate((4, 4, 2)) for scene in range(held)
    ]
    for number in range(3):
        name = f"test-0000{number}.safetensors"
        alone = shards("locate", f"s/{name}", "--scene", "all", "--json").json
        for scene in alone["scenes"]:
            row = next(row for row in rows if (row["file"], row["scene"]) == (name, scene["scene"]))
            assert (row["order"], row["status"], row["success"]) == (
                scene["order"], scene["status"], scene["success"],
            )  # fmt: skip
            assert row["azimuth_deg"] == pytest.approx(scene["sources"][0]["azimuth_deg"], rel=1e-6)
            assert row["std_distance_m"] == pytest.approx(scene["sources"][0]["std"]["distance_m"], rel=1e-3)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["r.parquet", "s"]


def test_an_interrupted_folder_goes_on_and_comes_to_the_same_bytes(shards: Run, tmp_path: Path, monkeypatch) -> None:
    assert shards("locate", "s", "--out", "whole.parquet").code == 0
    path = "ris_pytorch_pipeline.cli.forms.locate_folder"
    made: list[int] = []

    def located(block):
        if len(made) == 3:
            raise KeyboardInterrupt
        made.append(block.first)
        return original(block)

    from ris_pytorch_pipeline.cli.forms.locate_folder import located_block as original

    monkeypatch.setattr(f"{path}.located_block", located)
    assert shards("locate", "s", "--out", "r.parquet").code == 130
    assert len(list(Path("r.parquet.parts").glob("*.parquet"))) == 3 and not Path("r.parquet").exists()
    altered = next(Path("r.parquet.parts").glob("*.parquet"))
    content = bytearray(altered.read_bytes())
    content[len(content) // 4] ^= 1  # within a page
    altered.write_bytes(content)
    made.clear()
    monkeypatch.setattr(f"{path}.located_block", lambda block: made.append(block.first) or original(block))
    assert shards("locate", "s", "--out", "r.parquet").code == 0
    assert len(made) == 5 - 3 + 1
    assert Path("r.parquet").read_bytes() == Path("whole.parquet").read_bytes()
    assert not Path("r.parquet.parts").exists()


def test_an_older_file_is_written_over_if_told_so_alone(shards: Run) -> None:
    Path("r.parquet").write_bytes(b"of somebody")
    shards("locate", "s", "--out", "r.parquet").refused("r.parquet, which exists", "--force")
    assert Path("r.parquet").read_bytes() == b"of somebody" and not Path("r.parquet.parts").exists()
    assert shards("locate", "s", "--out", "r.parquet", "--force").code == 0
    assert len(pq.read_table("r.parquet")) == 10


def test_every_flipped_byte_of_the_results_is_noticed(shards: Run) -> None:
    assert shards("locate", "s", "--out", "r.parquet").code == 0
    good = Path("r.parquet").read_bytes()
    assert len(read_located("r.parquet")) == len(pq.read_table("r.parquet")) == 10
    for at in range(0, len(good), 31):
        Path("r.parquet").write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
        with pytest.raises(InputError):
            read_located("r.parquet")


def test_other_options_take_no_kept_block(shards: Run) -> None:
    assert shards("locate", "s", "--out", "one.parquet", "--sources", "2").code == 0
    rows = pq.read_table("one.parquet").to_pylist()
    assert len(rows) == 20 and [row["source"] for row in rows[:2]] == [0, 1]


def test_a_broken_file_fails_alone_and_is_named(shards: Run) -> None:
    path = Path("s/test-00001.safetensors")
    whole = path.read_bytes()
    path.write_bytes(whole[:-9] + bytes(9))
    said = shards("locate", "s", "--out", "r.parquet")
    assert said.code == 1 and "test-00001.safetensors, scenes 0 to 2" in said.out and "2 files or blocks" in said.out
    assert len(list(Path("r.parquet.parts").glob("*.parquet"))) == 3
    path.write_bytes(whole)
    assert shards("locate", "s", "--out", "r.parquet").code == 0


def test_a_file_cut_short_is_named_and_the_others_are_located(shards: Run) -> None:
    path = Path("s/test-00001.safetensors")
    whole = path.read_bytes()
    path.write_bytes(whole[:-9])
    said = shards("locate", "s", "--out", "r.parquet")
    assert said.code == 1 and "test-00001.safetensors: wanted" in said.out and "1 files or blocks" in said.out
    assert len(list(Path("r.parquet.parts").glob("*.parquet"))) == 3 and not Path("r.parquet").exists()
    path.write_bytes(whole)
    assert shards("locate", "s", "--out", "r.parquet").code == 0


def test_a_block_is_not_taken_after_a_file_that_an_option_names_has_changed(shards: Run) -> None:
    from ris_pytorch_pipeline.cli.forms.locate_folder import Block

    common = {"path": Path("a"), "first": 0, "last": 3, "size": 1, "changed": 1, "options": argparse.Namespace()}
    assert Block(**common, files=("one",)).key != Block(**common, files=("other",)).key
    Path("own.py").write_text("")
    Path("s/test-00001.safetensors").write_bytes(b"")
    kept = Path("r.parquet.parts")
    assert shards("locate", "s", "--out", "r.parquet", "--extend", "own.py").code == 1
    before = {path.name for path in kept.glob("*.parquet")}
    Path("own.py").write_text("# changed")
    assert shards("locate", "s", "--out", "r.parquet", "--extend", "own.py").code == 1
    assert len(before) == 3 and len({path.name for path in kept.glob("*.parquet")} - before) == 3


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("s", "--out", "r.parquet", "--scene", "all"), "without --plot and --scene"),
        (("s", "--out", "r.parquet", "--plot", "x.png"), "without --plot and --scene"),
        (("s", "--cluster", "2"), "--out OUT.parquet beside --cluster"),
        (("s", "--out", "r.parquet", "--model", "nowhere"), "nowhere"),
        (("s", "--out", "r.parquet", "--estimator", "smll"), "smll"),
        (("s", "--out", "r.parquet", "--sources", "[1, 2]"), "--sources K or auto"),
        (("s",), "--out OUT.parquet"),
        (("s/test-00000.safetensors", "--out", "r.parquet"), "a folder of scene files"),
        ((".", "--out", "r.parquet"), "without any .safetensors"),
        (("s", "--out", "missing/r.parquet"), "in a folder that exists"),
        (("s", "--out", "s"), "s, which exists"),
        (("s", "--out", "r.parquet", "--cluster", "zero"), "--cluster N"),
        (("s/test-00000.safetensors", "--force"), "--out OUT.parquet beside --force"),
    ],
)
def test_what_does_not_go_with_a_folder_is_refused(shards: Run, words: tuple[str, ...], part: str) -> None:
    if "--cluster" in words and "--out" in words:
        pytest.importorskip("distributed")
    shards("locate", *words).refused(part)
    assert [path.name for path in Path().iterdir()] == ["s"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
@pytest.mark.usefixtures("quick_workers")
def test_workers_come_to_the_same_bytes(shards: Run, tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    assert shards("locate", "s", "--out", "one.parquet").code == 0
    before = {path.name: path.read_bytes() for path in Path("s").iterdir()}
    shutil.rmtree("s")
    assert shards(*DRAW, "--cluster", "2").code == 0
    assert {path.name: path.read_bytes() for path in Path("s").iterdir()} == before
    assert shards("locate", "s", "--out", "two.parquet", "--cluster", "2").code == 0
    assert Path("two.parquet").read_bytes() == Path("one.parquet").read_bytes()
