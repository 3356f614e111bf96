"""The one tree of errors.

Each class carries data as attributes and states what the operator can do. The command line turns a class into
an exit code (``EXIT_CODES`` of ``stream_app.cli.exits``); pipeline and core raise only what a caller can act on.
"""

from __future__ import annotations


class FairStreamError(Exception):
    """Base of everything that FairStream raises on purpose.

    Args:
        message: What is wrong and where, in one line; never a payload, an identifier or a secret.
        action: What the operator can do next, in one line; may be empty.
    """

    def __init__(self, message: str, *, action: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.action = action

    def __str__(self) -> str:
        return f"{self.message}. {self.action}" if self.action else self.message


class ConfigError(FairStreamError, ValueError):
    """A setting, a flag or a file that one names is invalid. Operator action: correct it and start again."""


class PolicyError(ConfigError):
    """The policy is invalid; the message names the field. Operator action: correct the policy."""


class TopicError(ConfigError):
    """A topic is missing or differs from its declaration. Operator action: ``fairstream topics create``."""


class KeyFileError(ConfigError):
    """The pseudonym key file is missing or unsafe. Operator action: ``fairstream keys init``."""


class KeysUnavailableError(FairStreamError, ConnectionError):
    """The server that has the pseudonym keys does not answer, or is sealed. Operator action: see the message."""


class DependencyMissingError(FairStreamError):
    """An optional part is not installed on this machine. Operator action: ``fairstream doctor``."""


class BrokerUnavailableError(FairStreamError, ConnectionError):
    """No Kafka broker answers. Operator action: start it, or correct ``--kafka``."""


class AccessDeniedError(FairStreamError):
    """Kafka denies an operation to this user. Operator action: grant it, see ``fairstream topics acls``."""


class ConnectionRejectedError(BrokerUnavailableError):
    """A Kafka broker answers, and does not accept this client. Operator action: see the message."""


class RegistryUnavailableError(FairStreamError, ConnectionError):
    """The schema registry does not answer, or not with schemas. Operator action: see the message."""


class WriteError(FairStreamError):
    """A file, a folder or standard output cannot be written. Operator action: free space, or choose another place."""


class BudgetExhaustedError(FairStreamError):
    """The budget of epsilon of a day does not allow a release. Operator action: see the message."""


class ReleaseRefusedError(ConfigError):
    """Nothing can be shown beside former releases without isolating a few people. Operator action: see the message."""


class StateError(FairStreamError):
    """State in Kafka was written by another version or policy. Operator action: see the message."""


class UnknownPolicyError(StateError):
    """Something was counted under a policy that was not registered when its reader looked. The reader looks again."""


class DamagedLogError(FairStreamError):
    """An audit log is not what was written. Operator action: ``fairstream audit verify``."""


class CutLogError(FairStreamError):
    """An audit log is shorter than a checkpoint of it. Operator action: ``fairstream audit verify``."""


class LaneError(FairStreamError):
    """A lane met something that reloading cannot fix. Operator action: see the message."""


class ReplayError(FairStreamError):
    """Records, journal or policy of a replay are gone or differ. Operator action: see the message."""


class RepeatedEventError(ReplayError):
    """A topic of published events contains one twice, or not in order. Operator action: see the message.

    Args:
        topic: The topic that was read.
        partition: Its partition.
        offset: Offset of the raw record of that event, in the source topic.
        log_number: Number of the log of the source topic to which that offset belongs.
    """

    def __init__(self, topic: str, partition: int, offset: int, log_number: int = 0) -> None:
        of_log = f" of log {log_number}" if log_number else ""
        super().__init__(
            f"{topic}[{partition}] contains the event of source offset {offset}{of_log} twice, or not in order",
            action="If it was published under several app_ids, read the raw topic (--from-raw)",
        )
        self.topic, self.partition, self.offset, self.log_number = topic, partition, offset, log_number


def no_broker_answers(bootstrap: str, cause: BaseException) -> BrokerUnavailableError:
    """Return the error for a broker that does not answer; of the cause only the class is named."""
    return BrokerUnavailableError(
        f"No Kafka broker answers at {bootstrap} ({type(cause).__name__})",
        action="Start one (fairstream local kafka), or give its address with --kafka",
    )


def broker_lost(activity: str, cause: BaseException) -> BrokerUnavailableError:
    """Return the error for a broker that was lost during an activity, such as ``reading fairness-results``."""
    return BrokerUnavailableError(
        f"Lost the Kafka broker while {activity} ({type(cause).__name__})", action="Try again"
    )


def access_denied(rights: str) -> AccessDeniedError:
    """Return the error for operations that Kafka denies.

    Args:
        rights: Operations and resources, such as ``READ on topic fairness-results``.
    """
    return AccessDeniedError(
        f"Kafka denies {rights}", action="Grant it to this user; `fairstream topics acls` prints what a role needs"
    )


def is_denial(cause: BaseException) -> bool:
    """Return whether an error of a Kafka client says that the broker denies an operation; each client has its own."""
    if type(cause).__name__ == "KafkaError":  # what kafka-python makes of some, with the name in its text
        return "AuthorizationFailed" in str(cause)
    return is_denial_name(type(cause).__name__)


def is_denial_name(name: str) -> bool:
    """Return whether a class of this name is such an error.

    >>> is_denial_name("TopicAuthorizationFailedError"), is_denial_name("TransactionalIdAuthorizationFailed")
    (True, True)
    """
    return name.removesuffix("Error").endswith("AuthorizationFailed")
