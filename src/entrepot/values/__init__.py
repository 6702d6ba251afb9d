"""The words all rooms speak: frozen values and pure functions over them. No I/O, no imports from other rooms.

`request` what rooms see of a request · `chat`, `messages` Chat's own · `conversation` all that any dialect can ask
`event` all it can answer · `usage`, `price`, `money` what that comes to · `model` what is on offer · `generation` the record
"""
