"""Which endpoints, in which order, and why.

`planner` plans for callers · `memo` those that were made before · `plan` how one is made · `standing` how endpoints did of late
`fit` what must change in a request for one of them · `metadata` how it was routed, told to the client
"""
