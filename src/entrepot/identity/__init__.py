"""Who is calling: keys.

`secrets` as text and as hashes · `store` in the database · `keyring`, `packed` in memory · `installation` their secret
`passing` a key for as long as something lasts · `ration` keys that the chat page makes
"""
