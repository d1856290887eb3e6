"""A clip and tasks in, a reading out."""
