"""A convolution, with the clamp behind it where there is one, as one step of oneDNN: its maps go through memory once.

With one thread PyTorch takes another way for convolutions of single pixels, a third slower; this one is always taken.
"""

from __future__ import annotations

from typing import Any

import torch
from timm.layers.conv2d_same import Conv2dSame
from timm.layers.padding import get_same_padding, pad_same
from torch import nn
from torch.nn import functional
from torch.nn.utils import parametrize

Limits = tuple[float, float]

Padding = str | tuple[int, ...]

_HAS_ONE_STEP = bool(torch.backends.mkldnn.is_available())  # type: ignore[no-untyped-call]

_CLAMPS: dict[type[nn.Module], Limits] = {nn.ReLU6: (0.0, 6.0), nn.ReLU: (0.0, float("inf"))}


class OneStepConvolution(nn.Conv2d):
    """A convolution whose outcome is kept between two limits, if there are any. Its weights keep their names.

    Where a gradient is asked for, on a graphics card, or where the network is exported, it is the usual steps again.
    """

    def __init__(self, convolution: nn.Conv2d, limits: Limits | None) -> None:
        with torch.device("meta"):
            super().__init__(
                convolution.in_channels,
                convolution.out_channels,
                convolution.kernel_size,  # type: ignore[arg-type]
                convolution.stride,  # type: ignore[arg-type]
                convolution.padding,  # type: ignore[arg-type]
                convolution.dilation,  # type: ignore[arg-type]
                convolution.groups,
                bias=convolution.bias is not None,
            )
        self.weight, self.bias = convolution.weight, convolution.bias
        self.limits, self.pads_as_needed = limits, isinstance(convolution, Conv2dSame)
        self._kept: tuple[torch.Tensor, tuple[Any, ...], tuple[torch.Tensor, Padding]] | None = None
        self.train(convolution.training)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Return (N, C, H, W), as the usual steps do up to rounding."""
        if not _is_one_step(maps, self.weight):
            return self._usual_steps(maps)
        kernel, padding = self._laid_out(maps)
        shape = padding, self.stride, self.dilation, self.groups
        name, numbers = ("none", []) if self.limits is None else ("hardtanh", list(self.limits))
        found: torch.Tensor = torch.ops.mkldnn._convolution_pointwise(
            maps, kernel, self.bias, *shape, name, numbers, ""
        )
        return found

    def _usual_steps(self, maps: torch.Tensor) -> torch.Tensor:
        if self.pads_as_needed:
            maps = pad_same(maps, list(self.kernel_size), list(self.stride), list(self.dilation))
        plain = self._conv_forward(maps, self.weight, self.bias)
        return plain if self.limits is None else functional.hardtanh(plain, *self.limits)

    def _laid_out(self, maps: torch.Tensor) -> tuple[torch.Tensor, Padding]:
        """Return the kernel as oneDNN wants it, and its padding; kept for as long as the weight is what it was."""
        if parametrize.is_parametrized(self):  # another tensor each time
            return self._padded(maps.shape)
        made_of = self.weight._version, maps.shape[-2:]
        if self._kept is None or self._kept[0] is not self.weight or self._kept[1] != made_of:
            kernel, padding = self._padded(maps.shape)
            shape = padding, self.stride, self.dilation, self.groups
            made = torch.ops.mkldnn._reorder_convolution_weight(kernel, *shape, list(maps.shape))
            self._kept = self.weight, made_of, (made, padding)
        return self._kept[2]

    def __getstate__(self) -> dict[str, Any]:
        # What oneDNN has laid out cannot be copied.
        return {**self.__dict__, "_kept": None}

    def _padded(self, shape: torch.Size) -> tuple[torch.Tensor, Padding]:
        """Return a kernel and a padding, alike on both sides, that do what TensorFlow's padding of these maps does.

        Where that is a row more behind than before, the kernel gets a row of zeros in front instead: it is small, and
        the maps need not be copied.
        """
        if not self.pads_as_needed:
            return self.weight, self.padding
        places = zip(shape[-2:], self.kernel_size, self.stride, self.dilation, strict=True)
        totals = [get_same_padding(*place) for place in places]
        (more_rows, more_columns) = (total % 2 for total in totals)
        rows, columns = (-(-total // 2) for total in totals)
        return functional.pad(self.weight, (more_columns, 0, more_rows, 0)), (rows, columns)


def _is_one_step(maps: torch.Tensor, weight: torch.Tensor) -> bool:
    gradient = torch.is_grad_enabled() and (maps.requires_grad or weight.requires_grad)
    if gradient or torch.compiler.is_compiling() or maps.device.type != "cpu":
        return False
    return _HAS_ONE_STEP and maps.dtype == weight.dtype == torch.float32


def fits(convolution: nn.Conv2d) -> bool:
    """Whether a convolution pads in a way that is known here."""
    is_known = tuple(convolution.dilation) == (1, 1) or not isinstance(convolution, Conv2dSame)
    return is_known and convolution.padding_mode == "zeros" and not isinstance(convolution.padding, str)


def limits_of(module: nn.Module) -> Limits | None:
    """Return the limits of a module that does nothing but keep its input between two, or None for any other."""
    steps = [part for part in module.modules() if not isinstance(part, nn.Sequential | nn.Identity)]
    return _CLAMPS.get(type(steps[0])) if len(steps) == 1 else None
