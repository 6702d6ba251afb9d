"""Endpoint checks: what a provider really delivers, measured by asking it things whose right answer is known.

`suite` what is asked · `case` the words of it · `judging` whether an answer is right · `finding` what the verdicts come to
`asking` one case put to one endpoint · `running` all cases · `session` one run · `comparing` several endpoints of one model
`timer` runs by themselves · `store` what they found
"""
