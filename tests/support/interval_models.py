"""Models of a difference in survival between arms on masses, and their information by differentiation."""

from __future__ import annotations

import numpy as np
from tests.support.interval_trials import holds

COMPLEX = 1e-30
STEP = 1e-3
FOURTH_ORDER = ((1, 8), (-1, -8), (2, -1), (-2, 1))  # of a first derivative, over 12 steps


def survival(model, mass, effect):
    """Return survival before the first set and after each, of an arm with an effect on all of ``mass``."""
    alive = np.concatenate([[1.0], 1 - np.cumsum(mass)[:-1]])
    if model == "logrank2":
        moved = alive ** np.exp(effect)
    elif model == "wmw":
        moved = 1 / (1 + (1 - alive) / alive * np.exp(effect))
    else:
        hazard = mass[:-1] / alive[:-1]
        odds = hazard / (1 - hazard) * np.exp(effect)
        moved = np.concatenate([[1.0], np.cumprod(1 / (1 + odds))])
    return np.append(moved, 0.0)


class Model:
    """Rows over the sets of a likeliest distribution that have mass."""

    def __init__(self, name, data, curve, arm):
        used = curve.mass > 0
        inside = holds(data, curve.left[used], curve.right[used])
        self.name, self.mass, self.arm = name, curve.mass[used], arm
        self.first = inside.argmax(axis=1)
        self.last = self.first + inside.sum(axis=1).astype(int)
        self.arms = int(arm.max()) + 1

    def rows(self, mass, effects):
        """Return the log likelihood of each row."""
        alive = np.array([survival(self.name, mass, effect) for effect in effects])
        return np.log(alive[self.arm, self.first] - alive[self.arm, self.last])

    def scores(self):
        """Return the derivative of each row by the effect of its arm, at none."""
        return self.rows(self.mass.astype(complex), np.full(self.arms, 1j * COMPLEX)).imag / COMPLEX

    def slope(self, mass, effects):
        """Return the derivatives by the effects, then by the masses but the last."""
        result = []
        for j in range(self.arms + mass.size - 1):
            masses, moved = mass.astype(complex), effects.astype(complex)
            if j < self.arms:
                moved[j] += 1j * COMPLEX
            else:
                masses[[j - self.arms, -1]] += 1j * COMPLEX * np.array([1, -1])
            result.append(self.rows(masses, moved).sum().imag / COMPLEX)
        return np.array(result)

    def information(self):
        """Return the observed information of the effects with the masses estimated."""
        size = self.arms + self.mass.size - 1
        bend = np.zeros((size, size))
        for j in range(size):
            k = j - self.arms
            step = STEP if k < 0 else STEP * min(self.mass[k], self.mass[-1])
            for times, weight in FOURTH_ORDER:
                masses, effects = self.mass.copy(), np.zeros(self.arms)
                if k < 0:
                    effects[j] += times * step
                else:
                    masses[[k, -1]] += times * step * np.array([1, -1])
                bend[:, j] -= weight * self.slope(masses, effects) / (12 * step)
        a = self.arms
        return bend[:a, :a] - bend[:a, a:] @ np.linalg.solve(bend[a:, a:], bend[a:, :a])
