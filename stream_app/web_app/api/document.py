"""Declares the routes of the API, and describes them as OpenAPI 3.1: parameters, answers with examples, errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from inspect import getdoc
from typing import Any, Literal, NamedTuple

import msgspec
from ninja import NinjaAPI, Router, Schema
from ninja.constants import NOT_SET

from stream_app.json_schema import one_line, schema_of
from stream_app.web_app.accounts.roles import Role
from stream_app.web_app.api.access.scopes import ALLOWED, Scope
from stream_app.web_app.host.api_errors import CODES, PREFIX

_JSON = "application/json"
_REF = "#/components/schemas/"
_ALWAYS = (400, 405, 422, 429, 500, 503)
_WITH_TOKEN = (401, 403)
_WITH_BODY = (408, 413, 415)


class ErrorFacts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What went wrong; nothing of what was sent is in it.

    Attributes:
        code: A word for programs.
        message: What to do, for people.
        request_id: Also in the header ``X-Request-Id``, and in the log if FairStream failed.
        parameters: Names of the invalid parameters or fields.
    """

    code: str
    message: str
    request_id: str
    parameters: tuple[str, ...] = ()


class ErrorAnswer(msgspec.Struct, frozen=True):
    """The answer to a request that failed.

    Attributes:
        error: What went wrong.
    """

    error: ErrorFacts


class Route(NamedTuple):
    """One route.

    Attributes:
        path: Its path below the prefix.
        scope: What a token needs; None for a public route.
        query: Its parameters.
        method: Its only method.
        answers: The struct of its answer.
        example: An answer.
        other_statuses: Errors that not every route has.
        media_type: Of its answer, if it is not JSON.
        body: The fields of its body.
        is_costly: Whether a request counts as one that writes, too.
    """

    path: str
    scope: Scope | None = None
    query: type[Schema] | None = None
    method: Literal["GET", "POST"] = "GET"
    answers: type | None = None
    example: Any = None
    other_statuses: tuple[int, ...] = ()
    media_type: str = _JSON
    body: type[Schema] | None = None
    is_costly: bool = False

    @property
    def roles(self) -> frozenset[Role]:
        """The roles that may have its scope; none for a public route."""
        return frozenset(role for role, scopes in ALLOWED.items() if self.scope in scopes)

    @property
    def methods(self) -> frozenset[str]:
        """Its method, and HEAD where it reads."""
        return frozenset({"GET", "HEAD"} if self.method == "GET" else {self.method})

    @property
    def parameters(self) -> frozenset[str]:
        """The names that its query may have."""
        return frozenset() if self.query is None else frozenset(self.query.model_fields)

    @property
    def fields(self) -> frozenset[str]:
        """The names that its body may have."""
        return frozenset() if self.body is None else frozenset(self.body.model_fields)


View = Callable[..., Any]

routes = Router()
DECLARED: dict[str, Route] = {}  # by the name of the view


def route(declared: Route) -> Callable[[View], View]:
    """Return a decorator that makes a view the answer of a route; its docstring is the description."""

    def decorate(view: View) -> View:
        name = view.__name__
        DECLARED[name] = declared
        summary, _, description = (getdoc(view) or "").partition("\n\n")
        add = routes.get if declared.method == "GET" else routes.post
        register = add(
            declared.path,
            auth=None if declared.scope is None else NOT_SET,
            operation_id=name,
            url_name=f"api_{name}",
            summary=one_line(summary),
            description=one_line(description),
            openapi_extra={"responses": _responses(declared)},
        )
        added: View = register(view)
        return added

    return decorate


@cache
def openapi_document(api: NinjaAPI) -> bytes:
    """Return the document of an API, JSON."""
    document = dict(api.get_openapi_schema(path_prefix=f"{PREFIX.lstrip('/')}/"))
    structs = [declared.answers for declared in DECLARED.values() if declared.answers is not None]
    components = document["components"]
    for struct in [*structs, ErrorAnswer]:
        components["schemas"] |= _schemas_of(struct)
    for path in document["paths"].values():
        for operation in path.values():
            _say_scope(operation)
    return msgspec.json.encode(document)


def _schemas_of(struct: type) -> dict[str, Any]:
    """Return the schemas of a struct and of its parts, as components."""
    schema = schema_of(struct, title=struct.__name__)
    text = msgspec.json.encode(schema["$defs"]).replace(b'"#/$defs/', f'"{_REF}'.encode())
    decoded: dict[str, Any] = msgspec.json.decode(text)
    return decoded


def _responses(declared: Route) -> dict[int, Any]:
    content: Mapping[str, Any] = {} if declared.example is None else {"example": declared.example}
    schema = {"type": "string"} if declared.answers is None else {"$ref": _REF + declared.answers.__name__}
    good = {"description": "The answer.", "content": {declared.media_type: {"schema": schema, **content}}}
    statuses = {*_ALWAYS, *declared.other_statuses, *(_WITH_TOKEN if declared.scope else ())}
    statuses |= {*(_WITH_BODY if declared.method == "POST" else ())}
    errors = {status: _error_response(status) for status in sorted(statuses)}
    if declared.scope is None and 503 in declared.other_statuses:  # noqa: PLR2004  # a state, not an error
        errors[503] = good
    return {200: good, **errors}


def _error_response(status: int) -> dict[str, Any]:
    code = CODES[status]
    example = {"error": {"code": code, "message": "What to do.", "request_id": "3f9c2a1b77d0e5c4"}}
    schema = {"$ref": _REF + ErrorAnswer.__name__}
    return {"description": code, "content": {_JSON: {"schema": schema, "example": example}}}


def _say_scope(operation: dict[str, Any]) -> None:
    """Say in the description of an operation which scope it needs, and which roles may have it."""
    declared = DECLARED[operation["operationId"]]
    who = "Public."
    if declared.scope is not None:
        who = f"Needs the scope {declared.scope}, which these roles may have: {', '.join(sorted(declared.roles))}."
    operation["description"] = " ".join(filter(None, (operation.get("description", ""), who)))
