"""Base class of all settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, model_validator

from blazetrack.errors import warn_renamed

__all__ = ["Strict"]


class Strict(BaseModel):
    """Settings: no unknown names, no `"3"` for 3, no NaN, frozen.

    Attributes:
        renamed: old name → new name of settings; an old name is accepted with a warning.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)
    renamed: ClassVar[Mapping[str, str]] = {}

    @model_validator(mode="before")
    @classmethod
    def _accept_old_names(cls, fields: Any) -> Any:
        old_names = [old for old in cls.renamed if isinstance(fields, Mapping) and old in fields]
        if not old_names:
            return fields
        fields = dict(fields)
        for old in old_names:
            warn_renamed("config", old, cls.renamed[old])
            value, new = fields.pop(old), cls.renamed[old]
            fields[new] = _merged(fields[new], value) if new in fields else value
        return fields


def _merged(base: Any, over: Any) -> Any:
    """Two settings of one name: sections key by key, else the second."""
    if not isinstance(base, Mapping) or not isinstance(over, Mapping):
        return over
    return {**base, **{key: _merged(base.get(key), value) for key, value in over.items()}}
