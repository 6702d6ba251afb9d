"""The provider behind test keys: every answer and every failure, on request, without a network.

`scenario` which outcome is asked for · `provider` the answer · `writing`, `tools`, `schema` what it says · `wire` its bytes.
"""
