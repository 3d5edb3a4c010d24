"""Does the package give the numbers of an independent implementation (make.py, beside this file)?"""

import json
from pathlib import Path

import pytest
import torch

from ris_pytorch_pipeline.physics import (
    Panel,
    cartesian_from_positions,
    cosines_from_positions,
    measure,
    panel_images,
    position_jacobian,
    received_power,
    stacked_gram,
    steering,
)

VALUES = json.loads(Path(__file__).with_name("values.json").read_text(encoding="utf-8"))
SETTING = VALUES["setting"]
WAVELENGTH = SETTING["wavelength"]
PANEL = Panel(horizontal=SETTING["horizontal"], vertical=SETTING["vertical"], spacing=SETTING["spacing"])


def real(name: str) -> torch.Tensor:
    return torch.tensor(VALUES[name], dtype=torch.float64)


def cplx(name: str) -> torch.Tensor:
    return torch.view_as_complex(real(name))


def close(value: torch.Tensor, name: str) -> None:
    wanted = cplx(name) if value.is_complex() else real(name)
    torch.testing.assert_close(value, wanted, rtol=1e-12, atol=1e-12)


def test_elements() -> None:
    close(PANEL.elements(), "elements")


def test_coordinates() -> None:
    close(cartesian_from_positions(real("positions")), "cartesian")


def test_jacobian() -> None:
    close(position_jacobian(cosines_from_positions(real("positions"))), "jacobian")


def test_steering() -> None:
    close(steering(real("positions"), PANEL.array(WAVELENGTH)), "steering")


def test_measurements() -> None:
    vectors = steering(real("positions"), PANEL.array(WAVELENGTH))
    close(measure(vectors, cplx("symbols"), cplx("codes"), cplx("channel")), "clean")
    close(received_power(vectors, cplx("codes"), cplx("channel")), "received_power")


def test_images_and_gram() -> None:
    close(panel_images(cplx("clean"), cplx("codes"), cplx("channel")), "images")
    close(stacked_gram(cplx("codes"), cplx("channel"))[0], "gram_first_row")


def test_a_conjugate_would_be_seen() -> None:
    with pytest.raises(AssertionError):
        close(steering(real("positions"), PANEL.array(WAVELENGTH)).conj(), "steering")
