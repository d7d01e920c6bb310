"""Planted memorization: encoders whose members are known, so that the auditor's answer can be checked."""
