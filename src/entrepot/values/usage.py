"""Token counts of one generation."""

from __future__ import annotations

import msgspec


class Usage(msgspec.Struct, frozen=True, omit_defaults=True):
    """Counts of tokens, with what contains what.

    prompt_tokens              all that went in; contains cached, cache_write, cache_write_1h, audio and image tokens
    cached_tokens              prompt tokens read from the provider's cache
    cache_write_tokens         prompt tokens written to it (5 minute class); cache_write_1h_tokens the 1 hour class
    audio_tokens               prompt tokens that were sound; image_tokens those that were pictures
    completion_tokens          all that came out; contains reasoning, audio and image tokens
    upstream_cost_yocto        what the provider itself says the call cost (yocto-dollars), None when it does not say
    """

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    cache_write_1h_tokens: int = 0
    audio_tokens: int = 0
    image_tokens: int = 0
    reasoning_tokens: int = 0
    completion_audio_tokens: int = 0
    completion_image_tokens: int = 0
    accepted_prediction_tokens: int = 0
    rejected_prediction_tokens: int = 0
    web_searches: int = 0
    upstream_cost_yocto: int | None = None

    @property
    def special(self) -> bool:
        """Anything but plain, cached and reasoning text."""
        return bool(
            self.audio_tokens
            or self.image_tokens
            or self.completion_audio_tokens
            or self.cache_write_tokens
            or self.cache_write_1h_tokens
            or self.completion_image_tokens
            or self.web_searches
        )

    @property
    def total_tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens
