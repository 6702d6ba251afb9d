"""Amazon Bedrock, by Converse. Facts from its API reference and recorded answers, read 2026-11.

It is switched on by a Bedrock API key, or by Amazon's usual access keys, with which requests are signed (the extra `bedrock`).
The names are those of inference profiles: `global.` ones work from any region, `us.` ones from the United States; list others
under [[endpoints]].
"""

from entrepot.providers import Offer, Provider, bearer

provider = Provider(
    slug="amazon-bedrock",
    name="Amazon Bedrock",
    base_url="https://bedrock-runtime.{region}.amazonaws.com",
    variables={"region": "AWS_REGION"},
    dialect="bedrock_converse",
    auth=bearer("AWS_BEARER_TOKEN_BEDROCK"),
    signs_for="bedrock",
    families={"anthropic.": "anthropic-claude-v1", "amazon.nova": "amazon-nova-v1"},
    refuses=frozenset({"seed", "logit_bias", "logprobs", "top_logprobs", "frequency_penalty", "presence_penalty"})
    | {"min_p", "top_a", "repetition_penalty", "prediction", "parallel_tool_calls", "verbosity", "web_search_options"},
    offers=(
        Offer("anthropic/claude-opus-4.7", "global.anthropic.claude-opus-4-7"),
        Offer("anthropic/claude-opus-4.6", "global.anthropic.claude-opus-4-6-v1"),
        Offer("anthropic/claude-opus-4.5", "global.anthropic.claude-opus-4-5-20251101-v1:0"),
        Offer("anthropic/claude-sonnet-4.6", "global.anthropic.claude-sonnet-4-6"),
        Offer("anthropic/claude-sonnet-4.5", "global.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        Offer("anthropic/claude-sonnet-4", "global.anthropic.claude-sonnet-4-20250514-v1:0"),
        Offer("anthropic/claude-haiku-4.5", "global.anthropic.claude-haiku-4-5-20251001-v1:0"),
        Offer("amazon/nova-2-lite-v1", "us.amazon.nova-2-lite-v1:0"),
        Offer("amazon/nova-premier-v1", "us.amazon.nova-premier-v1:0"),
        *(
            Offer(f"amazon/nova-{name}-v1", f"us.amazon.nova-{name}-v1:0", supports=frozenset({"tool_choice"}))
            for name in ("micro", "lite", "pro")
        ),
    ),
    privacy_policy_url="https://aws.amazon.com/privacy/",
    terms_of_service_url="https://aws.amazon.com/service-terms/",
    status_page_url="https://health.aws.amazon.com/health/status",
    headquarters="US",
    source="provider API reference",
    as_of="2026-11",
)
