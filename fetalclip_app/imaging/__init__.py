"""From bytes to a Clip, from a Clip to the network's input, and back to frame pixels."""
