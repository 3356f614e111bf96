"""References of anomaly tags: fitted by scikit-learn, stored without pickle, opened only as the policy names them."""

from __future__ import annotations

import hashlib
import json
import pickle
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import sklearn.ensemble
import skops.io

from stream_app.edges.anomalies.fitting import fit_forest
from stream_app.edges.anomalies.reference_file import FORMAT, MAX_BYTES, Reference, read_reference, write_reference
from stream_app.edges.anomalies.scorers import Scorers
from stream_app.errors import ConfigError
from stream_app.policy import Anomalies, ModelPolicy, load_policy

NAMES = ("credit_score", "score")
SAMPLE = np.random.default_rng(7).normal(size=(500, 2))


def reference() -> Reference:
    return Reference(fit_forest(SAMPLE, n_trees=20, seed=3).forest, "loans", NAMES, len(SAMPLE), 3, "1", "0")


def named(digest: str, features: tuple[str, ...] = NAMES) -> Anomalies:
    return Anomalies(features=features, reference="a.ref", digest=digest)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    folder = tmp_path / "state"
    folder.mkdir(mode=0o700)
    return folder / "a.ref"


def content_of(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = skops.io.load(path)
    return content


def store(path: Path, data: bytes) -> Anomalies:
    """Write a file with any content, and name it with its digest, as an operator does who was deceived."""
    path.write_bytes(data)
    path.chmod(0o600)
    return named(hashlib.sha256(data).hexdigest())


@pytest.mark.parametrize("n_features", [1, 2, 5])
@pytest.mark.parametrize("n", [100, 255, 1000])
def test_the_scores_are_those_of_scikit_learn(n: int, n_features: int) -> None:
    rng = np.random.default_rng(n)
    values = np.round(rng.normal(size=(n, n_features)), 1)  # with equal values, and values on the thresholds
    values[:, -1] = np.where(rng.random(n) < 0.1, np.nan, values[:, -1])
    forest = fit_forest(values, n_trees=30, seed=5).forest
    forest.check()
    known = np.where(np.isnan(values), np.nanmedian(values, axis=0), values)
    theirs = sklearn.ensemble.IsolationForest(n_estimators=30, random_state=5).fit(known)
    tried = np.concatenate([known, rng.normal(size=(700, n_features)) * 9, forest.threshold[:40, None] + 0 * known[:1]])
    np.testing.assert_allclose(forest.score(tried), -theirs.score_samples(tried), atol=1e-9, rtol=0)
    np.testing.assert_array_equal(forest.score(values), forest.score(known))  # a missing number is the median
    np.testing.assert_array_equal(
        forest.score(tried), np.concatenate([forest.score(tried[first : first + 1]) for first in range(len(tried))])
    )
    assert forest.score(tried[:0]).shape == (0,)


def test_the_same_seed_gives_the_same_forest() -> None:
    first, again, other = (fit_forest(SAMPLE, n_trees=10, seed=seed).forest for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.threshold, again.threshold)
    assert first.threshold.tolist() != other.threshold.tolist()


def test_too_few_events_and_a_feature_that_none_has_are_errors() -> None:
    with pytest.raises(ConfigError, match=r"99 events are too few.* at least 100"):
        fit_forest(SAMPLE[:99], n_trees=10, seed=1)
    with pytest.raises(ConfigError, match="No event of the sample has one of the features"):
        fit_forest(np.column_stack([SAMPLE, np.full(len(SAMPLE), np.nan)]), n_trees=10, seed=1)


def test_a_reference_is_written_privately_and_read_as_it_was(path: Path) -> None:
    written = reference()
    digest = write_reference(path, written)
    assert path.stat().st_mode & 0o777 == 0o600
    read = read_reference(path, "loans", named(digest))
    assert read[1:] == written[1:]
    np.testing.assert_array_equal(read.forest.score(SAMPLE), written.forest.score(SAMPLE))
    with pytest.raises(ConfigError, match="exists already"):
        write_reference(path, written)


def test_a_file_that_was_changed_is_refused(path: Path) -> None:
    digest = write_reference(path, reference())
    content = bytearray(path.read_bytes())
    for place in (0, 100, len(content) - 1):
        changed = content.copy()
        changed[place] ^= 1
        path.write_bytes(changed)
        with pytest.raises(ConfigError, match="is not the reference that the policy names: another digest"):
            read_reference(path, "loans", named(digest))


def test_other_features_and_another_model_are_refused(path: Path) -> None:
    digest = write_reference(path, reference())
    for model, features in (("loans", NAMES[::-1]), ("loans", NAMES[:1]), ("credit", NAMES)):
        with pytest.raises(ConfigError, match=r"fitted to credit_score, score of loans, and the policy names"):
            read_reference(path, model, named(digest, features))


@pytest.mark.parametrize("mode", [0o602, 0o620, 0o666])
def test_a_file_that_others_can_change_is_refused(path: Path, mode: int) -> None:
    digest = write_reference(path, reference())
    path.chmod(mode)
    with pytest.raises(ConfigError, match=r"can be changed by others\. chmod 600"):
        read_reference(path, "loans", named(digest))


def test_a_file_that_others_can_replace_is_refused(path: Path) -> None:
    digest = write_reference(path, reference())
    path.parent.chmod(0o777)
    with pytest.raises(ConfigError, match="can be replaced by others"):
        read_reference(path, "loans", named(digest))
    path.parent.chmod(0o700)
    link = path.with_name("link")
    link.symlink_to(path)
    for place, said in (
        (link, "Cannot read"),
        (path.with_name("none"), "Cannot read"),
        (path.parent, "Is a directory"),
    ):
        with pytest.raises(ConfigError, match=said):
            read_reference(place, "loans", named(digest))


class Escape:
    """What a pickle would run."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (exec, ("raise SystemExit('the reference ran code')",))


def zipped(**files: bytes) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in files.items():
            file.writestr(name, content)
    return buffer.getvalue()


def hostile_files(good: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(good)) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    schema = json.loads(parts["schema.json"])
    other = schema | {"__class__": "system", "__module__": "os", "__loader__": "FunctionNode"}
    array = next(name for name in parts if name != "schema.json")
    return {
        "a pickle": pickle.dumps(Escape()),
        "a pickle in the archive": zipped(**parts | {array: pickle.dumps(Escape())}),
        "a function": zipped(**parts | {"schema.json": json.dumps(other).encode()}),
        "no archive": b"PK",
        "nothing": b"",
        "no schema": zipped(x=b"1"),
        "a schema that is no object": zipped(**parts | {"schema.json": b"[]"}),
        "a deep schema": zipped(**parts | {"schema.json": b"[" * 100_000 + b"]" * 100_000}),
        "a bomb": zipped(**parts | {"x": bytes(MAX_BYTES + 1)}),
        "an estimator": skops.io.dumps(sklearn.ensemble.IsolationForest()),
        "an array of objects": skops.io.dumps({"roots": np.array([None])}),
    }


KINDS = list(hostile_files(skops.io.dumps({"a": np.zeros(3)})))


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_is_no_reference_is_refused_and_runs_nothing(path: Path, kind: str) -> None:
    write_reference(path, reference())
    hostile = store(path, hostile_files(path.read_bytes())[kind])
    with pytest.raises(ConfigError, match=r"is not an anomaly reference of this version\. Fit it again"):
        read_reference(path, "loans", hostile)


CHANGES: dict[str, Any] = {
    "a child far outside": lambda c: c["children"].__setitem__(0, 10**9),
    "a negative child": lambda c: c["children"].__setitem__(0, -1),
    "a walk that never ends": lambda c: c["children"].__setitem__(slice(2, 4), 0),
    "a feature that is none": lambda c: c["feature"].__setitem__(0, 2),
    "a root outside": lambda c: c["roots"].__setitem__(0, -1),
    "a threshold that is none": lambda c: c["threshold"].__setitem__(0, np.nan),
    "a negative length": lambda c: c["length"].__setitem__(0, -1),
    "an array too short": lambda c: c.update(length=c["length"][:-1]),
    "numbers of another type": lambda c: c.update(threshold=c["threshold"].astype(np.float32)),
    "no trees": lambda c: c.update(roots=c["roots"][:0]),
    "no usual length": lambda c: c.update(usual_length=0.0),
    "a feature more": lambda c: c.update(features=[*NAMES, "x"]),
    "names that are none": lambda c: c.update(features=[1, 2]),
    "a field more": lambda c: c.update(more=1),
    "a later format": lambda c: c.update(format=FORMAT + 1),
}


@pytest.mark.parametrize("kind", CHANGES)
def test_arrays_that_are_no_forest_are_refused(path: Path, kind: str) -> None:
    write_reference(path, reference())
    content = content_of(path)
    CHANGES[kind](content)
    with pytest.raises(ConfigError, match="Fit it again"):
        read_reference(path, "loans", store(path, skops.io.dumps(content)))


def test_a_worker_reads_the_reference_of_its_model_once(path: Path) -> None:
    digest = write_reference(path, reference())
    policy = load_policy("credit")
    model = msgspec.structs.replace(policy.models[0], name="loans", anomalies=named(digest))
    scorers = Scorers(str(path.parent))
    assert scorers.of(policy.models[0]) is None
    scorer = scorers.of(model)
    path.unlink()
    assert scorers.of(model) is scorer
    with pytest.raises(ConfigError, match="Cannot read the anomaly reference"):
        scorers.check(msgspec.structs.replace(policy, models=(other_digest(model),)))


def other_digest(model: ModelPolicy) -> ModelPolicy:
    return msgspec.structs.replace(model, anomalies=named("0" * 64))
