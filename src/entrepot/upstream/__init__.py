"""The call itself.

`walk` down the plan until a first byte commits · `hedge` when that takes long · `attempt` one endpoint
`sender` to a provider or the sandbox · `client` the pool · `connection` one of it · `proxy`, `tunnel` ways through
`answer` what has begun · `failures` what a refusal means
"""
