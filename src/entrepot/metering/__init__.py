"""Counting what came back.

`bill` what is charged, and on which evidence · `cost` usage at a price · `sheet` prices that are not the list's
`tokens` counts of our own · `vocabulary` what they are made by
"""
