package blazetrack.core;

/**
 * One Euro filter of an array (Casiez, Roussel, Vogel, CHI 2012), in float32 as in MediaPipe's
 * one_euro_filter.cc: a low-pass whose cutoff rises with speed.
 */
final class OneEuro {
    private static final double START_HZ = 30;
    private static final double DERIVATE_CUTOFF = 1;

    private final float[] minCutoff;
    private final float[] beta;
    private double rateHz = START_HZ;
    private double usualHz = START_HZ;
    private double timeS = Double.NaN;
    private float[] raw;
    private float[] value;
    private float[] speed;

    /**
     * A filter.
     *
     * @param minCutoff cutoff at rest in Hz, one per element
     * @param beta cutoff per speed, one per element
     */
    OneEuro(float[] minCutoff, float[] beta) {
        this.minCutoff = minCutoff;
        this.beta = beta;
    }

    /**
     * Filter one sample.
     *
     * @param scale 1 / size of the object
     */
    float[] filter(float[] sample, double nowS, double scale) {
        if (!Double.isNaN(timeS)) {
            if (nowS == timeS) {
                return sample;
            }
            double before = rateHz;
            double step = nowS - timeS;
            rateHz = step > 0 ? 1 / step : usualHz;
            usualHz = before;
        }
        timeS = nowS;
        float[] last = raw == null ? sample : raw;
        float[] smooth = new float[sample.length];
        float[] out = new float[sample.length];
        float speedWeight = (float) alpha(DERIVATE_CUTOFF);
        for (int i = 0; i < sample.length; i++) {
            float change = (float) (((double) sample[i] - last[i]) * scale * rateHz);
            smooth[i] = speed == null ? change : mixed(speedWeight, change, speed[i]);
            float weight = (float) alpha(minCutoff[i] + beta[i] * Math.abs((double) smooth[i]));
            out[i] = value == null ? sample[i] : mixed(weight, sample[i], value[i]);
        }
        raw = sample;
        speed = smooth;
        value = out;
        return out;
    }

    /** Exponential smoothing of one value. */
    static float mixed(float weight, float now, float before) {
        return (float) ((double) (weight * now) + (1.0 - weight) * before);
    }

    private double alpha(double cutoff) {
        return 1 / (1 + rateHz / (2 * Math.PI * cutoff));
    }
}
