"""Makes a convolutional tower faster for reading: each batch normalisation becomes part of its convolution, and so does
the activation where it can."""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from fetalclip_app.model.one_step import OneStepConvolution, fits, limits_of
from fetalclip_app.model.tower_facts import image_size

TOLERANCE = 1e-4
"""The features of a test picture may change by so much, in units of their size; rounding gives about 1e-6."""

_log = logging.getLogger(__name__)


def fold(network: nn.Module) -> None:
    """Fold what can be folded in the image tower of a network that only reads from now on.

    Which normalisation belongs to which convolution is guessed from the order of a module's parts. The guess is
    tried on a picture first: a tower whose features would change stays as it is.
    """
    visual = network.get_submodule("visual").eval()
    if not _pairs(visual):
        return
    folded = _folded(visual)
    for tower in (_in_one_step(folded), folded):
        if gives_the_same(visual, tower):
            network.set_submodule("visual", tower)
            return
    _log.info("the image tower cannot be folded and stays as it is")


def _folded(visual: nn.Module) -> nn.Module:
    folded = copy.deepcopy(visual)
    for parent, first, second in _pairs(folded):
        convolution, normalisation = parent._modules[first], parent._modules[second]
        assert isinstance(convolution, nn.Conv2d)
        assert isinstance(normalisation, nn.BatchNorm2d)
        parent._modules[first] = fuse_conv_bn_eval(convolution, normalisation)
        parent._modules[second] = _what_remains(normalisation)
    return folded


def _in_one_step(folded: nn.Module) -> nn.Module:
    """Return a copy in which what remains of a normalisation, where that is a clamp, is done by its convolution."""
    tower = copy.deepcopy(folded)
    for parent, first, second in _pairs(tower, behind=nn.Sequential):
        convolution, remains = parent._modules[first], parent._modules[second]
        assert isinstance(convolution, nn.Conv2d)
        assert isinstance(remains, nn.Sequential)
        if fits(convolution):
            limits = limits_of(remains)
            parent._modules[first] = OneStepConvolution(convolution, limits)
            parent._modules[second] = remains if limits is None else nn.Identity()
    return tower


def _pairs(tower: nn.Module, behind: type[nn.Module] = nn.BatchNorm2d) -> list[tuple[nn.Module, str, str]]:
    """Return (parent, name of a convolution, name of what is registered right behind it), usually a normalisation."""
    return [
        (parent, first, second)
        for parent in tower.modules()
        for first, second in zip(list(parent._modules)[:-1], list(parent._modules)[1:], strict=True)
        if isinstance(parent._modules[first], nn.Conv2d) and isinstance(parent._modules[second], behind)
    ]


def _what_remains(normalisation: nn.BatchNorm2d) -> nn.Module:
    """Return what a normalisation does besides normalising: timm's carries the activation."""
    parts: list[Any] = [getattr(normalisation, name, None) for name in ("drop", "act")]
    return nn.Sequential(*(part for part in parts if isinstance(part, nn.Module)))


def gives_the_same(plain: nn.Module, other: Callable[[torch.Tensor], torch.Tensor]) -> bool:
    """Whether two forms of an image tower give a test picture the same features, but for rounding."""
    side = image_size(plain)
    picture = torch.linspace(-2.0, 2.0, 3 * side * side).sin().reshape(1, 3, side, side)
    with torch.inference_mode():
        try:
            expected, found = plain(picture), other(picture)
        except (RuntimeError, AttributeError, TypeError):
            return False
    return bool((found - expected).abs().max() <= TOLERANCE * expected.abs().max())
