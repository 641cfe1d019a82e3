"""Asks a language model behind an OpenAI-compatible endpoint. LLM_BASE_URL and LLM_MODEL turn it on.

The key comes from the environment and is never logged. Answers are bounded in size and time.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import httpx
import msgspec

from streams.settings import Settings
from streams.web.bounded_body import ACCEPTED, bounded_answer

MAX_ANSWER_BYTES = 64 * 1024
MAX_TOKENS = 1_500


class AnswerError(Exception):
    """The model gave no usable answer; the message is the reason, without the address or the key."""


@dataclass(frozen=True)
class Endpoint:
    """A language model behind an OpenAI-compatible API."""

    base_url: str
    model: str
    key: str | None = None
    seconds: float = 120.0  # time limit for one answer, the last byte included

    def __repr__(self) -> str:
        return f"Endpoint({self.model!r})"  # the address may contain a password

    async def ask(self, messages: Sequence[dict[str, str]]) -> str:
        """The text of the answer.

        Raises:
            AnswerError: The request failed, took too long, or the answer is not a chat completion with a text.
        """
        try:
            async with asyncio.timeout(self.seconds), httpx.AsyncClient(timeout=self.seconds) as client:
                return await self._ask(client, messages)
        except httpx.HTTPStatusError as error:
            raise AnswerError(f"answered {error.response.status_code}") from None
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, UnicodeError) as error:
            # the library's message may repeat the password in the address, or the key
            raise AnswerError(type(error).__name__) from None

    async def _ask(self, client: httpx.AsyncClient, messages: Sequence[dict[str, str]]) -> str:
        body = {"model": self.model, "temperature": 0, "max_tokens": MAX_TOKENS, "messages": list(messages)}
        key = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        url = f"{self.base_url.rstrip('/')}/chat/completions"
        async with client.stream("POST", url, json=body, headers=ACCEPTED | key) as response:
            response.raise_for_status()
            answer = await bounded_answer(response, MAX_ANSWER_BYTES)
        try:
            content = msgspec.json.decode(answer.content, type=_Answer).choices[0].message.content
        except (msgspec.DecodeError, UnicodeDecodeError, IndexError) as error:
            raise AnswerError("not a chat completion") from error
        if not content or not content.strip():
            raise AnswerError("the answer is empty")
        return content


def endpoint_of(settings: Settings) -> Endpoint | None:
    """The endpoint of the settings; None without one."""
    if not settings.llm_base_url or not settings.llm_model:
        return None
    key = settings.llm_api_key.get_secret_value().strip() if settings.llm_api_key else None
    return Endpoint(settings.llm_base_url, settings.llm_model, key)


class _Message(msgspec.Struct):
    content: str | None = None


class _Choice(msgspec.Struct):
    message: _Message


class _Answer(msgspec.Struct):
    choices: list[_Choice]
