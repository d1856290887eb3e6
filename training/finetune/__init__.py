"""From a finished backbone to what answers one more question: probes, clip labels, adapters, whole towers."""
