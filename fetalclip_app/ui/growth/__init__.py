"""Dating, centiles, growth charts and ages in the window."""
