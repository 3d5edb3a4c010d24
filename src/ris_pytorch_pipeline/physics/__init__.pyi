from .channel import complex_normal, rician_channel, uniform
from .codebook import dft_codes, hadamard_codes, quantise, random_codes
from .geometry import (
    Panel,
    cartesian_from_positions,
    check_positions,
    cosines_from_positions,
    position_jacobian,
    positions_from_cartesian,
    positions_from_cosines,
)
from .observation import Observation
from .scenario import PRESETS, Impairments, Scenario, ends, identifiable_sources, preset
from .scene import Scenes, Truth, draw, draw_positions
from .snapshots import coded_operator, coded_response, measure, panel_images, received_power, stacked_gram
from .steering import (
    Wavefront,
    fresnel,
    legacy_fresnel,
    planar,
    spherical,
    steering,
    steering_at,
    steering_with_derivatives,
)

__all__ = [
    "PRESETS",
    "Impairments",
    "Observation",
    "Panel",
    "Scenario",
    "Scenes",
    "Truth",
    "Wavefront",
    "cartesian_from_positions",
    "check_positions",
    "coded_operator",
    "coded_response",
    "complex_normal",
    "cosines_from_positions",
    "dft_codes",
    "draw",
    "draw_positions",
    "ends",
    "fresnel",
    "hadamard_codes",
    "identifiable_sources",
    "legacy_fresnel",
    "measure",
    "panel_images",
    "planar",
    "position_jacobian",
    "positions_from_cartesian",
    "positions_from_cosines",
    "preset",
    "quantise",
    "random_codes",
    "received_power",
    "rician_channel",
    "spherical",
    "stacked_gram",
    "steering",
    "steering_at",
    "steering_with_derivatives",
    "uniform",
]
