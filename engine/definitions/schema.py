"""JSON schemas of the files, for editors: names, words and hints while a law officer types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from engine.definitions.model import NoticeSource, OverlaySource, WorkflowSource
from engine.definitions.story_model import StorySource

MODELS: Mapping[str, type[BaseModel]] = {
    "workflow": WorkflowSource,
    "notice": NoticeSource,
    "overlay": OverlaySource,
    "story": StorySource,
}
"""Every kind of file, with its model."""


def schema_of(kind: str) -> dict[str, Any]:
    """The JSON schema of one kind of file; raises KeyError for a kind that MODELS does not have."""
    found = MODELS[kind].model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **found}
