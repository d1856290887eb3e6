"""Times the program beside a plain restatement of the published recipe."""
