"""Products over a grid by mirror images, against products with every steering vector."""

import pytest
import torch

from ris_pytorch_pipeline.estimate import SearchRegion, search_grid
from ris_pytorch_pipeline.estimate.ml.scanning.mirrors import by_signs, mirrors_of
from ris_pytorch_pipeline.estimate.ml.scanning.steered import grid_steering, products
from ris_pytorch_pipeline.physics import Array, Line, Panel, Points, bent, steering_at
from ris_pytorch_pipeline.rng import stream

EVEN = Panel(horizontal=4, vertical=6, spacing=0.15)
ONE_SIDED = SearchRegion(azimuth=(0.1, 0.9))
CORNER = torch.tensor([[0.0, 0.0, 0.0], [0.0, 0.1, 0.0], [0.0, 0.0, 0.12]], dtype=torch.float64)
CASES = [
    pytest.param(EVEN.array(0.3), SearchRegion(), 4, id="even"),
    pytest.param(Panel(horizontal=3, vertical=5, spacing=0.15).array(0.3), SearchRegion(), 4, id="odd"),
    pytest.param(EVEN.array([0.3, 0.27]), SearchRegion(), 4, id="two wavelengths"),
    pytest.param(Line(count=7, spacing=0.15).array(0.3), SearchRegion(), 2, id="line"),
    pytest.param(EVEN.array(0.3), ONE_SIDED, 2, id="one side of the panel"),
    pytest.param(Points(bent(EVEN, 2.0), 0.3), SearchRegion(), 4, id="bent"),
    pytest.param(Points(EVEN.array(0.3).elements[[1, 1, *range(2, 24)]], 0.3), SearchRegion(), 1, id="one twice"),
    pytest.param(
        Points(torch.tensor([[0, 0, 0], [0, 0.1, 0], [0, 0, 0.12]]).double(), 0.3),
        SearchRegion(),
        1,
        id="no mirror image",
    ),
]


@pytest.mark.parametrize(("array", "region", "images"), CASES)
def test_folded_products_are_the_products(array: Array, region: SearchRegion, images: int) -> None:
    grid = search_grid(region, array)
    steering = grid_steering(array, grid)
    assert steering.images == images
    rows = torch.randn((2, len(array)), generator=stream(0, "mirrors"), dtype=torch.complex128)
    vectors = steering_at(grid.points(), array)
    for frequency, every in enumerate(vectors if array.frequencies > 1 else vectors[None]):
        folded = [products(steering.rows(rows), tile[frequency]) for tile in steering.tiles]
        real, imaginary = steering.mirrors.on_grid(torch.cat(folded, dim=-1).movedim(0, -2)).chunk(2)
        wanted = (rows @ every.mT).to(torch.complex64)
        torch.testing.assert_close(torch.complex(real, imaginary), wanted, rtol=1e-4, atol=1e-4)


def test_images_of_one_element_are_counted_once() -> None:
    mirrors = mirrors_of(array := EVEN.array(0.3), search_grid(SearchRegion(), array))
    assert mirrors.elements.unique().numel() == len(array)
    assert mirrors.elements.shape == (4, 6)
    odd = mirrors_of(
        array := Panel(horizontal=3, vertical=3, spacing=0.15).array(0.3), search_grid(SearchRegion(), array)
    )
    assert sorted(odd.weight.tolist()) == [0.25, 0.5, 0.5, 1.0]


def test_sums_and_differences_undo_themselves() -> None:
    values = torch.randn((4, 5), generator=stream(0, "signs"))
    torch.testing.assert_close(by_signs(by_signs(values)) / 4, values)
