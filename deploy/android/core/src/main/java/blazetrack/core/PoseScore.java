package blazetrack.core;

import java.util.ArrayList;
import java.util.List;

/** The node {@code pose_score}: the probability that a pose is right, by logistic regression. */
final class PoseScore {
    private static final String[] FEATURES = {
        "presence", "visibility", "doubt", "off_center", "head_up", "limb_asymmetry", "spread",
        "peak", "trunk_peak",
    };
    private static final String[][] LIMBS = {
        {"shoulder", "elbow"}, {"elbow", "wrist"}, {"hip", "knee"}, {"knee", "ankle"},
    };
    private static final double MIN_PRESENCE = 1e-4;
    private static final double MIN_LIMB_M = 0.02;
    private static final double TYPICAL_PEAK = 0.7;

    private final double[] weights = new double[FEATURES.length];
    private final double intercept;
    private final boolean known;
    private final double minScore;
    private final int[] face;
    private final int[] joints;
    private final int[] hips;
    private final int[] shoulders;
    private final int[][][] limbs = new int[LIMBS.length][][];

    /**
     * A node of the graph.
     *
     * @param node its name
     */
    PoseScore(Settings settings, Skeleton skeleton, String node) {
        String prefix = "model.landmarks.score_coefficients.";
        boolean any = false;
        for (int i = 0; i < FEATURES.length; i++) {
            String text = settings.text(prefix + FEATURES[i], "");
            any |= !text.isEmpty();
            weights[i] = text.isEmpty() ? 0 : Double.parseDouble(text);
        }
        intercept = Double.parseDouble(settings.text(prefix + "intercept", "0"));
        known = any;
        minScore = settings.number("option." + node + ".min_score");
        face = skeleton.face();
        joints = skeleton.joints();
        hips = skeleton.both("hip");
        shoulders = skeleton.both("shoulder");
        for (int i = 0; i < LIMBS.length; i++) {
            limbs[i] = new int[][] {skeleton.both(LIMBS[i][0]), skeleton.both(LIMBS[i][1])};
        }
    }

    /** The landmarks with this score in place of the network's, without those below the limit. */
    List<Landmarks> score(List<Landmarks> people, List<Crop> crops) {
        List<Landmarks> kept = new ArrayList<>();
        for (Landmarks one : people) {
            Image pixels = crops.get(one.row()).pixels();
            Landmarks scored = known ? one.withScore(probability(one, pixels)) : one;
            if (scored.score() >= minScore) {
                kept.add(scored);
            }
        }
        return kept;
    }

    private double probability(Landmarks one, Image pixels) {
        double[] features = features(one, pixels.width(), pixels.height());
        double logit = intercept;
        for (int i = 0; i < features.length; i++) {
            logit += features[i] * weights[i];
        }
        return Double.isNaN(logit) ? 0 : 1 / (1 + Math.exp(-Numbers.clamp(logit, -50, 50)));
    }

    /** In the order of {@code FEATURES}; see blazetrack/tracking/pose_score.py for their meaning. */
    private double[] features(Landmarks one, int width, int height) {
        double present = Numbers.clamp(one.score(), MIN_PRESENCE, 1 - MIN_PRESENCE);
        double sum = 0;
        double squares = 0;
        for (double seen : one.visibility()) {
            sum += seen;
            squares += seen * seen;
        }
        int count = one.visibility().length;
        double[] x = new double[count];
        double[] y = new double[count];
        for (int i = 0; i < count; i++) {
            x[i] = one.xyzCrop()[3 * i] / width;
            y[i] = one.xyzCrop()[3 * i + 1] / height;
        }
        double hipX = mean(x, hips) - 0.5;
        double hipY = mean(y, hips) - 0.5;
        double dx = mean(x, face) - mean(x, shoulders);
        double dy = mean(y, face) - mean(y, shoulders);
        return new double[] {
            Math.log(present / (1 - present)),
            sum / count,
            (sum - squares) / count,
            Math.hypot(hipX, hipY),
            -dy / Math.max(Math.hypot(dx, dy), 1e-9),
            asymmetry(one.worldM()),
            spread(x, y),
            one.peaks() == null ? 0 : mean(one.peaks(), null) - TYPICAL_PEAK,
            one.peaks() == null ? 0 : trunkPeak(one.peaks()),
        };
    }

    private double trunkPeak(double[] peaks) {
        return (mean(peaks, hips) + mean(peaks, shoulders)) / 2 - TYPICAL_PEAK;
    }

    private double asymmetry(double[] world) {
        double total = 0;
        for (int[][] limb : limbs) {
            double[] squared = new double[2];
            for (int side = 0; side < 2; side++) {
                for (int axis = 0; axis < 3; axis++) {
                    double d = world[3 * limb[0][side] + axis] - world[3 * limb[1][side] + axis];
                    squared[side] += d * d;
                }
                squared[side] = Math.max(squared[side], MIN_LIMB_M * MIN_LIMB_M);
            }
            total += Math.abs(Math.log(squared[0] / squared[1]));
        }
        return 0.5 * total / limbs.length;
    }

    private double spread(double[] x, double[] y) {
        double meanX = mean(x, joints);
        double meanY = mean(y, joints);
        double apart = 0;
        for (int i : joints) {
            apart += (x[i] - meanX) * (x[i] - meanX) + (y[i] - meanY) * (y[i] - meanY);
        }
        return 0.5 * Math.log(Math.max(apart / joints.length, 1e-6));
    }

    /** Mean of some values; of all where {@code at} is null. */
    private static double mean(double[] values, int[] at) {
        double sum = 0;
        int count = at == null ? values.length : at.length;
        for (int i = 0; i < count; i++) {
            sum += values[at == null ? i : at[i]];
        }
        return sum / count;
    }
}
