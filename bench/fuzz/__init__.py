"""Damaged files by the thousand, and a judge that knows what each may still say."""
