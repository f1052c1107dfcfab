"""Windows a second in batched numpy and scipy, beside ours on the same core: see `run`.

Both get the same f32 samples, work in f32 where they transform and in f64 where they sum, and must agree in what comes out.
Ours takes one window after the other; the peer takes BATCH of them at a time, which suits it best.
"""

import json
import statistics
import subprocess
import sys
import time

import numpy as np
import scipy.fft as fft

RATE_HZ = 12_800.0
WINDOWS = 256
BATCH = 64
SECONDS = 2.0
ROUNDS = 5
BAND_HZ = (10.0, 1_000.0)
RESONANCE_HZ = (2_000.0, 4_000.0)
TOLERANCE = 2e-3


def signals(samples: int) -> np.ndarray:
    """Orders of 1480 r/min, a resonance that knocks at 88 Hz, noise, gravity; m/s2."""
    random = np.random.default_rng(42)
    t = np.arange(samples * WINDOWS) / RATE_HZ
    turning = sum(a * np.sin(2 * np.pi * n * 24.67 * t) for n, a in ((1, 1.0), (2, 0.5), (3, 0.2)))
    since = t % (1 / 88.4)
    knocking = 8.0 * np.exp(-900 * since) * np.sin(2 * np.pi * 3_000 * since)
    noise = random.normal(0.0, 0.5, t.size)
    return (9.81 + turning + knocking + noise).astype(np.float32).reshape(WINDOWS, samples)


class Peer:
    def __init__(self, samples: int):
        n = samples
        self.n = n
        i = np.arange(n)
        self.taper = (0.5 - 0.5 * np.cos(2 * np.pi * i / n)).astype(np.float32)
        df = RATE_HZ / n
        k = np.arange(n // 2 + 1)
        f = k * df
        self.inside = slice(int(np.ceil(BAND_HZ[0] / df)), int(BAND_HZ[1] / df) + 1)
        with np.errstate(divide="ignore"):
            weights = 2.0 / (n * np.sum(self.taper.astype(np.float64) ** 2)) / (2 * np.pi * f) ** 2
        self.weights = weights[self.inside]
        self.first = int(np.ceil(RESONANCE_HZ[0] / df))
        self.beyond = int(RESONANCE_HZ[1] / df) + 1
        self.length = fft.next_fast_len(2 * (self.beyond - self.first))
        j = np.arange(self.length)
        self.envelope_taper = (0.5 - 0.5 * np.cos(2 * np.pi * j / self.length)).astype(np.float32)

    def condition(self, x: np.ndarray):
        """Moments and velocity, without a pass too many: fourth and third powers from the second."""
        mean = x.mean(axis=1, dtype=np.float64, keepdims=True)
        y = x - mean.astype(np.float32)
        square = y * y
        second = square.mean(axis=1, dtype=np.float64)
        third = np.einsum("ij,ij->i", square, y, dtype=np.float64) / self.n
        fourth = np.einsum("ij,ij->i", square, square, dtype=np.float64) / self.n
        magnitude = np.abs(y)
        absolute = magnitude.mean(axis=1, dtype=np.float64)
        high, low = y.max(axis=1), y.min(axis=1)
        peak = np.maximum(high, -low)
        rms = np.sqrt(second)
        features = (rms, peak, high - low, peak / rms, fourth / second**2, third / second**1.5,
                    rms / absolute, peak / absolute)
        lines = fft.rfft(y * self.taper, axis=1, workers=1)[:, self.inside]
        power = lines.real.astype(np.float64) ** 2 + lines.imag.astype(np.float64) ** 2
        velocity = 1e3 * np.sqrt(power @ self.weights)
        return features, velocity

    def envelope(self, x: np.ndarray):
        """Ours: the band is moved to zero, so that the second transform is as short as the band is narrow."""
        y = x - x.mean(axis=1, dtype=np.float64, keepdims=True).astype(np.float32)
        lines = fft.rfft(y, axis=1, workers=1)[:, self.first:self.beyond]
        analytic = fft.ifft(lines, n=self.length, axis=1, workers=1)
        analytic *= 2.0 * self.length / self.n
        return self.squared(analytic, self.envelope_taper)

    def envelope_full(self, x: np.ndarray):
        """As textbooks have it: the analytic signal of the band at the full rate."""
        y = x - x.mean(axis=1, dtype=np.float64, keepdims=True).astype(np.float32)
        lines = fft.rfft(y, axis=1, workers=1)
        wide = np.zeros((x.shape[0], self.n), dtype=np.complex64)
        wide[:, self.first:self.beyond] = 2.0 * lines[:, self.first:self.beyond]
        return self.squared(fft.ifft(wide, axis=1, workers=1), self.taper)

    def squared(self, analytic: np.ndarray, taper: np.ndarray):
        square = analytic.real**2 + analytic.imag**2
        mean = square.mean(axis=1, dtype=np.float64)
        tapered = (square - mean[:, None].astype(np.float32)) * taper
        lines = np.abs(fft.rfft(tapered, axis=1, workers=1)[:, : self.n // 8])
        return mean, lines * (2.0 / (taper.size / 2))


def rate(work, windows: np.ndarray) -> float:
    begun, done = time.perf_counter(), 0
    while time.perf_counter() - begun < SECONDS:
        for first in range(0, WINDOWS, BATCH):
            work(windows[first:first + BATCH])
        done += WINDOWS
    return done / (time.perf_counter() - begun)


def close(name: str, one: float, other: float):
    if abs(one - other) > TOLERANCE * abs(other):
        sys.exit(f"{name}: ours is {one}, the peer's is {other}")


def compare(ours: str, samples: int, folder: str):
    windows = signals(samples)
    path = f"{folder}/windows-{samples}.f32"
    windows.tofile(path)
    peer = Peer(samples)
    features, velocity = peer.condition(windows[:1])
    mean, lines = peer.envelope(windows[:1])
    rates = {name: [] for name in ("ours condition", "numpy condition", "ours envelope",
                                   "numpy envelope", "numpy envelope, full rate")}
    for _ in range(ROUNDS):
        said = subprocess.run([ours, path, str(samples), str(RATE_HZ), str(SECONDS)],
                              check=True, capture_output=True, text=True).stdout
        condition, envelope = (json.loads(line) for line in said.splitlines())
        close("velocity", condition["velocity_mm_s"], velocity[0])
        close("kurtosis", condition["kurtosis"], features[4][0])
        close("envelope", envelope["mean"], mean[0])
        close("highest line", envelope["highest"], lines[0, 1:].max())
        rates["ours condition"].append(condition["windows_per_s"])
        rates["ours envelope"].append(envelope["windows_per_s"])
        rates["numpy condition"].append(rate(peer.condition, windows))
        rates["numpy envelope"].append(rate(peer.envelope, windows))
        rates["numpy envelope, full rate"].append(rate(peer.envelope_full, windows))
    print(f"\n{samples} samples a window, medians of {ROUNDS} rounds in turn")
    median = {name: statistics.median(values) for name, values in rates.items()}
    for name, value in median.items():
        print(f"  {name:<26} {value:>9.0f} windows/s {value * samples / 1e6:>7.1f} M samples/s")
    print(f"  window + FFT + features + velocity: {median['ours condition'] / median['numpy condition']:.2f}x")
    print(f"  envelope: {median['ours envelope'] / median['numpy envelope']:.2f}x, "
          f"at full rate {median['ours envelope'] / median['numpy envelope, full rate']:.2f}x")


if __name__ == "__main__":
    print(f"numpy {np.__version__}")
    for samples in (4_096, 12_800):
        compare(sys.argv[1], samples, sys.argv[2])
