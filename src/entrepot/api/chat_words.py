"""What each member of a chat request means, for the API reference; types and bounds stand at the members, in `values/`.

Names and meanings are OpenRouter's (its contract 1.2 to 1.7, read 2026-08-22). A default is what a member left out amounts to;
where none is given the model's own holds, for nothing is put into a request that the caller did not send.
"""

from __future__ import annotations

from typing import Any

import msgspec

from entrepot.values import chat, messages, preferences


class Said(msgspec.Struct, frozen=True):
    meaning: str
    default: Any = msgspec.UNSET


_CACHE_MARK = "Marks the end of what the provider should cache; sent to providers that know it."
_NAME = "Tells participants of one role apart."
_NOT_SENT = "Not acted on here; sent only to providers that speak OpenRouter's own fields."
_SCHEMA_NAME = "A name for the schema: letters, digits, `_` and `-`."

WORDS: dict[type[msgspec.Struct], dict[str, str | Said]] = {
    chat.Chat: {
        "messages": "The conversation, oldest first. One that ends with the assistant's message asks the model to go on from it.",
        "model": "The model wished for, as `author/slug` or any of its aliases. Needed, unless `models` names one.",
        "models": "Fall-backs, tried in this order after `model` when every endpoint of the one before has failed.",
        "stream": Said("Whether the answer comes piece by piece, as server-sent events.", False),
        "temperature": "How freely tokens are chosen: 0 takes the likeliest, higher numbers give more variety.",
        "top_p": "Only the likeliest tokens that together have this probability are chosen from.",
        "top_k": "Only so many of the likeliest tokens are chosen from; OpenAI's models do not know it.",
        "min_p": "Tokens less likely than this share of the likeliest are left out.",
        "top_a": "Tokens less likely than this share of the square of the likeliest are left out.",
        "frequency_penalty": "Makes a token less likely each time it has occurred; below 0, more likely.",
        "presence_penalty": "Makes a token less likely once it has occurred; below 0, more likely.",
        "repetition_penalty": "Divides the weight of tokens that have occurred, the prompt's included; 1 does nothing.",
        "max_tokens": "The older spelling of `max_completion_tokens`.",
        "max_completion_tokens": (
            "The most tokens to write, reasoning included. Lowered, and said so, when it is more than the endpoint writes."
        ),
        "n": Said("How many answers to give.", 1),
        "seed": "The same seed with the same request asks for the same answer; the sandbox keeps to it.",
        "stop": "Texts before which the answer ends: one, or up to four.",
        "logit_bias": "By token id, what is added to a token's weight before one is chosen.",
        "logprobs": Said("Whether the probability of each token is told.", False),
        "top_logprobs": "How many of the likeliest tokens are told at each place; needs `logprobs`.",
        "tools": "What the model may call; sent again on every turn.",
        "tool_choice": "Whether tools may be called (`auto`), must not (`none`), must (`required`), or which one must be.",
        "parallel_tool_calls": Said("Whether several tools may be called in one turn.", True),
        "functions": "The spelling of `tools` before there were tools.",
        "function_call": "The spelling of `tool_choice` before there were tools.",
        "response_format": "What the answer must be: text, any JSON object, or JSON that satisfies a schema.",
        "structured_outputs": "Says that the schema of `response_format` is to be kept to strictly.",
        "reasoning": "How the model reasons before it answers.",
        "reasoning_effort": "Short for `reasoning.effort`; the two must not differ.",
        "include_reasoning": "The older spelling: false is `reasoning: {exclude: true}`.",
        "verbosity": "How long-winded the answer is; models that do not know it are not sent it.",
        "stream_options": "Needed no more: every stream ends with its usage.",
        "usage": "Needed no more: every answer carries its usage and cost.",
        "provider": "Which providers may answer, and in which order.",
        "plugins": "`file-parser` and `response-healing` are offered here; others are refused, unless `enabled` is false.",
        "route": "Deprecated; accepted, and not acted on.",
        "preset": "Not offered here; refused.",
        "prediction": "Text the answer is expected to contain, which some models then write faster.",
        "modalities": "What the answer may consist of.",
        "audio": "Voice and format of a spoken answer.",
        "image_config": _NOT_SENT,
        "web_search_options": "How a model that searches the web by itself does so.",
        "x_search_filter": _NOT_SENT,
        "service_tier": "The provider's class of service, passed on.",
        "speed": _NOT_SENT,
        "cache_control": _NOT_SENT,
        "prompt_cache_key": "Groups requests that begin alike, so that the provider's cache is found again.",
        "prompt_cache_options": "How OpenAI caches the prompt, passed on.",
        "prompt_cache_retention": "How long OpenAI keeps the cached prompt, passed on.",
        "session_id": "Groups requests in the records; `X-Session-Id` says the same.",
        "user": "Your user's id: kept in the record, and sent to the provider as a digest only.",
        "safety_identifier": "An id of your user for OpenAI's safety checks, passed on as it is.",
        "metadata": "Up to 16 pairs of your own, passed on.",
        "trace": _NOT_SENT,
        "debug": _NOT_SENT,
        "transforms": _NOT_SENT,
        "max_tool_calls": _NOT_SENT,
        "stop_server_tools_when": _NOT_SENT,
        "store": "Whether the provider may keep the answer for later retrieval, passed on.",
    },
    preferences.Preferences: {
        "order": "Providers to try first, in this order: slugs, `slug/variant`, or names.",
        "only": "No others may be used.",
        "ignore": "These must not be used.",
        "allow_fallbacks": Said("False: only the first choice, or those in `order`, may be tried.", True),
        "require_parameters": Said("Leave out endpoints for which something of the request would be dropped or changed.", False),
        "data_collection": Said("`deny`: only endpoints known not to train on what is sent.", "allow"),
        "zdr": Said("Only endpoints that keep nothing.", False),
        "enforce_distillable_text": Said("Only models whose author allows distillation.", False),
        "quantizations": "Only these precisions: int4, int8, fp4, fp6, fp8, fp16, bf16, fp32, unknown and their kin.",
        "sort": "Accepted; endpoints come cheapest first.",
        "max_price": "Leave out endpoints that are dearer.",
        "preferred_min_throughput": "Accepted; not acted on.",
        "preferred_max_latency": "Accepted; not acted on.",
        "options": "Accepted; not acted on.",
    },
    preferences.MaxPrice: {
        "prompt": "US dollars for a million tokens.",
        "completion": "US dollars for a million tokens.",
        "audio": "US dollars for a million tokens.",
        "request": "US dollars for each request.",
        "image": "US dollars for each image.",
    },
    preferences.Sort: {
        "by": "Accepted; endpoints come cheapest first.",
        "partition": Said("`none` ranks the endpoints of all `models` together. Accepted; not acted on.", "model"),
    },
    chat.ReasoningControl: {
        "effort": "How much to reason. One that the model does not know becomes the nearest it has. Not with `max_tokens`.",
        "max_tokens": "The same as a number of tokens; 0 is `none`. Not with `effort`.",
        "exclude": Said("Leave the text of the reasoning out of the answer; it is paid for all the same.", False),
        "enabled": "True alone is `medium`, false is `none`.",
        "summary": _NOT_SENT,
        "context": _NOT_SENT,
        "mode": _NOT_SENT,
    },
    chat.StreamOptions: {
        "include_usage": "Needed no more: every stream ends with its usage.",
        "include_obfuscation": "Not acted on.",
    },
    chat.UsageOption: {"include": "Needed no more: every answer carries its usage and cost."},
    chat.Debug: {"echo_upstream_body": _NOT_SENT},
    chat.Plugin: {
        "id": "The plugin.",
        "enabled": Said("False: it is not wished for.", True),
        "pdf": "How `file-parser` reads PDFs.",
    },
    chat.Pdf: {"engine": "`pdf-text` (or `cloudflare-ai`): their text is read here. `native`: the model reads it, where it can."},
    chat.Prediction: {"type": "Always `content`.", "content": "The text, whole or in parts."},
    chat.AudioOutput: {
        "voice": "A voice the provider has.",
        "format": "wav, mp3, flac, opus or pcm16.",
    },
    chat.Tool: {
        "type": "`function`, or `custom` for a tool that takes free text.",
        "function": "The function, when it is one.",
        "custom": "The tool, when it is a custom one; passed on.",
        "cache_control": _CACHE_MARK,
    },
    chat.Function: {
        "name": "What the model calls it by.",
        "description": "What it does and when to call it, for the model to read.",
        "parameters": "A JSON schema of its arguments.",
        "strict": "Whether the arguments must satisfy the schema exactly.",
    },
    chat.NamedChoice: {
        "type": "The kind of tool.",
        "function": "The function to call.",
        "custom": "The custom tool to call.",
        "allowed_tools": "Those to choose from; passed on.",
    },
    chat.NamedFunction: {"name": "One of the tools of this request."},
    chat.JsonObjectFormat: {"schema": "Some providers take a schema here; passed on."},
    chat.JsonSchemaFormat: {"json_schema": "The schema, and what it is called."},
    chat.JsonSchema: {
        "name": _SCHEMA_NAME,
        "schema": "A JSON schema that the answer satisfies.",
        "description": "What the answer is for, for the model to read.",
        "strict": "Whether the provider must keep to it exactly.",
    },
    chat.GrammarFormat: {"grammar": "A grammar in the provider's notation; passed on."},
    messages.SystemMessage: {"content": "What the model is told to be and to do.", "name": _NAME},
    messages.DeveloperMessage: {"content": "The same as `system`, in OpenAI's newer word.", "name": _NAME},
    messages.UserMessage: {"content": "What is asked: text, or parts with images, audio, video and files.", "name": _NAME},
    messages.AssistantMessage: {
        "content": "What the model said.",
        "tool_calls": "What it called.",
        "function_call": "The same before there were tools.",
        "refusal": "The words in which it refused.",
        "reasoning": "What it thought, as it came.",
        "reasoning_content": "Another spelling of `reasoning`.",
        "reasoning_details": "What it thought, in blocks, signed or encrypted; send them back unchanged and in order.",
        "images": "Images it made.",
        "audio": "What it spoke, by id.",
        "annotations": "Citations and parsed files, as they came.",
        "name": _NAME,
        "prefix": "Mistral and DeepSeek: go on from this message.",
    },
    messages.ToolMessage: {"content": "What the tool answered.", "tool_call_id": "The id of the call it answers.", "name": _NAME},
    messages.FunctionMessage: {"name": "The function that answered.", "content": "What it answered."},
    messages.ToolCall: {
        "id": "The call's id, which its result names.",
        "type": "`function` or `custom`.",
        "function": "What was called, with which arguments.",
        "custom": "The call of a custom tool.",
        "index": "Its place among the calls of the turn.",
    },
    messages.CalledFunction: {"name": "The function.", "arguments": "Its arguments as JSON text; an object is taken too."},
    messages.ReasoningDetail: {
        "type": "`reasoning.text`, `reasoning.summary`, `reasoning.encrypted` or `reasoning.server_tool_call`.",
        "text": "The text of a text block.",
        "summary": "The text of a summary block.",
        "data": "What an encrypted block holds.",
        "signature": "The provider's proof that the text is its own.",
        "format": "Whose format the block is in.",
        "id": "The block's id.",
        "index": "Its place.",
    },
    messages.TextPart: {
        "text": "The text.",
        "cache_control": _CACHE_MARK,
        "prompt_cache_breakpoint": "OpenAI's spelling of that mark.",
    },
    messages.ImagePart: {"image_url": "The image.", "cache_control": _CACHE_MARK},
    messages.ImageUrl: {
        "url": "An http(s) URL, or the bytes as a data URL: png, jpeg, webp or gif.",
        "detail": "How closely to look.",
    },
    messages.AudioPart: {"input_audio": "The sound.", "cache_control": _CACHE_MARK},
    messages.Audio: {"data": "The bytes in base64.", "format": "wav, mp3, aiff, aac, ogg, flac, m4a, pcm16 or pcm24."},
    messages.VideoPart: {"video_url": "The video."},
    messages.InputVideoPart: {"video_url": "The video."},
    messages.VideoUrl: {"url": "An http(s) URL, or the bytes as a data URL."},
    messages.FilePart: {"file": "The file.", "cache_control": _CACHE_MARK},
    messages.File: {
        "filename": "What it is called.",
        "file_data": "A URL, or the bytes as a data URL.",
        "file_id": "The provider's id of an uploaded file.",
    },
    messages.RefusalPart: {"refusal": "The words of a refusal."},
    messages.ThinkingPart: {"thinking": "What the model thought, as it came."},
}


def explain(components: dict[str, Any]) -> None:
    """Adds meanings and defaults to the schemas of an OpenAPI document that have them."""
    for kind, words in WORDS.items():
        schema = components.get(kind.__name__)
        if schema is None:
            continue
        for name, said in words.items():
            told = said if isinstance(said, Said) else Said(said)
            member = schema["properties"][name] | {"description": told.meaning}
            if told.default is not msgspec.UNSET:
                member["default"] = told.default
            schema["properties"][name] = member
