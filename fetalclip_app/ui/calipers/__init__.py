"""Measuring by hand: lines and ellipses over the picture, and the card that shows what they come to."""
