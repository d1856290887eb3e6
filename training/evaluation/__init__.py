"""Parts of the evaluation beside its table: strangers, calibration, subgroups, embeddings, plots, replayed ages."""
