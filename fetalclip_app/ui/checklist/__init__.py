"""The protocol checklist in the findings panel."""
