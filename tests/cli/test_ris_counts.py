"""Does `--sources '[1,3]'` mean a span in every command, and `1,3` two cells?"""

import pytest
from running import SMALL, Run

from ris_pytorch_pipeline.cli.options.scenes.counts import count_of, snrs_of, sources_of
from ris_pytorch_pipeline.errors import ConfigurationError

FEW = ("--methods", "genie", "--snr-db", "20", "--scenes", "3", "--json", *SMALL[:-4])


def test_a_list_is_cells_and_brackets_are_a_span() -> None:
    assert sources_of("1,3") == (1, 3)
    assert sources_of("[1,3]") == sources_of(" [1, 3] ") == ((1, 3),)
    assert sources_of("2,[1,3]") == (2, (1, 3))
    assert snrs_of("-5,[0,20]") == (-5.0, (0.0, 20.0))
    assert (count_of("auto"), count_of("3")) == (None, 3)


@pytest.mark.parametrize("text", ["[3,1]", "1.5", "[1,2,3]", "x"])
def test_what_is_no_count_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError):
        sources_of(text)


def test_the_commands_agree(ris: Run, small_file: str) -> None:
    (cell,) = ris("bench", "--sources", "[1,2]", *FEW).json["cells"]
    assert cell["sources"] == [1, 2]
    assert [c["sources"] for c in ris("bench", "--sources", "1,2", *FEW).json["cells"]] == [1, 2]
    assert ris("simulate", "mixed", "--scenes", "20", *SMALL[:-4], "--sources", "[1,2]", "--json").json["sources"] == {
        "least": 1, "most": 2,
    }  # fmt: skip
    ris("locate", small_file, "--sources", "[1,2]").refused("an estimator is told one count")
    ris("locate", small_file, "--sources", "1,2").refused("an estimator is told one count", "several counts")
    ris("check", small_file, "--sources", "[1,2]").refused("an estimator is told one count")
    ris("bench", "--methods", "genie", "--snr-db", "[0,20]", "--figure", "f.png").refused("one SNR each")
