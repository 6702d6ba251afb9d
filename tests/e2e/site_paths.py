"""Every kind of page there is: a new page is added here, and is then looked at in a browser and by axe-core."""

from entrepot.web.model_page import TABS

MODEL_PAGES = [f"/openai/gpt-5.1/{tab}".rstrip("/") for tab in TABS]
PATHS = [
    "/",
    "/reference",
    "/reference/inference",
    "/docs",
    "/docs/learn/first-answer",
    "/docs/look-up/settings",
    "/docs/look-up/errors",
    "/models",
    "/models?view=list&q=gpt",
    "/models?q=nothing-like-it",
    "/compare/openai/gpt-5.1/openai/gpt-5.1-codex",
    "/providers",
    "/providers/openai",
    "/authors/openai",
    "/apps",
    "/rankings",
    "/rankings?category=coding&by=category",
    "/chat",
    "/status",
    "/design",
    *MODEL_PAGES,
]
