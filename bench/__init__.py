"""Times the program beside a plain restatement of the published recipe."""

import fetalclip_app.model  # noqa: F401 - before torch: on both sides threads wait as the program's do
