"""The family `python`: an encoder that the user's own function makes; its code is run because the user typed it."""

from __future__ import annotations

import importlib
import pickle
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from torch import nn
from torchvision import transforms as tv

from dejavu_audit.encoders import fingerprint
from dejavu_audit.encoders.own_model import compose_default, one_vector
from dejavu_audit.encoders.torch_encoder import Loaded, TorchEncoder, seeded
from dejavu_audit.errors import AuditError, unknown
from dejavu_audit.types import Encoder, EncoderRequest

FAMILY = "python"
FORM = "dejavu-audit python MODULE:FUNCTION (or FILE.py:FUNCTION)"
# What an Encoder must have (dejavu_audit.types), told apart from a torch model by the first.
NEEDED = (
    "embed_images", "fingerprint", "dim", "dtype", "transform", "device", "batch_size", "family", "name", "pretrained",
    "layer", "weights", "notes", "has_text", "embed_texts",
)  # fmt: skip


def load(request: EncoderRequest) -> Encoder:
    """The encoder of a request; `request.model` is MODULE:FUNCTION, where MODULE may be a .py file.

    The function gets the request and gives an Encoder, a torch module, or a torch module and its transform (a picture
    to a tensor). Random numbers that it draws are seeded by `seed`. AuditError where there is no such function, it
    fails, or gives something else.
    """
    where, _, name = request.model.rpartition(":")
    if request.pretrained and not where:
        where, name = request.model, request.pretrained
    if not where or not name.isidentifier():
        raise AuditError(f"{request.model!r} names no function: type {FORM}")
    module = _import(where)
    function = _function(module, where, name)
    with seeded(request.seed):
        made = _run(function, f"{name} of {where}", request)
    if hasattr(made, "embed_images"):
        return _checked(made, f"{name} of {where}")
    return cast(Encoder, _wrapped(made, module, f"{where}:{name}", request))


def _import(where: str) -> ModuleType:
    path = Path(where).expanduser()
    if path.suffix == ".py" or "/" in where:
        if not path.is_file():
            raise AuditError(f"there is no file {where}: type {FORM}")
        folder, module = str(path.resolve().parent), path.stem
    else:
        folder, module = str(Path.cwd()), where
    if folder not in sys.path:
        sys.path.insert(0, folder)  # stays: the workers that decode pictures look there too
    importlib.invalidate_caches()
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name == module or module.startswith(f"{error.name}."):
            raise AuditError(f"there is no Python module {where} here or among the packages: type {FORM}") from error
        raise AuditError(f"importing {where} failed: {_told(error)}") from error
    except Exception as error:  # the user's own code
        raise AuditError(f"importing {where} failed: {_told(error)}") from error
    if path.suffix == ".py" and Path(str(found.__file__)).resolve() != path.resolve():
        raise AuditError(f"{where} cannot be imported, for another module is called {module}: rename the file")
    return found


def _function(module: ModuleType, where: str, name: str) -> Callable[[EncoderRequest], Any]:
    function = getattr(module, name, None)
    if not callable(function):
        own = [key for key, value in vars(module).items() if callable(value) and not key.startswith("_")]
        raise unknown(f"function of {where}", name, own)
    return cast(Callable[[EncoderRequest], Any], function)


def _run(function: Callable[[EncoderRequest], Any], who: str, request: EncoderRequest) -> Any:
    try:
        return function(request)
    except AuditError:
        raise
    except Exception as error:  # the user's own code
        raise AuditError(f"{who} failed: {_told(error)}") from error


def _told(error: BaseException) -> str:
    """Kind and text of an error, and the place in the user's code where it arose."""
    if isinstance(error, SyntaxError):
        place = f"{Path(error.filename or '?').name}, line {error.lineno}"
    else:
        last = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(last.filename).name}, line {last.lineno}"
    text = (str(error).strip().splitlines() or [""])[0].rstrip(".")
    return f"{type(error).__name__}{': ' + text if text else ''} ({place})"


def _checked(made: Any, who: str) -> Encoder:
    absent = [name for name in NEEDED if not hasattr(made, name)]
    if absent:
        raise AuditError(
            f"{who} gives a {type(made).__name__} that lacks {', '.join(absent[:4])} of dejavu_audit.types.Encoder"
        )
    return cast(Encoder, made)


def _wrapped(made: Any, module: ModuleType, name: str, request: EncoderRequest) -> TorchEncoder:
    model, transform = made if isinstance(made, tuple) and len(made) == 2 else (made, None)
    if not isinstance(model, nn.Module) or (transform is not None and not callable(transform)):
        what = (
            f"({', '.join(type(part).__name__ for part in made)})" if isinstance(made, tuple) else type(made).__name__
        )
        raise AuditError(f"{name} gives {what}, not an Encoder, a torch.nn.Module, or (module, transform)")
    size, notes = request.image_size or 224, []
    if transform is None:
        compose = compose_default(size)
        notes.append(
            f"{name} gives no transform: taken are {size} pixels and ImageNet's mean and deviation, but for what"
            " --image-size, --mean and --std say"
        )
    else:
        compose = transform if isinstance(transform, tv.Compose) else tv.Compose([transform])
        _check_picklable(compose, name)
        if request.image_size:
            raise AuditError(f"--image-size cannot be used with {name}, whose transform has a size of its own")
    tensors = fingerprint.shaping(model.state_dict(), not_counted=())
    loaded = Loaded(
        family=FAMILY,
        name=name,
        pretrained=name,
        # Of the code only the file itself is known: a change there may change what is computed.
        architecture=f"{name} {size} {_source(module)} {model!r}",
        model=model,
        forward=one_vector(model, name),
        compose=compose,
        weights=fingerprint.hash_tensors(tensors),
        notes=notes,
        layers=(request.layer,),
    )
    return TorchEncoder(loaded, request)


def _check_picklable(compose: tv.Compose, name: str) -> None:
    try:
        pickle.dumps(compose)
    except Exception as error:  # whatever the user's objects raise
        raise AuditError(
            f"the transform of {name} cannot be sent to the processes that decode pictures ({_first(error)}): make it"
            " of torchvision's steps, or of functions and classes at the top of the module"
        ) from error


def _first(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")[:160]


def _source(module: ModuleType) -> str:
    file = Path(str(getattr(module, "__file__", "") or ""))
    return fingerprint.digest(file.read_bytes().hex()) if file.is_file() else module.__name__
