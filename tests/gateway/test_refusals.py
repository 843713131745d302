"""Refusals as real servers word them, from public reports; the number is an issue of the repository named."""

from __future__ import annotations

import json

import pytest

from apps.gateway.clients import read_listing
from apps.gateway.enums import Adaptation
from apps.gateway.errors import Code, GatewayError
from apps.gateway.failures import in_stream, of_status, retry_after


def error(message: str, **further: object) -> dict[str, object]:
    return {"error": {"message": message, "type": "invalid_request_error", **further}}


NO_USAGE, OTHER, NONE = (Adaptation.NO_USAGE, 0), (Adaptation.OTHER_LIMIT, 0), (Adaptation.NO_LIMIT, 0)
NO_SYSTEM, NO_STREAM = (Adaptation.NO_SYSTEM, 0), (Adaptation.NO_STREAM, 0)


def lower(limit: int) -> tuple[Adaptation, int]:
    return Adaptation.LOWER_LIMIT, limit


REFUSED: list[tuple[int, object, tuple[Adaptation, int]]] = [
    # QuantumNous/new-api 418
    (400, error("Unknown parameter: 'stream_options'.", code="unknown_parameter"), NO_USAGE),
    # modelscope/ms-agent 489: vLLM before 0.5
    (400, {"object": "error", "message": "[{'type': 'extra_forbidden', 'loc': ('body', 'stream_options')}]"}, NO_USAGE),
    # CherryHQ/cherry-studio 9214: Azure AI
    (400, {"detail": "Extra parameters ['stream_options'] are not allowed when extra-parameters is not set"}, NO_USAGE),
    # FastAPI
    (422, {"detail": [{"type": "extra_forbidden", "loc": ["body", "stream_options"], "msg": "Extra inputs"}]}, NO_USAGE),
    # OpenAI, of its reasoning models
    (400, error("Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens'."), OTHER),
    # diffbot/code-gpt-docs 284
    (400, error("max_tokens is too large: 6000. This model supports at most 4096 completion tokens, whereas…"), lower(4096)),
    # deepseek-ai/DeepSeek-V3 69
    (400, error("Invalid max_tokens value, the valid range of max_tokens is [1, 8192]"), lower(8192)),
    # open-webui/open-webui 10507: DashScope
    (400, error("<400> InternalError.Algo.InvalidParameter: Range of max_tokens should be [1, 8192]"), lower(8192)),
    # Gitlawb/openclaude 331: Doubao
    (
        400,
        error("The parameter `max_completion_tokens` is not valid: above maximum, expected a value <= 12288, but got 32000"),
        lower(12288),
    ),
    # AQBot-Desktop/AQBot 93: the words stand in `param`
    (400, error("Param Incorrect", param="max_tokens is too large: 9. This model supports at most 131072 tokens"), lower(131072)),
    # Anthropic
    (400, error("max_tokens: 100000 > 8192, which is the maximum allowed number of output tokens"), lower(8192)),
    # Groq
    (400, error("`max_tokens` must be less than or equal to `8192`, the maximum value for this model"), lower(8192)),
    # vLLM: a limit that does not fit beside the prompt
    (400, error("'max_tokens' is too large: 5000. This model's maximum context length is 4096 tokens. (invalid)"), NONE),
    # suitenumerique/conversations 197, microsoft/autogen 1037: templates of Gemma and Mistral in vLLM, TGI, llama.cpp
    (400, {"message": "System role not supported", "type": "BadRequestError", "code": 400}, NO_SYSTEM),
    (400, error("Conversation roles must alternate user/assistant/user/assistant/..."), NO_SYSTEM),
    (500, error("Only user and assistant roles are supported!"), NO_SYSTEM),
    # o1-mini
    (400, error("Unsupported value: 'messages[0].role' does not support 'system' with this model."), NO_SYSTEM),
    # Gemini, of Gemma
    (400, [{"error": {"code": 400, "message": "Developer instruction is not enabled for models/gemma-3-1b-it"}}], NO_SYSTEM),
    # OpenAI, of organisations that are not verified
    (400, error("Your organization must be verified to stream this model.", param="stream"), NO_STREAM),
    (501, {"error": "streaming is not implemented"}, NO_STREAM),
]


@pytest.mark.parametrize(("status", "body", "refused"), REFUSED)
def test_what_of_the_request_is_refused(status: int, body: object, refused: tuple[Adaptation, int]) -> None:
    assert of_status(status, body, {}).refused == refused


TOO_MUCH = [
    # vLLM
    "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens (4000 in the messages).",
    "The decoder prompt (length 5000) is longer than the maximum model length of 4096.",
    # llama.cpp
    "the request exceeds the available context size. try increasing the context size or enable context shift",
    # Anthropic: crmne/ruby_llm 755 and 906
    "prompt is too long: 200534 tokens > 200000 maximum",
    "input length and `max_tokens` exceed context limit: 174167 + 64000 > 200000, decrease input length or `max_tokens`",
    # Bedrock: coder/xum 2400
    "Input is too long for requested model.",
    # Gemini
    "The input token count (1048577) exceeds the maximum number of tokens allowed (1048576).",
    # Mistral
    "Prompt contains 33000 tokens and 0 draft tokens, too large for model with 32768 maximum context length",
    # TGI
    "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000",
    # sjzar/chatlog 30
    "length of prompt_tokens (163280) must be less than max_seq_len (32768).",
]


@pytest.mark.parametrize("words", TOO_MUCH)
def test_too_much_text_however_it_is_worded(words: str) -> None:
    shapes: list[object] = [
        {"error": {"message": words}},
        {"object": "error", "message": words},
        {"detail": words},
        [{"error": {"code": 400, "message": words, "status": "INVALID_ARGUMENT"}}],
        {"error": words},
        {"errors": [{"message": words}]},
        {"message": json.dumps({"error": {"message": words}})},
        words,
    ]
    for body in shapes:
        found = of_status(400, body, {})
        assert found.code is Code.CONTEXT_FULL, (body, found.detail)


def gemini(quota: str) -> dict[str, object]:
    details = [{"violations": [{"quotaId": quota}]}, {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "26s"}]
    words = "You exceeded your current quota, please check your plan and billing details."
    return {"error": {"code": 429, "message": words, "status": "RESOURCE_EXHAUSTED", "details": details}}


BY_MINUTE = gemini("GenerateContentInputTokensPerModelPerMinute-FreeTier")
BY_DAY = gemini("GenerateRequestsPerDayPerProjectPerModel-FreeTier")


@pytest.mark.parametrize(
    ("status", "body", "code", "wait"),
    [
        # langchain-ai/langchainjs 1929
        (429, error("You exceeded your current quota", code="insufficient_quota"), Code.QUOTA_EXHAUSTED, None),
        (402, error("This request requires more credits, or fewer max_tokens."), Code.QUOTA_EXHAUSTED, None),
        (402, "", Code.QUOTA_EXHAUSTED, None),
        (400, error("Your credit balance is too low to access the API."), Code.QUOTA_EXHAUSTED, None),
        (403, error("Insufficient Balance"), Code.QUOTA_EXHAUSTED, None),
        # RooCodeInc/Roo-Code 3883: the same words for a minute and for a day
        (429, BY_MINUTE, Code.RATE_LIMITED, 26),
        (429, [BY_MINUTE], Code.RATE_LIMITED, 26),
        (429, BY_DAY, Code.QUOTA_EXHAUSTED, None),
        (429, error("Rate limit reached for gpt-4o. Please try again in 6m12s."), Code.RATE_LIMITED, 372),
        (429, error("Rate limit reached. Please try again in 1.2s."), Code.RATE_LIMITED, 2),
        (429, error("Please retry after 20 seconds."), Code.RATE_LIMITED, 20),
        (529, {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, Code.PROVIDER_ERROR, None),
        (400, error("Filtered", innererror={"code": "ResponsibleAIPolicyViolation"}), Code.CONTENT_REFUSED, None),
        (400, error("Input data may contain inappropriate content.", code="data_inspection_failed"), Code.CONTENT_REFUSED, None),
        (404, {"error": "model 'x' not found, try pulling it first"}, Code.NOT_CONFIGURED, None),
        (425, None, Code.PROVIDER_ERROR, None),
        (429, error("Rate limit reached for default on requests. Visit example.com/account/billing."), Code.RATE_LIMITED, None),
        (500, error("Unexpected error in the stream."), Code.PROVIDER_ERROR, None),
        (503, error("Streaming is not available at the moment."), Code.PROVIDER_ERROR, None),
    ],
)
def test_what_is_used_up_and_what_is_only_busy(status: int, body: object, code: Code, wait: int | None) -> None:
    found = of_status(status, body, {})
    assert (found.code, found.retry_after) == (code, wait), found.detail
    assert found.refused is None
    assert found.permanent is (code not in {Code.RATE_LIMITED, Code.PROVIDER_ERROR})
    assert str(found)


@pytest.mark.parametrize("depth", [20, 900])
def test_a_body_that_is_nested_without_end_is_a_refusal_all_the_same(depth: int) -> None:
    body: object = {"message": "down"}
    for _ in range(depth):
        body = [{"error": body}]
    assert of_status(429, body, {}).code is Code.RATE_LIMITED
    assert in_stream(body).code is Code.PROVIDER_ERROR


def test_a_wait_in_milliseconds() -> None:
    assert retry_after({"retry-after-ms": "1500"}) == 2


@pytest.mark.parametrize(
    "body",
    [
        error("Invalid value for temperature."),
        error("x" * 700 + " the prompt is too long, Unknown parameter: 'stream_options'"),  # far down: somebody's own text
        error("Bad request"),
        error("The stream of consciousness is no schema."),
        error("Invalid 'max_tokens': integer below minimum value. Expected a value >= 16, but got 9."),
        [],
        [[[[{}]]]],
        {"error": {"error": {"error": None}}},
        "<html>",
        None,
    ],
)
def test_what_says_nothing_of_it_is_taken_for_nothing_else(body: object) -> None:
    found = of_status(400, body, {})
    assert (found.code, found.refused) == (Code.PROVIDER_ERROR, None)


@pytest.mark.parametrize(
    ("content", "names"),
    [
        (b'{"data":[{"id":"a"},{"id":"b"}]}', ("a", "b")),
        (b'[{"id":"a"}]', ("a",)),
        (b'["a","b"]', ("a", "b")),
        (b'{"models":[{"name":"llama3:8b","model":"llama3:8b"}]}', ("llama3:8b",)),
        (b'{"models":[{"name":"models/gemini-2.5-pro"}]}', ("gemini-2.5-pro",)),
        (b'{"data":[{"model_name":"gpt","litellm_params":{}}]}', ("gpt",)),
        (b'{"data":{"models":["a"]}}', ("a",)),
        (b'{"data":[{"id":"a"},{"id":null},{},7,null,{"id":"a"},{"id":"b"}]}', ("a", "b")),
        (b'{"data":[]}', ()),
        (b"[]", ()),
    ],
)
def test_lists_of_models_in_the_shapes_there_are(content: bytes, names: tuple[str, ...]) -> None:
    assert read_listing(content) == names


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"{}", Code.BAD_ANSWER),
        (b'{"data":"many"}', Code.BAD_ANSWER),
        (b"null", Code.BAD_ANSWER),
        (b"<html>", Code.BAD_ANSWER),
        (b"\xff\xfe", Code.BAD_ANSWER),
        (b"[" * 100_000, Code.BAD_ANSWER),
        (b'{"error":{"message":"down"}}', Code.PROVIDER_ERROR),
    ],
)
def test_what_is_no_list_of_models_says_what_came(content: bytes, code: Code) -> None:
    with pytest.raises(GatewayError) as caught:
        read_listing(content)
    assert caught.value.code is code
    assert caught.value.detail
