"""Texts and calls through a gateway over HTTPS: `POST /v1/messages` with a key, `GET /v1/messages/{id}`.

`Idempotency-Key` makes a call that is made again the same message. A connection that could not be made is
tried again at once; whatever may have arrived is left to who keeps the notice.
"""

from __future__ import annotations

import re
from typing import Any, Final

import httpx

from reunify.notices.ports import Accepted, Message, NotTried, Outcome, Refused, Unclear

# The wire's own logger prints addresses with ids in them.
_CONNECT_SECONDS: Final = 3.0
_READ_SECONDS: Final = 8.0
_CONNECTIONS_TRIED: Final = 2
_CODE: Final = re.compile(r"[a-z0-9_]{1,40}")
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,100}")
_AT_THE_DOOR: Final = frozenset({401, 403, 429})
_DEFINITE: Final = frozenset({400, 402, 404, 410, 413, 422})
_DELIVERED: Final = {"delivered": True, "answered": True, "failed": False, "undelivered": False}


class HttpMessages:
    """MessageGateway over one address; threads may share it."""

    def __init__(
        self,
        *,
        url: str,
        key: str,
        connect_seconds: float = _CONNECT_SECONDS,
        read_seconds: float = _READ_SECONDS,
    ) -> None:
        self._http = httpx.Client(
            base_url=url.rstrip("/"),
            headers={"authorization": f"Bearer {key}", "accept": "application/json"},
            timeout=httpx.Timeout(read_seconds, connect=connect_seconds),
            transport=httpx.HTTPTransport(retries=_CONNECTIONS_TRIED - 1),  # of connections, never of calls
            follow_redirects=False,
            trust_env=False,
        )

    def close(self) -> None:
        self._http.close()

    def send(self, message: Message, *, key: str) -> Outcome:
        body = {
            "to": message.to,
            "channel": message.channel.value,
            "body": message.body,
            "language": message.language,
        }
        return self._asked("POST", "/v1/messages", json=body, headers={"idempotency-key": key})

    def look_up(self, gateway_id: str) -> Outcome:
        return self._asked("GET", f"/v1/messages/{gateway_id}")

    def _asked(self, method: str, path: str, **more: Any) -> Outcome:
        try:
            answer = self._http.request(method, path, **more)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
            return NotTried("no_connection")
        except httpx.HTTPError:
            return Unclear("no_answer")
        if answer.is_success:
            return _read(answer)
        code = _code(answer)
        if answer.status_code in _AT_THE_DOOR:
            return NotTried(code)
        return Refused(code) if answer.status_code in _DEFINITE else Unclear(code)


def _read(answer: httpx.Response) -> Outcome:
    said = _json(answer)
    found = said.get("id")
    if not isinstance(found, str) or not _ID.fullmatch(found):
        return Unclear("answer_unreadable")
    return Accepted(found, _DELIVERED.get(str(said.get("status"))))


def _code(answer: httpx.Response) -> str:
    """A word of the gateway's; its sentences may repeat what we sent."""
    said = _json(answer).get("code")
    return said if isinstance(said, str) and _CODE.fullmatch(said) else f"http_{answer.status_code}"


def _json(answer: httpx.Response) -> dict[str, Any]:
    try:
        said = answer.json()
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
