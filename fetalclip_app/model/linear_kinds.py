"""Linear layers for reading only: as torch has them, laid out for oneDNN once, or in eight bits."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, Protocol

import torch

from fetalclip_app.model.instructions import has_eight_bits

Linear = Callable[[torch.Tensor], torch.Tensor]
"""(..., inputs) -> (..., outputs)."""


class Kind(Protocol):
    """From a weight (outputs, inputs) and a bias (outputs,), both float32, to a layer that may hold copies of them."""

    def __call__(self, weight: torch.Tensor, bias: torch.Tensor, then: Linear | None = None) -> Linear:
        """Return the layer, with what follows it: some kinds compute both in one step."""
        ...


_INT8_STEPS = 127.0
_SMALLEST_SCALE = 1e-12


def plain(dtype: torch.dtype, device: str = "cpu") -> Kind:
    """Return the kind that torch's own layers are of, in another type or place."""

    def make(weight: torch.Tensor, bias: torch.Tensor, then: Linear | None = None) -> Linear:
        own_weight, own_bias = weight.to(device, dtype), bias.to(device, dtype)
        return _followed(lambda rows: torch.nn.functional.linear(rows, own_weight, own_bias), then)

    return make


def with_gelu(dtype: torch.dtype, device: str) -> Kind:
    """Return the kind whose products on a graphics card apply a GELU before their results leave the processor.

    It is the approximation by a hyperbolic tangent, which differs from GELU by 5e-4 at most; 16 bits round as much. It
    takes an operator of torch that is no public interface: try it before you trust it.
    """
    unfused = plain(dtype, device)

    def make(weight: torch.Tensor, bias: torch.Tensor, then: Linear | None = None) -> Linear:
        if not isinstance(then, torch.nn.GELU):
            return unfused(weight, bias, then)
        turned, own_bias = weight.to(device, dtype).t(), bias.to(device, dtype)

        def wide(rows: torch.Tensor) -> torch.Tensor:
            flat = torch._addmm_activation(own_bias, rows.reshape(-1, rows.shape[-1]), turned, use_gelu=True)
            return flat.reshape(*rows.shape[:-1], -1)

        return wide

    return make


def packed(dtype: torch.dtype) -> Kind:
    """Return the kind whose weights lie as oneDNN multiplies them; torch's own are laid out anew at each call.

    A GELU is computed before the product's sums are rounded and written.

    It takes two operators of torch that are no public interface (its compiler uses them): try it before you trust it.
    """
    # The operators come with torch's native part and have no types.
    onednn: Any = torch.ops.mkldnn

    def make(weight: torch.Tensor, bias: torch.Tensor, then: Linear | None = None) -> Linear:
        own_weight, own_bias = onednn._reorder_linear_weight(weight.detach().to(dtype), None), bias.detach().to(dtype)
        if isinstance(then, torch.nn.GELU):
            formula = then.approximate
            return lambda rows: onednn._linear_pointwise(rows, own_weight, own_bias, "gelu", [], formula)
        return _followed(lambda rows: onednn._linear_pointwise(rows, own_weight, own_bias, "none", [], ""), then)

    return make


def int8() -> Kind:
    """Return the kind with eight-bit weights, a scale for each output, and inputs that are rounded to eight bits.

    The inputs' scale is that of all rows that come together: whoever wants rows that do not depend on their
    neighbours asks for one picture at a time.
    """
    quantized: Any = torch.ops.quantized
    # Without these instructions sums of 16 bits overflow unless the inputs keep to seven.
    seven_bits = not has_eight_bits()

    def make(weight: torch.Tensor, bias: torch.Tensor, then: Linear | None = None) -> Linear:
        own = weight.detach().float()
        scales = (own.abs().amax(dim=1) / _INT8_STEPS).clamp_min(_SMALLEST_SCALE)
        steps = (own / scales[:, None]).round().to(torch.int8)
        zeros = torch.zeros(len(own), dtype=torch.long)
        with warnings.catch_warnings():
            # pytorch/pytorch#184982: a torch without these tensors has no such road, which whoever asks for it is told
            warnings.simplefilter("ignore", UserWarning)
            eight = torch._make_per_channel_quantized_tensor(steps, scales.double(), zeros, 0)
        held = quantized.linear_prepack(eight, bias.detach().float())
        return _followed(lambda rows: quantized.linear_dynamic(rows, held, seven_bits), then)

    return make


def _followed(layer: Linear, then: Linear | None) -> Linear:
    return layer if then is None else lambda rows: then(layer(rows))
