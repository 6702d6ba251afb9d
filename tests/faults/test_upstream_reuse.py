"""A connection whose reading was paused for a long answer is as good as new for the next one."""

from entrepot.settings import Upstream
from entrepot.testing.upstream import FakeUpstream, plain
from entrepot.upstream.client import Client, parse_origin, render_head


async def test_a_long_answer_leaves_its_connection_able_to_read_the_next() -> None:
    async with FakeUpstream([plain("x" * 200_000)]) as upstream, Client(Upstream(first_byte_s=3)) as client:
        origin = parse_origin(upstream.url)
        head = render_head("POST", origin, "/chat/completions", {})
        for _ in range(5):
            answer = await client.send(origin, head, b"{}")
            assert len(await answer.read(10**6)) > 200_000
            answer.close()
        assert upstream.connections == 1
