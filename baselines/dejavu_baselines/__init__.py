"""The references that stand in for a second model, one small file each.

A plug-in package like anybody's: it imports the auditor's protocol, and the auditor finds it by the entry-point group
`dejavu_audit.baselines`.
"""
