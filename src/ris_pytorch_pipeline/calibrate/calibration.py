"""What a calibration is: gains of one array, how they correct an observation, and what they did not tell."""

from dataclasses import dataclass, replace
from typing import TypeVar

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from ..data import SceneFile, truth_at
from ..data.behind import check_untold
from ..errors import InputError
from ..estimate import Estimate
from ..physics import Array, Hardware, Observation, Sounding
from .choice import Learnt

Sounded = TypeVar("Sounded", bound=Sounding)
_SAME_WAVELENGTH = 1e-3
_SAME_CODE = 1e-3
"""Greatest mean squared difference of two codes, of unit modulus, that count as one: complex64 keeps 1e-7, and two
codes of one bit that differ in one element of 256 differ by 0.016."""


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """Gains of an array and of its antennas, by frequency.

    >>> Calibration.nominal(Line(count=3, spacing=0.15).array(0.3), antennas=2).elements.shape
    torch.Size([1, 3])

    Args:
        array: that it was learned on.
        elements: (frequency, element), complex gains of the elements.
        antennas: (frequency, antenna), complex gains of the antennas.
        codes: (frequency, snapshot, element), what each code really is, gains of the elements included; None where
            codes are as intended.
        intended: (snapshot, element), the codes as the maker says, by which a scene's codes are recognised.
        deviation_scale: (3,), factor on the standard deviations of azimuth, elevation, distance that makes their 90 %
            interval cover 90 % of the calibration's held-out scenes; 1 where nothing was measured.
        scale_places: different positions that this factor comes from; None where nothing was measured.
        unidentified: what the scenes could not tell, in sentences.
        shares: explained share of held-out scenes by model.
    """

    array: Array
    elements: Complex[Tensor, "frequency element"]
    antennas: Complex[Tensor, "frequency antenna"]
    codes: Complex[Tensor, "frequency snapshot element"] | None = None
    intended: Complex[Tensor, "snapshot element"] | None = None
    deviation_scale: Float[Tensor, "3"]
    unidentified: tuple[str, ...] = ()
    shares: dict[str, float]
    scale_places: int | None = None

    @classmethod
    def nominal(cls, array: Array, antennas: int) -> "Calibration":
        """Gains of 1."""
        ones = torch.ones(array.frequencies, len(array), dtype=torch.complex128)
        return cls(
            array=array, elements=ones, antennas=ones[:, :1].expand(-1, antennas).clone(),
            deviation_scale=torch.ones(3, dtype=torch.float64), shares={},
        )  # fmt: skip

    @classmethod
    def of(cls, learnt: Learnt, observation: Observation, unidentified: tuple[str, ...] = ()) -> "Calibration":
        """What was learned from an observation.

        >>> import torch
        >>> scenes = draw(preset("pilot", horizontal=4, vertical=4, antennas=4), 2, torch.Generator().manual_seed(0))
        >>> gains = Gains(element=torch.ones(16) + 0j, antenna=torch.ones(4) + 0j)
        >>> learnt = Learnt(gains=(gains,), choice=Choice(model="elements", ridge=0.3), identified=(14.2,))
        >>> Calibration.of(learnt, scenes.observation).elements.shape  # of one frequency
        torch.Size([1, 16])
        """
        with_codes = learnt.gains[0].codes is not None
        codes = [gains.codes for gains in learnt.gains if gains.codes is not None]
        return cls(
            array=observation.array,
            elements=torch.stack([gains.element for gains in learnt.gains]),
            antennas=torch.stack([gains.antenna for gains in learnt.gains]),
            codes=torch.stack(codes) if with_codes else None,
            intended=observation.by_frequency()[0][0, 0].to(torch.complex128) if with_codes else None,
            deviation_scale=torch.ones(3, dtype=torch.float64),
            unidentified=unidentified,
            shares=learnt.choice.shares,
        )

    @property
    def model(self) -> str:
        """`nominal`, `elements` or `codes`, as in `Choice`."""
        if self.codes is not None:
            return "codes"
        return "nominal" if bool((self.elements == 1).all()) and bool((self.antennas == 1).all()) else "elements"

    def applied(self, observation: Sounded) -> Sounded:
        """The observation with the sounding as it really is: H' = diag(d) H diag(g), or the codes replaced.

        >>> import torch
        >>> from dataclasses import replace
        >>> array = Line(count=3, spacing=0.15).array(0.3)
        >>> late = replace(Calibration.nominal(array, antennas=3), elements=torch.tensor([[1.0, 1j, 1.0]]))
        >>> late.applied(direct(array, scenes=1, snapshots=4)).channel[0].diagonal()  # H diag(g), where H is I
        tensor([1.+0.j, 0.+1.j, 1.+0.j], dtype=torch.complex128)

        Args:
            observation: of the same array, antennas and wavelengths; or a sounding alone.

        Returns:
            The same measurements behind the corrected codes and channel.

        Raises:
            InputError: another array, number of antennas, wavelength, or a code that was not calibrated.
        """
        rows = self._frequencies(observation.array)
        self._check(observation)
        codes, channel = observation.by_frequency()
        like = channel.dtype
        channel = channel * self.antennas[rows].to(like)[None, :, :, None]
        if self.codes is None:
            channel = channel * self.elements[rows].to(like)[None, :, None]
        else:
            codes = self._real_codes(codes, rows)
        if not observation.wide:
            codes, channel = codes.squeeze(1), channel.squeeze(1)
        return replace(observation, codes=codes, channel=channel)

    def hardware(self, *, told: bool) -> Hardware:
        """The panel that scenes are drawn behind, by `simulate` and `draw`.

        >>> import torch
        >>> import ris_pytorch_pipeline as ris
        >>> from dataclasses import replace
        >>> scenario = ris.preset("pilot", horizontal=4, vertical=4)
        >>> nominal = Calibration.nominal(scenario_array(scenario), antennas=16)
        >>> late = replace(nominal, elements=1j * nominal.elements)
        >>> scenes = ris.simulate(scenario, scenes=2, seed=0, hardware=late.hardware(told=False))
        >>> torch.allclose(scenes.truth.applied_channel, 1j * scenes.observation.channel)
        True

        Args:
            told: whether estimators are given codes and channel as they really are; otherwise the intended ones.
        """
        return Hardware(real=self.applied, told=told)

    def widened(self, estimate: Estimate) -> Estimate:
        """The estimate with its standard deviations scaled to what the calibration's known positions showed.

        >>> import torch
        >>> import ris_pytorch_pipeline as ris
        >>> from dataclasses import replace
        >>> scenes = ris.simulate(ris.preset("pilot", horizontal=4, vertical=4, sources=1), scenes=1, seed=0)
        >>> found = ris.PilotMl(fit=False).refine(scenes.observation, scenes.truth.positions)
        >>> nominal = Calibration.nominal(scenes.observation.array, antennas=16)
        >>> wide = replace(nominal, deviation_scale=torch.tensor([2.0, 2.0, 3.0])).widened(found)
        >>> wide.deviations / found.deviations
        tensor([[[2.0000, 2.0000, 3.0000]]], dtype=torch.float64)
        """
        return replace(estimate, deviations=estimate.deviations * self.deviation_scale.to(estimate.deviations))

    def after(self, earlier: "Calibration") -> "Calibration":
        """What was learned from scenes that were already behind another calibration: both together.

        >>> from dataclasses import replace
        >>> first = Calibration.nominal(Line(count=3, spacing=0.15).array(0.3), antennas=2)
        >>> second = replace(first, elements=2j * first.elements)
        >>> second.after(second).elements  # 2j twice
        tensor([[-4.+0.j, -4.+0.j, -4.+0.j]], dtype=torch.complex128)

        Args:
            earlier: of the same array, antennas and wavelengths.

        Returns:
            The product of the gains; the scale of ±, shares and what was not identified are the later one's.

        Raises:
            InputError: codes that were learned, by which scenes cannot be recognised behind a calibration.
        """
        if self.codes is not None or earlier.codes is not None:
            raise InputError(
                "gains of elements and antennas", "a calibration of each code", "--model codes beside --calibration",
                "calibrate from the scenes as they are, or with --model elements",
            )  # fmt: skip
        rows = earlier._frequencies(self.array)
        elements, antennas = self.elements * earlier.elements[rows], self.antennas * earlier.antennas[rows]
        return replace(self, elements=elements, antennas=antennas)

    def _frequencies(self, array: Array) -> list[int]:
        """Which of the calibrated frequencies each wavelength is.

        Raises:
            InputError: a wavelength that was not calibrated.
        """
        known = torch.tensor(self.array.wavelengths, dtype=torch.float64)
        rows: list[int] = []
        for wavelength in array.wavelengths:
            gap = (known / wavelength - 1).abs()
            if float(gap.min()) > _SAME_WAVELENGTH:
                raise InputError(
                    f"wavelengths within {_SAME_WAVELENGTH:.1%} of the calibration's",
                    f"{wavelength:.5g} m, nearest {float(known[gap.argmin()]):.5g} m", "a capture at another frequency",
                    "calibrate at this frequency",
                )  # fmt: skip
            rows.append(int(gap.argmin()))
        return rows

    def _check(self, observation: Sounding) -> None:
        """Refuse the scenes of another array.

        Raises:
            InputError: naming what differs.
        """
        same = len(self.array) == len(observation.array) and torch.allclose(
            self.array.placed, observation.array.placed, rtol=0, atol=1e-3 * self.array.wavelength
        )
        antennas = observation.channel.shape[-2]
        if not same or antennas != self.antennas.shape[1]:
            raise InputError(
                f"scenes of the calibrated {self.array} with {self.antennas.shape[1]} antennas",
                f"{observation.array} with {antennas}", "a calibration of other hardware", "calibrate this array",
            )  # fmt: skip

    def _real_codes(self, codes: Tensor, rows: list[int]) -> Tensor:
        """Each code of each scene as it really is, recognised by what was intended.

        Raises:
            InputError: a code that was not calibrated.
        """
        if self.codes is None or self.intended is None:
            return codes
        wanted = codes[:, 0].flatten(0, 1).to(self.intended)
        power = torch.view_as_real(self.intended).square().sum(dim=(-1, -2))
        cross = (wanted @ self.intended.mH).real
        gap = (torch.view_as_real(wanted).square().sum(dim=(-1, -2))[:, None] + power - 2 * cross) / wanted.shape[1]
        least, which = gap.min(1)
        if float(least.max()) > _SAME_CODE:
            raise InputError(
                f"codes out of the {len(self.intended)} calibrated ones", f"{int((least > _SAME_CODE).sum())} more",
                "another codebook, or a mean over other codes taken off", "calibrate with --model elements",
            )  # fmt: skip
        return self.codes[rows][:, which].unflatten(1, codes[:, 0].shape[:2]).transpose(0, 1).to(codes.dtype)


def applied_to(file: SceneFile, calibration: Calibration) -> SceneFile:
    """A scene file behind a calibration; what of a measured truth was fitted to its positions is fitted again.

    >>> import torch
    >>> from dataclasses import replace
    >>> import ris_pytorch_pipeline as ris
    >>> scenes = draw(preset("pilot", horizontal=4, vertical=4, sources=1), 3, torch.Generator().manual_seed(0))
    >>> _ = ris.save_scenes("behind.safetensors", scenes.observation, scenes.truth)
    >>> calibration = Calibration.nominal(scenes.observation.array, antennas=16)
    >>> turned = replace(calibration, elements=1j * calibration.elements)
    >>> behind = applied_to(ris.load_scenes("behind.safetensors"), turned)
    >>> torch.allclose(behind.observation.channel, 1j * scenes.observation.channel)
    True

    Raises:
        InputError: another array, or scenes that are told of the hardware that they were drawn behind.
    """
    check_untold(file.header.config)
    observation = calibration.applied(file.observation)
    truth = file.truth
    if truth is not None and file.header.config is None:
        truth = truth_at(observation, truth.positions)
    return replace(file, observation=observation, truth=truth)
