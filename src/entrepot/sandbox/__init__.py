"""The provider behind test keys: every answer and every failure, on request, without a network.

`scenario` which outcome · `provider` the answer · `choices` one choice of it · `writing`, `tools`, `seals` what is in it
`schema` JSON for any schema · `numbers`, `texts` within its bounds · `embedding` vectors · `wire` the bytes of an answer
"""

SANDBOX = "sandbox"
"""Its slug among providers."""
