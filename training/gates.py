"""How many good pictures each limit may turn away."""

GATE_SHARE = 0.01
"""Share of the validation pictures that one limit may refuse.

On its way to a number a picture passes up to five: unlike the training (`training.familiarity` refuses more), no clear
view, no clear outline, an age too spread, an end of a line too doubtful. Together they are to keep 95 %.
"""
