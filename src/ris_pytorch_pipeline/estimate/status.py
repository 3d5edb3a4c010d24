"""How did the estimate of a scene end, what is likely behind it, and what is to be done?"""

from enum import StrEnum


class Status(StrEnum):
    """How the estimate of one scene ended; the values are the sentences a user reads.

    >>> print(Status.EDGE)
    at the edge: a source lies on the border of the searched field
    >>> bool(Status.EDGE.move), bool(Status.CONVERGED.move)  # what to do next, where something has to be done
    (True, False)
    """

    CONVERGED = "converged"
    UNJUDGED = "not judged: nobody asked whether the model explains the measurements"
    ITERATION_LIMIT = "stopped at the iteration limit; the positions may still move"
    NOT_OBSERVABLE = "converged in what the array can tell; a coordinate without ± is not observable with this array"
    FEWER = "fewer sources found than asked for"
    NONE = "no source detected"
    MISFIT = "misfit: the model does not explain the measurements"
    INCOMPLETE = "incomplete: one or two more sources, or images that an error of the model leaves, explain the rest"
    AMBIGUOUS = "ambiguous: other positions explain the measurements as well"
    OFF = "off: the likelihood of these positions rises to an optimum that is further away than a search grid is fine"
    EDGE = "at the edge: a source lies on the border of the searched field"
    UNTESTED = "not tested: about as many unknowns as measurements leave too little over to show a wrong model"
    BEYOND = "beyond the network: one more source would be detected than it can count"
    WEAK = "weak: a source hardly stands out from scatter of the channel's colour"

    @property
    def cause(self) -> str:
        """What is likely behind it; empty where nothing is to be explained."""
        return _ADVICE.get(self, ("", ""))[0]

    @property
    def move(self) -> str:
        """What to do next; empty where nothing has to be done."""
        return _ADVICE.get(self, ("", ""))[1]


_ADVICE = {
    Status.UNJUDGED: (
        "a network without the fit: measurements of another convention, and noise alone, have positions and a ± too",
        "locate with fit=True: `Localiser.reference(fit=True)`",
    ),
    Status.ITERATION_LIMIT: ("a flat or bent likelihood, or too few iterations", "raise polish_iterations"),
    Status.NOT_OBSERVABLE: (
        "a line of elements sees a cone, and a far source has no distance",
        "use the coordinates that have a ±, the azimuth of a line as its cone's at elevation 0; or fix the others in "
        "the field of view",
    ),
    Status.FEWER: ("sources too weak or too close for this estimator", "ask for fewer, or take the likelihood's"),
    Status.NONE: (
        "no signal, one too weak for these snapshots, or a wrong convention that leaves no source",
        "check the capture, try the conventions with `ris check`, or record more snapshots",
    ),
    Status.MISFIT: (
        "a wrong convention (conjugate, order, units), wrong symbols, hardware that differs from codes and channel "
        "(phases of elements, a bent panel), data made with a Fresnel wave, or a source that moves, lies outside the "
        "searched field, is too weak to be counted or has an echo: random symbols that are another's are not counted",
        "try conventions, wavefronts and a wider field with `ris check`; where there are echoes, ask for a number of "
        "sources that counts them; otherwise calibrate, and trust no ± but the sandwich",
    ),
    Status.INCOMPLETE: (
        "a weak source, two close ones, fewer asked for than there are, a count that stopped at `most_sources`, or an "
        "error of the model that leaves one clear image, as a bent panel does",
        "ask for one more source, or record more snapshots; where that does not help, calibrate; a ± does not contain "
        "what is left out",
    ),
    Status.AMBIGUOUS: (
        "elements more than half a wavelength apart, codes of one bit or that do not vary, a channel of rank one, "
        "or a field that holds both sides of a flat array",
        "see the other positions listed, narrow the field of view, or vary the codes more",
    ),
    Status.OFF: (
        "an estimator that uses a part of the model, such as MUSIC of a back-projected covariance, or a coarse grid",
        "take the likelihood's, or refine these positions by it: `Sml().refine(observation, positions)`",
    ),
    Status.EDGE: (
        "a source outside the searched field, a distance that the data do not bound, or a stated elevation or distance "
        "that is another one",
        "widen the field, and state no coordinate that may differ",
    ),
    Status.UNTESTED: (
        "as many sources of random symbols as antennas, or as the rank of the channel, or more; or few measurements",
        "ask for fewer sources, send pilots or known symbols, add antennas that hear something else, or snapshots",
    ),
    Status.BEYOND: (
        "more sources than the network was trained for",
        "let the likelihood count: leave --model out, take Sml() or PilotMl(), or pass a doubt above 0",
    ),
    Status.WEAK: (
        "more sources asked for or listed than there are, low SNR, few snapshots, or a model that explains little",
        "ask for fewer sources, leave their number open, or add snapshots",
    ),
}
"""Cause and next move of each status that asks for one."""
