"""An OpenFeature provider: flagd's flag definitions in a file, read again whenever the file changes."""

import json
import logging
import os
from collections.abc import Mapping
from typing import Any, TypeVar

from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import FlagNotFoundError, GeneralError
from openfeature.flag_evaluation import FlagResolutionDetails, Reason
from openfeature.provider import AbstractProvider, Metadata

log = logging.getLogger(__name__)
T = TypeVar("T")
Flags = dict[str, dict[str, Any]]


class FlagFile(AbstractProvider):
    """The flags of the file that an environment variable names. No file or a broken one: no flags.

    The variable and the file's date are looked at each time, so nothing has to be restarted.
    """

    def __init__(self, variable: str) -> None:
        super().__init__()
        self._variable = variable
        self._read: tuple[object, Flags] = (None, {})

    def get_metadata(self) -> Metadata:
        """The name that becomes `feature_flag.provider.name`."""
        return Metadata("flag-file")

    def may_be_on(self, flag_key: str) -> bool:
        """Whether the flag is anything but `off` for anybody."""
        flag = self._flags().get(flag_key)
        return flag is not None and (flag["defaultVariant"] != "off" or bool(flag.get("targeting")))

    def _resolve(
        self, flag_key: str, default_value: T, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[T]:
        """Raises FlagNotFoundError or GeneralError; OpenFeature's client returns the default then."""
        flag = self._flags().get(flag_key)
        if flag is None:
            raise FlagNotFoundError
        if flag["state"] != "ENABLED":
            return FlagResolutionDetails(default_value, reason=Reason.DISABLED)
        asked = evaluation_context.attributes if evaluation_context else {}
        targeted = json_logic(flag.get("targeting") or None, asked)
        variant = flag["defaultVariant"] if targeted is None else targeted
        if variant not in flag["variants"]:
            raise GeneralError(f"{flag_key} has no variant {variant}")
        value = flag["variants"][variant]
        if isinstance(default_value, float) and type(value) is int:
            value = float(value)  # JSON has one kind of number: 1 is a share too
        reason = Reason.STATIC if targeted is None else Reason.TARGETING_MATCH
        return FlagResolutionDetails(value, reason=reason, variant=variant)

    # The client checks the value's type against the flag's.
    resolve_boolean_details = resolve_string_details = resolve_object_details = _resolve
    resolve_integer_details = resolve_float_details = _resolve

    def _flags(self) -> Flags:
        if not (path := os.environ.get(self._variable)):
            return {}
        try:
            stat = os.stat(path)
        except OSError:
            return {}
        version = (path, stat.st_mtime_ns, stat.st_ino, stat.st_size)
        if self._read[0] != version:
            self._read = (version, _load(path))  # both at once: MongoDB's threads ask too
        return self._read[1]


def _load(path: str) -> Flags:
    """Return the file's flags; none, and a line in the log, if it is broken."""
    try:
        with open(path, encoding="utf-8") as file:
            flags: Flags = json.load(file)["flags"]
        for name, flag in flags.items():
            if flag["defaultVariant"] not in flag["variants"] or "state" not in flag:
                raise ValueError(name)
            json_logic(flag.get("targeting") or None, {})  # a rule that we don't know
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        log.error("%s is broken, so every fault is off: %s", path, type(error).__name__)
        return {}
    return flags


def json_logic(rule: Any, data: Mapping[str, Any]) -> Any:
    """Evaluate the part of JsonLogic that faults need: `if`, `==`, `in`, `var`. Raises ValueError."""
    if isinstance(rule, list):
        return [json_logic(each, data) for each in rule]
    if not isinstance(rule, dict):
        return rule
    ((operator, operands),) = rule.items()
    values = json_logic(operands if isinstance(operands, list) else [operands], data)
    match operator, values:
        case "var", [str(name)]:
            return data.get(name)
        case "==", [one, other]:
            return one == other
        case "in", [one, str(among)]:
            return isinstance(one, str) and one in among
        case "in", [one, list(among)]:
            return one in among
        case "if", [*_]:
            otherwise = values.pop() if len(values) % 2 else None
            pairs = zip(values[0::2], values[1::2], strict=True)
            return next((then for condition, then in pairs if condition), otherwise)
    raise ValueError(f"{operator} is not known here, or not with these operands")
