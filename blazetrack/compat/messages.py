"""Messages with the interface of protobuf's, without protobuf.

Landmark lists of MediaPipe are protobuf messages, and programs use them as such: `HasField`,
`CopyFrom`, `landmark.add()`, `str`. The classes here do the same in plain Python, with the same
texts, float32 values, serialized bytes and errors.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any, ClassVar, TypeVar

from blazetrack.compat.fields import Enum, Field, Nested, NoOptions, to_float32
from blazetrack.compat.wire import read_fields, write_fields

__all__ = ["Descriptor", "Message", "Repeated"]

M = TypeVar("M", bound="Message")


class Descriptor:
    """Name and fields of a kind of message, with the attributes of protobuf's `Descriptor`."""

    is_extendable = False
    has_options = False
    containing_type = None
    file = SimpleNamespace(name="mediapipe/framework/formats")

    def __init__(self, name: str, fields: Mapping[str, Field]) -> None:
        self.name, self.full_name = name, f"mediapipe.{name}"
        self.fields_by_name = dict(fields)
        self.fields = sorted(fields.values(), key=lambda field: field.number)
        self.fields_by_number = {field.number: field for field in self.fields}
        self.fields_by_camelcase_name = {field.camelcase_name: field for field in self.fields}
        for field in self.fields:
            field.containing_type = self

    def GetOptions(self) -> NoOptions:
        return NoOptions()


class Message:
    """Base of the kinds of messages; their class bodies list the fields.

    Values are given by name: `NormalizedLandmark(x=0.5, y=0.5)`.
    """

    __slots__ = ("_present", "_values")
    DESCRIPTOR: ClassVar[Descriptor]

    def __init_subclass__(cls, name: str | None = None) -> None:
        fields = {key: one for key, one in vars(cls).items() if isinstance(one, Field)}
        cls.DESCRIPTOR = Descriptor(name or cls.__name__, fields)

    def __init__(self, **values: Any) -> None:
        self._values: dict[str, Any] = {}
        self._present = False
        for name, value in values.items():
            field = self._field(name)
            if value is None:
                continue
            if isinstance(field, Nested):
                if field.is_repeated:
                    getattr(self, name).extend(value)
                else:
                    getattr(self, name).CopyFrom(_as_message(field.kind, value))
            else:
                setattr(self, name, value)

    @classmethod
    def from_values(cls: type[M], values: dict[str, Any]) -> M:
        """A message that keeps this dict: field → float32 number, or `Repeated`; unchecked."""
        message = cls.__new__(cls)
        message._values = values
        message._present = False
        return message

    def _field(self, name: str) -> Field:
        field = self.DESCRIPTOR.fields_by_name.get(name)
        if field is None:
            raise ValueError(f'Protocol message {self.DESCRIPTOR.name} has no "{name}" field.')
        return field

    def _is_set(self, field: Field) -> bool:
        value = self._values.get(field.name)
        if isinstance(value, Message):
            return value._present or any(True for _ in value._set_fields())
        return bool(value) if field.is_repeated else value is not None

    def _set_fields(self) -> Iterator[tuple[Field, Any]]:
        for field in self.DESCRIPTOR.fields:
            if self._is_set(field):
                yield field, self._values[field.name]

    def HasField(self, field_name: str) -> bool:
        """Whether the field is set; `ValueError` for a list, or a field that there is not."""
        field = self._field(field_name)
        if field.is_repeated:
            raise ValueError(f"Field {field.full_name} does not have presence.")
        return self._is_set(field)

    def ClearField(self, field_name: str) -> None:
        """Set a field back to its default."""
        self._values.pop(self._field(field_name).name, None)

    def Clear(self) -> None:
        """Set all fields back to their defaults."""
        self._values.clear()
        self._present = False

    def SetInParent(self) -> None:
        """Count as set in the message around this one, though it may be empty."""
        self._present = True

    def ListFields(self) -> list[tuple[Field, Any]]:
        """The fields that are set, in the order of their numbers, with their values."""
        return list(self._set_fields())

    def MergeFrom(self, other: Message) -> None:
        """Take over the fields that are set in another message of this kind; lists grow."""
        self._check_same(other, "MergeFrom")
        for field, value in other._set_fields():
            if isinstance(field, Nested):
                getattr(self, field.name).MergeFrom(value)
            else:
                self._values[field.name] = value
        self._present = self._present or other._present

    def CopyFrom(self, other: Message) -> None:
        """Become equal to another message of this kind."""
        self._check_same(other, "CopyFrom")
        if other is not self:
            self.Clear()
            self.MergeFrom(other)

    def _check_same(self, other: object, method: str) -> None:
        if type(other) is not type(self):
            raise TypeError(
                f"Parameter to {method}() must be instance of same class: "
                f"expected {type(self)} got {type(other)}."
            )

    def IsInitialized(self) -> bool:
        """True: no field is required."""
        return True

    def WhichOneof(self, oneof_group: str) -> None:
        """Raise `ValueError`: there are no alternatives among the fields."""
        raise ValueError(f'Protocol message has no oneof "{oneof_group}" field.')

    def SerializeToString(self, *, deterministic: bool | None = None) -> bytes:
        """The message in protobuf's binary format."""
        return write_fields(self._set_fields())

    SerializePartialToString = SerializeToString

    def ByteSize(self) -> int:
        """Length of the message in protobuf's binary format."""
        return len(self.SerializeToString())

    def MergeFromString(self, serialized: bytes) -> int:
        """Take over a message in protobuf's binary format; returns the length.

        Raises:
            InputError: it is damaged.
        """
        for number, value in read_fields(bytes(serialized)):
            field = self.DESCRIPTOR.fields_by_number.get(number)
            if field is None or isinstance(value, bytes) != isinstance(field, Nested):
                continue  # a field of another kind or a later version
            if not isinstance(field, Nested):
                setattr(self, field.name, value)
            elif field.is_repeated:
                getattr(self, field.name).add().MergeFromString(value)
            else:
                inner = getattr(self, field.name)
                inner.SetInParent()
                inner.MergeFromString(value)
        return len(serialized)

    def ParseFromString(self, serialized: bytes) -> int:
        """Become the message in protobuf's binary format; returns the length."""
        self.Clear()
        return self.MergeFromString(serialized)

    @classmethod
    def FromString(cls: type[M], serialized: bytes) -> M:
        """A message from protobuf's binary format."""
        message = cls()
        message.MergeFromString(serialized)
        return message

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self.ListFields() == other.ListFields()

    __hash__ = None  # type: ignore[assignment]

    def __copy__(self: M) -> M:
        copied = type(self)()
        copied.CopyFrom(self)
        return copied

    def __deepcopy__(self: M, memo: object) -> M:
        return self.__copy__()

    def __str__(self) -> str:
        return "".join(_lines(self, ""))

    __repr__ = __str__


class Repeated(list[Any]):
    """A list of messages of one kind, as protobuf's container: `add`, and copies on `append`."""

    def __init__(self, kind: type[Message], messages: Iterable[Any] = ()) -> None:
        super().__init__(messages)
        self._kind = kind

    def add(self, **values: Any) -> Any:
        """Append a message with these values, and return it."""
        message = self._kind(**values)
        super().append(message)
        return message

    def append(self, message: Any) -> None:
        """Append a copy of a message."""
        super().append(self._copy(message))

    def insert(self, index: Any, message: Any) -> None:
        """Insert a copy of a message."""
        super().insert(index, self._copy(message))

    def extend(self, messages: Iterable[Any]) -> None:
        """Append copies of messages."""
        super().extend([self._copy(one) for one in messages])

    MergeFrom = extend

    def _copy(self, message: Any) -> Message:
        copied = self._kind()
        copied.MergeFrom(_as_message(self._kind, message))
        return copied

    def __iadd__(self, messages: Iterable[Any]) -> Repeated:  # type: ignore[misc]
        self.extend(messages)
        return self

    def __setitem__(self, index: Any, value: Any) -> None:
        raise TypeError(f"'{type(self).__name__}' object does not support item assignment")

    def __deepcopy__(self, memo: object) -> Repeated:
        return Repeated(self._kind, [self._copy(one) for one in self])

    def __reduce__(self) -> tuple[Any, ...]:
        return Repeated, (self._kind, list(self))


def _as_message(kind: type[Message], value: Any) -> Message:
    """A message of this kind, made of a dict, or of a message of the same kind by protobuf."""
    if isinstance(value, Mapping):
        return kind(**value)
    if isinstance(value, Message) or not hasattr(value, "SerializeToString"):
        return value  # type: ignore[no-any-return]  # `MergeFrom` refuses one of another kind
    if value.DESCRIPTOR.full_name != kind.DESCRIPTOR.full_name:
        return value  # type: ignore[no-any-return]
    return kind.FromString(value.SerializeToString())


def _lines(message: Message, indent: str) -> Iterator[str]:
    """The lines of protobuf's text format."""
    for field, value in message._set_fields():
        if isinstance(field, Nested):
            for one in value if field.is_repeated else (value,):
                yield f"{indent}{field.name} {{\n"
                yield from _lines(one, f"{indent}  ")
                yield f"{indent}}}\n"
        elif isinstance(field, Enum):
            yield f"{indent}{field.name}: {field.values_by_number[value].name}\n"
        else:
            yield f"{indent}{field.name}: {_shortest(value)}\n"


def _shortest(value: float) -> str:
    """The digits that give the same float32: 6 where they are enough, else 9."""
    text = f"{value:.6g}"
    return text if value != value or to_float32(float(text)) == value else f"{value:.9g}"
