"""The fields of messages: typed attributes that also describe themselves as protobuf's do.

A field has the attributes of protobuf's `FieldDescriptor` that `google.protobuf.text_format` and
`json_format` read, so that both work on messages of this package. Numbers of types and labels are
those of `descriptor.proto`.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from math import copysign, inf
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from blazetrack.compat.messages import Message

    MessageClass: TypeAlias = type[Message]

__all__ = ["Enum", "EnumValue", "Field", "Float", "Nested", "NoOptions", "to_float32"]

_FLOAT = struct.Struct("<f")


def to_float32(value: Any) -> float:
    """A number rounded to float32, as protobuf stores it.

    Raises:
        TypeError: it is no number.
    """
    if isinstance(value, str | bytes) or not hasattr(value, "__float__"):
        raise TypeError(f"must be real number, not {type(value).__name__}")
    number = float(value)
    try:
        rounded: float = _FLOAT.unpack(_FLOAT.pack(number))[0]
    except OverflowError:
        return copysign(inf, number)
    return rounded


class NoOptions:
    """The options of a field or message: all at their defaults."""

    map_entry = False
    packed = False
    message_set_wire_format = False


class Field:
    """One field of a message: an attribute, and its own description.

    Args:
        number: tag of the field in serialized messages.
    """

    type: int
    cpp_type: int
    wire_type: int
    default_value: Any = None
    message_type: Any = None
    enum_type: Any = None
    is_repeated = False
    is_required = False
    is_extension = False
    has_presence = True
    containing_oneof = None
    label = 1  # optional

    def __init__(self, number: int) -> None:
        self.number = number
        self.name = ""
        self.containing_type: Any = None

    @property
    def full_name(self) -> str:
        """Name with that of the message before it."""
        return f"{self.containing_type.full_name}.{self.name}"

    @property
    def json_name(self) -> str:
        """Name in JSON: `relativeKeypoints` for `relative_keypoints`."""
        first, *rest = self.name.split("_")
        return first + "".join(part.capitalize() for part in rest)

    camelcase_name = json_name

    def GetOptions(self) -> NoOptions:
        return NoOptions()

    def __set_name__(self, owner: MessageClass, name: str) -> None:
        self.name = name

    def __get__(self, message: Message | None, owner: MessageClass) -> Any:
        if message is None:
            return self
        return message._values.get(self.name, self.default_value)

    def __set__(self, message: Message, value: Any) -> None:
        message._values[self.name] = self.convert(value)

    def convert(self, value: Any) -> Any:
        """The value as it is stored; `TypeError` or `ValueError` for one of another kind."""
        raise NotImplementedError


class Float(Field):
    """A float32, 0.0 while it is not set."""

    type, cpp_type, wire_type = 2, 6, 5
    default_value = 0.0

    def convert(self, value: Any) -> float:
        return to_float32(value)


class EnumValue:
    """Name and number of one value of an enumeration."""

    def __init__(self, name: str, number: int) -> None:
        self.name, self.number = name, number


class Enum(Field):
    """One of several named numbers, the first while it is not set."""

    type, cpp_type, wire_type = 14, 8, 0
    default_value = 0
    is_closed = True

    def __init__(self, number: int, values: Mapping[str, int]) -> None:
        super().__init__(number)
        named = [EnumValue(*pair) for pair in values.items()]
        self.enum_type = self
        self.values_by_name = {one.name: one for one in named}
        self.values_by_number = {one.number: one for one in named}

    def convert(self, value: Any) -> int:
        if value not in self.values_by_number:
            raise ValueError(f"invalid enumerator {value}")
        return int(value)


class Nested(Field):
    """A message inside of a message, or a list of such."""

    type, cpp_type, wire_type = 11, 10, 2

    def __init__(self, number: int, kind: MessageClass, *, repeated: bool = False) -> None:
        super().__init__(number)
        self.kind = kind
        self.message_type = kind.DESCRIPTOR
        if repeated:
            self.is_repeated, self.has_presence, self.label = True, False, 3

    def __get__(self, message: Message | None, owner: MessageClass) -> Any:
        if message is None:
            return self
        found = message._values.get(self.name)
        if found is None:
            found = message._values[self.name] = self.new()
        return found

    def __set__(self, message: Message, value: Any) -> None:
        raise AttributeError(
            f'Assignment not allowed to message or repeated field "{self.name}" in protocol '
            "message object."
        )

    def new(self) -> Any:
        """An empty message or list of messages."""
        from blazetrack.compat.messages import Repeated

        return Repeated(self.kind) if self.is_repeated else self.kind()
