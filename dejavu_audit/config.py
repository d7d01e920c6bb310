"""What can be asked of an audit, validated once, frozen, and echoed in audit.json."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError, field_validator

from dejavu_audit.errors import AuditError, unknown
from dejavu_audit.types import BaselineRequest, EncoderRequest

METHOD_VERSION = "2"
"""Raised whenever the same config on the same data may give another number."""

Test: TypeAlias = Literal["label", "objects"]
Interval: TypeAlias = Literal["auto", "percentile", "bca", "studentised"]
SampleScore: TypeAlias = Literal[
    "auto", "standing", "ratio", "votes", "margin", "recall_gap", "precision_gap", "correct_gap"
]

PRESETS: dict[str, dict[str, int | None]] = {
    # targets, control and fit: pictures; public: pictures a class, for captions in all; None: everything
    "quick": {"targets": 1_000, "control": 1_000, "public_per_class": 20, "public_captions": 20_000, "fit": 5_000},
    "standard": {
        "targets": 10_000,
        "control": 10_000,
        "public_per_class": 100,
        "public_captions": 100_000,
        "fit": 50_000,
    },
    "full": {"targets": None, "control": None, "public_per_class": None, "public_captions": None, "fit": None},
}
K: dict[Test, int] = {"label": 100, "objects": 10}
"""Public neighbours where none are asked for (method: sections 1.3 and 2.2)."""
BASELINES: dict[Test, str] = {"label": "image-classifier", "objects": "caption-only"}
"""The reference where none is asked for."""
TWO_MODEL = "second-encoder"
MACHINE = frozenset({"workers", "images", "out", "cache_dir"})
"""Fields that only steer the machine and leave the measured number alone."""


class AuditConfig(BaseModel):
    """One audit, fully described. The field names are the names of the flags."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    family: str
    """Encoder family: the name of an entry point in `dejavu_audit.encoders`."""
    model: str
    """Architecture name, or for openclip a JSON model config on disk."""
    pretrained: str | None = None
    """Tag, weights file, hf-hub:…, or "random"; None: the family's default tag."""
    arch: str | None = None
    """For families whose `model` is a file: the architecture that its weights fill."""
    layer: str = "embedding"
    """"embedding" or "pre-head"; for the family checkpoint "backbone", "projector" or "bottleneck"."""
    normalize: bool = True
    """L2-normalise embeddings (the published label test on self-supervised models did not)."""
    image_size: int | None = Field(None, ge=8, le=4096)
    mean: tuple[FiniteFloat, FiniteFloat, FiniteFloat] | None = None
    std: tuple[FiniteFloat, FiniteFloat, FiniteFloat] | None = None

    data: str
    """Built-in name or path to a dataset description (TOML)."""
    root: str | None = None
    data_options: dict[str, str] = Field(default_factory=dict)
    test: Test | None = None
    """None: objects for captioned data and an encoder with a text tower, else label."""
    preset: Literal["quick", "standard", "full"] = "standard"
    targets: int | None = Field(None, ge=1)
    public: int | None = Field(None, ge=1)
    control: int | None = Field(None, ge=0)
    fit: int | None = Field(None, ge=1)
    folds: Literal[1, 2] = 1
    split: str | None = None
    members: str | None = None
    """List of ids that were in the audited encoder's training data: targets come from it alone."""
    reference_members: str | None = None
    """List of ids that the second encoder was trained on, for the symmetric two-model test."""
    max_set_aside: float = Field(0.5, ge=0, le=1)
    keep_duplicates: bool = False
    """Report duplicates across the sets, but leave them in: to look at their effect."""
    match: bool = False
    """Weigh the control so that it has the targets' labels and crop sizes."""

    k: int | None = Field(None, ge=1)
    """Public neighbours; None: 100 for the label test, 10 for the object test."""
    query: Literal["t2i", "t2t"] = "t2i"
    """Object test: captions are compared with public pictures or with public captions."""
    top_objects: Literal["1", "10", "all"] = "all"
    """Object test: of the neighbours' objects, how many of the most frequent are predicted."""
    captions: Literal["first", "random", "all"] = "first"
    """Of several captions a picture: which is asked about; with all, each is a sample in a cluster."""
    tagger: str | None = None
    """NAME:MODEL[:PRETRAINED] of the tagger that finds the objects, or a sidecar file; None: the data's own objects."""
    tagger_options: dict[str, str] = Field(default_factory=dict)
    tag_threshold: float = Field(0.5, ge=0, le=1)
    """Score above which a tag counts as an object of a picture."""
    crop: Literal["largest", "strips", "corner"] = "largest"
    min_side: int = Field(100, ge=0)
    """A background crop is used only if its shorter side is longer than this, in pixels."""
    corner: Literal["top-left", "top-right", "bottom-left", "bottom-right"] = "top-left"
    corner_fraction: float = Field(0.3, gt=0, le=1)

    baseline: tuple[str, ...] = ()
    """One reference, or several that make an ensemble; none: the test's default."""
    baseline_model: str | None = None
    baseline_options: dict[str, str] = Field(default_factory=dict)
    """KEY, or NAME.KEY where several baselines are asked; the key `model` is that baseline's model."""
    reference: str | None = None
    """FAMILY:NAME[:PRETRAINED], or a weights file for the audited architecture: the second encoder."""
    allow_contaminated: bool = False
    """Take a reference or tagger that is known to be trained on the targets; the report says so."""
    compat: Literal["published"] | None = None
    """Compute Naive Bayes and the object scores as the published code does, for comparison."""
    utility: bool = False
    """Measure the encoder's use beside its memorization."""

    fdr: float = Field(0.1, gt=0, le=0.5)
    """Share of false discoveries that the list of memorized samples may hold on average."""
    sample_score: SampleScore = "auto"
    """What the samples are ranked by; auto: the most powerful in the bench, by test."""

    seed: int = Field(0, ge=0, lt=2**63)
    level: float = Field(0.95, gt=0.5, lt=1)
    replicates: int = Field(2_000, ge=100, le=1_000_000)
    interval: Interval = "auto"
    """How intervals are made; auto: as the coverage study chose, by what each score rests on."""

    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    precision: Literal["fp32", "bf16", "fp16"] = "fp32"
    batch_size: int | None = Field(None, ge=1, le=65_536)
    """Pictures a batch; None: found by trying."""
    workers: int | None = Field(None, ge=0)
    """Decoding processes; None: one a core."""
    jpeg_draft: bool = False
    """Let the JPEG decoder shrink large pictures while decoding: faster, results change slightly."""

    images: bool = True
    """Whether report.html shows the pictures and names them."""
    out: str | None = None
    cache_dir: str | None = None

    @field_validator("baseline", mode="before")
    @classmethod
    def _one_or_several(cls, baseline: Any) -> Any:
        return tuple(name.strip() for name in baseline.split(",")) if isinstance(baseline, str) else baseline

    @field_validator("std")
    @classmethod
    def _std_is_positive(cls, std: tuple[float, float, float] | None) -> tuple[float, float, float] | None:
        if std is not None and min(std) <= 0:
            raise ValueError("every standard deviation must be above 0")
        return std

    @classmethod
    def resolve(cls, **settings: Any) -> AuditConfig:
        """A config from keyword settings; AuditError, in one sentence, where one is unknown or out of range."""
        for name in settings:
            if name not in cls.model_fields:
                raise unknown("setting", name, cls.model_fields)
        try:
            return cls(**settings)
        except ValidationError as error:
            first = error.errors()[0]
            flag = "--" + str(first["loc"][0]).replace("_", "-") if first["loc"] else "settings"
            message = first["msg"].removeprefix("Value error, ").replace("Input should be", "must be", 1)
            raise AuditError(f"{flag}: {message[0].lower()}{message[1:]} (given: {first['input']!r})") from None

    def hash(self) -> str:
        """Short name of everything that may change the result: two runs with one hash are the same run."""
        asked = self.model_copy(update={"root": str(Path(self.root).resolve()) if self.root else None})
        text = METHOD_VERSION + asked.model_dump_json(exclude=set(MACHINE))
        return hashlib.blake2b(text.encode(), digest_size=4).hexdigest()

    def encoder_request(self) -> EncoderRequest:
        """What the encoder family is asked for."""
        return EncoderRequest(
            model=self.model,
            pretrained=self.pretrained,
            arch=self.arch,
            layer=self.layer,
            normalize=self.normalize,
            image_size=self.image_size,
            mean=self.mean,
            std=self.std,
            device=self.device,
            precision=self.precision,
            batch_size=self.batch_size,
            seed=self.seed,
            cache_dir=self.cache_dir,
        )

    def settled(self, test: Test) -> AuditConfig:
        """The same with every default filled in that hangs on the test."""
        baseline = self.baseline or (() if self.reference else (BASELINES[test],))
        if self.reference and TWO_MODEL not in baseline:
            baseline += (TWO_MODEL,)
        return self.model_copy(update={"test": test, "k": self.k or K[test], "baseline": baseline})

    def baseline_request(self, name: str) -> BaselineRequest:
        """What the baseline `name` is asked for; AuditError where an option names a baseline that is not asked."""
        alone = len(self.baseline) == 1
        options: dict[str, str] = {}
        for key, value in self.baseline_options.items():
            whose, dot, own = key.partition(".")
            if not dot and not alone:
                raise AuditError(
                    f"--baseline-option {key}={value} must say whose it is where there are several baselines, "
                    f"as in {self.baseline[0]}.{key}={value}"
                )
            if dot and whose not in self.baseline:
                raise unknown("baseline", whose, self.baseline, hint=f"(in --baseline-option {key})")
            if not dot or whose == name:
                options[own if dot else key] = value
        if self.baseline_model and not alone:
            raise AuditError(
                "--baseline-model goes with one baseline; where there are several, write --baseline-option NAME.model=…"
            )
        model = options.pop("model", None) or (self.reference if name == TWO_MODEL else None) or self.baseline_model
        return BaselineRequest(
            model=model,
            options=options,
            audited=(self.family, self.encoder_request()),
            data=Path(self.data).stem,
            allow_contaminated=self.allow_contaminated,
            compat=self.compat,
            device=self.device,
            precision=self.precision,
            batch_size=self.batch_size,
            cache_dir=self.cache_dir,
        )
