"""Refusals as real servers word them, from public reports; the number is an issue of the repository named."""

from __future__ import annotations

import json
import time

import pytest

from apps.gateway.clients import read_listing
from apps.gateway.enums import Adaptation
from apps.gateway.errors import Code, GatewayError, Refused
from apps.gateway.failures import in_stream, of_status, retry_after


def error(message: str, **further: object) -> dict[str, object]:
    return {"error": {"message": message, "type": "invalid_request_error", **further}}


NO_USAGE, OTHER = Refused(Adaptation.NO_USAGE), Refused(Adaptation.OTHER_LIMIT)
NO_SYSTEM, NO_STREAM = Refused(Adaptation.NO_SYSTEM), Refused(Adaptation.NO_STREAM)
NO_ROOM = Refused(Adaptation.NO_LIMIT, lasting=False)


def lower(limit: int) -> Refused:
    return Refused(Adaptation.LOWER_LIMIT, limit)


REFUSED: list[tuple[int, object, Refused]] = [
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
    # AQBot-Desktop/AQBot 93: the text is in `param`
    (400, error("Param Incorrect", param="max_tokens is too large: 9. This model supports at most 131072 tokens"), lower(131072)),
    # Anthropic
    (400, error("max_tokens: 100000 > 8192, which is the maximum allowed number of output tokens"), lower(8192)),
    # Groq
    (400, error("`max_tokens` must be less than or equal to `8192`, the maximum value for this model"), lower(8192)),
    # microsoft/semantic-kernel 10510: Azure AI's other wording
    (422, error("Validation error at #/stream_options: Extra inputs are not permitted"), NO_USAGE),
    # songquanpeng/one-api 1423
    (400, error("Unrecognized request argument supplied: stream_options. Please contact us through…"), NO_USAGE),
    # suitenumerique/conversations 197, microsoft/autogen 1037: templates of Gemma and Mistral in vLLM, TGI, llama.cpp
    (400, {"message": "System role not supported", "type": "BadRequestError", "code": 400}, NO_SYSTEM),
    (400, error("Conversation roles must alternate user/assistant/user/assistant/..."), NO_SYSTEM),
    (500, error("Only user and assistant roles are supported!"), NO_SYSTEM),
    # o1-mini
    (400, error("Unsupported value: 'messages[0].role' does not support 'system' with this model."), NO_SYSTEM),
    # Gemini, of Gemma
    (400, [{"error": {"code": 400, "message": "Developer instruction is not enabled for models/gemma-3-1b-it"}}], NO_SYSTEM),
    # aattaran/deepclaude 29: DeepSeek
    (400, error("messages[1].role: unknown variant `system`, expected `user` or `assistant` at line 1 column 1932"), NO_SYSTEM),
    # Alishahryar1/free-claude-code 1041 and ogx-ai/ogx 5982: validators, with and without what they quote
    (
        422,
        {
            "detail": [
                {
                    "type": "literal_error",
                    "loc": ["body", "messages", 1, "role"],
                    "msg": "Input should be 'user' or 'assistant'",
                    "input": "system",
                }
            ]
        },
        NO_SYSTEM,
    ),
    (400, {"errors": [{"loc": ["body", "messages", 1, "role"], "msg": "Input should be 'user' or 'assistant'"}]}, NO_SYSTEM),
    # BerriAI/litellm 7693, ChatGPTNextWeb/NextChat 6252: o1
    (400, error("Unsupported value: 'stream' does not support true with this model.", code="unsupported_value"), NO_STREAM),
    # langgenius/dify 9591: Azure
    (403, {"message": "Streaming requests are not yet allowed."}, NO_STREAM),
    # huggingface/chat-ui 296
    (400, {"error": ["Error in `stream`: `stream` is not supported for this model"]}, NO_STREAM),
    (
        422,
        {"detail": [{"type": "extra_forbidden", "loc": ["body", "stream"], "msg": "Extra inputs are not permitted"}]},
        NO_STREAM,
    ),
    (400, error("This model doesn't support streaming."), NO_STREAM),
    # OpenAI, of organisations that are not verified
    (400, error("Your organization must be verified to stream this model.", param="stream"), NO_STREAM),
    (501, {"error": "streaming is not implemented"}, NO_STREAM),
]


@pytest.mark.parametrize(("status", "body", "refused"), REFUSED)
def test_what_of_the_request_is_refused(status: int, body: object, refused: Refused) -> None:
    assert of_status(status, body, {}).refused == refused


NO_ROOM_BESIDE_THE_PROMPT = [
    # vLLM, then and now: vllm-project/vllm 20409 and 42474
    "'max_tokens' or 'max_completion_tokens' is too large: 4000. This model's maximum context length is 4096 tokens and your "
    "request has 1000 input tokens (4000 > 4096 - 1000).",
    "This model's maximum context length is 128000 tokens. However, you requested 65535 output tokens and your prompt "
    "contains at least 62466 input tokens, for a total of at least 128001 tokens.",
    # ogx-ai/ogx 4534
    "This model's maximum context length is 6048 tokens. However, you requested 6616 tokens (568 in the messages, 6048 in the "
    "completion). Please reduce the length of the messages or completion.",
    # tatsu-lab/stanford_alpaca 47
    "This model's maximum context length is 4097 tokens, however you requested 4162 tokens (1090 in your prompt; 3072 for the "
    "completion).",
    # SGLang
    "Requested token count exceeds the model's maximum context length of 32768 tokens. You requested a total of 40000 "
    "tokens: 7232 tokens from the input messages and 32768 tokens for the completion.",
    # Anthropic: crmne/ruby_llm 906
    "input length and `max_tokens` exceed context limit: 174167 + 64000 > 200000, decrease input length or `max_tokens`",
]


@pytest.mark.parametrize("words", NO_ROOM_BESIDE_THE_PROMPT)
def test_a_limit_for_which_this_prompt_leaves_no_room_is_left_out_this_time(words: str) -> None:
    for found in (of_status(400, error(words), {}), in_stream(error(words)), in_stream({"message": words, "code": 400})):
        assert (found.code, found.refused) == (Code.CONTEXT_FULL, NO_ROOM)


@pytest.mark.parametrize(
    "words",
    [
        # vllm-project/vllm 20409: the prompt alone is too long
        "This model's maximum context length is 16384 tokens. However, you requested 122946 tokens (112946 in the messages, "
        "10000 in the completion).",
        # what is left would not be an answer
        "This model's maximum context length is 4096 tokens. However, you requested 5086 tokens (4086 in the messages, 1000 in "
        "the completion).",
        "prompt is too long: 200534 tokens > 200000 maximum",
        # vLLM, where the prompt takes more than all
        "max_tokens must be at least 1, got -1953.",
    ],
)
def test_a_prompt_that_is_too_long_alone_is_not_asked_again(words: str) -> None:
    found = of_status(400, error(words), {})
    assert (found.code, found.refused) == (Code.CONTEXT_FULL, None)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (500, "Unexpected error while streaming the response"),
        (500, "Unknown parameter: 'stream_options'."),
        (503, "The streaming service is not available"),
        (400, "Invalid JSON: unexpected end of stream"),
        (400, "Invalid value: the upstream is not available"),
        (404, "The model `stream-7b` does not exist or is not available"),
    ],
)
def test_what_may_pass_teaches_nothing_for_good(status: int, words: str) -> None:
    assert of_status(status, error(words), {}).refused is None


def test_a_refusal_is_known_inside_a_stream_too() -> None:
    assert in_stream({"message": "System role not supported"}).refused == NO_SYSTEM
    # NousResearch/hermes-agent 68451: Venice
    words = "This model's maximum context length is 163840 tokens. Please reduce the length of the messages."
    assert in_stream({"error_type": "context_length_exceeded", "error_message": words}).code is Code.CONTEXT_FULL


def test_what_a_validator_quotes_of_a_person_names_nothing() -> None:
    quoted = "Why is my context window too small, and what does content_filter mean? Unknown parameter: 'stream_options'"
    body = {"detail": [{"type": "string_type", "loc": ["body", "messages", 0, "content"], "msg": "Bad", "input": quoted}]}
    shapes: list[object] = [body, {"message": str(body["detail"])}, {"message": json.dumps(body["detail"])}]
    for shape in shapes:
        found = of_status(400, shape, {})
        assert (found.code, found.refused) == (Code.PROVIDER_ERROR, None), found.detail
        assert "context window" not in found.detail


TOO_MUCH = [
    # vLLM
    "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens (4000 in the messages).",
    "The decoder prompt (length 5000) is longer than the maximum model length of 4096.",
    # llama.cpp
    "the request exceeds the available context size. try increasing the context size or enable context shift",
    # Anthropic: crmne/ruby_llm 755
    "prompt is too long: 200534 tokens > 200000 maximum",
    # ardanlabs/kronk 862
    "unable to process request: the context window is full. Please reduce the input size or increase the context window",
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
        # Gitlawb/openclaude 936 and 1549, MCPJam/inspector 1287: OpenRouter
        (429, error("Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000"), Code.QUOTA_EXHAUSTED, None),
        (403, error("Key limit exceeded (total limit). Manage it in the settings"), Code.QUOTA_EXHAUSTED, None),
        # google-gemini/gemini-cli 15576
        (429, error("You have exhausted your daily quota on this model."), Code.QUOTA_EXHAUSTED, None),
        # nobody waits for a day
        (429, error("Rate limit reached. Please try again in 23h59m0s."), Code.QUOTA_EXHAUSTED, None),
        # BeehiveInnovations/pal-mcp-server 178
        (
            400,
            error("Invalid prompt: your prompt was flagged as potentially violating our usage policy.", code="invalid_prompt"),
            Code.CONTENT_REFUSED,
            None,
        ),
        (503, error("The moderation service is overloaded."), Code.PROVIDER_ERROR, None),
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


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after-ms": "1500"}, 2),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "6m0s"}, 360),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "40ms"}, 1),
        ({"x-ratelimit-remaining-requests": "9", "x-ratelimit-reset-requests": "6m0s"}, None),  # that limit was not the one
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "12"}, 12),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(time.time() + 3000)}, 3000),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": str((time.time() + 3000) * 1000)}, 3000),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "soon"}, None),
        ({"x-ratelimit-remaining": "0"}, None),
    ],
)
def test_a_wait_in_other_headers(headers: dict[str, str], seconds: int | None) -> None:
    found = retry_after(headers)
    assert found == seconds or (found is not None and seconds is not None and 0 <= seconds - found < 900 < seconds)


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
