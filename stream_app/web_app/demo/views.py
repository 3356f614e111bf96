"""The page of the demo, and the form that changes its stream."""

from __future__ import annotations

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from producers.simulated.control import StreamSetting
from producers.simulated.loans import BASE_RATE, female_rate
from stream_app.policy import ModelPolicy
from stream_app.web_app.accounts.access import page, roles_of
from stream_app.web_app.accounts.roles import EVERY_ROLE, Role
from stream_app.web_app.demo.ratio import badge_of, drifting_attribute, ratio_chart, recent_results
from stream_app.web_app.demo.running import GROUP, change_stream, stream
from stream_app.web_app.pages.page import show
from stream_app.web_app.pages.watched import names_with_rates, watched_model

MIN_SAMPLES, MAX_SAMPLES, SAMPLES_STEP = 200, 20_000, 100
_MAY_CHANGE = frozenset({Role.ANALYST, GROUP})


class StreamForm(forms.Form):
    """How the producer sends."""

    drift_level = forms.FloatField(min_value=0.0, max_value=1.0)
    n_samples = forms.IntegerField(min_value=MIN_SAMPLES, max_value=MAX_SAMPLES)


@page(EVERY_ROLE)
def show_demo(request: HttpRequest) -> HttpResponse:
    """Show the newest ratio, those before it, why, and how the producer sends."""
    return _show(request)


@page(_MAY_CHANGE, ("POST",))
def set_stream(request: HttpRequest) -> HttpResponse:
    """Change how the producer sends, then show the page."""
    form = StreamForm(request.POST)
    if not form.is_valid():
        text = f"Choose a drift level from 0 to 1, and {MIN_SAMPLES:,} to {MAX_SAMPLES:,} decisions per window."
        return _show(request, fault=text, status=400)
    values = form.cleaned_data
    change_stream(StreamSetting(values["drift_level"], values["n_samples"] / _window_s(_model())))
    return redirect("demo")


def _show(request: HttpRequest, *, fault: str = "", status: int = 200) -> HttpResponse:
    model, setting = _model(), stream()
    results = recent_results(model)
    rate = female_rate(setting.drift_level)
    content = {
        "model": model.name,
        "attribute": drifting_attribute(model).name,
        "window": min(model.windows, key=lambda window: window.size_s).name,
        "badge": badge_of(results[-1], model) if results else None,
        "chart": ratio_chart(results, model),
        "limit": f"{model.rules.min_disparate_impact_ratio:.2f}",
        "drift_level": f"{setting.drift_level:g}",
        "n_samples": round(setting.rate * _window_s(model)),
        "min_samples": MIN_SAMPLES,
        "max_samples": MAX_SAMPLES,
        "samples_step": SAMPLES_STEP,
        "rates": f"{rate:.2f} for women, {BASE_RATE:.2f} for men: ratio {rate / BASE_RATE:.2f}",
        "may_change": bool(roles_of(request) & _MAY_CHANGE),
        "fault": fault,
    }
    return show(request, "demo.html", content, status=status)


def _model() -> ModelPolicy:
    model = watched_model(names_with_rates()[0])
    if model is None:
        raise LookupError
    return model


def _window_s(model: ModelPolicy) -> int:
    return min(window.size_s for window in model.windows)
