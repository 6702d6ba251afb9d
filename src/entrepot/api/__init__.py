"""HTTP paths, one file each.

`table` all of them · `routes` what one is, and what its handler looks at · `dispatch` from a path to an answer
`exchange` a generation on the server's connection · `answering` on any other, and its errors · `in_process` without a server
`http` requests and answers · `bodies` JSON taken in · `changing` what all changes share · `openapi` the document
`kept` answers that last · `squeeze` answers made small · `listing` which models a list shows · `model_rows` how they look
"""
