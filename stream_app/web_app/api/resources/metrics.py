"""``/api/metrics``: the metrics of the API in Prometheus's format."""

from __future__ import annotations

from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Metric, generate_latest
from prometheus_client.registry import Collector

from stream_app.web_app.api.access.scopes import Scope
from stream_app.web_app.api.document import Route, route
from stream_app.web_app.api.metrics import extraction_levels
from stream_app.web_app.api.running import running

_EXAMPLE = 'fairstream_model_extraction_level{signal="grid",token="k3h5n7qa"} 1.0\n'


class _Levels(Collector):
    def collect(self) -> Iterator[Metric]:
        """Yield what is true now."""
        yield extraction_levels(running().queries.suspected())


@route(Route("/metrics", Scope.METRICS, example=_EXAMPLE, media_type="text/plain", is_costly=True))
def metrics(request: HttpRequest) -> HttpResponse:
    """Return the metrics of this process in Prometheus's text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Levels())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
