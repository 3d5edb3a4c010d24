"""Are the worst scenes first, their places those of the findings, and their spectra those of the covariance?"""

import base64
import gzip
import math

import pytest
import torch
from made_runs import ELEMENTS, finding, seen, source

from ris_pytorch_pipeline.covariance import LowRank
from ris_pytorch_pipeline.estimate import SearchRegion
from ris_pytorch_pipeline.physics import Panel, steering
from ris_pytorch_pipeline.report import SeenScene, badness, explored, spectra, volume_of
from ris_pytorch_pipeline.report.pages.explorer import most_of_each, told
from ris_pytorch_pipeline.report.pages.volume import MOST

ARRAY = Panel(horizontal=8, vertical=8, spacing=0.15).array(0.3)


def test_missed_and_false_sources_are_worse_than_any_error() -> None:
    far = finding([source([0.0, 0.0, 4.0], [2.0, 0.0, 0.0])])
    false = finding([source([0.0, 0.0, 4.0], [0.1, 0.0, 0.0]), source([9.0, 0.0, 4.0], None)])
    lost = finding([], missed=2)
    assert badness(lost) > badness(false) > badness(far) == (0, 4.0)
    assert "largest error 4.0 standard deviations of the bound, in the azimuth of source 1" in told(far)
    assert "2 missed" in told(lost) and "1 false" in told(false)


def test_the_worst_come_first() -> None:
    data = explored(seen(5)[2:], torch.as_tensor(ELEMENTS), volume_of(SearchRegion()), kept=5)
    assert [scene["label"].split()[1] for scene in data["scenes"]] == ["4", "3", "2"]
    assert data["kept"] == 5 and data["spectra"] == 3
    (place,) = data["scenes"][0]["sources"]
    assert place["found"] == [20.0, -5.0, 4.0] and place["true"] == pytest.approx([19.9, -5.0, 3.75])
    assert place["cells"] == ["1", "19.9°, -5°, 3.75 m", "20°, -5°, 4 m", "+0.1°, +0°, +0.25 m", "0.6°, 0.6°, 0.2 m",
                              "0.5°, 0.5°, 0.1 m"]  # fmt: skip
    nearest = data["distances"][data["scenes"][0]["plane"]]
    assert all(abs(1 / nearest - 1 / 3.75) <= abs(1 / other - 1 / 3.75) for other in data["distances"])


def test_a_distance_that_is_not_known_is_no_number() -> None:
    endless = source([0.0, 0.0, 4.0], [0.1, 0.0, 0.0])
    endless["distance_m"], endless["error"]["distance_m"] = None, None
    data = explored([SeenScene(label="x", finding=finding([endless]))], torch.as_tensor(ELEMENTS), None)
    assert data["distances"] == [] and data["scenes"][0]["sources"][0]["found"][2] is None
    assert "0°, 0°, - m" in data["scenes"][0]["sources"][0]["cells"]


def test_a_spectrum_peaks_where_the_source_is_and_is_musics_own() -> None:
    volume = volume_of(SearchRegion())
    at = len(volume.azimuths) * (len(volume.elevations) * 2 + 7) + 11  # a point of the third plane
    place = volume.positions[at]
    factor = steering(place[None], ARRAY).to(torch.complex64).mT[None]
    (found,) = spectra(LowRank(factor, torch.full((1,), 1e-3)), [1], ARRAY, volume)
    assert len(found) == len(volume.positions) and found[at] == 255 == max(found)
    other = 5 * len(volume.azimuths) + 3
    a, b = (steering(volume.positions[i][None], ARRAY)[0].to(torch.complex128) for i in (at, other))
    apart = 1 - float(((a.conj() @ b).abs() / (a.norm() * b.norm())) ** 2)
    assert found[other] == round(-10 * math.log10(apart) * 255 / MOST)


def test_planes_are_even_in_inverse_distance_over_the_whole_field() -> None:
    inverse = 1 / volume_of(SearchRegion(distance=(0.5, 10.0))).distances
    assert float(inverse.max()) == pytest.approx(2.0) and float(inverse.min()) == pytest.approx(0.1)
    assert torch.allclose(inverse.diff(), inverse.diff().mean().expand(len(inverse) - 1))


def test_the_worst_scenes_have_spectra_as_long_as_the_letters_last() -> None:
    scenes, volume = seen(4), volume_of(SearchRegion())
    whole = explored(scenes, torch.as_tensor(ELEMENTS), volume)
    packed = [scene["spectrum"] for scene in whole["scenes"] if "spectrum" in scene]
    assert len(packed) == 3 and gzip.decompress(base64.b64decode(packed[0])) == scenes[3].spectrum
    for letters, count in ((2 * len(packed[0]), 2), (2 * len(packed[0]) - 1, 1), (0, 0)):
        data = explored(scenes, torch.as_tensor(ELEMENTS), volume, most=letters)
        assert [("spectrum" in scene, "plane" in scene) for scene in data["scenes"]] == [
            (place < count, place < count) for place in range(4)
        ]
        assert data["spectra"] == count


def test_a_page_holds_the_kept_scenes_of_three_runs_and_shares_the_room_for_spectra() -> None:
    assert [most_of_each(runs).scenes >= 200 for runs in (0, 1, 2, 3, 4)] == [True] * 4 + [False]
    assert [most_of_each(runs).spectra for runs in (1, 5, 100)] == [1_000_000, 200_000, 10_000]
