"""Compile the curve once, so that no command has to: `python -m reliefpath.recovery`."""

from reliefpath.recovery import curve, forecast, learn, recover, weeks_until_clear

ONE = ([0, 1], [0.0], [6.0], [10.0])
"""The least that can be asked of: one episode with one score."""

recover(*ONE, [2.0])
weeks_until_clear(*ONE, [2.0])
forecast(*ONE, [[1.0]])
curve(*ONE[1:3], 10.0, [0.0])
learn(*ONE, rounds=1)
