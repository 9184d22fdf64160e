"""The restricted likelihood by its definition: one matrix for all values, derivatives by differences."""

from __future__ import annotations

import numpy as np


def matrices(data, *, slopes="by visit"):
    """Return subject, visit, value and terms (treatment coding) of the known values, one row each."""
    frame = data.to_frame().dropna(subset=["value"]).reset_index(drop=True)
    visits = np.unique(frame["visit"])
    later = [(frame["visit"] == day).to_numpy(float) for day in visits[1:]]
    arm = (frame["arm"] == data.arms[1]).to_numpy(float)
    one = np.ones(len(frame))
    columns = [one, *later, arm, *[arm * part for part in later]]
    if data.baseline is not None:
        base = frame["baseline"].to_numpy()
        columns += [base, *([base * part for part in later] if slopes == "by visit" else [])]
    columns += [frame[name].to_numpy() for name in data.covariate_names]
    number = np.searchsorted(visits, frame["visit"])
    return frame["subject"].to_numpy(), number, frame["value"].to_numpy(), np.column_stack(columns)


def contrast(visit, n_visits, p):
    """Return the row of the difference of the arms at a visit."""
    row = np.zeros(p)
    row[n_visits] = 1
    if visit:
        row[n_visits + visit] = 1
    return row


def spread(subject, visit, sigma):
    """Return the covariance matrix of all values."""
    return np.where(subject[:, None] == subject, sigma[np.ix_(visit, visit)], 0.0)


def restricted_log_likelihood(parts, sigma):
    subject, visit, y, X = parts
    V = spread(subject, visit, sigma)
    W = np.linalg.inv(V)
    A = X.T @ W @ X
    left = y - X @ np.linalg.solve(A, X.T @ W @ y)
    logs = np.linalg.slogdet(V)[1] + np.linalg.slogdet(A)[1]
    return -((y.size - X.shape[1]) * np.log(2 * np.pi) + logs + left @ W @ left) / 2


def fixed_effects(parts, sigma):
    subject, visit, y, X = parts
    W = np.linalg.inv(spread(subject, visit, sigma))
    cov = np.linalg.inv(X.T @ W @ X)
    return cov @ X.T @ W @ y, cov


def directions(m):
    """Return the matrices by which each variance and covariance moves."""
    found = []
    for a in range(m):
        for b in range(a + 1):
            one = np.zeros((m, m))
            one[a, b] = one[b, a] = 1
            found.append(one)
    return found


def gradient(parts, sigma, steps, size=1e-5):
    """Return the slopes of the restricted log likelihood along matrices."""
    return np.array(
        [
            (
                restricted_log_likelihood(parts, sigma + size * d)
                - restricted_log_likelihood(parts, sigma - size * d)
            )
            / (2 * size)
            for d in steps
        ]
    )


def curvature(parts, sigma, steps, size=1e-3):
    """Return minus the second derivative of the restricted log likelihood along matrices."""
    q = len(steps)
    bend = np.empty((q, q))
    for k in range(q):
        for other in range(k + 1):
            total = 0.0
            for first in (1, -1):
                for second in (1, -1):
                    moved = sigma + size * (first * steps[k] + second * steps[other])
                    total += first * second * restricted_log_likelihood(parts, moved)
            bend[k, other] = bend[other, k] = -total / (4 * size**2)
    return bend


def satterthwaite(parts, sigma, row, steps, size=1e-4):
    """Return 2 v^2 / var(v) with everything by differences; ``steps`` span the structure's matrices."""

    def variance(matrix):
        return row @ fixed_effects(parts, matrix)[1] @ row

    slope = np.array([(variance(sigma + size * d) - variance(sigma - size * d)) / (2 * size) for d in steps])
    return 2 * variance(sigma) ** 2 / (slope @ np.linalg.solve(curvature(parts, sigma, steps), slope))


def kenward_roger(parts, sigma, steps):
    """Return adjusted and plain covariance, slopes and inverse information of a linear structure."""
    subject, visit, _, X = parts
    W = np.linalg.inv(spread(subject, visit, sigma))
    Phi = np.linalg.inv(X.T @ W @ X)
    Z = W - W @ X @ Phi @ X.T @ W
    moved = [spread(subject, visit, d) for d in steps]
    info = np.array([[np.trace(Z @ a @ Z @ b) / 2 for b in moved] for a in moved])
    w = np.linalg.inv(info)
    P = [-X.T @ W @ a @ W @ X for a in moved]
    bias = np.zeros_like(Phi)
    for k, a in enumerate(moved):
        for other, b in enumerate(moved):
            Q = X.T @ W @ a @ W @ b @ W @ X
            bias += w[k, other] * (Q - P[k] @ Phi @ P[other])
    return Phi + 2 * Phi @ bias @ Phi, Phi, P, w


def kenward_roger_by_differences(parts, matrix, at, size=1e-3):
    """Return the adjusted covariance: what estimated weights add, less the bias of the plain one."""
    subject, visit, _, X = parts
    unit = size * np.diag(np.maximum(np.abs(at), 0.1))
    steps = [(matrix(at + e) - matrix(at - e)) / (2 * np.abs(e).max()) for e in unit * 1e-2]
    W = np.linalg.inv(spread(subject, visit, matrix(at)))
    Phi = np.linalg.inv(X.T @ W @ X)
    Z = W - W @ X @ Phi @ X.T @ W
    moved = [spread(subject, visit, d) for d in steps]
    w = np.linalg.inv(np.array([[np.trace(Z @ a @ Z @ b) / 2 for b in moved] for a in moved]))

    def phi(numbers):
        return fixed_effects(parts, matrix(numbers))[1]

    added, bias = np.zeros_like(Phi), np.zeros_like(Phi)
    for k, a in enumerate(moved):
        for other, b in enumerate(moved):
            added += w[k, other] * (X.T @ W @ a @ Z @ b @ W @ X)
            e, f = unit[k], unit[other]
            second = phi(at + e + f) - phi(at + e - f) - phi(at - e + f) + phi(at - e - f)
            bias += w[k, other] * second / (4 * np.abs(e).max() * np.abs(f).max()) / 2
    return Phi + Phi @ added @ Phi - bias


def kenward_roger_df(row, Phi, P, w):
    """Return the degrees of freedom of one contrast, Kenward and Roger (1997) with l = 1."""
    theta = np.outer(row, row) / (row @ Phi @ row)
    first = second = 0.0
    for k, a in enumerate(P):
        for other, b in enumerate(P):
            first += w[k, other] * np.trace(theta @ Phi @ a @ Phi) * np.trace(theta @ Phi @ b @ Phi)
            second += w[k, other] * np.trace(theta @ Phi @ a @ Phi @ theta @ Phi @ b @ Phi)
    B = (first + 6 * second) / 2
    g = (2 * first - 5 * second) / (3 * second)
    c = np.array([g, 1 - g, 3 - g]) / (3 + 2 * (1 - g))
    mean = 1 / (1 - second)
    variance = 2 * (1 + c[0] * B) / ((1 - c[1] * B) ** 2 * (1 - c[2] * B))
    return 4 + 3 / (variance / (2 * mean**2) - 1)
