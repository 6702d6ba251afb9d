"""What is asked. Each check makes its cases from a random source, so that no answer can be learnt by heart.

Each case knows what an honest and able endpoint might answer, and the suite's own tests hold every judge to that.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import msgspec

from entrepot.checks import judging
from entrepot.checks.case import Body, Case, Reply, Subject, ToolCall
from entrepot.metering.tokens import count_prompt, count_text
from entrepot.values.usage import Usage

_ROOM = 400
_ROOM_TO_THINK = 2_000
_REPEATED = 20
_CUT_AT = 48
_KINDS = 6
"""Of questions that a check asks in turn, at most; those of all checks divide it."""
_WORDS = (
    *("harbour", "anchor", "lantern", "rudder", "mast", "tide", "cargo", "pilot"),
    *("beacon", "gull", "rope", "barrel", "compass", "signal", "ferry"),
)
_CITIES = (
    *("Oslo", "Lisbon", "Hamburg", "Naples", "Bergen", "Antwerp", "Genoa", "Riga"),
    *("Cadiz", "Dublin", "Trieste", "Marseille"),
)
_TOPICS = ("how tides work", "the history of lighthouses", "how a canal lock works", "why ships float", "how ropes are made")


class Check(msgspec.Struct, frozen=True):
    """cases     how many there are when nothing else is said
    measures  "" for a check that is passed or failed; else the unit of what it measures
    dear      done only when it is named
    """

    name: str
    title: str
    meaning: str
    make: Callable[[random.Random, Subject, int], list[Case]]
    cases: int = 8
    measures: str = ""
    dear: bool = False


def usual() -> list[str]:
    """What is asked when nothing else is said."""
    return [name for name, check in CHECKS.items() if not check.dear]


def cases_for(names: list[str], subject: Subject, seed: int, samples: int | None = None) -> list[Case]:
    """Of the named checks, those that make sense for the subject. The same seed asks every endpoint the same."""
    made: list[Case] = []
    for name in names:
        check = CHECKS[name]
        cases = check.make(random.Random(f"{seed} {name}"), subject, samples or check.cases)
        made += cases if check.measures else map(_one_way_or_other, range(len(cases)), cases)
    return made


def _one_way_or_other(place: int, case: Case) -> Case:
    """Half of each kind of question is not streamed, since some endpoints do well in one of the two only."""
    if (place + place // _KINDS) % 2 == 0:
        return case
    return msgspec.structs.replace(case, bodies=tuple(body | {"stream": False} for body in case.bodies))


Messages = list[dict[str, str]]


def _says(role: str, text: str) -> dict[str, str]:
    return {"role": role, "content": text}


def _user(text: str) -> Messages:
    return [_says("user", text)]


def _ask(text: str, subject: Subject, **more: Any) -> Body:
    return _ask_in(_user(text), subject, **more)


def _ask_in(messages: Messages, subject: Subject, **more: Any) -> Body:
    body: Body = {"messages": messages, "max_tokens": _ROOM_TO_THINK if subject.reasons else _ROOM}
    if subject.reasons:
        body["reasoning"] = {"effort": "low"}
    elif subject.takes("temperature"):
        body["temperature"] = 0
    return body | more


def _said(text: str, finish: str = "stop") -> tuple[Reply, ...]:
    counted = count_text(text)
    return (Reply(text=text, finish_reason=finish, counted=counted, first_ms=200.0, whole_ms=1200.0),)


def _instructions(chance: random.Random, subject: Subject, count: int) -> list[Case]:
    made = []
    for at in range(count):
        word, number = chance.choice(_WORDS), chance.randint(3, 7)
        code = f"{word.upper()}-{number * 137}"
        kinds = [
            (
                _user(f"Write the word {word} exactly {number} times, separated by single spaces. Write nothing else."),
                judging.says(rf"{word}(?: {word}){{{number - 1}}}", f"{number} times {word}"),
                " ".join([word] * number),
            ),
            (
                _user(
                    f"List {number} fruits, each on its own line that begins with '- '. Write nothing before or after the list."
                ),
                judging.says(rf"- [^\n]+(?:\n- [^\n]+){{{number - 1}}}", f"{number} lines that begin with '- '"),
                "\n".join(["- apple"] * number),
            ),
            (
                _user(
                    f"What is the capital of France? Answer in lower case only, as one sentence that ends with the word {word}."
                ),
                judging.says(rf"(?=.*\bparis\b)[^A-Z]*\b{word}[.!]?", f"lower case, paris, and {word} at the end"),
                f"the capital is paris, said the {word}.",
            ),
            (
                _user(f"Reply with the code {code} and nothing else, no punctuation."),
                judging.says(code, code),
                code,
            ),
            (
                [_says("system", f"Whatever you are asked, your whole answer is the code {code}."), *_user("How are you today?")],
                judging.says(rf"{code}\.?", f"{code}, as the system message has it"),
                code,
            ),
            (
                [
                    *_user(f"My code is {code}."),
                    _says("assistant", "I shall remember it."),
                    *_user("Say my code, and nothing else."),
                ],
                judging.says(rf"{code}\.?", f"{code} from an earlier turn"),
                code,
            ),
        ]
        messages, judge, example = kinds[at % len(kinds)]
        made.append(Case("instructions", (_ask_in(messages, subject),), judge, _said(example)))
    return made


def _ship(chance: random.Random) -> dict[str, Any]:
    cargo = chance.sample(["tea", "tin", "wool", "salt", "copper", "timber"], 2)
    return {
        "ship": chance.choice(_WORDS).title(),
        "tons": chance.randint(100, 999),
        "flag": chance.choice(_FLAGS),
        "cargo": cargo,
    }


_FLAGS = ["norway", "portugal", "italy"]
_ARRIVAL: dict[str, Any] = {
    "type": "object",
    "properties": {
        "ship": {"type": "string"},
        "tons": {"type": "integer"},
        "flag": {"type": "string", "enum": _FLAGS},
        "cargo": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["ship", "tons", "flag", "cargo"],
    "additionalProperties": False,
}
_OPEN: dict[str, Any] = {
    "type": "object",
    "properties": {"colours": {"type": "array", "items": {"type": "string"}}},
    "required": ["colours"],
}


def _told(ship: dict[str, Any]) -> str:
    flag, cargo = ship["flag"].title(), " and ".join(ship["cargo"])
    return f"The {ship['ship']}, {ship['tons']} tons, under the flag of {flag}, brings {cargo}."


def _json(chance: random.Random, subject: Subject, count: int) -> list[Case]:
    if not subject.takes("response_format"):
        return []
    made = []
    for _ in range(count):
        number = chance.randint(2, 5)
        text = f'Name {number} colours. Answer as JSON: one object whose only member "colours" is a list of texts.'
        body = _ask(text, subject, response_format={"type": "json_object"})
        example = json.dumps({"colours": ["blue"] * number})
        made.append(Case("json", (body,), judging.is_json(_OPEN), _said(example)))
    return made


def _schema(chance: random.Random, subject: Subject, count: int) -> list[Case]:
    if not (subject.takes("structured_outputs") or subject.takes("response_format")):
        return []
    shape = {"type": "json_schema", "json_schema": {"name": "arrival", "strict": True, "schema": _ARRIVAL}}
    made = []
    for _ in range(count):
        ship = _ship(chance)
        body = _ask(f"Enter this arrival: {_told(ship)}", subject, response_format=shape)
        made.append(Case("schema", (body,), judging.is_json(_ARRIVAL), _said(json.dumps(ship))))
    return made


def _tool(name: str, meaning: str, **members: str) -> dict[str, Any]:
    properties = {member: {"type": kind} for member, kind in members.items()}
    parameters = {"type": "object", "properties": properties, "required": list(members), "additionalProperties": False}
    return {"type": "function", "function": {"name": name, "description": meaning, "parameters": parameters}}


_TOOLS = [
    _tool("get_tide", "Height of the tide in a harbour at an hour of the day.", city="string", hour="integer"),
    _tool("book_berth", "Books a berth for a ship in a harbour.", city="string", ship="string", days="integer"),
    _tool("convert_tons", "Converts metric tons to long tons.", tons="number"),
]


def _tools(chance: random.Random, subject: Subject, count: int) -> list[Case]:
    if not subject.takes("tools"):
        return []
    made = []
    for at in range(count):
        city, ship, number = chance.choice(_CITIES), chance.choice(_WORDS).title(), chance.randint(2, 20)
        kinds: list[tuple[str, str, dict[str, Any]]] = [
            (f"How high is the tide in {city} at {number} o'clock?", "get_tide", {"city": city, "hour": number}),
            (
                f"Please book a berth in {city} for the ship {ship}, for {number} days.",
                "book_berth",
                {"city": city, "ship": ship, "days": number},
            ),
            (f"How many long tons are {number * 50} metric tons?", "convert_tons", {"tons": number * 50}),
            (f"Say hello to the people of {city}. You need no tool for that.", "", {}),
            (f"How high is the tide in {city} at {number} o'clock?", "get_tide", {"city": city, "hour": number}),
            (f"How high is the tide in {city} at {number} o'clock?", "", {"tool_choice": "none"}),
        ]
        text, name, arguments = kinds[at % (len(kinds) if subject.takes("tool_choice") else 4)]
        body = _ask(text, subject, tools=_TOOLS) | (arguments if not name else {})
        if name:
            example = (Reply(finish_reason="tool_calls", tool_calls=(ToolCall(name, json.dumps(arguments)),)),)
            made.append(Case("tools", (body,), judging.calls(name, arguments), example))
        else:
            made.append(Case("tools", (body,), judging.no_call, _said("Hello!")))
    return made


def _stop(chance: random.Random, subject: Subject, count: int) -> list[Case]:
    if not subject.takes("stop"):
        return []
    made = []
    for _ in range(count):
        first = chance.randint(11, 60)
        stop = first + chance.randint(5, 9)
        text = f"Count from {first} to {stop + 10}, digits only, separated by commas and spaces. Write nothing else."
        body = _ask(text, subject, stop=[str(stop)])
        example = ", ".join(map(str, range(first, stop))) + ", "
        made.append(Case("stop", (body,), judging.stops_before(str(stop), str(stop - 1)), _said(example)))
    return made


def _max_tokens(chance: random.Random, subject: Subject, count: int) -> list[Case]:
    least = round(_CUT_AT * 0.8) if subject.exact_tokens and not subject.reasons else 0
    judge = judging.no_longer_than(_CUT_AT, 1.0 if subject.exact_tokens else 1.6, least)
    made = []
    for _ in range(count):
        body = _ask(f"Explain at great length {chance.choice(_TOPICS)}, in at least 900 words.", subject, max_tokens=_CUT_AT)
        made.append(Case("max_tokens", (body,), judge, _said(" tide" * (_CUT_AT - 4), "length")))
    return made


def _counting(chance: random.Random, subject: Subject, count: int) -> list[Case]:
    """Short and long ones that differ in nothing else: what a provider always adds cannot hide in the difference."""
    least, most, apart = (0.97, 1.03, 0.02) if subject.exact_tokens else (0.6, 1.7, 0.7)
    measure = judging.Measure(least, most, 300, apart, subject.reasons)
    made = []
    for _ in range(count):
        lines = [_sentence(chance) for _ in range(60)]
        wanted = (lines[:1], lines[:_REPEATED])
        asked = (
            "\n".join([*lines[:10], f"Repeat only this line, as it is: {lines[0]}"]),
            "\n".join([*lines, f"Repeat the first {_REPEATED} of these lines, as they are, and nothing else."]),
        )
        bodies = tuple(_ask(text, subject) for text in asked)
        bodies[1]["max_tokens"] += _ROOM
        prompts = [count_prompt(body["messages"]) for body in bodies]
        example = tuple(
            msgspec.structs.replace(reply, usage=Usage(ours, reply.counted))
            for ours, came in zip(prompts, wanted, strict=True)
            for reply in _said("\n".join(came))
        )
        made.append(Case("counting", bodies, judging.counts_honestly(prompts, measure), example))
    return made


def _seed(chance: random.Random, subject: Subject, count: int) -> list[Case]:
    if not subject.takes("seed"):
        return []
    made = []
    for _ in range(count):
        number = chance.randint(1, 10**6)
        body = _ask(f"Make up three names of ships that have to do with a {chance.choice(_WORDS)}.", subject, seed=number)
        body |= {"temperature": 1} if subject.takes("temperature") and not subject.reasons else {}
        made.append(Case("seed", (body, body), judging.same_twice, _said("The Beacon") * 2))
    return made


def _recall(tokens: int) -> Callable[[random.Random, Subject, int], list[Case]]:
    name = f"recall_{tokens // 1000}k"

    def make(chance: random.Random, subject: Subject, count: int) -> list[Case]:
        if subject.context_length < tokens * 1.5 + _ROOM_TO_THINK:
            return []
        made = []
        for at in range(count):
            city, code = chance.choice(_CITIES), str(chance.randint(100_000, 999_999))
            lines: list[str] = []
            size = 0
            while size < tokens:
                lines.append(_sentence(chance))
                size += count_text(lines[-1]) + 1
            # Spread over the whole length, since the middle is forgotten first.
            lines.insert(len(lines) * (2 * at + 1) // (2 * count), f"The harbour master's code of {city} is {code}.")
            asked = f"What is the harbour master's code of {city}? Answer with the number only."
            made.append(Case(name, (_ask("\n".join([*lines, asked]), subject),), judging.contains(code), _said(code)))
        return made

    return make


def _sentence(chance: random.Random) -> str:
    one, other, number = chance.choice(_WORDS), chance.choice(_WORDS), chance.randint(2, 999)
    forms = (
        f"On day {number} the {one} was moved behind the {other}.",
        f"Nobody remembers why {number} men carried a {one} to the {other}.",
        f"The {one} costs {number} crowns, and the {other} is not for sale.",
    )
    return chance.choice(forms)


def _speed(name: str, judge: Callable[..., Any]) -> Callable[[random.Random, Subject, int], list[Case]]:
    def make(chance: random.Random, subject: Subject, count: int) -> list[Case]:
        example = _said(" tide" * 100)
        return [
            Case(name, (_ask(f"Write about 200 words on {chance.choice(_TOPICS)}.", subject),), judge, example)
            for _ in range(count)
        ]

    return make


CHECKS = {
    check.name: check
    for check in (
        Check("instructions", "Instructions", "does what it is told, to the letter", _instructions, 12),
        Check("json", "JSON mode", "JSON mode gives JSON", _json),
        Check("schema", "Schema", "an answer keeps to the schema that was sent", _schema, 16),
        Check("tools", "Tool calls", "the right tool with the right arguments, and none where none is needed", _tools, 12),
        Check("stop", "Stop sequences", "the answer ends at a stop sequence, and says so", _stop, 6),
        Check("max_tokens", "max_tokens", "the answer is no longer than was asked, and says that it was cut", _max_tokens, 6),
        Check("counting", "Token counts", "what is charged for agrees with what was sent and what came", _counting, 4),
        Check("seed", "Seed", "the same seed gives the same answer", _seed, 3),
        Check("recall_1k", "Recall, 1k", "finds one line among 1,000 tokens", _recall(1_000), 4),
        Check("recall_8k", "Recall, 8k", "finds one line among 8,000 tokens", _recall(8_000), 4),
        Check("recall_32k", "Recall, 32k", "finds one line among 32,000 tokens", _recall(32_000), 3),
        Check("recall_80k", "Recall, 80k", "finds one line among 80,000 tokens", _recall(80_000), 3, dear=True),
        Check(
            "first_token",
            "First token",
            "time until the first token comes",
            _speed("first_token", judging.milliseconds_to_first),
            5,
            "ms",
        ),
        Check(
            "throughput",
            "Throughput",
            "tokens a second after the first",
            _speed("throughput", judging.tokens_per_second),
            5,
            "tokens/s",
        ),
    )
}
