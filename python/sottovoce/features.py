"""The feature maps that networks get, equal to librosa's."""

from ._engine import log_mel, mfcc_rms

__all__ = ["log_mel", "mfcc_rms"]
