"""Times the program beside a plain restatement of the published recipe."""

import fetalclip_app  # noqa: F401 - before torch and NumPy: on both sides threads wait as the program's do
