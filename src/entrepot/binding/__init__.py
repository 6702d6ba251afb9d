"""Models from Python, in one call: `AI(url, key).run(model, inputs)`, as Cloudflare's binding has it in a worker.

    ai = AI("http://127.0.0.1:8080", "sk-ep-...")        # a gateway somewhere; `AsyncAI` is the same with `await`
    ai = AI.local(data_dir="data")                       # the gateway itself, in this process, without a server
    answer = ai.run("openai/gpt-5.1-chat", {"messages": [...]})

`synchronous` and `asynchronous` the two faces · `answers` what comes back · `transport` the way to a gateway: `remote`, `local`
`background` the loop behind the synchronous face

Nothing of the gateway is imported until `local` is asked for.
"""

from entrepot.binding.answers import AIError, Answer, Chunk
from entrepot.binding.asynchronous import AsyncAI, AsyncStream
from entrepot.binding.synchronous import AI, Stream

__all__ = ["AI", "AIError", "Answer", "AsyncAI", "AsyncStream", "Chunk", "Stream"]
