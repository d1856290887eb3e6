"""View sets are written, tried on the open clip, tested on labelled pictures, and kept in versions."""
