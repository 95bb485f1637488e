"""Names and numbers as LaTeX, and LaTeX as plain text for terminals."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

SMALL = 16  # entries that are still written out


def symbol(name: str) -> str:
    """Return a value's name as LaTeX.

    Examples
    --------
    >>> symbol("W1"), symbol("delta3"), symbol("dW1"), symbol("XW1"), symbol("conv/kernel")
    ('W_{1}', '\\\\delta_{3}', 'dW_{1}', 'XW_{1}', '\\\\text{conv/kernel}')
    """
    part = re.fullmatch(r"(.*)(\(\d+\))", name)
    if part:
        return symbol(part[1]) + f"^{{{part[2]}}}"  # one of several contributions to a gradient
    if name.endswith("'"):
        return symbol(name.rstrip("'")) + "'" * (len(name) - len(name.rstrip("'")))
    if re.fullmatch(r"d?([A-Za-z]\d*|([A-Z]\d*)+)", name):
        inner = re.sub(r"(\d+)", r"_{\1}", name.removeprefix("d") if len(name) > 1 else name)
        product = len(re.findall("[A-Z]", inner)) > 1
        prefix = "d" if name.startswith("d") and len(name) > 1 else ""
        return f"{prefix}({inner})" if prefix and product else prefix + inner
    greek = re.fullmatch(r"(alpha|beta|gamma|delta|epsilon|sigma|mu|eta|theta)_?(\d*)", name)
    if greek:
        return f"\\{greek[1]}" + (f"_{{{greek[2]}}}" if greek[2] else "")
    split = re.fullmatch(r"(d?[A-Za-z])_(\w{1,6})", name)
    if split:
        return f"{split[1]}_{{\\text{{{split[2]}}}}}"
    return "\\text{" + name.replace("_", r"\_") + "}"


def number(x: Any, digits: int = 6) -> str:
    """Return a number with at most so many digits.

    Examples
    --------
    >>> number(0.5), number(np.float32(0.1)), number(-3.0)
    ('0.5', '0.1', '-3')
    """
    if isinstance(x, bool | np.bool_):
        return "1" if x else "0"
    if isinstance(x, int | np.integer):
        return str(int(x))
    return f"{float(x):.{digits}g}"


def digits_of(array: np.ndarray) -> int:
    """How many digits of an array's numbers are worth showing in a formula."""
    return 10 if array.dtype == np.float64 else 6


def tex_number(x: Any, digits: int = 6) -> str:
    """Return a number as LaTeX: 1e-7 becomes a power of ten, negative numbers get brackets."""
    text = number(x, digits)
    if "e" in text:
        mantissa, exponent = text.split("e")
        text = f"{mantissa} \\cdot 10^{{{int(exponent)}}}"
    text = text.replace("inf", r"\infty").replace("nan", r"\text{NaN}")
    return f"({text})" if text.startswith("-") else text


def is_small(array: np.ndarray) -> bool:
    """Tell whether an array's numbers fit into a formula."""
    return array.ndim <= 2 and 0 < array.size <= SMALL and (array.ndim < 2 or array.shape[1] <= 5)


def literal(array: np.ndarray) -> str:
    """Return a small array's numbers as LaTeX."""
    digits = min(digits_of(array), 10 if array.size <= 4 else 8 if array.size <= 9 else 6)
    if array.size == 1:
        return tex_number(array.reshape(-1)[0], digits)
    rows = [[tex_number(x, digits).strip("()") for x in row] for row in np.atleast_2d(array)]
    return (
        r"{\begin{bmatrix}" + r" \\ ".join(" & ".join(row) for row in rows) + r"\end{bmatrix}}"
    )  # braces: it may get a ^T


_WORDS = {
    "cdot": "·", "odot": "⊙", "times": "×", "sum": "Σ", "quad": "   ", "qquad": "   ", "infty": "∞", "partial": "∂", "sigma": "σ",
    "delta": "δ", "alpha": "α", "beta": "β", "gamma": "γ", "epsilon": "ε", "eta": "η", "mu": "μ", "theta": "θ", "le": "≤", "ge": "≥",
    "ell": "ℓ", "in": "∈", "dots": "...", "pi": "π", "to": "→", "lfloor": "⌊", "rfloor": "⌋", "Phi": "Φ", "phi": "φ", "neq": "≠",
    "lambda": "λ", "ne": "≠", "approx": "≈", "pm": "±", "leq": "≤", "geq": "≥", "land": "∧", "lor": "∨", "ldots": "...", "cdots": "...",
}  # fmt: skip


def plain(latex: str) -> str:
    """Return LaTeX as text that a terminal can show.

    Examples
    --------
    >>> plain(r"y = \\frac{1}{1 + e^{-x}}")
    'y = 1/(1 + e^(-x))'
    >>> plain(r"\\bar A = \\bar Y B^{T}")
    'dA = dY B^T'
    """
    text = re.sub(r"\\begin\{bmatrix\}|\\end\{bmatrix\}", lambda m: "[" if "begin" in m[0] else "]", latex)
    text = text.replace(r"\\", "; ").replace("&", "").replace(r"\{", "(").replace(r"\}", ")")
    text = re.sub(r"\\([|%#])", r"\1", text)
    text = re.sub(r"\\(bar|hat|tilde)\s*", lambda m: "d" if m[1] == "bar" else "", text)
    text = re.sub(r"\\(mathrm|text|operatorname|mathrel|mathit)\s*\{([^{}]*)\}", r"\2", text)
    text = re.sub(r"\\(Big|big|left|right|,|;|!|:)[lr]?", " ", text).replace("\\ ", " ").replace("~", " ")
    text = _fractions(text)
    text = re.sub(r"\\([A-Za-z]+)", lambda m: _WORDS.get(m[1], m[1]), text)
    text = re.sub(r"\^\s*\{([^{}\s]|[^{}]\d*)\}", r"^\1", text)
    text = re.sub(r"\^\{(\(\d+\))\}", r"\1", text)  # dx(2), a contribution
    text = re.sub(r"\^\{([^{}]*)\}", r"^(\1)", text)
    text = re.sub(r"_\{(\([^{}]*\))\}", r"\1", text)
    text = re.sub(
        r"_\{([^{}]*)\}",
        lambda m: m[1] if m[1].isdigit() else f"_{m[1]}" if len(m[1]) < 2 else f"_({m[1]})",
        text,
    )
    text = text.replace("\\_", "_").replace("{", "").replace("}", "")
    return re.sub(r"\s+", " ", text).strip()


def _fractions(text: str) -> str:
    r"""Write \frac{a}{b} as a/b."""
    while (start := text.find(r"\frac")) >= 0:
        top, rest = _group(text[start + 5 :])
        bottom, rest = _group(rest)
        text = f"{text[:start]}{_bracket(top)}/{_bracket(bottom)}{rest}"
    return re.sub(r"\\sqrt\s*\{([^{}]*)\}", r"√(\1)", text)


def _bracket(text: str) -> str:
    return text if re.fullmatch(r"[\w.\\]+(_\{?\w+\}?)?", text) else f"({text})"


def _group(text: str) -> tuple[str, str]:
    text = text.lstrip()
    if not text.startswith("{"):
        return text[:1], text[1:]
    depth = 0
    for i, c in enumerate(text):
        depth += (c == "{") - (c == "}")
        if depth == 0:
            return text[1:i], text[i + 1 :]
    return text[1:], ""
