"""The search for pictures that are in the audit twice, within a set and across the sets (method: section 4.4)."""
