"""Does a covariance that breaks its contract earn its finding, and a sound one none?"""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from ris_pytorch_pipeline.covariance import covariance_contract, loading_contract
from ris_pytorch_pipeline.covariance.findings import COVARIANCE, LOADING
from ris_pytorch_pipeline.rng import stream
from trainlint import Finding


def hermitian(count: int = 12, scale: float = 1.0, skew: float = 0.0, shift: float = 0.0) -> Tensor:
    f = torch.randn(3, count, 4, dtype=torch.complex64, generator=stream(0, "factors"))
    r = f @ f.mH + 0.1 * torch.eye(count)
    r = r * (count / r.diagonal(dim1=-2, dim2=-1).sum(-1).real)[:, None, None]
    r = scale * r - shift * torch.eye(count) * (1 - 2 * (torch.arange(count) % 2))
    return r + skew * torch.randn(count, count, generator=stream(0, "skew"))


BROKEN = {
    "C3 trace": (lambda: covariance_contract(hermitian(scale=2.0)), "RT305"),
    "C3 skew": (lambda: covariance_contract(hermitian(skew=0.1)), "RT305"),
    "C3 indefinite": (lambda: covariance_contract(hermitian(shift=0.5)), "RT305"),
    "C4 jitter": (lambda: loading_contract(hermitian(scale=144.0), 1e-6), "RT306"),
    "C4 loading of 0 dB": (lambda: loading_contract(hermitian(), 1.0), "RT306"),
}


@pytest.mark.parametrize("row", BROKEN)
def test_a_broken_contract_is_found(row: str) -> None:
    check, code = BROKEN[row]
    assert [finding.rule.code for finding in check()] == [code]


SOUND = (
    covariance_contract(hermitian()),
    loading_contract(hermitian(), 1e-3),
    loading_contract(hermitian(), 1e-2),
)


@pytest.mark.parametrize("found", SOUND)
def test_a_sound_covariance_is_clean(found: list[Finding]) -> None:
    assert not found


def test_the_page_of_a_rule_exists() -> None:

    for rule in (COVARIANCE, LOADING):
        page, _, anchor = rule.link.partition("#")
        assert f'<a id="{anchor}"></a>' in (Path(__file__).parents[2] / page).read_text(encoding="utf-8")
