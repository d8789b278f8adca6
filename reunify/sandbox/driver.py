"""A person at a keyboard, over HTTP: signs in, enters, approves, releases, logs. Counts every human act."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from reunify.sandbox.authenticator import SoftwarePasskey
from reunify.sandbox.people import PEOPLE_BY_NAME

PATIENCE_SECONDS = 60.0
LOOK_EVERY_SECONDS = 0.02
_STEP_UP = "insufficient_user_authentication"


class StoryBroke(Exception):
    """A sample family's story did not go as it must. `str()` says where."""


@dataclass
class Diary:
    """Who acted in one family's story, and what they did."""

    acts: list[str] = field(default_factory=list)
    people: set[str] = field(default_factory=set)


class Person:
    """One signed-in member of staff."""

    def __init__(self, http: httpx.Client, username: str, origin: str | None = None) -> None:
        """`http` speaks to the API's root and is this person's own. `origin`: where a browser would be."""
        self.username = username
        self._http = http
        self._origin = origin or _origin_of(http)
        self._passkey = SoftwarePasskey(username)
        self.sign_in()

    def sign_in(self) -> None:
        """With a password and a passkey."""
        self._http.headers.pop("authorization", None)
        password = PEOPLE_BY_NAME[self.username].password
        half = self._http.post("/sessions", json={"username": self.username, "password": password})
        half.raise_for_status()
        self._take_token("/sessions/second-factor", half.json()["passkey_options"], half.json()["half_way"])

    @classmethod
    def at(cls, base: str, username: str) -> Person:
        return cls(httpx.Client(base_url=f"{base}/api/v1", timeout=30), username)

    def act(self, diary: Diary, what: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """One human act: a POST that must succeed."""
        answer = self.tries(path, body)
        if answer.is_error:
            raise StoryBroke(f"{self.username} could not {what}: {answer.status_code} {answer.text}")
        diary.acts.append(what)
        diary.people.add(self.username)
        return dict(answer.json())

    def fills_in(
        self, diary: Diary, what: str, path: str, form: dict[str, str], *, passkey: bool = False
    ) -> None:
        """One human act on a page: a form that must be taken. `passkey`: confirmed with it just before."""
        if passkey:
            self.step_up()
        answer = self._http.post(self._page(path), data=form, follow_redirects=False)
        if answer.status_code != httpx.codes.SEE_OTHER:
            raise StoryBroke(f"{self.username} could not {what}: {answer.status_code}")
        diary.acts.append(what)
        diary.people.add(self.username)

    def reads(self, path: str) -> str:
        """A page's source."""
        answer = self._http.get(self._page(path))
        answer.raise_for_status()
        return answer.text

    def _page(self, path: str) -> str:
        return _origin_of(self._http) + path

    def tries(self, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        """A POST that may be refused; asked for the passkey first, the person proves it and asks again."""
        answer = self._http.post(path, json=body)
        if _STEP_UP in answer.headers.get("www-authenticate", ""):
            self.step_up()
            answer = self._http.post(path, json=body)
        return answer

    def step_up(self) -> None:
        """Prove the passkey; the session goes on under a new token."""
        options = self._http.post("/sessions/step-up/options")
        options.raise_for_status()
        self._take_token("/sessions/step-up", options.json())

    def _take_token(self, path: str, options: dict[str, Any], half_way: str | None = None) -> None:
        body: dict[str, Any] = {"passkey": self._passkey.sign(options, self._origin)}
        answer = self._http.post(path, json=body | ({"half_way": half_way} if half_way else {}))
        answer.raise_for_status()
        self._http.headers["authorization"] = f"Bearer {answer.json()['token']}"

    def is_refused(self, path: str, status: int) -> bool:
        """True if this person is turned away with exactly that status."""
        return self.tries(path).status_code == status

    def see(self, path: str) -> dict[str, Any]:
        answer = self._http.get(path)
        if answer.status_code == httpx.codes.UNAUTHORIZED:  # the session has ended meanwhile
            self.sign_in()
            answer = self._http.get(path)
        answer.raise_for_status()
        return dict(answer.json())

    def wait(self, request_id: str, until: Callable[[dict[str, Any]], bool], what: str) -> dict[str, Any]:
        """Look at the request's progress until it is as expected."""
        return self.look(f"/requests/{request_id}/progress", until, what, shown="stage")

    def look(
        self, path: str, until: Callable[[dict[str, Any]], bool], what: str, *, shown: str
    ) -> dict[str, Any]:
        """Look there until it is as expected. `shown`: what is said of it if it never is."""
        ends = time.monotonic() + PATIENCE_SECONDS
        while True:
            seen = self.see(path)
            if until(seen):
                return seen
            if time.monotonic() > ends:
                raise StoryBroke(f"waited too long for {what}; it is {seen.get(shown)}")
            time.sleep(LOOK_EVERY_SECONDS)

    def close(self) -> None:
        self._http.close()


def _origin_of(http: httpx.Client) -> str:
    return f"{http.base_url.scheme}://{http.base_url.netloc.decode()}"


def family_reads(base: str, link: dict[str, Any]) -> str:
    """Open the private link with its PIN as a phone would; the page's text."""
    with httpx.Client(base_url=base, timeout=30, follow_redirects=True) as phone:
        phone.get(f"/f/{link['token']}")
        _insecure_cookies(phone)
        page = phone.post("/family", data={"pin": link["pin"]}, headers={"sec-fetch-site": "same-origin"})
        _insecure_cookies(phone)
        page = phone.get("/family")
        if page.status_code != 200 or "__Host-family" not in {c.name for c in phone.cookies.jar}:
            raise StoryBroke(f"the family's page did not open: {page.status_code}")
        return page.text


def _insecure_cookies(phone: httpx.Client) -> None:
    """Browsers send Secure cookies to this machine over plain HTTP; httpx has to be told."""
    for cookie in phone.cookies.jar:
        cookie.secure = False
