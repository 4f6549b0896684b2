package blazetrack.core;

import java.util.Collection;

/** Arithmetic that several nodes need. */
final class Numbers {
    private Numbers() {}

    /** Probability of a logit; the exponential is rounded to float32 before the division. */
    static float sigmoid(float logit) {
        return 1f / (1f + (float) Math.exp(-(double) logit));
    }

    static double clamp(double value, double low, double high) {
        return Math.min(Math.max(value, low), high);
    }

    /** Mean of the two values in the middle, of at least one. */
    static double median(Collection<Double> values) {
        double[] ordered = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        int half = ordered.length / 2;
        return (ordered[half] + ordered[ordered.length - 1 - half]) / 2;
    }
}
